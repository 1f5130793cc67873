package github

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// GitHub can refuse an installation's token for some seconds after it was issued. Another token would be as new, so the
// same one is tried again, as octokit does. A refused request was not executed, so this is safe for every method.

// youth is up to which age a refused token counts as not known yet.
const youth = time.Minute

// infancy is youth for a refusal because of missing permissions, which may be true.
const infancy = 10 * time.Second

// pauses are the waits before a young token is tried again.
var pauses = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// pass is a token in use.
type pass struct {
	source *source
	token  string
	since  time.Time // when it was first used
	good   bool      // it was accepted before
}

// refuses reports whether an answer refuses the token, not the request.
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

// used notes the token of a request, and since when it is used. first reports whether it is the first one.
func (s *session) used(from *source, token string) (_ *pass, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first = s.pass.token != token; first {
		s.pass = pass{source: from, token: token, since: s.now()}
	}
	p := s.pass
	return &p, first
}

// accepted notes that GitHub accepts a token.
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

// wait waits for d, or returns why the request has ended meanwhile.
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

// peek returns the start of an answer in lower case. The answer remains readable.
func peek(resp *http.Response) string {
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // an error occurs again for the next reader
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
	return strings.ToLower(string(start))
}
