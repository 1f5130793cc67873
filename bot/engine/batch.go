package engine

import (
	"errors"
	"sync"
	"time"
)

// Facts about one pipeline often come together. GitHub sends several deliveries about one event: the last check of a
// commit also ends its suite. Effects that were decided together end together: a promotion, and its publications. While
// one fact of a pipeline is being committed, the others are collected for one common commit. One decision for all is as
// good. Where a hundred pipelines move at once, it is half the work.
//
// A patient item waits for others as long as some are expected, for othersWithin at most. Most outcomes of effects
// decided together lead to nothing.

// batcher runs items of the same key one after another. Items that wait for their turn are run in one group.
type batcher[K comparable, T, R any] struct {
	mu    sync.Mutex
	lines map[K]*line[T, R] // guarded by mu
}

// line is the queue of one key.
type line[T, R any] struct {
	turn   chan struct{} // holds one element while the turn is taken; the longest waiter gets it next
	next   *group[T, R]  // guarded by batcher.mu: the group that new items join; nil: none
	users  int           // guarded by batcher.mu: items that have a turn, wait for one, or will
	coming int           // guarded by batcher.mu: announced items that have not come
}

// group is a set of items that are run at once.
type group[T, R any] struct {
	items  []T           // guarded by batcher.mu until they are taken
	others bool          // it has several items; guarded likewise
	hurry  chan struct{} // closed by line.rush; nil: it waits for nobody
	waits  bool          // guarded by batcher.mu: it waits for others until hurry is closed
	done   chan struct{} // closed when it is done, or has failed
	result R             // read after done
	err    error         // read after done
}

// Do calls do with a function that returns the item and those that have joined it by then. Later items wait for the
// next turn. All of them get the result; led is true for the one whose do was called. If do fails, each item is run
// alone, so that none fails because of another.
func (g *batcher[K, T, R]) Do(about K, item T, do func(take func() []T) (R, error)) (result R, led bool, err error) {
	return g.await(about, item, nil, false, do)
}

// othersWithin is how long a patient item waits for expected ones.
const othersWithin = 200 * time.Millisecond

// await is Do for an item that was expected and may be patient. A patient item waits until no other is expected, or
// until an impatient one comes.
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

// run waits for the group's turn and runs it. In a group of several, a panic becomes an error: the others must not fail
// for it. The item that caused it panics again when it is run alone.
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
		g.take(l, p) // if do has not
		<-l.turn
		g.leave(about)
		close(p.done)
		if p.others {
			_ = recover()
		}
	}()
	p.result, p.err = do(func() []T { return g.take(l, p) })
}

// expected is the announcement of an item.
type expected struct {
	came bool // guarded by batcher.mu
}

// expect announces an item, which must come or be given up.
func (g *batcher[K, T, R]) expect(about K) *expected {
	l := g.enter(about)
	g.mu.Lock()
	defer g.mu.Unlock()
	l.coming++
	return &expected{}
}

// giveUp withdraws an announcement whose item has not come.
func (g *batcher[K, T, R]) giveUp(about K, was *expected) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.arrive(about, was)
	if l := g.lines[about]; l != nil && l.coming == 0 {
		l.rush()
	}
}

// arrive counts an announced item as come. g.mu must be held.
func (g *batcher[K, T, R]) arrive(about K, was *expected) {
	if was == nil || was.came {
		return
	}
	was.came = true
	g.lines[about].coming--
	g.left(about)
}

// rush ends the group's waiting for others. batcher.mu must be held.
func (l *line[T, R]) rush() {
	if l.next != nil && l.next.waits {
		l.next.waits = false
		close(l.next.hurry)
	}
}

// join adds an item to the waiting group, and reports whether the caller must run the group.
func (g *batcher[K, T, R]) join(about K, item T, was *expected, patient bool) (l *line[T, R], p *group[T, R], leads bool) {
	l = g.enter(about)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.arrive(about, was)
	patient = patient && l.coming > 0
	if p = l.next; p != nil {
		p.items, p.others = append(p.items, item), true
		l.users-- // the caller that runs the group keeps the line
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

// take returns the group's items, and closes the group to others.
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

// left counts an item as done. g.mu must be held.
func (g *batcher[K, T, R]) left(about K) {
	l := g.lines[about]
	if l.users--; l.users == 0 {
		delete(g.lines, about)
	}
}
