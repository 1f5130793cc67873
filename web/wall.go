package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A screen on the wall has nobody who signs in every eight hours. It shows the home page to the holder of a token that
// somebody made at /tokens: what that person sees, and only as long as the token is good.

const (
	// mostOnWall bounds how many pipelines a wall is about: GitHub is asked about the repository of each.
	mostOnWall = 200
	wallPath   = "/wall"
)

// wallCookie is what the browser of a wall keeps: the token, for this path alone.
func (s *site) wallCookie(secret string, until time.Time) *http.Cookie {
	return &http.Cookie{
		Name: "headstart-wall", Value: secret, Path: wallPath, Expires: until, HttpOnly: true, Secure: s.url.Scheme == "https", SameSite: http.SameSiteStrictMode,
	}
}

// wallToken returns the token of a wall's browser; false: it has none that is good.
func (s *site) wallToken(v *visit) (Token, bool, error) {
	cookie, err := v.Cookie("headstart-wall")
	if err != nil || s.tokens == nil || !isToken.MatchString(cookie.Value) {
		return Token{}, false, nil
	}
	return s.tokens.Token(v.Context(), hashOf(cookie.Value))
}

// wall is the home page of a screen, or the form that asks for its token.
func (s *site) wall(v *visit) (answer, error) {
	t, good, err := s.wallToken(v)
	if err != nil {
		return answer{}, err
	}
	if !good {
		return answer{page: "wall", title: "A screen on the wall", data: ""}, nil
	}
	sees, problem, err := s.seenOnWall(v.Context(), t)
	if err != nil {
		return answer{}, err
	}
	if problem != "" {
		return message(http.StatusConflict, "Too many pipelines", problem), nil
	}
	page, err := s.homePage(v.Context(), sees, homeQuery{wall: true})
	if err != nil {
		return answer{}, err
	}
	page.Live, page.Seen = wallPath+"/live", digest(page.Parts...)
	return answer{page: "home", title: "Pipelines", data: page, wall: true}, nil
}

// beginWall keeps a token in the browser of a screen.
func (s *site) beginWall(v *visit) (answer, error) {
	if s.tokens == nil {
		return notFound, nil
	}
	if !s.mayTry(v.Request) {
		return tooMany, nil
	}
	v.Body = http.MaxBytesReader(nil, v.Body, mostForm)
	secret := strings.TrimSpace(v.PostFormValue("token"))
	if isToken.MatchString(secret) {
		t, good, err := s.tokens.Token(v.Context(), hashOf(secret))
		if err != nil {
			return answer{}, err
		}
		if good {
			return answer{to: wallPath, cookie: s.wallCookie(secret, t.Expires)}, nil
		}
	}
	return answer{status: http.StatusForbidden, page: "wall", title: "A screen on the wall", data: "This is no token that is good. Make one at /tokens."}, nil
}

// seenOnWall lists what the person of a token sees, of the pipelines that the token is for; problem: they are too many.
func (s *site) seenOnWall(ctx context.Context, t Token) (sees []Known, problem string, err error) {
	all, err := s.fleet.list(ctx)
	if err != nil {
		return nil, "", err
	}
	var about []Known
	for _, k := range all.known {
		if t.allows(k.Pipeline) {
			about = append(about, k)
		}
	}
	if len(about) > mostOnWall {
		return nil, fmt.Sprintf("A wall shows at most %d pipelines. Make a token that names those to be shown.", mostOnWall), nil
	}
	sees, err = s.readers.among(ctx, t, about)
	return sees, "", err
}

// followWall tells of changes of a wall.
func (s *site) followWall(v *visit) (answer, error) {
	t, good, err := s.wallToken(v)
	if err != nil || !good {
		return notFound, err
	}
	return answer{follows: &watched{
		name:  "wall " + strconv.Quote(t.Hash),
		pause: time.Second,
		version: func(ctx context.Context) (int64, error) {
			list, err := s.fleet.list(ctx)
			if err != nil {
				return 0, err
			}
			return list.stamp, nil
		},
		parts: func(ctx context.Context) ([]part, error) {
			sees, _, err := s.seenOnWall(ctx, t)
			if err != nil {
				return nil, err
			}
			page, err := s.homePage(ctx, sees, homeQuery{wall: true})
			if err != nil {
				return nil, err
			}
			return page.Parts, nil
		},
	}}, nil
}
