package githubtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// statusOf is what an API call was answered.
func statusOf(resp *github.Response, err error) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

func TestTheAPILagsBehindItsWebhooks(t *testing.T) {
	w := start(t)
	first := w.commit("a", "1")
	w.SetLag(githubtest.Lag{For: 4 * time.Second})
	young := w.commit("a", "2")
	_, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	p, err := w.shop.OpenPull(githubtest.PullOptions{Head: "feature"})
	w.must(err)
	ask := map[string]func(sha string) (*github.Response, error){
		"404 the file": func(sha string) (*github.Response, error) {
			_, _, resp, err := w.api.Repositories.GetContents(w.ctx, "acme", "shop", "a", &github.RepositoryContentGetOptions{Ref: sha})
			return resp, err
		},
		"404 the commit": func(sha string) (*github.Response, error) {
			_, resp, err := w.api.Git.GetCommit(w.ctx, "acme", "shop", sha)
			return resp, err
		},
		"422 the check runs": func(sha string) (*github.Response, error) {
			_, resp, err := w.api.Checks.ListCheckRunsForRef(w.ctx, "acme", "shop", sha, nil)
			return resp, err
		},
		"422 a status": func(sha string) (*github.Response, error) {
			_, resp, err := w.api.Repositories.CreateStatus(w.ctx, "acme", "shop", sha, &github.RepoStatus{State: github.String("pending"), Context: github.String("x")})
			return resp, err
		},
		"422 a deployment": func(sha string) (*github.Response, error) {
			_, resp, err := w.api.Repositories.CreateDeployment(w.ctx, "acme", "shop", &github.DeploymentRequest{Ref: github.String(sha), AutoMerge: github.Bool(false), RequiredContexts: &[]string{}})
			return resp, err
		},
		"404 the difference": func(sha string) (*github.Response, error) {
			_, resp, err := w.api.Repositories.CompareCommits(w.ctx, "acme", "shop", first.SHA, sha, nil)
			return resp, err
		},
		"404 the branch": func(sha string) (*github.Response, error) {
			if sha == first.SHA {
				return &github.Response{Response: &http.Response{StatusCode: 200}}, nil
			}
			_, resp, err := w.api.Repositories.GetBranch(w.ctx, "acme", "shop", "main", 0)
			return resp, err
		},
		"404 the pull request": func(sha string) (*github.Response, error) {
			if sha == first.SHA {
				return &github.Response{Response: &http.Response{StatusCode: 200}}, nil
			}
			_, resp, err := w.api.PullRequests.Get(w.ctx, "acme", "shop", p.Number())
			return resp, err
		},
	}
	for name, of := range ask {
		if got := statusOf(of(first.SHA)); got/100 != 2 {
			t.Errorf("%s: a commit from before is known, got %d", name, got)
		}
		if got := statusOf(of(young.SHA)); !strings.HasPrefix(name, fmt.Sprint(got)) {
			t.Errorf("%s: the commit is unknown yet, got %d", name, got)
		}
	}
	w.clock.Advance(4 * time.Second)
	for name, of := range ask {
		if got := statusOf(of(young.SHA)); got/100 != 2 {
			t.Errorf("%s: it is known after four seconds, got %d", name, got)
		}
	}
	w.SetLag(githubtest.Lag{For: time.Second, OldHead: true, Status: 404})
	next := w.commit("a", "3")
	branch, _, err := w.api.Repositories.GetBranch(w.ctx, "acme", "shop", "main", 0)
	w.must(err)
	if branch.GetCommit().GetSHA() != young.SHA {
		t.Errorf("the branch should still be read where it was, it is at %s", branch.GetCommit().GetSHA())
	}
	if got := statusOf(ask["422 a status"](next.SHA)); got != 404 {
		t.Errorf("every endpoint should answer 404, got %d", got)
	}
}

func TestTroubleThatComesAndGoes(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	get := func() int {
		_, _, resp, err := w.api.Repositories.GetContents(w.ctx, "acme", "shop", "a", &github.RepositoryContentGetOptions{Ref: c.SHA})
		return statusOf(resp, err)
	}
	undo := w.Inject(githubtest.BadGatewayEvery(4))
	var got []int
	for range 8 {
		got = append(got, get())
	}
	undo()
	for i, status := range got {
		if want := map[bool]int{true: 502, false: 200}[i%4 == 3]; status != want {
			t.Errorf("every fourth request should be answered 502: %d", got)
		}
	}
	w.Inject(githubtest.ContentsAnswer(502, 15*time.Second))
	if got := get(); got != 502 {
		t.Errorf("files cannot be read for a while, got %d", got)
	}
	w.clock.Advance(15 * time.Second)
	if got := get(); got != 200 {
		t.Errorf("they can be read again after that, got %d", got)
	}
	undo = w.Inject(githubtest.DropEvery(1))
	if got := get(); got != 0 {
		t.Errorf("the connection should be lost, got %d", got)
	}
	undo()

	w.SetTokenDelay(time.Hour, http.StatusUnauthorized)
	secret, err := w.IssueToken("acme")
	w.must(err)
	young := github.NewClient(nil).WithAuthToken(secret)
	young.BaseURL = w.api.BaseURL
	if _, resp, err := young.Repositories.Get(w.ctx, "acme", "shop"); statusOf(resp, err) != 401 {
		t.Errorf("a new token should not be accepted yet, got %v", err)
	}
}
