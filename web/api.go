package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// The API tells what the pages tell, as JSON, to the holder of a token, and takes the same commands. A request has no
// session: cookies are not looked at. Whoever may not see a pipeline gets the answer to a path that does not exist.

const (
	apiPath = "/api/v1"
	// perToken is how many requests a minute one token may make.
	perToken = 300
	// usedEvery is how exactly the last use of a token is remembered.
	usedEvery = time.Minute
)

// caller is who makes a request.
type caller struct {
	Token
	site *site
}

type callerKey struct{}

// callerOf returns who makes a request: package huma passes the request's context on.
func callerOf(ctx context.Context) caller { return ctx.Value(callerKey{}).(caller) }

// api is the handler of everything below /api/.
func (s *site) api() http.Handler {
	inner, outer := http.NewServeMux(), http.NewServeMux()
	described := humago.New(inner, apiConfig(s.url.String()))
	s.describe(described)
	absent := &huma.Operation{}
	fail := func(w http.ResponseWriter, r *http.Request, status int, text string) {
		// An error while it is written means that the client is gone.
		_ = huma.WriteErr(described, humago.NewContext(absent, r, w), status, text)
	}
	inner.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fail(w, r, http.StatusNotFound, notThere) })
	for _, form := range []string{"json", "yaml"} { // which tell of nobody
		outer.Handle("GET "+descriptionPath+"."+form, inner)
	}
	outer.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c, status, text := s.caller(r)
		if status != 0 {
			if status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			fail(w, r, status, text)
			return
		}
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
	return outer
}

const (
	notThere = "There is no such thing, or GitHub does not show you the repository that it is about, or your token is not for it."
	noToken  = "Send a token that is good, as Authorization: Bearer. Signed in people make tokens at /tokens."
)

// caller finds out who makes a request; a status other than 0 says that it is refused, and the text why.
func (s *site) caller(r *http.Request) (c caller, status int, text string) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || !isToken.MatchString(secret) {
		return caller{}, http.StatusUnauthorized, noToken
	}
	hash, now := hashOf(secret), s.now()
	t, found, err := s.tokens.Token(r.Context(), hash)
	if err == nil && !found {
		return caller{}, http.StatusUnauthorized, noToken
	}
	if err == nil && !s.tries.allow("token "+hash, perToken) { // only tokens that are good are counted: strangers could make up any number
		return caller{}, http.StatusTooManyRequests, "This token has made too many requests in a minute. Nothing was done. Try again in a minute."
	}
	if err == nil && now.Sub(t.Used) >= usedEvery {
		err = s.tokens.UseToken(r.Context(), hash, now)
	}
	if err != nil {
		return caller{}, http.StatusServiceUnavailable, s.apiTrouble(err).Error()
	}
	return caller{t, s}, 0, ""
}

// apiTrouble is the answer when something does not answer us.
func (s *site) apiTrouble(err error) huma.StatusError {
	switch {
	case errors.As(err, new(huma.StatusError)):
		return err.(huma.StatusError)
	case errors.As(err, new(*bot.Retryable)):
		s.log.Warn("a request could not be answered: GitHub does not answer", zap.Error(err))
		return huma.Error503ServiceUnavailable("Headstart asks GitHub what you may see, and GitHub does not answer at the moment. Deploys go on. Try again in a minute.")
	case !errors.Is(err, context.Canceled):
		s.log.Error("a request could not be answered", zap.Error(err))
	}
	return huma.Error500InternalServerError("This could not be answered. The server's log says why. Try again in a minute.")
}

// PipelinePath are the parameters of a path that name a pipeline.
type PipelinePath struct {
	Owner string `path:"owner" maxLength:"100" example:"acme"`
	Name  string `path:"name" maxLength:"200" doc:"NAME, or NAME:PIPELINE." example:"shop"`
}

// readFor loads the pipeline of a path for whoever makes the request. Its visit is as of a page. An error is an answer.
func (s *site) readFor(ctx context.Context, p PipelinePath) (*reading, *visit, error) {
	c, key := callerOf(ctx), keyIn(p.Owner, p.Name)
	for _, look := range []func(context.Context) (*listing, error){s.fleet.list, s.fleet.anew} { // another instance may have begun it
		all, err := look(ctx)
		if err != nil {
			return nil, nil, s.apiTrouble(err)
		}
		k, found := all.named(key)
		if !found {
			continue
		}
		if reads, err := s.readers.of(ctx, c.Token, k); err != nil {
			return nil, nil, s.apiTrouble(err)
		} else if !reads {
			continue
		}
		v := &visit{person: &Person{ID: c.Person, Login: c.Login}, key: k.Pipeline, all: all}
		r, err := s.reading(ctx, k.Pipeline, s.seesBy(ctx, c.Token, all))
		if err != nil {
			return nil, nil, s.apiTrouble(err)
		}
		if r == nil {
			break
		}
		return r, v, nil
	}
	return nil, nil, huma.Error404NotFound(notThere)
}

// seesBy tells which pipelines the person of a token sees. What GitHub does not tell is not seen.
func (s *site) seesBy(ctx context.Context, t Token, all *listing) func(bot.Key) bool {
	return func(key bot.Key) bool {
		k, found := all.named(key)
		if !found {
			return false
		}
		reads, err := s.readers.of(ctx, t, k)
		return err == nil && reads
	}
}
