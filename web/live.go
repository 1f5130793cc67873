package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"
)

// A page follows the state while it is open. Its parts are made by the same templates as the page, and sent over
// server-sent events when they change; live.js puts each in the place of the element with its ID. What many people look
// at is made once: they share a topic.

const (
	// lookEvery is how often a watched pipeline is looked at if this instance has not written to it: another one may have.
	lookEvery = time.Second
	// renderEvery is how often parts are made if the state has not moved: some of what they say depends on the time.
	renderEvery = 15 * time.Second
	// mostOften bounds how often parts are made while the state moves without end.
	mostOften = 250 * time.Millisecond
	// streamFor is how long a stream lasts. The browser opens it again, and whether the person may still see it is asked
	// anew.
	streamFor = 10 * time.Minute
	// beat is the pause between signs of life: a proxy cuts a silent connection after a minute or less.
	beat = 20 * time.Second
	// sendWithin bounds how long a visitor may take to receive.
	sendWithin = 10 * time.Second
)

// part is a piece of a page: one element that has the part's name as its ID.
type part struct {
	Name string
	HTML template.HTML // made by html/template, which has escaped what was put into it
}

// partsOf makes the parts of a page, in the order of their names.
func partsOf(page string, names []string, data any) ([]part, error) {
	parts := make([]part, len(names))
	for i, name := range names {
		var text bytes.Buffer
		if err := templates[page].ExecuteTemplate(&text, "part "+name, data); err != nil {
			return nil, fmt.Errorf("make the part %s of the page %s: %w", name, page, err)
		}
		parts[i] = part{name, template.HTML(text.String())} // #nosec: see part
	}
	return parts, nil
}

// digest names what parts say: equal parts have equal digests.
func digest(parts ...part) string {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p.Name))
		h.Write([]byte{0})
		h.Write([]byte(p.HTML))
		h.Write([]byte{0})
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// watched is what a topic is about.
type watched struct {
	name string // of the topic: the page, the pipeline, and whatever of the viewer the parts depend on
	// version changes whenever the parts may have.
	version func(context.Context) (int64, error)
	parts   func(context.Context) ([]part, error)
	pause   time.Duration // after the parts were made, before they are made again; 0: mostOften
}

// hub are the topics that somebody watches.
type hub struct {
	changed func() <-chan struct{}
	log     *zap.Logger
	most    int

	mu     sync.Mutex
	topics map[string]*topic // guarded by mu
	open   int               // guarded by mu: streams
}

// topic is what some people watch together.
type topic struct {
	of   watched
	stop context.CancelFunc

	mu       sync.Mutex
	watchers int           // guarded by hub.mu
	parts    []part        // guarded by mu: as last made; nil: not yet
	moved    chan struct{} // guarded by mu: closed when parts change
}

// now returns the parts, and a channel that is closed when they are not these any more.
func (t *topic) now() ([]part, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.parts, t.moved
}

// enter reports whether one more stream may be opened. If so, exit follows when it has ended.
func (h *hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open >= h.most {
		return false
	}
	h.open++
	return true
}

func (h *hub) exit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
}

// watch joins the topic, or begins it.
func (h *hub) watch(of watched) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[of.name]
	if t == nil {
		if h.topics == nil {
			h.topics = map[string]*topic{}
		}
		ctx, stop := context.WithCancel(context.Background())
		t = &topic{of: of, stop: stop, moved: make(chan struct{})}
		h.topics[of.name] = t
		go h.follow(ctx, t)
	}
	t.watchers++
	return t
}

// leave ends a topic when nobody watches it any more.
func (h *hub) leave(t *topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.watchers--; t.watchers == 0 {
		t.stop()
		delete(h.topics, t.of.name)
	}
}

// follow makes the topic's parts whenever its state moves, until ctx ends.
func (h *hub) follow(ctx context.Context, t *topic) {
	var (
		version int64 = -1
		made    time.Time
	)
	for ctx.Err() == nil {
		changed := h.changed() // first, so that no change is missed
		if v, err := t.of.version(ctx); err != nil {
			h.failed(ctx, t, err)
		} else if v != version || time.Since(made) >= renderEvery {
			if parts, err := t.of.parts(ctx); err != nil {
				h.failed(ctx, t, err)
			} else {
				version, made = v, time.Now()
				t.set(parts)
				rest(ctx, cmp.Or(t.of.pause, mostOften))
			}
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(lookEvery):
		}
	}
}

func (h *hub) failed(ctx context.Context, t *topic, err error) {
	if ctx.Err() == nil {
		h.log.Warn("an open page could not be brought up to date; trying again in a second", zap.String("page", t.of.name), zap.Error(err))
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (t *topic) set(parts []part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.parts != nil && digest(parts...) == digest(t.parts...) {
		return
	}
	t.parts = parts
	close(t.moved)
	t.moved = make(chan struct{})
}

// stream sends what changes to one visitor, who has seen the parts with a digest already, until the visitor goes, the
// stream is old enough, or the server ends.
func (s *site) stream(w http.ResponseWriter, r *http.Request, of watched) {
	if !s.hub.enter() {
		http.Error(w, "Too many pages are open.", http.StatusServiceUnavailable)
		return
	}
	defer s.hub.exit()
	t := s.hub.watch(of)
	defer s.hub.leave(t)
	ctx, cancel := context.WithTimeout(r.Context(), streamFor)
	defer cancel()
	send := s.events(w)
	seen := r.URL.Query().Get("seen")
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		seen = last
	}
	if !send("retry: 1000\n\n") {
		return
	}
	has := map[string]string{} // digests by part
	for {
		parts, moved := t.now()
		if id := digest(parts...); parts != nil && id != seen {
			if !send(event(id, parts, has)) {
				return
			}
			seen = id
		}
		select {
		case <-ctx.Done():
			return
		case <-s.ending:
			return
		case <-moved:
		case <-time.After(beat):
			if !send(": here\n\n") {
				return
			}
		}
	}
}

// events begins an answer of server-sent events. send reports whether the visitor got one.
func (s *site) events(w http.ResponseWriter) (send func(text string) bool) {
	out := http.NewResponseController(w)
	if err := out.SetReadDeadline(time.Time{}); err != nil { // the server's would end it after a minute
		s.log.Error("a page cannot be followed: the connection has no deadlines", zap.Error(err))
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would collect events
	return func(text string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(sendWithin)) // said above
		_, err := w.Write([]byte(text))
		return err == nil && out.Flush() == nil
	}
}

// event is the parts that the visitor does not have, as a server-sent event. What it has is noted.
func event(id string, parts []part, has map[string]string) string {
	fresh := map[string]string{}
	for _, p := range parts {
		if d := digest(p); has[p.Name] != d {
			has[p.Name], fresh[p.Name] = d, string(p.HTML)
		}
	}
	data, err := json.Marshal(fresh)
	if err != nil {
		return ": \n\n" // a map of texts always becomes JSON
	}
	return "id: " + id + "\nevent: parts\ndata: " + string(data) + "\n\n"
}
