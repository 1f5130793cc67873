package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
)

// atOnce is how many requests of one installation are under way at most.
// GitHub objects to more than a hundred at once, of all clients together.
const atOnce = 32

// session is one identity's way to GitHub: it knows the token and the rate
// limit, and keeps both from the layers above.
type session struct {
	wire  http.RoundTripper
	limit *limit
	slots chan struct{} // one for each request under way

	// fresh makes a source of tokens that has none yet; nil for the App, whose
	// wire signs by itself.
	fresh func() *ghinstallation.Transport

	mu     sync.Mutex
	tokens *ghinstallation.Transport // guarded by mu
}

// tokenless says that there is no token to send a request with.
type tokenless struct{ err error }

func (e *tokenless) Error() string { return "get a token: " + e.err.Error() }
func (e *tokenless) Unwrap() error { return e.err }

// RoundTrip sends a request with the installation's token. Where the token is
// no longer good, it does so once more with a new one. An answer that says that
// a rate limit is exhausted becomes an error, and while that lasts no request
// is sent at all.
func (s *session) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := s.limit.before(); err != nil {
		closeBody(req)
		return nil, err
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-req.Context().Done():
		closeBody(req)
		return nil, context.Cause(req.Context())
	}
	resp, tokens, err := s.send(req)
	if err == nil && resp.StatusCode == http.StatusUnauthorized && tokens != nil && (req.Body == nil || req.GetBody != nil) {
		drain(resp)
		s.discard(tokens)
		again := req.Clone(req.Context())
		if req.GetBody != nil {
			if again.Body, err = req.GetBody(); err != nil {
				return nil, fmt.Errorf("send the request again: %w", err)
			}
		}
		resp, _, err = s.send(again)
	}
	if err != nil {
		return nil, err
	}
	return s.limit.after(resp)
}

// send returns the source of the token that it used; nil if it used none.
func (s *session) send(req *http.Request) (*http.Response, *ghinstallation.Transport, error) {
	signed := req.Clone(req.Context()) // a RoundTripper must leave its request alone
	if s.fresh == nil {
		resp, err := s.wire.RoundTrip(signed)
		return resp, nil, err
	}
	s.mu.Lock()
	tokens := s.tokens
	s.mu.Unlock()
	// Asking for a token is a request of its own: how far that one gets says
	// nothing about this one.
	token, err := tokenFrom(withProgress(req.Context(), nil), tokens)
	if err != nil {
		closeBody(req)
		var refused *ghinstallation.HTTPError
		if !errors.As(err, &refused) {
			s.discard(tokens) // half an answer would be kept until it expires
		}
		return nil, nil, &tokenless{understand(err)}
	}
	signed.Header.Set("Authorization", "token "+token)
	resp, err := s.wire.RoundTrip(signed)
	return resp, tokens, err
}

// tokenWire is the way of requests for tokens: they are the App's own, and its
// limit is what they are charged to.
type tokenWire struct {
	next  http.RoundTripper
	limit *limit
}

// RoundTrip sends a request for a token, unless the App may not ask now.
func (w tokenWire) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := w.limit.before(); err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	return w.limit.after(resp)
}

// tokenFrom checks what ghinstallation does not: that GitHub's answer held a
// token. An answer of null makes it panic, with its lock released.
func tokenFrom(ctx context.Context, tokens *ghinstallation.Transport) (token string, err error) {
	defer func() {
		if recover() != nil || err == nil && token == "" {
			err = errors.New("GitHub's answer holds no token")
		}
	}()
	return tokens.Token(ctx)
}

// understand reads the answer that ghinstallation leaves unread where GitHub
// refuses a token.
func understand(err error) error {
	var refused *ghinstallation.HTTPError
	if !errors.As(err, &refused) || refused.Response == nil || refused.Response.Body == nil {
		return err
	}
	defer drain(refused.Response)
	return gh.CheckResponse(refused.Response)
}

// discard forgets a token that GitHub no longer accepts, unless somebody else
// was faster.
func (s *session) discard(used *ghinstallation.Transport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == used {
		s.tokens = s.fresh()
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// drain reads what is left of a small answer, so that its connection can be
// used again, and closes it.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // what does not come is not needed
	_ = resp.Body.Close()
}
