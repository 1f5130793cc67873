package github

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// GitHub can refuse an installation's token for some seconds after it has given it
// out. Another token would be as new: the same one is tried again, as octokit does.
// A refusal is no answer to the request, so that this is safe for every method.

// youth is how long a token that is refused counts as not known yet.
const youth = time.Minute

// infancy is the same for a refusal that permissions are missing, which may be true.
const infancy = 10 * time.Second

// pauses is how long to wait before a young token is tried again, each time.
var pauses = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// pass is a token as a request used it.
type pass struct {
	source *source
	token  string
	since  time.Time // when it was first used
	good   bool      // it was accepted before
}

// refuses reports whether an answer refuses the token, and not the request.
func (p *pass) refuses(resp *http.Response, now time.Time) bool {
	switch {
	case p == nil:
		return false
	case resp.StatusCode == http.StatusUnauthorized:
		return true
	case resp.StatusCode != http.StatusForbidden || now.Sub(p.since) >= youth || p.good:
		return false
	}
	text := peek(resp)
	return strings.Contains(text, "bad credentials") || strings.Contains(text, "requires authentication") ||
		strings.Contains(text, "not accessible by integration") && now.Sub(p.since) < infancy
}

// used notes a token that a request is sent with, and remembers since when it is. It
// reports whether that is the first one.
func (s *session) used(from *source, token string) (_ *pass, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first = s.pass.token != token; first {
		s.pass = pass{source: from, token: token, since: s.now()}
	}
	p := s.pass
	return &p, first
}

// accepted notes that GitHub knows a token.
func (s *session) accepted(p *pass) {
	if p == nil || p.good {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pass.token == p.token {
		s.pass.good = true
	}
}

// wait lets time pass, or returns why the request has ended meanwhile.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// peek returns the start of an answer in lower case, which can still be read.
func peek(resp *http.Response) string {
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what cannot be read fails again for whoever reads on
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
	return strings.ToLower(string(start))
}
