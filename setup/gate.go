package setup

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
)

const cookie = "headstart-setup"

// secret is a text that nobody guesses.
func secret() string { return rand.Text() }

func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// inside reports whether a request comes from the browser that has traded the token.
func (s *Setup) inside(r *http.Request) bool {
	c, err := r.Cookie(cookie)
	s.mu.Lock()
	defer s.mu.Unlock()
	return err == nil && same(s.session, c.Value)
}

// good reports whether a token opens the pages.
func (s *Setup) good(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session == "" && same(s.token, token) && s.o.Now().Sub(s.began) < lasts
}

// enter trades the token for a cookie, once.
func (s *Setup) enter(w http.ResponseWriter, r *http.Request) {
	if !s.good(r.FormValue("token")) {
		s.outside(w)
		return
	}
	s.mu.Lock()
	s.session = secret()
	value := s.session
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: cookie, Value: value, Path: "/setup", HttpOnly: true, Secure: s.o.Own.Scheme == "https", SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/setup", http.StatusSeeOther)
}

// outside answers whoever has no token that opens.
func (s *Setup) outside(w http.ResponseWriter) {
	s.write(w, http.StatusForbidden, "outside", nil)
}

// step is a form's handler: what it returns is said on the page.
func (s *Setup) step(do func(context.Context, answers) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.inside(r) {
			s.outside(w)
			return
		}
		problem := ""
		err := r.ParseForm()
		if err == nil {
			err = do(r.Context(), r.Form)
		}
		if err != nil {
			problem = reasonOf(err)
		}
		s.change(func(p *progress) { p.Problem = problem })
		http.Redirect(w, r, "/setup", http.StatusSeeOther)
	}
}

func (s *Setup) change(how func(*progress)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(&s.progress)
}

func (s *Setup) now() progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress
}
