package webhooks_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/webhooks"
)

// limited is a server with room for that many connections.
func limited(t *testing.T, most int, h http.Handler) *httptest.Server {
	t.Helper()
	c := webhooks.NewConnections(most)
	s := httptest.NewUnstartedServer(c.Handler(h))
	s.Config.ConnContext = c.Context
	s.Config.ConnState = c.State // which the test server calls beside its own
	s.Listener = c.Listener(s.Listener)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// dial opens a connection and says something on it.
func dial(t *testing.T, s *httptest.Server, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Connections that are of no use make room for the one that a delivery comes on,
// and one that a signed delivery came on stays open.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	const most = 20
	for what, text := range map[string]string{
		"silent": "", "in the middle of a header": "POST / HTTP/1.1\r\nHost: bot\r\nX-A: ",
		"idle after an answer": "GET /nothing HTTP/1.1\r\nHost: bot\r\n\r\n",
	} {
		t.Run(what, func(t *testing.T) {
			s := limited(t, most, handler(t, new(inbox), nil))
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			first := dial(t, s, text)
			for round := range 3 {
				for range most + 5 {
					dial(t, s, text)
				}
				// A request on a connection of its own, as the proxy's pool may be empty.
				if status := signed(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, s.URL, sized(2000), false); status != http.StatusAccepted {
					t.Errorf("a delivery on a new connection should be taken, it is answered with %d", status)
				}
				r, err := http.NewRequest(http.MethodPost, s.URL, strings.NewReader("{}"))
				if err != nil {
					t.Fatal(err)
				}
				r.Header = request("push", "kept", []byte("{}")).Header
				reused := false
				r = r.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }}))
				res, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if res.StatusCode != http.StatusAccepted || reused != (round > 0) {
					t.Errorf("in round %d a delivery on a kept connection should be taken, got %s, reused: %t", round, res.Status, reused)
				}
			}
			// What it got, if anything, is followed by the end.
			if _, err := io.Copy(io.Discard, first); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the connection that was idle for the longest time should be closed: %v", err)
			}
		})
	}
}

// A connection is not closed while it is being served, and if all are, a new one is.
func TestServedConnectionsStay(t *testing.T) {
	const most = 4
	begun, end := make(chan struct{}), make(chan struct{})
	s := limited(t, most, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		begun <- struct{}{}
		<-end
		w.WriteHeader(http.StatusTeapot)
	}))
	statuses := make(chan string, most)
	for range most {
		go func() {
			res, err := http.Get(s.URL)
			if err != nil {
				statuses <- err.Error()
				return
			}
			res.Body.Close()
			statuses <- res.Status
		}()
		<-begun
	}
	late := dial(t, s, "")
	if _, err := io.Copy(io.Discard, late); err != nil {
		t.Errorf("a connection without a place should be closed: %v", err)
	}
	close(end)
	for range most {
		if status := <-statuses; !strings.HasPrefix(status, "418") {
			t.Errorf("whoever was being served should get the answer, got %s", status)
		}
	}
}
