package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
)

// Handlers do the work that is stored.
type Handlers struct {
	// Deliver processes one delivery. An error is a failed attempt: another one follows later. After the last one the
	// delivery is kept as failed, with the error's text as its reason. It may be called again for a delivery that was
	// processed before a crash.
	Deliver func(ctx context.Context, d Delivery) error
	// Perform performs one effect, and records its outcome of any kind with Commit. It is called again only if nothing
	// was recorded: it returned an error, or the process died. Then again is set: it is unknown whether the effect
	// happened.
	Perform func(ctx context.Context, target bot.Target, effect bot.Effect, again bool) error
}

const (
	// drainMore is how long handlers have to return once their contexts are
	// cancelled.
	drainMore = time.Second

	// fetchCooldown is the least time between two fetches; otherwise a new job of this process is fetched at once. Jobs
	// without a wake-up are found by keepQueue within a beat. It asks for all queues at once, and writes nothing. So
	// River's own polls, which are writing transactions, can be rare.
	fetchCooldown = 5 * time.Millisecond
	fetchPoll     = 20 * time.Second

	// startAgain is the pause before the database is tried again.
	startAgain = 500 * time.Millisecond

	// A handler that takes longer hangs; its context is cancelled.
	deliverFor = time.Minute
	performFor = 30 * time.Minute
)

// Run passes stored work to the handlers until ctx ends, and then drains. It starts no new work, and running work has
// Options.Drain and a second to end. Unended work is an error, and is started again by the next Run. While the database
// is unreachable, Run waits. When other instances may take the work over, the handlers' contexts end.
func (s *Store) Run(ctx context.Context, h Handlers) error {
	p := newPresence(uuid.NewString(), s.wake.wake)
	release, err := s.db.keep(ctx, p)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("take up the work of before: %w", err)
	}
	defer release()
	s.presence.Store(p)
	defer s.presence.Store(nil)
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	var kept sync.WaitGroup
	kept.Go(func() { s.keepQueue(keeping, p) })
	defer kept.Wait()
	defer stop()

	deliveries := &deliverer{store: s, deliver: h.Deliver, slots: make(chan struct{}, deliverAtOnce), presence: p}
	effects := &performer{store: s, perform: h.Perform, presence: p}
	client, err := s.start(ctx, deliveries, effects, p)
	if err != nil || client == nil {
		return err
	}
	handling, endHandling := context.WithCancel(context.WithoutCancel(ctx))
	defer endHandling()
	own := newDirect(handling, p, s.log, func(ctx context.Context, a attempt, args river.JobArgs) {
		switch args := args.(type) {
		case deliveriesArgs:
			deliveries.work(ctx, a, args)
		case effectArgs:
			effects.work(ctx, a, args)
		}
	})
	s.direct.Store(own)
	<-ctx.Done()
	s.direct.Store(nil)
	hurry := time.AfterFunc(s.drain, endHandling)
	defer hurry.Stop()
	draining, done := context.WithTimeout(context.WithoutCancel(ctx), s.drain+drainMore)
	defer done()
	var ended bool
	var waiting sync.WaitGroup
	waiting.Go(func() { ended = own.stop(draining) })
	err = client.Stop(draining)
	waiting.Wait()
	if err != nil || !ended {
		return errors.New("some work did not end in time; it is taken up at the next start")
	}
	return nil
}

// start starts a River client as soon as the database allows it. It returns nil if ctx ends before.
func (s *Store) start(ctx context.Context, deliveries *deliverer, effects *performer, p *presence) (worker, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, deliveries)
	river.AddWorker(workers, effects)
	all := make(map[string]river.QueueConfig)
	for _, queue := range queues() {
		all[queue] = river.QueueConfig{MaxWorkers: atOnce(queue)}
	}
	for {
		client, err := s.db.work(&river.Config{
			ID:                p.instance,
			Workers:           workers,
			Queues:            all,
			FetchCooldown:     fetchCooldown,
			FetchPollInterval: fetchPoll,
			MaxAttempts:       maxAttempts,
			JobTimeout:        performFor,
			SoftStopTimeout:   s.drain,
			// keepQueue removes them. River leaves them alone only with all three: on SQLite it takes each for "at
			// once".
			CompletedJobRetentionPeriod: -1,
			CancelledJobRetentionPeriod: -1,
			DiscardedJobRetentionPeriod: -1,
			ReindexerIndexNames:         reindexed,
		}, p)
		if err != nil {
			return nil, fmt.Errorf("make the queue: %w", err)
		}
		if err = client.Start(context.WithoutCancel(ctx)); err == nil {
			return client, nil
		}
		s.log.Warn("could not start the queue; trying again", zap.Error(err))
		if !wait(ctx, startAgain) {
			return nil, nil
		}
	}
}

// reindexed are River's existing indexes of its PostgreSQL tables; unused ones were removed.
var reindexed = slices.DeleteFunc(river.ReindexerIndexNamesDefault(), func(name string) bool {
	return name == "river_job_args_index" || name == "river_job_metadata_index"
})

// wait waits for d, and reports whether ctx was still going on.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// deliverer works the queue of deliveries.
type deliverer struct {
	river.WorkerDefaults[deliveriesArgs]
	store   *Store
	deliver func(context.Context, Delivery) error
	slots   chan struct{} // holds an element per delivery that is processed

	presence *presence
}

// result is the outcome of an attempt at a delivery.
type result struct {
	Delivery
	err error
}

// Work processes the deliveries of one job side by side and records all their
// outcomes together with the job's end.
func (w *deliverer) Work(ctx context.Context, job *river.Job[deliveriesArgs]) error {
	w.work(ctx, attempt{job.ID, job.Attempt}, job.Args)
	return nil
}

func (w *deliverer) work(ctx context.Context, a attempt, args deliveriesArgs) {
	this := &running{attempt: a}
	defer w.presence.giveBack(this.attempt)
	ctx, cancel := w.presence.handling(ctx, this.attempt)
	defer cancel()
	w.store.conclude(ctx, this, w.all(ctx, this, args))
}

// all processes the deliveries. An error means that the job has not ended.
func (w *deliverer) all(ctx context.Context, this *running, args deliveriesArgs) error {
	s := w.store
	waiting, err := s.waiting(ctx, args, this.n == 1)
	if err != nil {
		return err
	}
	results := make([]result, len(waiting))
	var done sync.WaitGroup
	for i, d := range waiting {
		w.slots <- struct{}{}
		one := func() {
			defer func() { <-w.slots }()
			results[i] = result{d, w.one(ctx, d)}
		}
		if i == len(waiting)-1 {
			one()
		} else {
			done.Go(one)
		}
	}
	done.Wait()
	stopped := ctx.Err() != nil
	// The outcomes are written even if the process is about to end.
	var interrupted bool
	err = s.writeLazily(context.WithoutCancel(ctx), func(t tx) (err error) {
		if interrupted, err = s.saveResults(t, results, stopped); err != nil || interrupted {
			return err
		}
		return this.finish(t)
	})
	switch {
	case err != nil:
		return fmt.Errorf("record the outcomes of deliveries: %w", err)
	case interrupted:
		return context.Cause(ctx)
	}
	this.finished()
	return nil
}

// conclude makes sure that a job is started again if its handler is done but the job has not ended.
func (s *Store) conclude(ctx context.Context, this *running, err error) {
	if this.isDone() {
		return
	}
	pause := pauseAfter(this.n)
	if ctx.Err() != nil {
		pause = 0
	}
	s.log.Warn("work was interrupted; restarting it", zap.Int64("job", this.job), zap.Int("attempt", this.n), zap.Error(err))
	if err := s.putBack(ctx, pause, this.attempt); err != nil {
		s.log.Warn("could not requeue work; retrying later", zap.Int64("job", this.job), zap.Error(err))
	}
}

func (w *deliverer) one(ctx context.Context, d Delivery) (err error) {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, deliverFor)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
			w.store.log.Error("processing a delivery panicked", zap.String("guid", d.GUID), zap.Error(err), zap.ByteString("stack", debug.Stack()))
		}
	}()
	return w.deliver(ctx, d)
}

// waiting reads the deliveries without an outcome. At the first attempt, the cache has those that arrived here.
func (s *Store) waiting(ctx context.Context, of deliveriesArgs, first bool) ([]Delivery, error) {
	list := make([]Delivery, 0, len(of.GUIDs))
	guids := make([]string, 0, len(of.GUIDs))
	for _, guid := range of.GUIDs {
		if d, ok := s.inbox.cache.take(guid); ok && first && !of.Known {
			list = append(list, d)
		} else {
			guids = append(guids, guid)
		}
	}
	for part := range slices.Chunk(guids, rowsAtOnce) {
		args := make([]any, len(part))
		for i, g := range part {
			args[i] = g
		}
		err := s.db.each(ctx, waitingDeliveries(len(part)), args, func(scan scanner) error {
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
	}
	slices.SortStableFunc(list, func(a, b Delivery) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return list, nil
}

func waitingDeliveries(n int) string {
	return `SELECT guid, event, body, received_at, attempts FROM deliveries
		WHERE outcome = '' AND guid IN (` + placeholders(0, n) + `)`
}

const (
	failedAttempt  = `UPDATE deliveries SET attempts = attempts + 1, reason = $2 WHERE guid = $1 AND outcome = ''`
	failedDelivery = `UPDATE deliveries SET attempts = attempts + 1, reason = $2, outcome = 'failed', processed_at = $3 WHERE guid = $1 AND outcome = ''`
)

func processedDeliveries(n int) string {
	return `UPDATE deliveries SET attempts = attempts + 1, reason = '', outcome = 'processed', body = '', processed_at = $1
		WHERE outcome = '' AND guid IN (` + placeholders(1, n) + `)`
}

// saveResults records the outcomes of deliveries. A failed delivery gets a job for its next attempt. With stopped, a
// failure only means an interruption: nothing is recorded, and interrupted is true.
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
			s.log.Warn("a delivery failed; retrying", zap.String("guid", r.GUID), zap.String("event", r.Event), zap.Duration("after", wait), zap.Error(r.err))
			if _, err := t.exec(failedAttempt, r.GUID, plain(r.err.Error())); err != nil {
				return false, err
			}
			var at time.Time
			if wait > 0 {
				at = time.Now().Add(wait) // River's clock is the real one
			}
			again = append(again, deliveriesJob(deliveriesArgs{GUIDs: []string{r.GUID}, Known: true}, at))
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

	presence *presence
}

// Work performs the effect of one job.
func (w *performer) Work(ctx context.Context, job *river.Job[effectArgs]) error {
	w.work(ctx, attempt{job.ID, job.Attempt}, job.Args)
	return nil
}

func (w *performer) work(ctx context.Context, a attempt, args effectArgs) {
	this := &running{attempt: a}
	defer w.presence.giveBack(this.attempt)
	ctx, cancel := w.presence.handling(ctx, this.attempt)
	defer cancel()
	w.store.conclude(ctx, this, w.effect(ctx, this, args.Work))
}

// effect performs the effect. An error, or a job that has not ended, means that nothing was recorded.
func (w *performer) effect(ctx context.Context, this *running, stored string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var do work
	if err := decode([]byte(stored), &do); err != nil {
		return fmt.Errorf("read a stored effect that a newer version of Headstart may have written: %w", err)
	}
	err := w.one(engine.WithCause(this.context(ctx), do.Cause), do, this.n > 1)
	switch {
	case this.isDone():
		return nil
	case err != nil:
		return fmt.Errorf("record the outcome of %s of %s: %w", do.Effect.Key, do.Target.Pipeline, err)
	}
	// Nothing had to be recorded.
	if err := w.store.write(context.WithoutCancel(ctx), this.finish); err != nil {
		return fmt.Errorf("record the end of %s of %s: %w", do.Effect.Key, do.Target.Pipeline, err)
	}
	this.finished()
	return nil
}

func (w *performer) one(ctx context.Context, do work, again bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
			w.store.log.Error("performing an effect panicked", zap.String("effect", do.Effect.Key), zap.Error(err), zap.ByteString("stack", debug.Stack()))
		}
	}()
	return w.perform(ctx, do.Target, do.Effect, again)
}

// panicked is the error of a panic. The panic's value may contain a secret: only the runtime's own text is repeated.
func panicked(p any) error {
	if err, ok := p.(runtime.Error); ok {
		return fmt.Errorf("a defect in Headstart: %w", err)
	}
	return fmt.Errorf("a defect in Headstart: a panic with a value of type %T", p)
}
