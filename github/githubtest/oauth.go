package githubtest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Signing in: GitHub's page that asks a person to authorize the App, the exchange of its
// code for a token, and what that token shows. See docs.github.com, "Generating a user
// access token for a GitHub App".

var oauthRoutes = []route{
	{"GET", "/login/oauth/authorize", byAnybody, "", authorize},
	{"POST", "/login/oauth/access_token", byAnybody, "", exchangeCode},
	{"GET", "/user", byPerson, "", func(c *call) answer { return ok(c.publicUserJSON(c.person)) }},
	{"GET", "/user/installations", byPerson, "", listUserInstallations},
	{"GET", "/user/installations/{installation_id}/repositories", byPerson, "", listUserRepos},
}

// grant is a person's word that the App may act for them, until it is exchanged.
type grant struct {
	login, redirect, challenge string
	expires                    time.Time
}

// userToken is what a grant was exchanged for.
type userToken struct {
	login   string
	expires time.Time
}

const (
	codesLast      = 10 * time.Minute
	userTokensLast = 8 * time.Hour
)

// ClientID is the App's, which stands in the address of the page that asks for authorization.
func (s *Server) ClientID() string { return "Iv1." + s.app.slug }

// ClientSecret proves to GitHub that the App exchanges a code.
func (s *Server) ClientSecret() string { return strings.Repeat("c", 40) }

// SetCallbackURLs sets where GitHub may send people back to; without one it sends nobody.
func (s *Server) SetCallbackURLs(urls ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbacks = urls
}

// SignIn has the browser that comes next be a person's, who has authorized the App before.
// Empty: GitHub's page asks who it is.
func (s *Server) SignIn(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.browser = login
	if login != "" {
		s.account(login, "User")
	}
}

// ExpireUserTokens makes every token invalid that was given out to a person so far.
func (s *Server) ExpireUserTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.userTokens)
}

var authorizePage = template.Must(template.New("authorize").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Authorize {{.App}}</title></head>
<body><h1>Authorize {{.App}}</h1><p>Who are you?</p>
<ul>{{range .People}}<li><a href="{{.URL}}">{{.Login}}</a></li>{{end}}</ul></body></html>
`))

// authorize sends a person back with a code. The parameter login, as on GitHub, says whose
// account it is; without it, and without SignIn, the page asks.
func authorize(c *call) answer {
	redirect, login := c.query.Get("redirect_uri"), c.query.Get("login")
	if login == "" || len(c.tickets) > 0 {
		login = c.signedIn()
	}
	switch {
	case c.query.Get("client_id") != c.ClientID():
		return notFound()
	case !slices.Contains(c.callbacks, redirect):
		return page404("The redirect_uri is not associated with this application.")
	case c.query.Get("code_challenge") != "" && c.query.Get("code_challenge_method") != "S256":
		return page404("The code_challenge_method is not supported.")
	case login == "" && len(c.tickets) > 0:
		return c.sessionPage(http.StatusForbidden, "", "Nobody is signed in to this stand-in for GitHub in this browser. Sign in by the link that was made for you.")
	case login == "":
		return c.whoAreYou()
	}
	known := c.accounts[strings.ToLower(login)]
	if known == nil || known.kind != "User" {
		return notFound()
	}
	back, err := url.Parse(redirect)
	if err != nil {
		return broken(err)
	}
	code, err := secretOf("", 10)
	if err != nil {
		return broken(err)
	}
	c.grants[code] = grant{login: known.login, redirect: redirect, challenge: c.query.Get("code_challenge"), expires: c.opts.AuthClock().Add(codesLast)}
	q := back.Query()
	q.Set("code", code)
	q.Set("state", c.query.Get("state"))
	back.RawQuery = q.Encode()
	return answer{status: http.StatusFound, header: http.Header{"Location": {back.String()}}}
}

func (c *call) whoAreYou() answer {
	type person struct{ Login, URL string }
	var people []person
	for _, a := range c.accounts {
		if a.kind == "User" && a.login != webFlow {
			q := url.Values{"login": {a.login}}
			for name, value := range c.query {
				q[name] = value
			}
			people = append(people, person{a.login, "/login/oauth/authorize?" + q.Encode()})
		}
	}
	slices.SortFunc(people, func(a, b person) int { return strings.Compare(a.Login, b.Login) })
	var b strings.Builder
	if err := authorizePage.Execute(&b, map[string]any{"App": c.app.slug, "People": people}); err != nil {
		return broken(err)
	}
	return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: []byte(b.String())}
}

func page404(text string) answer {
	return answer{status: http.StatusNotFound, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte(text)}
}

// exchangeCode answers as a form unless JSON is asked for, and refuses with 200, as GitHub does.
func exchangeCode(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return fail(http.StatusBadRequest, "Problems parsing the form")
	}
	given, known := c.grants[form.Get("code")]
	challenge := sha256.Sum256([]byte(form.Get("code_verifier")))
	refuse := func(code, why string) answer {
		return c.asAsked(url.Values{"error": {code}, "error_description": {why}, "error_uri": {"https://docs.github.com/apps"}})
	}
	switch {
	case form.Get("client_id") != c.ClientID() || form.Get("client_secret") != c.ClientSecret():
		return refuse("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
	case !known || !c.opts.AuthClock().Before(given.expires):
		return refuse("bad_verification_code", "The code passed is incorrect or expired.")
	case form.Get("redirect_uri") != "" && form.Get("redirect_uri") != given.redirect:
		return refuse("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.")
	case given.challenge != "" && base64.RawURLEncoding.EncodeToString(challenge[:]) != given.challenge:
		return refuse("bad_verification_code", "The code_verifier does not match the code_challenge.")
	}
	delete(c.grants, form.Get("code"))
	token, err := secretOf("ghu_", 18)
	if err != nil {
		return broken(err)
	}
	refresh, err := secretOf("ghr_", 38)
	if err != nil {
		return broken(err)
	}
	c.userTokens[token] = userToken{login: given.login, expires: c.opts.AuthClock().Add(userTokensLast)}
	return c.asAsked(url.Values{
		"access_token": {token}, "expires_in": {fmt.Sprint(int(userTokensLast.Seconds()))}, "refresh_token": {refresh},
		"refresh_token_expires_in": {"15897600"}, "token_type": {"bearer"}, "scope": {""},
	})
}

func (c *call) asAsked(v url.Values) answer {
	if !strings.Contains(c.r.Header.Get("Accept"), "application/json") {
		return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, body: []byte(v.Encode())}
	}
	body := obj{}
	for name := range v {
		body[name] = v.Get(name)
	}
	return ok(body)
}

func secretOf(prefix string, bytes int) (string, error) {
	random := make([]byte, bytes)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return prefix + hex.EncodeToString(random), nil
}

// authenticatePerson finds out for whom the App asks.
func (s *Server) authenticatePerson(c *call, secret string) (refusal answer, refused bool) {
	known, ok := s.userTokens[secret]
	switch {
	case secret == "":
		return fail(http.StatusUnauthorized, "Requires authentication"), true
	case !ok || !s.opts.AuthClock().Before(known.expires):
		return fail(http.StatusUnauthorized, "Bad credentials"), true
	}
	c.person = known.login
	return answer{}, false
}

// publicUserJSON is a person as an App sees them that may not read their profile.
func (s *Server) publicUserJSON(login string) obj {
	j := s.userJSON(login)
	for name, value := range (obj{
		"name": nil, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil, "twitter_username": nil,
		"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
		"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z",
	}) {
		j[name] = value
	}
	return j
}

// visible lists what a person may look at of an installation: repositories that they have a
// role in. Public ones of others are not listed.
func (c *call) visible(i *Installation) []*Repo {
	return slices.DeleteFunc(c.reposOf(i), func(r *Repo) bool { return r.role(c.person) == "none" })
}

func listUserInstallations(c *call) answer {
	var mine []*Installation
	for _, i := range c.installations {
		if strings.EqualFold(i.account.login, c.person) || len(c.visible(i)) > 0 {
			mine = append(mine, i)
		}
	}
	return counted(c, "installations", mine, c.installationJSON)
}

func listUserRepos(c *call) answer {
	i := c.installationByID()
	switch {
	case i == nil || !strings.EqualFold(i.account.login, c.person) && len(c.visible(i)) == 0:
		return notFound()
	case !i.suspended.IsZero():
		return fail(http.StatusForbidden, "This installation has been suspended")
	}
	a := counted(c, "repositories", c.visible(i), func(r *Repo) obj {
		role, j := r.role(c.person), r.json()
		j["permissions"] = obj{
			"pull": true, "triage": atLeast(role, "triage"), "push": atLeast(role, "write"), "maintain": atLeast(role, "maintain"), "admin": role == "admin",
		}
		return j
	})
	a.body.(obj)["repository_selection"] = "all"
	return a
}
