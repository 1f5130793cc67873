package webhooks_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are in memory, so that time can be driven.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// How fast a body has to arrive.
func TestSlowBodies(t *testing.T) {
	for _, k := range []struct {
		what      string
		announced string
		size      int // of the whole body, which is signed
		each      int // so many bytes arrive each time
		every     time.Duration
		status    int
		after     time.Duration
	}{
		{what: "nothing comes", announced: "1000", size: 1000, each: 0, every: time.Hour, status: 408, after: 3 * time.Second},
		{what: "nothing comes, and no length was announced", size: 1000, each: 0, every: time.Hour, status: 408, after: 3 * time.Second},
		{what: "a byte a second", announced: "1000", size: 1000, each: 1, every: time.Second, status: 408, after: 3 * time.Second},
		{what: "a hundred bytes a tenth of a second, without end", size: 1 << 20, each: 100, every: 100 * time.Millisecond, status: 408, after: 3 * time.Second},
		{what: "a slow line", announced: "100000", size: 100_000, each: 2000, every: 100 * time.Millisecond, status: 202, after: 5 * time.Second},
		{what: "a slow line, and no length was announced", size: 100_000, each: 2000, every: 100 * time.Millisecond, status: 202, after: 5 * time.Second},
		{what: "longer than GitHub would wait", announced: "1000000", size: 1_000_000, each: 2000, every: 100 * time.Millisecond, status: 408, after: 8 * time.Second},
		{what: "a good start, and then nothing", announced: "1000000", size: 1_000_000, each: 900_000, every: time.Hour, status: 408, after: 8 * time.Second},
	} {
		t.Run(k.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
				server := &http.Server{Handler: handler(t, new(inbox), nil)}
				ended := make(chan error, 1)
				go func() { ended <- server.Serve(l) }()
				client, theirs := net.Pipe()
				l.conns <- theirs
				began, done := time.Now(), make(chan struct{})
				body := string(sized(k.size))
				go func() {
					say := func(s string) bool { _, err := io.WriteString(client, s); return err == nil }
					ok := say(strings.Replace(head(k.announced), sign("guess", nil), sign("new", []byte(body)), 1))
					for rest := body; ok && rest != ""; {
						piece := rest[:min(k.each, len(rest))]
						rest = rest[len(piece):]
						if k.announced == "" && piece != "" {
							piece = chunked(piece)
						}
						if ok = say(piece); rest == "" {
							break
						}
						select {
						case <-time.After(k.every): // time is driven
						case <-done:
							ok = false
						}
					}
					if k.announced == "" && ok {
						say("0\r\n\r\n")
					}
				}()
				res, err := http.ReadResponse(bufio.NewReader(client), nil)
				if err != nil {
					t.Fatal(err)
				}
				after := time.Since(began)
				res.Body.Close()
				if res.StatusCode != k.status || after < k.after-200*time.Millisecond || after > k.after+200*time.Millisecond {
					t.Errorf("expected %d after %s, got %d after %s", k.status, k.after, res.StatusCode, after)
				}
				close(done)
				client.Close()
				server.Close()
				<-ended
				<-time.After(time.Second) // the server waits a moment before it closes; time is driven
			})
		})
	}
}
