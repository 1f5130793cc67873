package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
)

// atOnce bounds an installation's requests under way. GitHub objects to more than a hundred at once, of all clients
// together.
const atOnce = 32

// session is one identity's access to GitHub: it handles the token and the rate limit for the layers above.
type session struct {
	wire  http.RoundTripper // observes limit
	limit *limit
	slots chan struct{} // one for each request under way
	now   func() time.Time
	pause func(context.Context, time.Duration) error // lets time pass

	// fresh returns a source of tokens without a token yet; nil for the App, whose wire signs itself.
	fresh func() *source
	// narrower reports whether a smaller token is worth a request, after GitHub has refused one.
	narrower func(ctx context.Context, asked *gh.InstallationTokenOptions) (bool, error)

	// named is called with a new token's repositories; nil: not called.
	named func(context.Context, []gh.Repository)

	asking sync.Mutex // held while a token is requested: other requests wait for its result
	mu     sync.Mutex
	tokens *source // guarded by mu
	pass   pass    // guarded by mu: the last used token
}

// tokenless is the error that there is no token to send a request with.
type tokenless struct{ err error }

func (e *tokenless) Error() string { return "get a token: " + e.err.Error() }
func (e *tokenless) Unwrap() error { return e.err }

// RoundTrip sends a request with the installation's token. A young token that is refused is tried again after a while,
// and then again. An old one is no longer valid, and the request is repeated with a new one. An answer that reports an
// exhausted rate limit becomes an error. While the limit lasts, no request is sent at all.
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
	resp, used, err := s.send(req)
	for waited, renewed := 0, false; err == nil && used.refuses(resp, s.now()) && (req.Body == nil || req.GetBody != nil); {
		young := s.now().Sub(used.since) < youth
		switch {
		case young && waited < len(pauses):
			drain(resp)
			if err := s.pause(req.Context(), pauses[waited]); err != nil {
				return nil, err
			}
			waited++
		case young && !used.good, renewed, resp.StatusCode != http.StatusUnauthorized:
			return resp, nil
		default: // it has expired, or was revoked
			drain(resp)
			s.discard(used.source)
			renewed, waited = true, 0
		}
		again := req.Clone(req.Context())
		if req.GetBody != nil {
			if again.Body, err = req.GetBody(); err != nil {
				return nil, fmt.Errorf("send the request again: %w", err)
			}
		}
		resp, used, err = s.send(again)
	}
	if err == nil {
		s.accepted(used)
	}
	return resp, err
}

// send returns the token that it used; nil: none.
func (s *session) send(req *http.Request) (*http.Response, *pass, error) {
	signed := req.Clone(req.Context()) // a RoundTripper must leave its request alone
	if s.fresh == nil {
		resp, err := s.wire.RoundTrip(signed)
		return resp, nil, err
	}
	// The request for a token is separate: how far it gets says nothing about this request.
	tokens, token, err := s.token(withProgress(req.Context(), nil))
	if err != nil {
		closeBody(req)
		return nil, nil, &tokenless{err}
	}
	used, fresh := s.used(tokens, token)
	if fresh && s.named != nil {
		if repos, err := tokens.Repositories(); err == nil {
			s.named(req.Context(), repos)
		}
	}
	signed.Header.Set("Authorization", "token "+token)
	resp, err := s.wire.RoundTrip(signed)
	return resp, used, err
}

// token returns a valid token and its source. If GitHub refuses the requested permissions, it requests a token with the
// granted ones.
func (s *session) token(ctx context.Context) (*source, string, error) {
	s.asking.Lock()
	defer s.asking.Unlock()
	for again := false; ; again = true {
		s.mu.Lock()
		if until := s.tokens.until; !until.IsZero() && !s.now().Before(until) {
			s.tokens = s.fresh()
		}
		tokens := s.tokens
		s.mu.Unlock()
		token, err := tokenFrom(ctx, tokens.Transport)
		if err == nil {
			return tokens, token, nil
		}
		var refused *ghinstallation.HTTPError
		if !errors.As(err, &refused) {
			s.discard(tokens) // half an answer would be kept until it expires
		}
		too := unprocessable(err)
		err = understand(err)
		if !too || again {
			return nil, "", err
		}
		less, lost := s.narrower(ctx, tokens.InstallationTokenOptions)
		if lost != nil {
			return nil, "", lost
		}
		if !less {
			return nil, "", err
		}
		s.discard(tokens)
	}
}

// charged charges one try of a request to a limit, and does not make it while that is exhausted. Requests for tokens
// are charged to the App's own limit.
type charged struct {
	next  http.RoundTripper
	limit *limit
}

// RoundTrip sends a request, unless the limit forbids it now.
func (w charged) RoundTrip(req *http.Request) (*http.Response, error) {
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

// tokenFrom checks that GitHub's answer contained a token, which ghinstallation does not. An answer of null makes
// ghinstallation panic, with its lock released.
func tokenFrom(ctx context.Context, tokens *ghinstallation.Transport) (token string, err error) {
	defer func() {
		if recover() != nil || err == nil && token == "" {
			err = errors.New("GitHub's answer holds no token")
		}
	}()
	return tokens.Token(ctx)
}

// understand reads the answer that ghinstallation leaves unread where GitHub refuses a token.
func understand(err error) error {
	var refused *ghinstallation.HTTPError
	if !errors.As(err, &refused) || refused.Response == nil || refused.Response.Body == nil {
		return err
	}
	defer drain(refused.Response)
	return gh.CheckResponse(refused.Response)
}

// discard drops a token that GitHub no longer accepts, unless another request was faster.
func (s *session) discard(used *source) {
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

// drain reads the rest of a small answer, so that its connection can be reused, and closes it.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // an unread rest is not needed
	_ = resp.Body.Close()
}
