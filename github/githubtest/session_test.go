package githubtest_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// A link signs one browser in, by its button; once there is one, nobody is signed in otherwise.
func TestSignInLink(t *testing.T) {
	s, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.SetCallbackURLs("http://localhost:1/back")
	to := s.URL() + "/meta"
	link := s.SignInLink("mia", to)
	authorize := s.URL() + "/login/oauth/authorize?client_id=" + s.ClientID() + "&redirect_uri=http://localhost:1/back&state=x&login=mia"
	browser := func() func(method, address string) (int, string, string) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		return func(method, address string) (int, string, string) {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			return res.StatusCode, res.Header.Get("Location"), string(body)
		}
	}
	mia, eve := browser(), browser()
	for _, step := range []struct {
		what            string
		ask             func(method, address string) (int, string, string)
		method, address string
		status          int
		leads, says     string
	}{
		{"to look at the link", eve, "GET", link, http.StatusOK, "", "<form method=\"post\"><button"},
		{"to look at its head", eve, "HEAD", link, http.StatusOK, "", ""},
		{"to be authorized as somebody named", eve, "GET", authorize, http.StatusForbidden, "", "Sign in by the link"},
		{"another ticket", eve, "POST", s.URL() + "/session/OTHER", http.StatusNotFound, "", ""},
		{"the button", mia, "POST", link, http.StatusSeeOther, to, ""},
		{"to be authorized", mia, "GET", authorize, http.StatusFound, "http://localhost:1/back?code=", ""},
		{"the link again", mia, "GET", link, http.StatusSeeOther, to, ""},
		{"the button in another browser", eve, "POST", link, http.StatusGone, "", "another browser"},
		{"to look at the link in another browser", eve, "GET", link, http.StatusGone, "", "another browser"},
		{"to be authorized in another browser", eve, "GET", authorize, http.StatusForbidden, "", "Sign in by the link"},
	} {
		status, leads, says := step.ask(step.method, step.address)
		if status != step.status || !strings.HasPrefix(leads, step.leads) || step.leads == "" && leads != "" || !strings.Contains(says, step.says) {
			t.Errorf("%s should be answered with %d, to %q, with %q; got %d, to %q:\n%s", step.what, step.status, step.leads, step.says, status, leads, says)
		}
	}
}
