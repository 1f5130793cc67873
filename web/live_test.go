package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/web"
)

// follower reads a stream.
type follower struct {
	t      *testing.T
	res    *http.Response
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

// follow opens a page's stream, as a browser does that shows what has the digest.
func (b *browser) follow(t *testing.T, path, seen, last string) *follower {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.server.URL+path+"?seen="+seen, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("expected a stream, got %s of %q", res.Status, kind)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return &follower{t, res, lines, cancel}
}

// next returns the next event's parts and ID; nil: the stream has ended.
func (f *follower) next() (parts map[string]string, id string) {
	f.t.Helper()
	for f.lines.Scan() {
		switch line := f.lines.Text(); {
		case strings.HasPrefix(line, "id: "):
			id = line[len("id: "):]
		case strings.HasPrefix(line, "data: "):
			if err := json.Unmarshal([]byte(line[len("data: "):]), &parts); err != nil {
				f.t.Fatalf("%s: %v", line, err)
			}
			return parts, id
		}
	}
	return nil, ""
}

// seenIn is the digest that a page bears.
func seenIn(t *testing.T, body string) string {
	t.Helper()
	_, rest, found := strings.Cut(body, `data-seen="`)
	if !found {
		t.Fatalf("the page cannot be followed:\n%s", body)
	}
	seen, _, _ := strings.Cut(rest, `"`)
	return seen
}

// Whoever has a page open sees what changes, and nothing else is sent.
func TestPageFollowsTheState(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	b := w.browser().signIn("mia")
	seen := seenIn(t, b.get("/p/acme/shop").body)
	f := b.follow(t, "/p/acme/shop/live", seen, "")
	w.put(shop, next(t))
	parts, id := f.next()
	if !strings.Contains(parts["now"], "Fix the till") || !strings.Contains(parts["map"], "3f2a91c") || !strings.Contains(parts["way"], "3f2a91c") {
		t.Errorf("the change should be in the sentence, on the map, and on its way: got %v", parts)
	}
	if parts["facts"] == "" {
		t.Error("the first event should bring all parts: what the page showed is known as a whole alone")
	}
	if page := b.get("/p/acme/shop"); seenIn(t, page.body) != id || !strings.Contains(page.body, parts["now"]) {
		t.Errorf("the page should show what was sent:\n%s\n%s", parts["now"], page.body)
	}
	w.change(shop, func(s *pipeline.State) {
		s.Freeze = bot.OperatorFreeze{On: true, Reason: "the data centre is hot", At: s.At}
	})
	parts, _ = f.next()
	if parts["now"] == "" || parts["facts"] != "" {
		t.Errorf("the second event should bring only what is different, got %v", parts)
	}
	f.cancel()

	again := b.follow(t, "/p/acme/shop/live", seen, id) // as a browser does after its connection was cut
	if parts, _ = again.next(); parts["now"] == "" {
		t.Errorf("what came meanwhile should be sent, got %v", parts)
	}
}

// Two people who may see different things get different parts, at the same time.
func TestFollowersSeeTheirOwn(t *testing.T) {
	w := newWorld(t)
	w.put(shop, next(t))
	w.change(shop, func(s *pipeline.State) {
		s.Config.Stages = slices.Clone(s.Config.Stages)
		s.Config.Stages[1].Needs = []bot.Need{{Pipeline: till, Stage: "production"}}
	})
	w.sees["sam"] = []int64{shopID, tillID}
	for who, sees := range map[string]bool{"mia": false, "sam": true} {
		b := w.browser().signIn(who)
		page := b.get("/p/acme/shop").body
		f := b.follow(t, "/p/acme/shop/live", "nothing", "")
		parts, _ := f.next()
		for what, text := range map[string]string{"page": page, "stream": parts["map"]} {
			if strings.Contains(text, "far/till") != sees {
				t.Errorf("%s's %s: the needed pipeline shows %t, should be %t:\n%s", who, what, !sees, sees, text)
			}
		}
	}
}

// When the server ends, streams end first, and too many are refused.
func TestStreamsEnd(t *testing.T) {
	ending := make(chan struct{})
	w := newWorld(t, func(o *web.Options) { o.Ending, o.Streams = ending, 1 })
	w.put(shop, live(t))
	b := w.browser().signIn("mia")
	f := b.follow(t, "/p/acme/shop/live", "nothing", "")
	if parts, _ := f.next(); parts["now"] == "" {
		t.Error("whoever has seen nothing should get everything")
	}
	if p := b.get("/p/acme/shop/live"); p.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one stream too many should be refused, got %s", p.Status)
	}
	close(ending)
	if parts, _ := f.next(); parts != nil {
		t.Errorf("the stream should end, got %v", parts)
	}
}

// The server ends an answer after a minute; a stream goes on.
func TestStreamOutlivesDeadlines(t *testing.T) {
	const patience = 2 * time.Second
	w := newImpatientWorld(t, patience)
	w.put(shop, live(t))
	b := w.browser().signIn("mia")
	f := b.follow(t, "/p/acme/shop/live", "nothing", "")
	f.next()
	w.waitsNoLonger() // for a request that began later: the stream's deadlines are over
	w.put(shop, next(t))
	if parts, _ := f.next(); !strings.Contains(parts["now"], "Fix the till") {
		t.Errorf("the stream should go on after the deadlines of an answer, got %v", parts)
	}
}

// waitsNoLonger returns when the server has cut off a request that never ends.
func (w *world) waitsNoLonger() {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.server.Listener.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\n")); err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		w.t.Fatal(err)
	}
}
