package heroku

import (
	"context"
	"sync"
	"time"
)

// memory is what earlier answers taught. Everything in it may be forgotten at
// any time; it only saves requests and names things better.
type memory struct {
	mu        sync.Mutex // guards all below
	commits   map[string]string
	images    map[string]string // release to OCI image
	verdicts  map[string]verdict
	cancelled map[string]bool  // builds that this process asked to cancel
	places    map[string]place // by app
	couplings map[string]coupling
	currents  map[string]current
	newest    map[string]newest    // by app
	asked     map[string]asked     // by promotion
	builders  map[string]builder   // by app
	accounts  map[string]string    // the API key's own, of one entry
	idle      map[string]time.Time // apps seen without a pending build, and when
	starts    map[string]int       // how many builds were asked for, by app
	turns     map[string]chan struct{}
}

func (m *memory) init() {
	m.commits, m.images, m.verdicts, m.cancelled = map[string]string{}, map[string]string{}, map[string]verdict{}, map[string]bool{}
	m.places, m.couplings, m.currents = map[string]place{}, map[string]coupling{}, map[string]current{}
	m.newest, m.asked, m.idle = map[string]newest{}, map[string]asked{}, map[string]time.Time{}
	m.builders, m.accounts = map[string]builder{}, map[string]string{}
	m.starts, m.turns = map[string]int{}, map[string]chan struct{}{}
}

// remembered is the size at which a map is emptied.
const remembered = 5000

// remember puts a value into one of the memory's maps.
func remember[V any](m *memory, into map[string]V, key string, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(into) >= remembered {
		clear(into)
	}
	into[key] = value
}

// recall takes a value out of one of the memory's maps.
func recall[V any](m *memory, from map[string]V, key string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := from[key]
	return v, ok
}

func forget[V any](m *memory, from map[string]V, keys ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(from, key)
	}
}

// starting notes that a build is about to be asked for: what was seen of the
// app's builds before holds no more.
func (m *memory) starting(app string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.starts[app]++
	delete(m.idle, app)
}

// seenIdle notes that an app had no pending build, unless one was asked for
// since the look began.
func (m *memory) seenIdle(app string, starts int, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.starts[app] == starts {
		m.idle[app] = now
	}
}

// takeTurn lets one caller at a time start something on an app. It returns
// false if the context ends first.
func (m *memory) takeTurn(ctx context.Context, app string) (done func(), ok bool) {
	m.mu.Lock()
	turn := m.turns[app]
	if turn == nil {
		turn = make(chan struct{}, 1)
		m.turns[app] = turn
	}
	m.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, true
	case <-ctx.Done():
		return nil, false
	}
}
