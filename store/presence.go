package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// presence is an instance's standing with the others on the database. While it
// is present, what it works on is its own. While it is absent it is given no
// jobs, and its handlers' contexts have ended: others may do its work.
type presence struct {
	instance string // as River writes it into a job's attempted_by
	relieved func() // called when it is no longer crowded; set before jobs are fetched

	mu      sync.Mutex
	term    context.Context         // guarded by mu: since it was last absent; nil while it is
	end     context.CancelCauseFunc // guarded by mu: of term
	fetches int                     // guarded by mu: under way
	held    map[attempt]*holding    // guarded by mu: what it was given and has not given back
	stray   map[attempt]bool        // guarded by mu: what strays saw the last time
	crowd   crowd                   // guarded by mu
}

// attempt is one attempt at a job.
type attempt struct {
	job int64
	n   int
}

// holding is an attempt in the hands of this instance.
type holding struct {
	term   context.Context // in which it was fetched
	begun  bool            // its handler has it
	urgent bool            // an effect that a deploy waits for
}

func newPresence(instance string) *presence {
	return &presence{instance: instance, relieved: func() {}, held: make(map[attempt]*holding)}
}

func (p *presence) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.term == nil {
		p.term, p.end = context.WithCancelCause(context.Background())
	}
}

// lose makes the instance absent, and ends the contexts of its handlers.
func (p *presence) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.term != nil {
		p.end(errTaken)
		p.term = nil
	}
}

func (p *presence) here() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.term != nil
}

// handling derives the context of an attempt's handler, which ends with the term
// in which the job was fetched. Cancel must be called when the handler is done.
func (p *presence) handling(ctx context.Context, a attempt) (_ context.Context, cancel func()) {
	p.mu.Lock()
	held := p.held[a]
	if held != nil {
		held.begun = true
	}
	p.mu.Unlock()
	ctx, end := context.WithCancelCause(ctx)
	if held == nil {
		end(errTaken)
		return ctx, func() {}
	}
	stop := context.AfterFunc(held.term, func() { end(errTaken) })
	return ctx, func() { stop(); end(nil) }
}

// fetch has jobs fetched from a queue, unless the instance is absent, or the queue
// has to yield.
func (p *presence) fetch(queue string, get func() ([]*rivertype.JobRow, error)) ([]*rivertype.JobRow, error) {
	p.mu.Lock()
	term := p.term
	if term == nil || !p.crowd.mayFetch(queue, time.Now()) {
		p.mu.Unlock()
		return nil, nil
	}
	p.fetches++
	p.mu.Unlock()
	jobs, err := get()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fetches--
	for _, j := range jobs {
		urgent := queue == queueEffects && j.Priority == priorityDeploy
		if urgent {
			p.crowd.urgent++
		}
		p.held[attempt{j.ID, j.Attempt}] = &holding{term: term, urgent: urgent}
	}
	return jobs, err
}

// giveBack notes that this instance is done with an attempt, whether or not the
// database could be told.
func (p *presence) giveBack(a attempt) {
	p.mu.Lock()
	relieved := p.drop(a)
	p.mu.Unlock()
	if relieved {
		p.relieved()
	}
}

// drop must be called with mu held. It reports whether it is no longer crowded.
func (p *presence) drop(a attempt) (relieved bool) {
	held := p.held[a]
	delete(p.held, a)
	return held != nil && held.urgent && p.crowd.left()
}

// giveUp gives back what River could not bring to a handler, such as a job of a
// kind that only a newer version knows.
func (p *presence) giveUp(jobs []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for a, held := range p.held {
		if !held.begun && slices.Contains(jobs, a.job) {
			p.drop(a) // queues that yielded are looked at soon enough
		}
	}
}

// strays takes what the database says that this instance runs, and returns what
// it does not, twice in a row: attempts whose jobs were fetched while the answer
// was lost on the way, or whose end could not be recorded.
func (p *presence) strays(running []attempt) []attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.stray
	p.stray = make(map[attempt]bool)
	if p.fetches > 0 {
		return nil // the answer may be on its way
	}
	var list []attempt
	for _, a := range running {
		if p.held[a] != nil {
			continue
		}
		p.stray[a] = true
		if before[a] {
			list = append(list, a)
		}
	}
	return list
}
