package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/riverqueue/river/riverdriver"
)

// River learns of new jobs by polling the database, or from its driver's listener. Ours notifies it right after a
// commit in this process, so that a job starts within a millisecond or two. River's own listener for SQLite polls a
// table every 50 ms. The one for PostgreSQL is needed for other instances' commits; there, ours is an addition.

// insertTopic is River's topic of new jobs.
const insertTopic = "river_insert"

// waker passes the names of queues with new jobs to the listeners of this process' River clients.
type waker struct {
	mu        sync.Mutex
	listeners map[*listener]bool // guarded by mu
}

func newWaker() *waker { return &waker{listeners: make(map[*listener]bool)} }

func (w *waker) wake(queues []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.listeners {
		for _, q := range queues {
			l.wake(q)
		}
	}
}

// listener is a riverdriver.Listener. Without an inner one it sees this process alone.
type listener struct {
	riverdriver.Listener // nil for SQLite; the methods below that use it check that
	waker                *waker

	mu      sync.Mutex
	pending map[string]bool // guarded by mu: queues with new jobs, not yet reported
	ring    chan struct{}   // holds one element while pending is not empty
}

func (w *waker) listener(inner riverdriver.Listener) *listener {
	return &listener{Listener: inner, waker: w, pending: make(map[string]bool), ring: make(chan struct{}, 1)}
}

func (l *listener) wake(queue string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending[queue] = true
	l.signal()
}

// signal notes that pending is not empty. l.mu must be held.
func (l *listener) signal() {
	select {
	case l.ring <- struct{}{}:
	default:
	}
}

// take returns one queue with new jobs; nil: there is none.
func (l *listener) take() *riverdriver.Notification {
	l.mu.Lock()
	defer l.mu.Unlock()
	for q := range l.pending {
		delete(l.pending, q)
		if len(l.pending) > 0 {
			l.signal()
		}
		return &riverdriver.Notification{Topic: insertTopic, Payload: fmt.Sprintf(`{"queue":%q}`, q)}
	}
	return nil
}

// Connect starts listening.
func (l *listener) Connect(ctx context.Context) error {
	if l.Listener != nil {
		if err := l.Listener.Connect(ctx); err != nil {
			return err
		}
	}
	l.waker.mu.Lock()
	defer l.waker.mu.Unlock()
	l.waker.listeners[l] = true
	return nil
}

// Close stops listening.
func (l *listener) Close(ctx context.Context) error {
	l.waker.mu.Lock()
	delete(l.waker.listeners, l)
	l.waker.mu.Unlock()
	if l.Listener != nil {
		return l.Listener.Close(ctx)
	}
	return nil
}

// WaitForNotification returns the first of two events: a commit of this process, or a notification from the database.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	if n := l.take(); n != nil {
		return n, nil
	}
	if l.Listener == nil {
		for {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-l.ring:
				if n := l.take(); n != nil {
					return n, nil
				}
			}
		}
	}
	// ring interrupts the wait on the connection. pgx then keeps the connection usable; River itself interrupts it the
	// same way.
	waiting, interrupt := context.WithCancel(ctx)
	defer interrupt()
	var answered sync.WaitGroup
	defer answered.Wait()
	done := make(chan struct{})
	defer close(done)
	answered.Go(func() {
		select {
		case <-l.ring:
			interrupt()
		case <-done:
		}
	})
	n, err := l.Listener.WaitForNotification(waiting)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) {
		if n := l.take(); n != nil {
			return n, nil
		}
	}
	return n, err
}

// The remaining methods are for listeners with a connection of their own.

func (l *listener) Listen(ctx context.Context, topic string) error {
	if l.Listener == nil {
		return nil
	}
	return l.Listener.Listen(ctx, topic)
}

func (l *listener) Unlisten(ctx context.Context, topic string) error {
	if l.Listener == nil {
		return nil
	}
	return l.Listener.Unlisten(ctx, topic)
}

func (l *listener) Ping(ctx context.Context) error {
	if l.Listener == nil {
		return nil
	}
	return l.Listener.Ping(ctx)
}

func (l *listener) Schema() string {
	if l.Listener == nil {
		return ""
	}
	return l.Listener.Schema()
}

func (l *listener) SetAfterConnectExec(sql string) {
	if l.Listener != nil {
		l.Listener.SetAfterConnectExec(sql)
	}
}
