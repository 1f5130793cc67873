package probe

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// An attempt takes ten seconds at most, wherever it stays.
func TestTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serve  func(net.Conn)
		reason string
		status int
	}{
		"connects too slowly": {reason: "it did not answer within 10s"},
		"says nothing":        {serve: func(net.Conn) {}, reason: "it did not answer within 10s"},
		"a slow body": {status: 200, reason: "it did not finish its answer within 10s", serve: func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
			for err := error(nil); err == nil; time.Sleep(time.Second) { // of the bubble: it takes no time
				_, err = io.WriteString(conn, ".")
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProber(t, func(o *Options) {
					o.Resolver = resolver(func(string) ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil })
				})
				p.connect = piped(t, c.serve)
				began := time.Now()
				got := answerOf(t, p, bot.Verify{URL: "http://shop.example"})
				if took := time.Since(began); got.Reason != c.reason || got.Status != c.status || took != 10*time.Second {
					t.Errorf("expected %q after ten seconds, got %+v after %v", c.reason, got, took)
				}
			})
		})
	}
}

// piped connects to a server that lives in the test's bubble; nil: never.
func piped(t *testing.T, serve func(net.Conn)) func(context.Context, netip.AddrPort) (net.Conn, error) {
	var group sync.WaitGroup
	t.Cleanup(group.Wait)
	return func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		if serve == nil {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
		}
		ours, theirs := net.Pipe()
		group.Go(func() {
			defer theirs.Close()
			if _, err := theirs.Read(make([]byte, 4096)); err != nil {
				t.Error(err)
			}
			serve(theirs)
			_, _ = io.Copy(io.Discard, theirs) // until the prober goes away
		})
		return ours, nil
	}
}

func TestLatencyIsMeasuredToTheAnswersEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProber(t, nil)
		p.connect = piped(t, func(conn net.Conn) {
			time.Sleep(200 * time.Millisecond) // of the bubble
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
			time.Sleep(50 * time.Millisecond)
			_, _ = io.WriteString(conn, "k")
		})
		if got := answerOf(t, p, bot.Verify{URL: "http://192.0.2.1"}); !got.OK || got.Latency != 250*time.Millisecond {
			t.Errorf("expected a good answer after 250ms, got %+v", got)
		}
	})
}

// An address of a name that does not answer takes no time from the next for long.
func TestTheNextAddressIsTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead, alive := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1")
		p := newProber(t, func(o *Options) {
			o.Resolver = resolver(func(string) ([]netip.Addr, error) { return []netip.Addr{dead, alive}, nil })
		})
		never, answers := piped(t, nil), piped(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n") })
		p.connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			if to.Addr() == dead {
				return never(ctx, to)
			}
			return answers(ctx, to)
		}
		if got := answerOf(t, p, bot.Verify{URL: "http://shop.example", Status: 204}); !got.OK || got.Latency != patience {
			t.Errorf("expected the second address to answer after %v, got %+v", patience, got)
		}
	})
}
