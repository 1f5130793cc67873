package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// presence is an instance's standing among the others on the database. While it is present, no other instance does its
// jobs. While it is absent it gets no jobs, and its handlers' contexts have ended: others may do its work.
type presence struct {
	instance string         // as River writes it into a job's attempted_by
	wake     func([]string) // called for queues whose jobs may be fetched again

	mu       sync.Mutex
	term     context.Context         // guarded by mu: since it was last absent; nil while absent
	end      context.CancelCauseFunc // guarded by mu: ends term
	sat      int64                   // guarded by mu: the number of the newest seat
	seats    map[int64]bool          // guarded by mu: the taken ones
	held     map[attempt]*holding    // guarded by mu: attempts received and not given back
	used     map[string]int          // guarded by mu: by queue, how many jobs are held, or about to be
	behind   map[string]bool         // guarded by mu: queues in which jobs may wait for us
	stray    map[attempt]int64       // guarded by mu: what strays saw last time, with the newest seat when it was first seen
	pressure backpressure            // guarded by mu
}

// seat is taken before jobs are requested: the database may know already that they run here.
type seat struct {
	number int64
	term   context.Context
}

// attempt is one attempt at a job.
type attempt struct {
	job int64
	n   int
}

// holding is an attempt in the hands of this instance.
type holding struct {
	term    context.Context // in which it was fetched
	queue   string
	started bool // its handler has it
	deploys bool // a deploy waits for the effect
}

func newPresence(instance string, wake func([]string)) *presence {
	return &presence{
		instance: instance, wake: wake, seats: make(map[int64]bool), held: make(map[attempt]*holding),
		used: make(map[string]int), behind: make(map[string]bool),
	}
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

// handling derives the context of an attempt's handler. It ends with the term in which the job was fetched. cancel must
// be called when the handler is done.
func (p *presence) handling(ctx context.Context, a attempt) (_ context.Context, cancel func()) {
	p.mu.Lock()
	held := p.held[a]
	if held != nil {
		held.started = true
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

// takeSeat takes a seat. p.mu must be held.
func (p *presence) takeSeat() (_ seat, present bool) {
	if p.term == nil {
		return seat{}, false
	}
	p.sat++
	p.seats[p.sat] = true
	return seat{p.sat, p.term}, true
}

// sit takes a seat, unless the instance is absent. leave must follow.
func (p *presence) sit() (_ seat, present bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.takeSeat()
}

// leave frees the seat: the received jobs are held.
func (p *presence) leave(s seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seats, s.number)
}

// reserve makes room for one job that is begun without being fetched, and reports whether there is any. Without room,
// the job waits in its queue, and later ones wait behind it.
func (p *presence) reserve(queue string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.behind[queue] || p.used[queue] >= atOnce(queue) || !p.pressure.mayFetch(queue, time.Now()) {
		p.behind[queue] = true
		return false
	}
	p.used[queue]++
	return true
}

// free gives back a reserved place.
func (p *presence) free(queue string) {
	p.mu.Lock()
	p.used[queue]--
	waiting := p.behind[queue]
	p.mu.Unlock()
	if waiting {
		p.wake([]string{queue})
	}
}

// take notes a job that room was reserved for.
func (p *presence) take(s seat, a attempt, o *river.InsertOpts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold(s, a, o.Queue, o.Priority)
}

// hold notes a received attempt. p.mu must be held.
func (p *presence) hold(s seat, a attempt, queue string, priority int) {
	urgent := queue == queueEffects && priority == priorityDeploy
	if urgent {
		p.pressure.deploys++
	}
	p.held[a] = &holding{term: s.term, queue: queue, deploys: urgent}
}

// fetch calls get for at most as many jobs of a queue as there is room for. It gets none if the instance is absent, or
// the queue must yield.
func (p *presence) fetch(queue string, most int, get func(most int) ([]*rivertype.JobRow, error)) ([]*rivertype.JobRow, error) {
	p.mu.Lock()
	most = min(most, atOnce(queue)-p.used[queue])
	if most <= 0 || !p.pressure.mayFetch(queue, time.Now()) {
		p.behind[queue] = true
		p.mu.Unlock()
		return nil, nil
	}
	s, present := p.takeSeat()
	if !present {
		p.mu.Unlock()
		return nil, nil
	}
	p.used[queue] += most
	p.mu.Unlock()
	jobs, err := get(most)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seats, s.number)
	p.used[queue] -= most - len(jobs)
	if err == nil {
		p.behind[queue] = len(jobs) == most
	}
	for _, j := range jobs {
		p.hold(s, attempt{j.ID, j.Attempt}, queue, j.Priority)
	}
	return jobs, err
}

// giveBack notes that this instance is done with an attempt, even if the database could not be reached.
func (p *presence) giveBack(a attempt) {
	p.mu.Lock()
	wake := p.drop(a)
	p.mu.Unlock()
	if len(wake) > 0 {
		p.wake(wake)
	}
}

// drop removes an attempt and returns queues whose jobs may be fetched again. p.mu must be held.
func (p *presence) drop(a attempt) (wake []string) {
	held := p.held[a]
	if held == nil {
		return nil
	}
	delete(p.held, a)
	p.used[held.queue]--
	if p.behind[held.queue] {
		wake = append(wake, held.queue)
	}
	if held.deploys && p.pressure.left() {
		wake = append(wake, queuePublish, queueIdle)
	}
	return wake
}

// giveUp gives back jobs that River could not bring to a handler, such as a kind that only a newer version knows.
func (p *presence) giveUp(jobs []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for a, held := range p.held {
		if !held.started && slices.Contains(jobs, a.job) {
			p.drop(a) // queues that yielded are looked at soon enough
		}
	}
}

// strays returns those of the attempts running in the database that this instance does not know. Their jobs were
// fetched but the answer was lost, or their end could not be recorded. They must have been unknown the last time, too.
// By now every fetch under way at that time has its jobs.
func (p *presence) strays(running []attempt) []attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	oldest := p.sat + 1 // of the taken seats
	for number := range p.seats {
		oldest = min(oldest, number)
	}
	before := p.stray
	p.stray = make(map[attempt]int64)
	var list []attempt
	for _, a := range running {
		if p.held[a] != nil {
			continue
		}
		newest, seen := before[a]
		if !seen {
			newest = p.sat
		}
		p.stray[a] = newest
		if seen && oldest > newest {
			list = append(list, a)
		}
	}
	return list
}
