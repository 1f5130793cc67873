package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// Handlers do the work that is stored.
type Handlers struct {
	// Deliver processes one delivery. An error is a failed attempt: another one
	// follows later, and after the last the delivery is kept as failed, with the
	// error's text as its reason. It may be called again for a delivery that was
	// processed before a crash.
	Deliver func(ctx context.Context, d Delivery) error
	// Perform performs one effect, and records the outcome with Commit, whatever
	// it is. It is called again only if nothing was recorded: because it returned
	// an error, or because the process died. Again is then set: whether the
	// effect happened is unknown.
	Perform func(ctx context.Context, target bot.Target, effect bot.Effect, again bool) error
}

const (
	deliverAtOnce = 16 // deliveries
	performAtOnce = 64 // effects

	// drainMore is how long handlers have to return once their contexts are
	// cancelled.
	drainMore = time.Second

	// A new job of this process is fetched at once, unless the last fetch was
	// less than fetchCooldown ago. What was put off for a while is found by
	// looking every fetchPoll.
	fetchCooldown = 5 * time.Millisecond
	fetchPoll     = 500 * time.Millisecond

	// A handler that takes longer is hung; its context is cancelled.
	deliverFor = time.Minute
	performFor = 30 * time.Minute
)

// Run hands stored work to the handlers until ctx ends, and drains then: no new
// work is started, and what is under way has Options.Drain and a second to end.
// What does not is started again by the next Run. An error means that work could
// not be started, or did not end.
func (s *Store) Run(ctx context.Context, h Handlers) error {
	for {
		err := s.runAs(ctx, uuid.NewString(), h)
		if !errors.Is(err, errTaken) || ctx.Err() != nil {
			return err
		}
		s.log.Warn("the database was out of reach for so long that others may have taken the work over; starting anew")
	}
}

// runAs runs until ctx ends or until others may take this instance for dead.
func (s *Store) runAs(ctx context.Context, instance string, h Handlers) error {
	// The handlers outlive ctx, for the drain.
	alive, lose := context.WithCancelCause(context.WithoutCancel(ctx))
	defer lose(nil)
	release, err := s.db.keep(alive, instance, func() { lose(errTaken) })
	if err != nil {
		return fmt.Errorf("take up the work of before: %w", err)
	}
	defer release()
	s.ended.reset()
	workers := river.NewWorkers()
	river.AddWorker(workers, &deliverer{store: s, deliver: h.Deliver, slots: make(chan struct{}, deliverAtOnce), alive: alive})
	river.AddWorker(workers, &performer{store: s, perform: h.Perform, alive: alive})
	client, err := s.db.work(&river.Config{
		ID:      instance,
		Workers: workers,
		Queues: map[string]river.QueueConfig{
			queueDeliveries: {MaxWorkers: deliverAtOnce},
			queueEffects:    {MaxWorkers: performAtOnce},
		},
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchPoll,
		MaxAttempts:                 maxAttempts,
		RetryPolicy:                 soon{},
		JobTimeout:                  performFor,
		SoftStopTimeout:             s.drain,
		CompletedJobRetentionPeriod: time.Minute,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
	})
	if err != nil {
		return fmt.Errorf("make the queue: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	select {
	case <-ctx.Done():
	case <-alive.Done():
	}
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), s.drain+drainMore)
	defer done()
	if err := client.Stop(stop); err != nil {
		return errors.New("some work did not end in time; it is taken up at the next start")
	}
	return context.Cause(alive)
}

// whileAlive cancels a handler's context when others may take its work over.
func whileAlive(ctx, alive context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(alive, func() { cancel(errTaken) })
	return ctx, func() { stop(); cancel(nil) }
}

// deliverer works the queue of deliveries.
type deliverer struct {
	river.WorkerDefaults[deliveriesArgs]
	store   *Store
	deliver func(context.Context, Delivery) error
	slots   chan struct{}   // holds an element per delivery that is processed
	alive   context.Context // ends when others may take the work over
}

// result is how an attempt at a delivery ended.
type result struct {
	Delivery
	err error
}

// Work processes the deliveries of one job side by side and records all their
// outcomes together with the job's end.
func (w *deliverer) Work(ctx context.Context, job *river.Job[deliveriesArgs]) error {
	s := w.store
	ctx, cancel := whileAlive(ctx, w.alive)
	defer cancel()
	waiting, err := s.waiting(ctx, job.Args.GUIDs)
	if err != nil {
		return withoutCause(err)
	}
	results := make([]result, len(waiting))
	var done sync.WaitGroup
	for i, d := range waiting {
		w.slots <- struct{}{}
		done.Go(func() {
			defer func() { <-w.slots }()
			results[i] = result{d, w.one(ctx, d)}
		})
	}
	done.Wait()
	stopped := ctx.Err() != nil
	this := &running{id: job.ID, ended: s.ended}
	// The outcomes are written even if the process is about to end.
	var interrupted bool
	err = s.write(context.WithoutCancel(ctx), func(t tx) (err error) {
		if interrupted, err = s.saveResults(t, results, stopped); err != nil || interrupted {
			return err
		}
		return this.finish(t)
	})
	if err != nil {
		s.log.Warn("outcomes of deliveries were not recorded; they are processed again", zap.Error(err))
		return withoutCause(err)
	}
	if interrupted {
		return errors.New("the process ends")
	}
	this.finished()
	return nil
}

func (w *deliverer) one(ctx context.Context, d Delivery) (err error) {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, deliverFor)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			w.store.log.Error("processing a delivery panicked", zap.String("guid", d.GUID), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.deliver(ctx, d)
}

// waiting reads those of the deliveries that have no outcome yet.
func (s *Store) waiting(ctx context.Context, guids []string) ([]Delivery, error) {
	list := make([]Delivery, 0, len(guids))
	args := make([]any, len(guids))
	for i, g := range guids {
		args[i] = g
	}
	query := `SELECT guid, event, body, received_at, attempts FROM deliveries WHERE outcome = '' AND guid IN ` + values(1, len(guids)) + ` ORDER BY received_at`
	err := s.db.each(ctx, query, args, func(scan scanner) error {
		var (
			d        Delivery
			received int64
		)
		err := scan(&d.GUID, &d.Event, &d.Body, &received, &d.Attempts)
		d.ReceivedAt = fromMicros(received)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return list, nil
}

const (
	failedAttempt  = `UPDATE deliveries SET attempts = attempts + 1, reason = $2 WHERE guid = $1 AND outcome = ''`
	failedDelivery = `UPDATE deliveries SET attempts = attempts + 1, reason = $2, outcome = 'failed', processed_at = $3 WHERE guid = $1 AND outcome = ''`
)

func processedDeliveries(n int) string {
	var b strings.Builder
	b.WriteString(`UPDATE deliveries SET attempts = attempts + 1, reason = '', outcome = 'processed', body = '', processed_at = $1 WHERE outcome = '' AND guid IN (`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 2))
	}
	b.WriteByte(')')
	return b.String()
}

// saveResults records what became of deliveries. Those that failed get a job of
// their own for the next attempt. With stopped, a failure means only that the
// attempt was interrupted: nothing is recorded of it, and interrupted is true.
func (s *Store) saveResults(t tx, results []result, stopped bool) (interrupted bool, err error) {
	now := s.now()
	processed := make([]any, 0, len(results))
	var again []river.InsertManyParams
	for _, r := range results {
		switch {
		case r.err == nil:
			processed = append(processed, r.GUID)
		case stopped:
			interrupted = true
		case r.Attempts >= len(s.retries):
			s.log.Error("a delivery failed for good", zap.String("guid", r.GUID), zap.String("event", r.Event), zap.Error(r.err))
			if _, err := t.exec(failedDelivery, r.GUID, plain(r.err.Error()), micros(now)); err != nil {
				return false, err
			}
		default:
			wait := s.retries[r.Attempts]
			s.log.Warn("a delivery failed and is tried again", zap.String("guid", r.GUID), zap.String("event", r.Event), zap.Duration("after", wait), zap.Error(r.err))
			if _, err := t.exec(failedAttempt, r.GUID, plain(r.err.Error())); err != nil {
				return false, err
			}
			var at time.Time
			if wait > 0 {
				at = time.Now().Add(wait) // River's clock is the real one
			}
			again = append(again, deliveriesJob([]string{r.GUID}, at))
		}
	}
	for len(processed) > 0 {
		n := min(len(processed), rowsAtOnce)
		if _, err := t.exec(processedDeliveries(n), append([]any{micros(now)}, processed[:n]...)...); err != nil {
			return false, err
		}
		processed = processed[n:]
	}
	return interrupted, t.insert(again...)
}

// performer works the queue of effects.
type performer struct {
	river.WorkerDefaults[effectArgs]
	store   *Store
	perform func(ctx context.Context, target bot.Target, effect bot.Effect, again bool) error
	alive   context.Context // ends when others may take the work over
}

// Work performs the effect of one job.
func (w *performer) Work(ctx context.Context, job *river.Job[effectArgs]) error {
	s := w.store
	ctx, cancel := whileAlive(ctx, w.alive)
	defer cancel()
	var do work
	if err := json.Unmarshal([]byte(job.Args.Work), &do); err != nil {
		s.log.Error("a stored effect cannot be read; a newer version of Headstart may have written it", zap.Int64("job", job.ID), zap.Error(err))
		return withoutCause(err)
	}
	this := &running{id: job.ID, ended: s.ended}
	err := w.one(this.context(ctx), do, job.Attempt > 1)
	if this.isDone() {
		return nil
	}
	if err == nil {
		// Nothing had to be recorded.
		if err = s.write(context.WithoutCancel(ctx), this.finish); err == nil {
			this.finished()
			return nil
		}
	}
	s.log.Warn("the outcome of an effect was not recorded; it is looked at again",
		zap.Stringer("pipeline", do.Target.Pipeline), zap.String("effect", do.Effect.Key), zap.Error(err))
	return withoutCause(err)
}

func (w *performer) one(ctx context.Context, do work, again bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.store.log.Error("performing an effect panicked", zap.String("effect", do.Effect.Key), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.perform(ctx, do.Target, do.Effect, again)
}

// withoutCause hides a cancellation from River, which would take back that the
// job was started at all. But it was, and the next handler must know.
func withoutCause(err error) error { return errors.New(err.Error()) }
