package githubtest_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func TestFaultsOfBothKinds(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	post := func() (*github.Response, error) {
		_, resp, err := w.api.Repositories.CreateStatus(w.ctx, "acme", "shop", c.SHA, &github.RepoStatus{State: github.String("success"), Context: github.String("x")})
		return resp, err
	}
	saved := func() int { return len(w.shop.StatusHistory(c.SHA)) }
	_, err := post()
	w.must(err)
	const match = "POST /repos/acme/shop/statuses/*"
	for _, c := range []struct {
		name  string
		fault githubtest.Fault
		saved int
	}{
		{"refused, not saved", githubtest.Fault{Match: match, Status: 502, Body: "<html>Bad Gateway</html>"}, 0},
		{"refused, but saved", githubtest.Fault{Match: match, Status: 500, After: true}, 1},
		{"dropped, not saved", githubtest.Fault{Match: match, Drop: true}, 0},
		{"dropped, but saved", githubtest.Fault{Match: match, Drop: true, After: true}, 1},
		{"by route", githubtest.Fault{Match: "POST /repos/{owner}/{repo}/statuses/{sha}", Status: 503}, 0},
	} {
		before := saved()
		w.Inject(c.fault)
		resp, err := post()
		if err == nil || c.fault.Status != 0 && resp.StatusCode != c.fault.Status {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := saved() - before; got != c.saved {
			t.Errorf("%s: %d statuses saved, want %d", c.name, got, c.saved)
		}
		if _, err := post(); err != nil {
			t.Errorf("%s: it struck twice: %v", c.name, err)
		}
	}
	undo := w.Inject(githubtest.Fault{Times: -1, Status: 500})
	for range 3 {
		if _, err := post(); err == nil {
			t.Error("a lasting fault did not last")
		}
	}
	undo()
	_, err = post()
	w.must(err)

	w.Inject(githubtest.Fault{Match: match, Delay: 20 * time.Millisecond})
	started := time.Now()
	if _, err := post(); err != nil || time.Since(started) < 20*time.Millisecond {
		t.Errorf("a delay of 20 ms took %v: %v", time.Since(started), err)
	}

	w.Inject(githubtest.SecondaryLimit(match, 30*time.Second))
	_, err = post()
	if abuse := new(github.AbuseRateLimitError); !errors.As(err, &abuse) || abuse.GetRetryAfter() != 30*time.Second {
		t.Errorf("the secondary limit reads as %v", err)
	}
}

func TestRequestsAreLogged(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	for range 3 {
		_, _, err := w.api.Repositories.GetCombinedStatus(w.ctx, "acme", "shop", c.SHA, nil)
		w.must(err)
	}
	if got := w.Count("GET /repos/acme/shop/commits/*"); got != 3 {
		t.Errorf("%d requests match, want 3", got)
	}
	if got := w.Count("GET /repos/{owner}/{repo}/commits/{ref...}/status"); got != 3 {
		t.Errorf("%d requests of the route, want 3", got)
	}
	all := w.Requests()
	last := all[len(all)-1]
	if last.Method != http.MethodGet || last.Status != 200 || last.Installation != w.InstallationID("acme") || !last.Time.Equal(w.clock.Now()) {
		t.Errorf("the log says %+v", last)
	}
}
