package githubtest

import (
	"crypto/rand"
	"html/template"
	"net/http"
	"strings"
)

// Being signed in to GitHub in a browser. Nobody has a password here: a link signs one
// browser in, by a button on its page, because previews and virus scanners follow links.

var sessionRoutes = []route{
	{"GET", "/session/{ticket}", byAnybody, "", askToBegin},
	{"POST", "/session/{ticket}", byAnybody, "", beginSession},
}

const sessionCookie = "user_session"

// ticket is what a link signs in.
type ticket struct {
	login, to string
	session   string // that it began; empty: it is good still
}

// SignInLink returns the address of a page with a button, which signs one browser in as a
// person, who has authorized the App before, and leads it to an address. From then on,
// nobody is signed in otherwise.
func (s *Server) SignInLink(login, to string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(login, "User")
	name := rand.Text()
	s.tickets[name] = &ticket{login: login, to: to}
	return s.url + "/session/" + name
}

// signedIn is who is signed in to GitHub in the browser that asks; empty: nobody.
func (c *call) signedIn() string {
	if len(c.tickets) == 0 {
		return c.browser
	}
	cookie, err := c.r.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" {
		return ""
	}
	for _, t := range c.tickets {
		if t.session == cookie.Value {
			return t.login
		}
	}
	return ""
}

var sessionPage = template.Must(template.New("session").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Sign in to the stand-in for GitHub</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem}</style></head>
<body><main><h1>Sign in</h1>{{if .Login}}
<p>This stand-in for GitHub signs this browser in as <strong>{{.Login}}</strong>. The link is good for one browser.</p>
<form method="post"><button autofocus>Sign in as {{.Login}}</button></form>
{{- else}}
<p>{{.Why}}</p>{{end}}</main></body></html>
`))

func (c *call) sessionPage(status int, login, why string) answer {
	var b strings.Builder
	if err := sessionPage.Execute(&b, map[string]string{"Login": login, "Why": why}); err != nil {
		return broken(err)
	}
	return answer{status: status, body: []byte(b.String()), header: http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"},
	}}
}

// askToBegin shows the button. It leads on a browser that is signed in, and changes nothing.
func askToBegin(c *call) answer {
	switch t := c.tickets[c.vars["ticket"]]; {
	case t == nil:
		return notFound()
	case t.session == "":
		return c.sessionPage(http.StatusOK, t.login, "")
	case c.signedIn() == t.login:
		return answer{status: http.StatusSeeOther, header: http.Header{"Location": {t.to}}}
	}
	return c.sessionPage(http.StatusGone, "", "This link has signed in another browser already. Start again to get a new one.")
}

// beginSession signs the browser in, if the link is good still.
func beginSession(c *call) answer {
	t := c.tickets[c.vars["ticket"]]
	if t == nil || t.session != "" {
		return askToBegin(c)
	}
	t.session = rand.Text()
	cookie := http.Cookie{Name: sessionCookie, Value: t.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	return answer{status: http.StatusSeeOther, header: http.Header{"Location": {t.to}, "Set-Cookie": {cookie.String()}}}
}
