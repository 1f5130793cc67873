package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// maxAttempts never ends a job. A delivery's attempts are counted in its own row, and an effect's outcome of any kind
// is an event. River counts only the times that the database could not take the outcome.
const maxAttempts = 10_000

// deliveriesArgs is a job that processes deliveries which arrived together.
type deliveriesArgs struct {
	GUIDs []string `json:"guids"`
	Known bool     `json:"known,omitempty"` // some may have been seen before: the cached ones may be old
}

func (deliveriesArgs) Kind() string { return "deliveries" }

func deliveriesJob(args deliveriesArgs, at time.Time) river.InsertManyParams {
	return river.InsertManyParams{Args: args,
		InsertOpts: &river.InsertOpts{Queue: queueDeliveries, MaxAttempts: maxAttempts, Priority: priorityDeploy, ScheduledAt: at}}
}

// effectArgs is a job that performs one effect. The work is JSON within a string: PostgreSQL would refuse some of it as
// JSON, such as an escaped NUL in a person's text.
type effectArgs struct {
	Work string `json:"work"`
}

func (effectArgs) Kind() string { return "effect" }

type work struct {
	Target bot.Target
	Effect bot.Effect
	Cause  []string // the deliveries that led to it
}

// jobs are inserted in one transaction.
type jobs []river.InsertManyParams

func (j *jobs) addEffect(target bot.Target, e bot.Effect, cause []string) error {
	data, err := encode(work{target, e, cause})
	if err != nil {
		return fmt.Errorf("encode the effect %s: %w", e.Key, err)
	}
	queue, priority := queueOf(e)
	*j = append(*j, river.InsertManyParams{Args: effectArgs{string(data)},
		InsertOpts: &river.InsertOpts{Queue: queue, MaxAttempts: maxAttempts, Priority: priority}})
	return nil
}

// errTaken reports that another instance has the job, because this one was not seen for too long. This one's result is
// not recorded: the other instance looks again.
var errTaken = errors.New("another instance has taken the work over")

const (
	// jobsAtOnce bounds the jobs per statement.
	jobsAtOnce = 8

	putBackJob = `UPDATE river_job SET state = 'available', scheduled_at = $3 WHERE id = $1 AND attempt = $2 AND state = 'running'`
)

// finishJobs removes ended jobs. That is cheaper than keeping them as completed and removing them later. Their numbers
// are never reused: see insertJob.
//
// The state is within a CAST, so that the jobs are found by their numbers.
func finishJobs(n int) string {
	each := make([]string, n)
	for i := range each {
		each[i] = fmt.Sprintf(`(id = $%d AND attempt = $%d)`, 2*i+1, 2*i+2)
	}
	return `DELETE FROM river_job WHERE CAST(state AS TEXT) = 'running' AND (` + strings.Join(each, ` OR `) + `)`
}

// running is the attempt that a handler works on.
type running struct {
	attempt

	mu   sync.Mutex
	done bool // guarded by mu: the job's end is committed
}

type runningKey struct{}

func (r *running) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, runningKey{}, runningJobs{r})
}

// runningJobs are recorded together.
type runningJobs []*running

// jobsOf returns the jobs of a handler's context; none outside of a handler.
func jobsOf(ctx context.Context) runningJobs {
	list, _ := ctx.Value(runningKey{}).(runningJobs)
	return list
}

// Together returns ctx with the work of all of the contexts. A Commit with it removes all of their effects from the
// queue.
func (s *Store) Together(ctx context.Context, all []context.Context) context.Context {
	if len(all) == 1 {
		return ctx
	}
	var list runningJobs
	for _, one := range all {
		list = append(list, jobsOf(one)...)
	}
	return context.WithValue(ctx, runningKey{}, list)
}

// finish removes the jobs from the queue as part of a transaction.
func (list runningJobs) finish(t tx) error {
	for part := range slices.Chunk(list, jobsAtOnce) {
		args := make([]any, 0, 2*len(part))
		for _, r := range part {
			if !r.isDone() {
				args = append(args, r.job, r.n)
			}
		}
		if len(args) == 0 {
			continue
		}
		n, err := t.exec(finishJobs(len(args)/2), args...)
		if err != nil {
			return err
		}
		if n < int64(len(args)/2) {
			return errTaken
		}
	}
	return nil
}

// finished notes that the transaction of finish was committed.
func (list runningJobs) finished() {
	for _, r := range list {
		r.finished()
	}
}

// finish removes the job from the queue as part of a transaction.
func (r *running) finish(t tx) error {
	return runningJobs{r}.finish(t)
}

// finished notes that the transaction of finish was committed.
func (r *running) finished() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = true
}

func (r *running) isDone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

// putBack makes a job available again after the pause. If the database cannot be reached, keepQueue does it later.
func (s *Store) putBack(ctx context.Context, pause time.Duration, list ...attempt) error {
	at := s.db.time(time.Now().Add(pause)) // River's clock is the real one
	err := s.write(context.WithoutCancel(ctx), func(t tx) error {
		for _, a := range list {
			if _, err := t.exec(putBackJob, a.job, a.n, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		time.AfterFunc(pause+time.Millisecond, func() { s.wake.wake(queues()) }) // the database keeps milliseconds
	}
	return err
}

// pauseAfter is the pause after a job's nth attempt. Jobs are repeated only if the database could not take the outcome.
func pauseAfter(n int) time.Duration {
	return min(4*time.Second, 100*time.Millisecond<<min(max(n-1, 0), 10))
}

// Some tasks of River's leader are ours. After a crash or an outage there may be no leader for a minute. And River's
// leader removes so much at once that everything else waits.
const (
	// Jobs whose time has not come may be available: the fetch compares the time.
	sleeps   = `state IN ('scheduled', 'retryable')`
	wakeJobs = `UPDATE river_job SET state = 'available' WHERE ` + sleeps

	hasEnded   = `state IN ('completed', 'cancelled', 'discarded') AND finalized_at < $1`
	removeJobs = `DELETE FROM river_job WHERE id IN (SELECT id FROM river_job WHERE ` + hasEnded + ` LIMIT $2)`
	// keepEnded is how long jobs stay that earlier versions have ended. Those versions kept them because SQLite reuses
	// a deleted job's number at once.
	keepEnded = time.Minute
)

// keepQueue handles the jobs without a handler, every beat until ctx ends. They are the jobs that this instance runs
// without knowing, those whose time has not come, and ended ones.
func (s *Store) keepQueue(ctx context.Context, p *presence) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !p.here() {
			continue
		}
		if err := s.tidyQueue(ctx, p); err != nil && ctx.Err() == nil {
			s.log.Warn("could not tidy the queue", zap.Error(err))
		}
	}
}

func (s *Store) tidyQueue(ctx context.Context, p *presence) error {
	var list []attempt
	query, args := s.db.runningOf(p.instance)
	err := s.db.each(ctx, query, args, func(scan scanner) error {
		var a attempt
		err := scan(&a.job, &a.n)
		list = append(list, a)
		return err
	})
	if err != nil {
		return err
	}
	if list = p.strays(list); len(list) > 0 {
		s.log.Warn("requeued jobs that were fetched but never started", zap.Int("jobs", len(list)))
		if err := s.putBack(ctx, 0, list...); err != nil {
			return err
		}
	}
	now := time.Now() // River's clock is the real one
	before := s.db.time(now.Add(-keepEnded))
	var ended, sleeping int
	overdue := make([]int, len(queues()))
	err = s.db.each(ctx, selectUntidy, []any{before, s.db.time(now)}, func(scan scanner) error {
		dest := []any{&ended, &sleeping}
		for i := range overdue {
			dest = append(dest, &overdue[i])
		}
		return scan(dest...)
	})
	if err != nil {
		return err
	}
	if sleeping > 0 {
		err := s.write(ctx, func(t tx) error {
			_, err := t.exec(wakeJobs)
			return err
		})
		if err != nil {
			return err
		}
	}
	for i, queue := range queues() {
		if overdue[i] > 0 || sleeping > 0 {
			s.wake.wake([]string{queue})
		}
	}
	if ended > 0 {
		_, err = s.inBatches(ctx, removeJobs, before)
	}
	return err
}

// selectUntidy counts, if there are any: one old ended job, one sleeping job, and one fetchable job of each queue. The
// fetcher was woken when their time came, unless that was lost. So River's own poll may be rare.
var selectUntidy = func() string {
	one := func(where string) string {
		return `(SELECT COUNT(*) FROM (SELECT 1 FROM river_job WHERE ` + where + ` LIMIT 1) AS job)`
	}
	list := []string{one(hasEnded), one(sleeps)}
	for _, queue := range queues() {
		list = append(list, one(`state = 'available' AND queue = '`+queue+`' AND scheduled_at <= $2`))
	}
	return `SELECT ` + strings.Join(list, `, `)
}()

// unfinished are River's states in which a job waits or runs.
const unfinished = `state IN ('available', 'running', 'retryable', 'scheduled', 'pending')`

// selectAnyWork counts one unfinished job, if there is any.
const selectAnyWork = `SELECT COUNT(*) FROM (SELECT 1 FROM river_job WHERE ` + unfinished + ` LIMIT 1) AS job`

// Idle reports whether no delivery and no effect is pending.
func (s *Store) Idle(ctx context.Context) (bool, error) {
	n := int64(-1)
	err := s.db.each(ctx, selectAnyWork, nil, func(scan scanner) error { return scan(&n) })
	if err != nil {
		return false, fmt.Errorf("look for work: %w", err)
	}
	return n == 0, nil
}
