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

// atOnce is how many requests of one installation are under way at most.
// GitHub objects to more than a hundred at once, of all clients together.
const atOnce = 32

// session is one identity's way to GitHub: it knows the token and the rate
// limit, and keeps both from the layers above.
type session struct {
	wire  http.RoundTripper // which keeps to limit
	limit *limit
	slots chan struct{} // one for each request under way
	now   func() time.Time
	pause func(context.Context, time.Duration) error // lets time pass

	// fresh makes a source of tokens that has none yet; nil for the App, whose
	// wire signs by itself.
	fresh func() *source
	// narrower reports whether a token with less is worth asking for, after GitHub has
	// refused one as it was asked for.
	narrower func(ctx context.Context, asked *gh.InstallationTokenOptions) (bool, error)

	// named takes which repositories a new token is for; nil: nobody does.
	named func(context.Context, []gh.Repository)

	asking sync.Mutex // held while a token is looked for: what one learns of it is not asked for by others
	mu     sync.Mutex
	tokens *source // guarded by mu
	pass   pass    // guarded by mu: the token that was used last
}

// tokenless says that there is no token to send a request with.
type tokenless struct{ err error }

func (e *tokenless) Error() string { return "get a token: " + e.err.Error() }
func (e *tokenless) Unwrap() error { return e.err }

// RoundTrip sends a request with the installation's token. A young token that is
// refused is tried again after a while, and then again; an old one is no longer good,
// and the request is sent once more with a new one. An answer that says that a rate
// limit is exhausted becomes an error, and while that lasts no request is sent at all.
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

// send returns the token that it used; nil if it used none.
func (s *session) send(req *http.Request) (*http.Response, *pass, error) {
	signed := req.Clone(req.Context()) // a RoundTripper must leave its request alone
	if s.fresh == nil {
		resp, err := s.wire.RoundTrip(signed)
		return resp, nil, err
	}
	// Asking for a token is a request of its own: how far that one gets says
	// nothing about this one.
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

// token returns a token that is good, and where it is from. One that GitHub refuses for
// what was asked is asked for once more, with what the account has granted.
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

// charged is the way of one try of a request: it is charged to a limit, and not made
// while that is exhausted. Requests for tokens are charged to the App's own.
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

// drain reads what is left of a small answer, so that its connection can be
// used again, and closes it.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // what does not come is not needed
	_ = resp.Body.Close()
}
