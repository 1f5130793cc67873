package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// executor is a driver's executor that gives jobs only to present instances, and leaves ending them to us. River would
// end them one by one, later, whoever runs them by then.
type executor struct {
	riverdriver.Executor
	presence *presence // nil for a client that only inserts
	fetch    func(context.Context, *riverdriver.JobGetAvailableParams) ([]*rivertype.JobRow, error)
}

// JobGetAvailable gives nothing to an absent instance. The most urgent jobs come first.
func (x *executor) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) ([]*rivertype.JobRow, error) {
	jobs, err := x.presence.fetch(p.Queue, p.MaxToLock, func(most int) ([]*rivertype.JobRow, error) {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		few := *p
		few.MaxToLock = most
		return x.fetch(ctx, &few)
	})
	slices.SortFunc(jobs, func(a, b *rivertype.JobRow) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	return jobs, err
}

// JobSetStateIfRunningMany changes nothing in the database: the handlers have done it. River accepts that a job is gone
// by then.
func (x *executor) JobSetStateIfRunningMany(_ context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	x.presence.giveUp(p.ID)
	return nil, nil
}

// fetchJobs is River's own statement, reduced to our jobs. River parses twice as much for each fetch, which under load
// is every few milliseconds, and waits for the disk separately.
const fetchJobs = `UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = datetime('now', 'subsec'), attempted_by = jsonb_array($1)
	WHERE id IN (SELECT id FROM river_job WHERE state = 'available' AND queue = $2 AND scheduled_at <= datetime('now', 'subsec')
		ORDER BY priority, scheduled_at, id LIMIT CAST($3 AS INTEGER))
	RETURNING id, attempt, kind, json(args), json(metadata), max_attempts, priority`

func (db *sqliteDB) fetch(ctx context.Context, p *riverdriver.JobGetAvailableParams) (jobs []*rivertype.JobRow, err error) {
	write := db.write
	if p.Queue == queueDeliveries {
		write = db.writeLazily
	}
	err = write(ctx, func(t tx) error {
		jobs = nil
		now := time.Now().UTC()
		return t.each(fetchJobs, []any{p.ClientID, p.Queue, p.MaxToLock}, func(scan scanner) error {
			j := &rivertype.JobRow{Queue: p.Queue, State: rivertype.JobStateRunning, AttemptedAt: &now, AttemptedBy: []string{p.ClientID}, ScheduledAt: now}
			var args, metadata string
			err := scan(&j.ID, &j.Attempt, &j.Kind, &args, &metadata, &j.MaxAttempts, &j.Priority)
			j.EncodedArgs, j.Metadata = json.RawMessage(args), json.RawMessage(metadata)
			jobs = append(jobs, j)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}
