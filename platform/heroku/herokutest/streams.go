package herokutest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// streamFor is how long a signed link to an output stays valid.
const streamFor = 15 * time.Minute

// streamURL is a signed link to the output of a build or a release.
func (s *Server) streamURL(kind, id string, now time.Time) string {
	expires := strconv.FormatInt(now.Add(streamFor).Unix(), 10)
	return fmt.Sprintf("%s/streams/%s/%s?expires=%s&signature=%s", s.url, kind, id, expires, s.sign(kind, id, expires))
}

func (s *Server) sign(parts ...string) string {
	mac := hmac.New(sha256.New, []byte("herokutest streams"))
	mac.Write([]byte(strings.Join(parts, " ")))
	return hex.EncodeToString(mac.Sum(nil))[:32]
}

// stream serves an output. One that has ended is a text, ranges included; one
// that is still written stays open until its end, as far as it has come and then
// what is added. It is no part of the API: it takes no token, and minds being sent
// one.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	kind, id, expires := r.PathValue("kind"), r.PathValue("id"), r.URL.Query().Get("expires")
	s.lockSettled()
	now := s.opts.Clock()
	if r.Header.Get("Authorization") != "" {
		s.violate("the API key was sent to an output stream")
	}
	out, found := s.printed(kind, id, now)
	s.mu.Unlock()
	at, err := strconv.ParseInt(expires, 10, 64)
	switch {
	case err != nil, !hmac.Equal([]byte(r.URL.Query().Get("signature")), []byte(s.sign(kind, id, expires))):
		http.Error(w, "the link's signature is wrong", http.StatusForbidden)
	case now.Unix() > at:
		http.Error(w, "the link has expired", http.StatusForbidden)
	case !found:
		http.NotFound(w, r)
	case out.over:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(out.text)))
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if rec, ok := w.(*recorder); ok && r.Method == http.MethodGet {
			rec.rest = func(w http.ResponseWriter) { s.follow(w, r, kind, id) }
		}
	}
}

// printed is what was printed by a build or a release phase.
type printed struct {
	text string
	over bool
	due  time.Time // when it ends, if it does not wait for something else
}

// printed tells what was printed so far. The caller holds s.mu.
func (s *Server) printed(kind, id string, now time.Time) (out printed, found bool) {
	for _, a := range s.apps {
		for _, b := range a.builds {
			if kind == "build" && b.id == id {
				out, found = printed{b.output(), b.status != "pending", b.due.Add(-a.outputEarly)}, true
			}
		}
		for _, rel := range a.releases {
			if kind == "release" && rel.id == id {
				out, found = printed{rel.output(), rel.status != "pending", rel.due.Add(-a.outputEarly)}, true
			}
		}
		if found {
			out.over = out.over || a.outputEarly > 0 && !out.due.After(now)
			return out, true
		}
	}
	return out, false
}

// How often an open stream looks whether there is more: a driven clock does not
// say when it is moved, and by the real one its end is known.
const (
	streamTick = 5 * time.Millisecond
	streamWait = time.Second
)

// follow sends an output as it is written, in chunks, until it ends.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, kind, id string) {
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	s.wg.Add(1)
	defer s.wg.Done()
	s.streams++
	cut := s.cut
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.streams--
		s.mu.Unlock()
	}()
	sent := 0
	for {
		s.lockSettled()
		now := s.opts.Clock()
		out, _ := s.printed(kind, id, now)
		s.mu.Unlock()
		io.WriteString(w, out.text[sent:])
		sent = len(out.text)
		if http.NewResponseController(w).Flush() != nil || out.over {
			return
		}
		wait := streamTick
		if !s.driven {
			wait = min(max(out.due.Sub(now), streamTick), streamWait)
		}
		select {
		case <-time.After(wait):
		case <-cut:
			panic(http.ErrAbortHandler)
		case <-s.ctx.Done():
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		}
	}
}

// Streams is how many outputs are being followed right now.
func (s *Server) Streams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams
}

// CutStreams cuts off every output that is being followed, in the middle.
func (s *Server) CutStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.cut)
	s.cut = make(chan struct{})
}

// OutputEndsEarly lets the outputs of the app's builds and releases end this long
// before the API tells that they have ended.
func (a *App) OutputEndsEarly(d time.Duration) { a.set(func() { a.outputEarly = d }) }
