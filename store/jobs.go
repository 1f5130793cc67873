package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/headstart-cd/headstart/bot"
)

// Deliveries and effects have queues of their own, so that slow effects never
// keep deliveries waiting.
const (
	queueDeliveries = "deliveries"
	queueEffects    = "effects"
)

// attempts are never what ends a job: a delivery's attempts are counted in its
// own row, and an effect's outcome is an event whatever it is. What is counted
// here are only the times that the database could not take the outcome.
const maxAttempts = 10_000

// deliveriesArgs is a job that processes deliveries which arrived together.
type deliveriesArgs struct {
	GUIDs []string `json:"guids"`
}

func (deliveriesArgs) Kind() string { return "deliveries" }

func deliveriesJob(guids []string, at time.Time) river.InsertManyParams {
	return river.InsertManyParams{Args: deliveriesArgs{GUIDs: guids},
		InsertOpts: &river.InsertOpts{Queue: queueDeliveries, MaxAttempts: maxAttempts, ScheduledAt: at}}
}

// effectArgs is a job that performs one effect. The work is JSON within a
// string: as JSON PostgreSQL would refuse some of it, such as an escaped NUL in
// somebody's text.
type effectArgs struct {
	Work string `json:"work"`
}

func (effectArgs) Kind() string { return "effect" }

type work struct {
	Target bot.Target
	Effect bot.Effect
}

// jobs to insert in one transaction.
type jobs []river.InsertManyParams

func (j *jobs) addEffect(target bot.Target, e bot.Effect) error {
	data, err := json.Marshal(work{target, e})
	if err != nil {
		return fmt.Errorf("encode the effect %s: %w", e.Key, err)
	}
	*j = append(*j, river.InsertManyParams{Args: effectArgs{string(data)},
		InsertOpts: &river.InsertOpts{Queue: queueEffects, MaxAttempts: maxAttempts}})
	return nil
}

// errTaken says that another instance was given the job, because this one was
// not heard of for too long. What this one learned is not recorded: the other
// one looks for itself.
var errTaken = errors.New("another instance has taken the work over")

const finishJob = `UPDATE river_job SET state = 'completed', finalized_at = CURRENT_TIMESTAMP WHERE id = $1 AND state = 'running'`

// running is the job that a handler is working on.
type running struct {
	id    int64
	ended *ended

	mu   sync.Mutex
	done bool // guarded by mu: its end is committed
}

type runningKey struct{}

func (r *running) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, runningKey{}, r)
}

// runningJob is nil outside of a handler; its methods take that.
func runningJob(ctx context.Context) *running {
	r, _ := ctx.Value(runningKey{}).(*running)
	return r
}

// finish takes the job off the queue as part of a transaction.
func (r *running) finish(t tx) error {
	if r == nil || r.isDone() {
		return nil
	}
	n, err := t.exec(finishJob, r.id)
	if err == nil && n == 0 {
		return errTaken
	}
	return err
}

// finished notes that the transaction of finish was committed.
func (r *running) finished() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.done {
		r.done = true
		r.ended.add(r.id)
	}
}

func (r *running) isDone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

// ended are jobs whose end is committed while River does not know it yet. It
// would end them once more, one by one; on SQLite everybody else waits then.
type ended struct {
	mu  sync.Mutex
	ids map[int64]bool // guarded by mu
}

func (e *ended) add(id int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ids[id] = true
}

// take reports whether the job was added, and forgets it.
func (e *ended) take(id int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	ok := e.ids[id]
	delete(e.ids, id)
	return ok
}

// reset forgets what an earlier Run left: SQLite gives numbers of jobs that were
// removed to new ones.
func (e *ended) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.ids)
}

// executor is a driver's executor that knows which jobs have ended.
type executor struct {
	riverdriver.Executor
	ended *ended
}

// JobSetStateIfRunningMany leaves out the jobs that have ended. River takes it
// for granted that a job may be gone by then.
func (x *executor) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	rest := riverdriver.JobSetStateIfRunningManyParams{Now: p.Now, Schema: p.Schema}
	for i, id := range p.ID {
		if x.ended.take(id) {
			continue
		}
		rest.ID = append(rest.ID, id)
		rest.Attempt = append(rest.Attempt, p.Attempt[i])
		rest.ErrData = append(rest.ErrData, p.ErrData[i])
		rest.FinalizedAt = append(rest.FinalizedAt, p.FinalizedAt[i])
		rest.MetadataDoMerge = append(rest.MetadataDoMerge, p.MetadataDoMerge[i])
		rest.MetadataUpdates = append(rest.MetadataUpdates, p.MetadataUpdates[i])
		rest.ScheduledAt = append(rest.ScheduledAt, p.ScheduledAt[i])
		rest.State = append(rest.State, p.State[i])
	}
	if len(rest.ID) == 0 {
		return nil, nil
	}
	return x.Executor.JobSetStateIfRunningMany(ctx, &rest)
}

// soon is River's retry policy: a job comes back only because the database
// could not take its outcome, or because the process ends. The pauses stay
// below the five seconds from which on River leaves the waking to its leader.
type soon struct{}

func (soon) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(min(4*time.Second, 100*time.Millisecond<<min(len(job.Errors), 10)))
}

// unfinished are the states of River's in which a job waits or runs.
const unfinished = `state IN ('available', 'running', 'retryable', 'scheduled', 'pending')`

// Idle reports whether no delivery and no effect waits or is worked on.
func (s *Store) Idle(ctx context.Context) (bool, error) {
	n := int64(-1)
	err := s.db.each(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM river_job WHERE `+unfinished+` LIMIT 1) AS job`, nil,
		func(scan scanner) error { return scan(&n) })
	if err != nil {
		return false, fmt.Errorf("look for work: %w", err)
	}
	return n == 0, nil
}

// hot lists the statements that run many times a second.
var hot = append([]string{
	selectState, insertPipeline, updatePipeline, selectApps, insertEventOnce, finishJob,
}, deliveryStatements()...)

func deliveryStatements() []string {
	list := make([]string, 0, 2*rowsAtOnce)
	for n := range rowsAtOnce {
		list = append(list, insertDelivery(n+1), processedDeliveries(n+1))
	}
	return list
}
