package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// login leads to GitHub's page. What GitHub has to send back is kept in the session, in which nobody has signed in yet.
func (s *site) login(v *visit) (answer, error) {
	to := ownPath(v.URL.Query().Get("to"))
	switch {
	case s.people == nil:
		return s.welcome(), nil
	case v.person != nil:
		return answer{to: to}, nil
	case !s.mayTry(v.Request):
		return tooMany, nil
	}
	ctx, state, verifier := v.Context(), random(1), random(2)
	address, err := s.people.Address(ctx, state, verifier)
	if err != nil {
		return s.notSignedIn(ctx, err), nil
	}
	s.sessions.Put(ctx, holdsState, state)
	s.sessions.Put(ctx, holdsVerifier, verifier)
	s.sessions.Put(ctx, holdsTo, to)
	s.sessions.SetDeadline(ctx, s.now().Add(signInWithin))
	return answer{to: address}, nil
}

var tooMany = message(http.StatusTooManyRequests, "Too many sign-ins", "Somebody at your address has tried to sign in very often. Try again in a minute.")

// callback is where GitHub sends people back to. What a session remembers is good for one way back.
func (s *site) callback(v *visit) (answer, error) {
	ctx, query := v.Context(), v.URL.Query()
	state, verifier, to := s.sessions.PopString(ctx, holdsState), s.sessions.PopString(ctx, holdsVerifier), s.sessions.PopString(ctx, holdsTo)
	switch {
	case s.people == nil:
		return s.welcome(), nil
	case !s.mayTry(v.Request):
		return tooMany, nil
	case state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(query.Get("state"))) != 1:
		return message(http.StatusBadRequest, "Sign in again",
			"This sign-in was begun in another browser, or took longer than ten minutes. Begin again at "+s.url.String()+"."), nil
	case query.Get("error") != "" || query.Get("code") == "":
		return message(http.StatusForbidden, "Not signed in", "GitHub did not sign you in. To see pipelines, sign in and authorize Headstart to see which repositories you can read."), nil
	}
	person, err := s.people.Login(ctx, query.Get("code"), verifier)
	if err == nil {
		err = s.signIn(ctx, person)
	}
	if err != nil {
		return s.notSignedIn(ctx, err), nil
	}
	s.note(ctx, Doing{Who: person.Login, What: "sign-in", OK: true})
	s.log.Info("somebody signed in to the pages", zap.String("login", person.Login), zap.Int64("id", person.ID))
	return answer{to: ownPath(to)}, nil
}

// notSignedIn says why a sign-in failed.
func (s *site) notSignedIn(ctx context.Context, err error) answer {
	var refused *bot.Refused
	if errors.As(err, &refused) {
		s.log.Warn("a sign-in was refused", zap.Error(err))
		s.note(ctx, Doing{What: "sign-in", Answer: refused.Reason})
		return message(http.StatusForbidden, "Not signed in", refused.Reason)
	}
	s.log.Error("a sign-in failed", zap.Error(err))
	return message(http.StatusServiceUnavailable, "Not signed in", "GitHub does not answer at the moment. Try again in a minute.")
}

// logout ends this session.
func (s *site) logout(v *visit) (answer, error) {
	if err := s.sessions.Destroy(v.Context()); err != nil {
		return answer{}, err
	}
	v.person = nil
	return answer{to: "/"}, nil
}

// logoutEverywhere ends all of the person's sessions.
func (s *site) logoutEverywhere(v *visit) (answer, error) {
	if err := s.rows.EndSessions(v.Context(), v.person.ID); err != nil {
		return answer{}, err
	}
	s.note(v.Context(), Doing{Who: v.person.Login, What: "sign-out everywhere", OK: true})
	return s.logout(v)
}

// ownPath returns a path of this site; "/" for any other text, which could lead elsewhere.
func ownPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil || len(to) > 500 ||
		!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "/login") {
		return "/"
	}
	return to
}
