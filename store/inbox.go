package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Delivery is one delivery of a webhook, as it arrived.
type Delivery struct {
	GUID       string // the sender's ID; a redelivery repeats it
	Event      string // its type, such as push
	Body       []byte // as it was signed; empty once processed
	ReceivedAt time.Time

	// Outcome is its result.
	Outcome     Outcome
	Reason      string    // why the last attempt failed; empty if it succeeded
	Attempts    int       // attempts that have ended
	ProcessedAt time.Time // zero while pending
}

// Outcome is the result of a delivery.
type Outcome string

// A delivery is pending, perhaps between two attempts, until it is processed or has failed for good.
const (
	Waiting   Outcome = ""
	Processed Outcome = "processed"
	Failed    Outcome = "failed"
)

// Nearly every delivery is new. A group with a known GUID is inserted by a slower statement. It leaves the known
// delivery unchanged, unless that failed for good: then this is the requested redelivery.
const (
	insertDeliveries = `INSERT INTO deliveries (guid, event, body, received_at) VALUES `
	ifAllNew         = ` ON CONFLICT DO NOTHING`
	unlessKnown      = ` ON CONFLICT (guid) DO UPDATE SET event = excluded.event, body = excluded.body, received_at = excluded.received_at,
		processed_at = 0, outcome = '', reason = '', attempts = 0 WHERE deliveries.outcome = 'failed' RETURNING guid`
)

// rowsAtOnce bounds the deliveries per statement, and so the number of different statements.
const rowsAtOnce = 32

func insertDelivery(n int) string { return insertDeliveries + values(n, 4) + ifAllNew }

var errKnown = errors.New("some of the deliveries are known")

const (
	inboxGroup = 256      // deliveries in one transaction
	inboxBytes = 32 << 20 // of bodies in one transaction, unless one alone is larger
)

// inbox puts the deliveries that arrive at the same time into one transaction,
// together with the one job that will process them.
type inbox struct {
	store   *Store
	arrived chan *arrival
	cache   cache
	closed  <-chan struct{} // closed when the store is about to close
}

type arrival struct {
	Delivery
	duplicate bool       // set before done is answered
	done      chan error // takes the result, once
}

func newInbox(s *Store, closed <-chan struct{}) *inbox {
	return &inbox{store: s, arrived: make(chan *arrival), closed: closed}
}

// Receive stores a delivery and the job that will process it. When it returns without an error, the delivery is on
// disk. A known GUID is a duplicate and changes nothing. If that delivery failed for good, it is processed anew with
// the given body. body must not be changed afterwards.
func (s *Store) Receive(ctx context.Context, guid, event string, body []byte) (duplicate bool, err error) {
	if body == nil {
		body = []byte{}
	}
	a := &arrival{Delivery: Delivery{GUID: plain(guid), Event: plain(event), Body: body, ReceivedAt: s.now()}, done: make(chan error, 1)}
	select {
	case s.inbox.arrived <- a:
	case <-ctx.Done():
		return false, fmt.Errorf("store the delivery %s: %w", guid, ctx.Err())
	case <-s.inbox.closed:
		return false, fmt.Errorf("store the delivery %s: %w", guid, errClosed)
	}
	select {
	case err = <-a.done:
	case <-ctx.Done():
		err = ctx.Err() // it may be stored all the same; then the redelivery is a duplicate
	}
	if err != nil {
		return false, fmt.Errorf("store the delivery %s: %w", guid, err)
	}
	return a.duplicate, nil
}

// commitGroups stores groups of deliveries until ctx ends.
func (in *inbox) commitGroups(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-in.arrived:
			group := in.batch(a)
			// Deliveries that have arrived are written even if the store is about to close.
			err := in.save(context.WithoutCancel(ctx), group)
			for _, a := range group {
				a.done <- err
			}
		}
	}
}

// batch adds what has arrived meanwhile.
func (in *inbox) batch(a *arrival) []*arrival {
	group, size := []*arrival{a}, len(a.Body)
	for len(group) < inboxGroup && size < inboxBytes {
		select {
		case a := <-in.arrived:
			group, size = append(group, a), size+len(a.Body)
		default:
			return group
		}
	}
	return group
}

func (in *inbox) save(ctx context.Context, group []*arrival) error {
	// A GUID twice in one group: the second is the duplicate.
	fresh := make(map[string]*arrival, len(group))
	unique := make([]*arrival, 0, len(group))
	for _, a := range group {
		a.duplicate = true
		if fresh[a.GUID] == nil {
			fresh[a.GUID] = a
			unique = append(unique, a)
		}
	}
	// Groups written at the same time use the same order.
	slices.SortFunc(unique, func(a, b *arrival) int { return cmp.Compare(a.GUID, b.GUID) })
	var stored []string
	in.cache.keep(unique)
	next := in.store.direct.Load().handOver()
	err := in.store.write(ctx, func(t tx) (err error) {
		next.anew()
		if stored, err = insertNew(t, unique); err != nil {
			return err
		}
		return next.insert(t, deliveriesJob(deliveriesArgs{GUIDs: stored}, time.Time{}))
	})
	next.done(err == nil)
	if err != nil {
		in.cache.forget(unique)
	}
	if errors.Is(err, errKnown) {
		err = in.store.write(ctx, func(t tx) (err error) {
			if stored, err = insertUnlessKnown(t, unique); err != nil || len(stored) == 0 {
				return err
			}
			return t.insert(deliveriesJob(deliveriesArgs{GUIDs: stored, Known: true}, time.Time{}))
		})
	}
	if err != nil {
		return err
	}
	for _, guid := range stored {
		fresh[guid].duplicate = false
	}
	return nil
}

// insertNew fails with errKnown if one of them is not new.
func insertNew(t tx, group []*arrival) (stored []string, err error) {
	for rest := group; len(rest) > 0; {
		n := min(len(rest), rowsAtOnce)
		rows, err := t.exec(insertDelivery(n), deliveryArgs(rest[:n])...)
		if err != nil {
			return nil, err
		}
		if rows < int64(n) {
			return nil, errKnown
		}
		for _, a := range rest[:n] {
			stored = append(stored, a.GUID)
		}
		rest = rest[n:]
	}
	return stored, nil
}

// insertUnlessKnown returns those that were stored.
func insertUnlessKnown(t tx, group []*arrival) (stored []string, err error) {
	for _, a := range group {
		err := t.each(insertDeliveries+values(1, 4)+unlessKnown, deliveryArgs([]*arrival{a}), func(scan scanner) error {
			stored = append(stored, a.GUID)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return stored, nil
}

func deliveryArgs(group []*arrival) []any {
	args := make([]any, 0, 4*len(group))
	for _, a := range group {
		args = append(args, a.GUID, a.Event, a.Body, micros(a.ReceivedAt))
	}
	return args
}

// Filter selects the deliveries to list. The zero value selects the newest of all.
type Filter struct {
	GUID    string   // only this one
	Outcome *Outcome // nil: any
	Limit   int      // 0: 100
}

// Deliveries lists deliveries without their bodies, the newest first.
func (s *Store) Deliveries(ctx context.Context, f Filter) ([]Delivery, error) {
	return listDeliveries(ctx, s.db, f)
}

func listDeliveries(ctx context.Context, db reader, f Filter) ([]Delivery, error) {
	var (
		where []string
		args  []any
	)
	if f.GUID != "" {
		args = append(args, f.GUID)
		where = append(where, `guid = $1`)
	}
	switch {
	case f.Outcome == nil:
	case *f.Outcome == Failed:
		where = append(where, `outcome = 'failed'`) // spelled out, as the index on it is
	default:
		args = append(args, string(*f.Outcome))
		where = append(where, fmt.Sprintf(`outcome = $%d`, len(args)))
	}
	query := `SELECT guid, event, received_at, outcome, reason, attempts, processed_at FROM deliveries`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	if f.Limit == 0 {
		f.Limit = 100
	}
	args = append(args, f.Limit)
	query += fmt.Sprintf(` ORDER BY received_at DESC LIMIT $%d`, len(args))
	var list []Delivery
	err := db.each(ctx, query, args, func(scan scanner) error {
		var (
			d                   Delivery
			received, processed int64
			outcome             string
		)
		if err := scan(&d.GUID, &d.Event, &received, &outcome, &d.Reason, &d.Attempts, &processed); err != nil {
			return err
		}
		d.ReceivedAt, d.ProcessedAt, d.Outcome = fromMicros(received), fromMicros(processed), Outcome(outcome)
		list = append(list, d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return list, nil
}

// pruneBatch bounds how long a writer waits for Prune.
const pruneBatch = 500

// Prune removes old rows, and returns how many. It removes deliveries with an outcome, and counts, from before
// deliveries. It removes events from before events that are folded into a state. It removes comments too old to be
// obeyed, and sessions that have expired. It works in small transactions, so that nothing waits for it.
func (s *Store) Prune(ctx context.Context, deliveries, events time.Time) (removed int64, err error) {
	for _, p := range []struct {
		query  string
		before time.Time
	}{
		{`DELETE FROM deliveries WHERE guid IN (SELECT guid FROM deliveries WHERE received_at < $1 AND outcome <> '' ORDER BY received_at LIMIT $2)`, deliveries},
		{`DELETE FROM delivery_counts WHERE (day, event) IN (SELECT day, event FROM delivery_counts WHERE last_at < $1 ORDER BY day LIMIT $2)`, deliveries},
		{`DELETE FROM events WHERE (repo, name, seq) IN (SELECT repo, name, seq FROM events e WHERE at < $1 AND NOT EXISTS
			(SELECT 1 FROM pipeline_states s WHERE s.repo = e.repo AND s.name = e.name AND e.seq > s.event) ORDER BY at LIMIT $2)`, events},
		{pruneComments, s.now().Add(-apply.CommandAge - pipeline.CommandSlack)},
		{pruneSessions, s.now()},
		{pruneTokens, s.now().Add(-tokensKept)},
	} {
		n, err := s.inBatches(ctx, p.query, micros(p.before))
		removed += n
		if err != nil {
			return removed, fmt.Errorf("remove what is old: %w", err)
		}
	}
	return removed, nil
}

// inBatches repeats a deleting statement until no row older than $1 is left. Each run deletes at most $2 rows.
func (s *Store) inBatches(ctx context.Context, query string, before any) (removed int64, err error) {
	for gone := int64(pruneBatch); gone == pruneBatch; removed += gone {
		err := s.write(ctx, func(t tx) (err error) {
			gone, err = t.exec(query, before, pruneBatch)
			return err
		})
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}
