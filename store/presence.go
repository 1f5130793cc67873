package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// presence is an instance's standing with the others on the database. While it
// is present, what it works on is its own. While it is absent it is given no
// jobs, and its handlers' contexts have ended: others may do its work.
type presence struct {
	instance string         // as River writes it into a job's attempted_by
	wake     func([]string) // called for queues whose jobs may be fetched again

	mu     sync.Mutex
	term   context.Context         // guarded by mu: since it was last absent; nil while it is
	end    context.CancelCauseFunc // guarded by mu: of term
	sat    int64                   // guarded by mu: the number of the newest seat
	seats  map[int64]bool          // guarded by mu: that are taken
	held   map[attempt]*holding    // guarded by mu: what it was given and has not given back
	used   map[string]int          // guarded by mu: by queue, how many jobs are held, or about to be
	behind map[string]bool         // guarded by mu: queues in which jobs may wait for us
	stray  map[attempt]int64       // guarded by mu: what strays saw the last time: the newest seat when it was first seen
	crowd  crowd                   // guarded by mu
}

// seat is taken by whoever is about to get jobs: the database may know already that
// they run here.
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
	term   context.Context // in which it was fetched
	queue  string
	begun  bool // its handler has it
	urgent bool // an effect that a deploy waits for
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

// takeSeat must be called with mu held.
func (p *presence) takeSeat() (_ seat, present bool) {
	if p.term == nil {
		return seat{}, false
	}
	p.sat++
	p.seats[p.sat] = true
	return seat{p.sat, p.term}, true
}

// sit takes a seat, unless the instance is absent. It has to be left.
func (p *presence) sit() (_ seat, present bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.takeSeat()
}

// leave frees the seat: what was got is held.
func (p *presence) leave(s seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seats, s.number)
}

// reserve makes room for one job that is to be begun without being fetched, and reports
// whether there is any. If not, the job will wait in its queue, and others behind it.
func (p *presence) reserve(queue string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.behind[queue] || p.used[queue] >= atOnce(queue) || !p.crowd.mayFetch(queue, time.Now()) {
		p.behind[queue] = true
		return false
	}
	p.used[queue]++
	return true
}

// free gives back what was reserved.
func (p *presence) free(queue string) {
	p.mu.Lock()
	p.used[queue]--
	waiting := p.behind[queue]
	p.mu.Unlock()
	if waiting {
		p.wake([]string{queue})
	}
}

// take notes that the instance has a job for which it had reserved room.
func (p *presence) take(s seat, a attempt, o *river.InsertOpts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold(s, a, o.Queue, o.Priority)
}

// hold must be called with mu held.
func (p *presence) hold(s seat, a attempt, queue string, priority int) {
	urgent := queue == queueEffects && priority == priorityDeploy
	if urgent {
		p.crowd.urgent++
	}
	p.held[a] = &holding{term: s.term, queue: queue, urgent: urgent}
}

// fetch has at most so many jobs fetched from a queue: fewer where there is no room for
// them, and none if the instance is absent, or the queue has to yield.
func (p *presence) fetch(queue string, most int, get func(most int) ([]*rivertype.JobRow, error)) ([]*rivertype.JobRow, error) {
	p.mu.Lock()
	most = min(most, atOnce(queue)-p.used[queue])
	if most <= 0 || !p.crowd.mayFetch(queue, time.Now()) {
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

// giveBack notes that this instance is done with an attempt, whether or not the
// database could be told.
func (p *presence) giveBack(a attempt) {
	p.mu.Lock()
	wake := p.drop(a)
	p.mu.Unlock()
	if len(wake) > 0 {
		p.wake(wake)
	}
}

// drop must be called with mu held. It returns queues whose jobs may be fetched again.
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
	if held.urgent && p.crowd.left() {
		wake = append(wake, queueTelling, queueIdle)
	}
	return wake
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

// strays takes what the database says that this instance runs, and returns what it
// does not: attempts whose jobs were fetched while the answer was lost on the way, or
// whose end could not be recorded. They were not in its hands the last time either, and
// whoever was about to get jobs by then has them now.
func (p *presence) strays(running []attempt) []attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	oldest := p.sat + 1 // of the seats that are taken
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
