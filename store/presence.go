package store

import (
	"context"
	"slices"
	"sync"

	"github.com/riverqueue/river/rivertype"
)

// presence is an instance's standing with the others on the database. While it
// is present, what it works on is its own. While it is absent it is given no
// jobs, and its handlers' contexts have ended: others may do its work.
type presence struct {
	instance string // as River writes it into a job's attempted_by

	mu      sync.Mutex
	term    context.Context         // guarded by mu: since it was last absent; nil while it is
	end     context.CancelCauseFunc // guarded by mu: of term
	fetches int                     // guarded by mu: under way
	held    map[attempt]*holding    // guarded by mu: what it was given and has not given back
	stray   map[attempt]bool        // guarded by mu: what strays saw the last time
}

// attempt is one attempt at a job.
type attempt struct {
	job int64
	n   int
}

// holding is an attempt in the hands of this instance.
type holding struct {
	term  context.Context // in which it was fetched
	begun bool            // its handler has it
}

func newPresence(instance string) *presence {
	return &presence{instance: instance, held: make(map[attempt]*holding)}
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

// fetch has jobs fetched, unless the instance is absent.
func (p *presence) fetch(get func() ([]*rivertype.JobRow, error)) ([]*rivertype.JobRow, error) {
	p.mu.Lock()
	term := p.term
	if term == nil {
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
		p.held[attempt{j.ID, j.Attempt}] = &holding{term: term}
	}
	return jobs, err
}

// giveBack notes that this instance is done with an attempt, whether or not the
// database could be told.
func (p *presence) giveBack(a attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.held, a)
}

// giveUp gives back what River could not bring to a handler, such as a job of a
// kind that only a newer version knows.
func (p *presence) giveUp(jobs []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for a, held := range p.held {
		if !held.begun && slices.Contains(jobs, a.job) {
			delete(p.held, a)
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
