package webhooks

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Connections bounds a server's connections, so that nobody can use up the process' file descriptors. When all places
// are taken, a new connection replaces the one that has been idle for the longest time. Connections that carried a
// signed delivery are closed last. If all are being served, the new one is closed.
//
//	c := NewConnections(max)
//	s := http.Server{Handler: c.Handler(h), ConnContext: c.Context, ConnState: c.State}
//	s.Serve(c.Listener(l))
type Connections struct {
	max  int
	mu   sync.Mutex
	open map[net.Conn]*connection // guarded by mu
}

// connection is a connection of Connections. All fields are guarded by Connections.mu.
type connection struct {
	of      *Connections
	serving bool      // a handler is running
	since   time.Time // when it was opened, or last served
	signed  bool      // it carried a signed delivery
}

// NewConnections allows at most that many.
func NewConnections(most int) *Connections {
	return &Connections{max: most, open: map[net.Conn]*connection{}}
}

// Listener accepts within the limit.
func (c *Connections) Listener(l net.Listener) net.Listener { return limitedListener{l, c} }

type limitedListener struct {
	net.Listener
	c *Connections
}

func (l limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.c.admit(conn) {
			return conn, nil
		}
		conn.Close() // it has carried no request
	}
}

func (c *Connections) admit(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= c.max {
		var idlest net.Conn
		var worst *connection
		for other, o := range c.open {
			if !o.serving && (worst == nil || o.before(worst)) {
				idlest, worst = other, o
			}
		}
		if idlest == nil {
			return false
		}
		delete(c.open, idlest)
		idlest.Close() // its reader gets an error
	}
	c.open[conn] = &connection{of: c, since: time.Now()}
	return true
}

// before reports whether c is closed rather than o.
func (c *connection) before(o *connection) bool {
	if c.signed != o.signed {
		return o.signed
	}
	return c.since.Before(o.since)
}

// State is for http.Server.ConnState.
func (c *Connections) State(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	case http.StateIdle:
		if o := c.open[conn]; o != nil {
			o.since = time.Now()
		}
	}
}

type connectionKey struct{}

// Context is for http.Server.ConnContext.
func (c *Connections) Context(ctx context.Context, conn net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return context.WithValue(ctx, connectionKey{}, c.open[conn])
}

// Handler keeps a connection from being closed while it is served.
func (c *Connections) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o, _ := r.Context().Value(connectionKey{}).(*connection)
		if o == nil {
			next.ServeHTTP(w, r)
			return
		}
		o.set(func() { o.serving = true })
		defer o.set(func() { o.serving, o.since = false, time.Now() })
		next.ServeHTTP(w, r)
	})
}

func (c *connection) set(change func()) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	change()
}

// served notes that a request was signed.
func served(r *http.Request) {
	if o, _ := r.Context().Value(connectionKey{}).(*connection); o != nil {
		o.set(func() { o.signed = true })
	}
}
