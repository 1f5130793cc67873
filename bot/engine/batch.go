package engine

import (
	"errors"
	"sync"
	"time"
)

// GitHub sends several deliveries about one thing at once: the last check of a
// commit is also the end of its suite. And what was decided together ends together:
// a promotion, and what people are told of it. What comes about a pipeline while
// something else about it is on its way is folded in together, in one commit:
// deciding once is as good, and where a hundred pipelines move at the same moment it
// is half the work.
//
// What may wait for others does so as long as some are known to come, for a moment at
// most: of the outcomes of what was decided together, most lead to nothing.

// batcher does things that are about the same one after another, and those that wait
// for their turn all at once.
type batcher[K comparable, T, R any] struct {
	mu    sync.Mutex
	lines map[K]*line[T, R] // guarded by mu
}

// line is where those wait that are about the same.
type line[T, R any] struct {
	turn   chan struct{} // holds one while it is somebody's; who waited longest gets it next
	next   *group[T, R]  // guarded by gatherer.mu: whoever comes joins it; nil: none
	users  int           // guarded by gatherer.mu: that have a turn, or wait for one, or will
	coming int           // guarded by gatherer.mu: that will come
}

// group is what is done at once.
type group[T, R any] struct {
	items  []T           // guarded by gatherer.mu until they are taken
	others bool          // there are several of them; likewise
	hurry  chan struct{} // closed by gatherer.rush; nil: it waits for nobody
	waits  bool          // guarded by gatherer.mu: it waits for others until hurry is closed
	done   chan struct{} // closed when it is done, or has failed
	result R             // read after done
	err    error         // read after done
}

// Do has do called with a function that returns the item, and those that
// others came with by then: what comes afterwards has to wait for the next turn. All
// of them get its result; led tells the one for whom it was called. Where that fails,
// each is done alone, so that none has to suffer for another one.
func (g *batcher[K, T, R]) Do(about K, item T, do func(take func() []T) (R, error)) (result R, led bool, err error) {
	return g.await(about, item, nil, false, do)
}

// othersWithin is how long a patient item waits for others that are known to come.
const othersWithin = 200 * time.Millisecond

// await is together for an item that was expected, and which may be patient: then it
// waits until nobody else is expected, or somebody comes who does not wait.
func (g *batcher[K, T, R]) await(about K, item T, was *expected, patient bool, do func(take func() []T) (R, error)) (result R, led bool, err error) {
	l, p, leads := g.join(about, item, was, patient)
	if leads {
		g.run(about, l, p, do)
	}
	<-p.done
	if p.err == nil || !p.others {
		return p.result, leads, p.err
	}
	l = g.enter(about)
	defer g.leave(about)
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	result, err = do(func() []T { return []T{item} })
	return result, true, err
}

var errPanicked = errors.New("one of several that were folded in together panicked")

// run waits for the part's turn and does it. A panic is an error where there are
// others, who must not fail for it; whoever brought it about panics again alone.
func (g *batcher[K, T, R]) run(about K, l *line[T, R], p *group[T, R], do func(take func() []T) (R, error)) {
	if p.hurry != nil {
		late := time.NewTimer(othersWithin)
		select {
		case <-p.hurry:
		case <-late.C:
		}
		late.Stop()
	}
	l.turn <- struct{}{}
	p.err = errPanicked
	defer func() {
		g.take(l, p) // where do did not
		<-l.turn
		g.leave(about)
		close(p.done)
		if p.others {
			_ = recover()
		}
	}()
	p.result, p.err = do(func() []T { return g.take(l, p) })
}

// expected is somebody who will come with an item.
type expected struct {
	came bool // guarded by gatherer.mu
}

// expect announces somebody, who has to come or to be given up.
func (g *batcher[K, T, R]) expect(about K) *expected {
	l := g.enter(about)
	g.mu.Lock()
	defer g.mu.Unlock()
	l.coming++
	return &expected{}
}

// giveUp says that nobody comes, unless somebody has.
func (g *batcher[K, T, R]) giveUp(about K, was *expected) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.arrive(about, was)
	if l := g.lines[about]; l != nil && l.coming == 0 {
		l.rush()
	}
}

// arrive must be called with mu held.
func (g *batcher[K, T, R]) arrive(about K, was *expected) {
	if was == nil || was.came {
		return
	}
	was.came = true
	g.lines[about].coming--
	g.left(about)
}

// rush has the part that waits for others wait no longer. gatherer.mu must be held.
func (l *line[T, R]) rush() {
	if l.next != nil && l.next.waits {
		l.next.waits = false
		close(l.next.hurry)
	}
}

// join adds an item to the part that waits, and reports whether the caller is the one
// who has to do it.
func (g *batcher[K, T, R]) join(about K, item T, was *expected, patient bool) (l *line[T, R], p *group[T, R], leads bool) {
	l = g.enter(about)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.arrive(about, was)
	patient = patient && l.coming > 0
	if p = l.next; p != nil {
		p.items, p.others = append(p.items, item), true
		l.users-- // whoever does it keeps the line
		if !patient {
			l.rush()
		}
		return l, p, false
	}
	p = &group[T, R]{items: []T{item}, done: make(chan struct{}), waits: patient}
	if patient {
		p.hurry = make(chan struct{})
	}
	l.next = p
	return l, p, true
}

// take returns the part's items, and closes it to others.
func (g *batcher[K, T, R]) take(l *line[T, R], p *group[T, R]) []T {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.next == p {
		l.next = nil
	}
	return p.items
}

func (g *batcher[K, T, R]) enter(about K) *line[T, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lines == nil {
		g.lines = map[K]*line[T, R]{}
	}
	l := g.lines[about]
	if l == nil {
		l = &line[T, R]{turn: make(chan struct{}, 1)}
		g.lines[about] = l
	}
	l.users++
	return l
}

func (g *batcher[K, T, R]) leave(about K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left(about)
}

// left must be called with mu held.
func (g *batcher[K, T, R]) left(about K) {
	l := g.lines[about]
	if l.users--; l.users == 0 {
		delete(g.lines, about)
	}
}
