package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// What reads is made again below the decision, where the answer was lost or something
// between us and GitHub is out of order: three times in all.
func TestAReadIsMadeThreeTimes(t *testing.T) {
	for name, fault := range map[string]githubtest.Fault{
		"the connection was lost":                  {Drop: true},
		"the connection was lost after the effect": {Drop: true, After: true},
		"502":            {Status: 502, Body: html},
		"503 in HTML":    {Status: 503, Body: html},
		"503 in JSON":    {Status: 503, Body: `{"message":"Service Unavailable"}`},
		"504":            {Status: 504},
		"half an answer": {Status: 200, Body: `[{"numb`, Header: http.Header{"Content-Length": {"4711"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(_ *githubtest.Options, o *github.Options) {
				o.Transport = &http.Transport{DisableKeepAlives: true} // net/http itself repeats what it sent on an old connection
			})
			commit := w.commit(map[string]string{"a": "1"})
			find := bot.FindPullRequest{SHA: commit.SHA}
			fault.Match = "GET *pulls"
			for lost := range 4 {
				fault.Times = lost
				undo := func() {}
				if lost > 0 {
					undo = w.Inject(fault)
				}
				before := w.Count("GET *pulls")
				_, err := w.perform(bot.Effect{Do: find})
				undo()
				want := map[bool]string{true: "done", false: "retry"}[lost < 3]
				if got := kind(err); got != want {
					t.Errorf("with %d of three tries lost it should be %s, is %s: %v", lost, want, got, err)
				}
				if n := w.Count("GET *pulls") - before; n != min(lost+1, 3) {
					t.Errorf("with %d tries lost %d requests should be made, there were %d", lost, min(lost+1, 3), n)
				}
			}
		})
	}
}

// Readings are made of several requests: one that is lost costs that one alone.
func TestEveryFourthConnectionIsLost(t *testing.T) {
	for name, fault := range map[string]githubtest.Fault{"lost": githubtest.DropEvery(4), "502": githubtest.BadGatewayEvery(4)} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			commit := w.commit(map[string]string{"a": "1"})
			w.Inject(fault)
			for range 10 {
				do[bot.ChecksRead](w, bot.ReadChecks{SHA: commit.SHA, Branch: "main", Required: true, Suites: true})
			}
			if got := w.metrics()["headstart_github_requests_total GET /repos/{owner}/{repo}/commits/{ref}/check-runs 200"]; got < 10 {
				t.Errorf("every try is counted, the metrics say %v", got)
			}
		})
	}
}

// What GitHub decided stands, and nobody knocks where it says how long to wait.
func TestWhatIsNotMadeAgain(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	find := bot.FindPullRequest{SHA: commit.SHA}
	status := bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}}
	pull := w.propose("ana")
	comment := bot.WriteComment{Number: pull.Number(), Body: "table"}
	reply := bot.Reply{Number: pull.Number(), Comment: 7, Body: "Because."}
	edit := comment
	edit.ID, edit.Body = do[bot.CommentWritten](w, comment).ID, "another table"
	do[bot.Acknowledged](w, status)
	after := func(seconds string) http.Header { return http.Header{"Retry-After": {seconds}} }
	for name, c := range map[string]struct {
		fault githubtest.Fault
		do    bot.Action
		want  string
	}{
		"a status whose connection is lost":       {githubtest.Fault{Match: "POST */statuses/*", Drop: true}, status, "unknown"},
		"a status that is answered 502":           {githubtest.Fault{Match: "POST */statuses/*", Status: 502, Body: html}, status, "unknown"},
		"a deployment that is answered 503":       {githubtest.Fault{Match: "POST */deployments", Status: 503}, bot.CreateDeployment{SHA: commit.SHA, Stage: "staging", Promotion: 1}, "unknown"},
		"a comment whose connection is lost":      {githubtest.Fault{Match: "POST */comments", Drop: true}, reply, "unknown"},
		"503 that says when":                      {githubtest.Fault{Match: "GET *pulls", Status: 503, Header: after("30")}, find, "retry"},
		"500":                                     {githubtest.Fault{Match: "GET *pulls", Status: 500}, find, "retry"},
		"404":                                     {githubtest.Fault{Match: "GET *pulls", Status: 404, Body: `{"message":"Not Found"}`}, find, "refused"},
		"429":                                     {githubtest.Fault{Match: "GET *pulls", Status: 429, Body: `{"message":"slow down"}`}, find, "limit"},
		"403 with a time":                         {githubtest.SecondaryLimit("GET *pulls", 5*time.Second), find, "limit"},
		"an answer that nobody can read (200)":    {githubtest.Fault{Match: "GET *pulls", Status: 200, Body: html}, find, "retry"},
		"an edited comment that is answered 502 ": {githubtest.Fault{Match: "PATCH *", Status: 502}, edit, "unknown"},
	} {
		w.clock.Advance(2 * time.Hour)
		c.fault.Times = -1
		undo := w.Inject(c.fault)
		before := w.Count(c.fault.Match)
		_, err := w.perform(bot.Effect{Do: c.do})
		undo()
		if n := w.Count(c.fault.Match) - before; n > 1 {
			t.Errorf("%s: it should be asked for once, it was %d times", name, n)
		}
		if got := kind(err); got != c.want {
			t.Errorf("%s: it should be %s, is %s: %v", name, c.want, got, err)
		}
	}
}

// A caller who does not want to know any more is let go at once, and the pauses between
// tries are short.
func TestGivingUpEndsThePauseBetweenTries(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	find := bot.Effect{Do: bot.FindPullRequest{SHA: commit.SHA}, At: w.clock.Now()}
	w.Inject(githubtest.Fault{Match: "GET *pulls", Status: 502, Body: html, Times: -1})
	if _, err := w.perform(find); kind(err) != "retry" {
		t.Errorf("nobody answers: expected retry, got %v", err)
	}
	if p := w.paused; len(p) != 2 || p[0] < 50*time.Millisecond || p[1] < 2*p[0]/3 || p[0]+p[1] > time.Second {
		t.Errorf("expected two pauses that grow and stay below a second, got %v", p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	client, err := github.New(github.Options{
		AppID: w.AppID(), PrivateKey: w.PrivateKeyPEM(), URL: w.URL(), ParseConfig: parseConfig, Now: w.clock.Now,
		Pause: func(ctx context.Context, _ time.Duration) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		},
	})
	w.must(err)
	before := w.Count("GET *pulls")
	if _, err := client.Perform(ctx, w.target, find); kind(err) != "retry" || !errors.Is(err, context.Canceled) || w.Count("GET *pulls") != before+1 {
		t.Errorf("given up after the first try: expected retry after one request, got %v after %d", err, w.Count("GET *pulls")-before)
	}
}

// The limit is kept by every single try.
func TestATryIsChargedToTheLimit(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: commit.SHA})
	reset := w.clock.Now().Add(10 * time.Minute)
	var asked atomic.Int32
	w.Inject(githubtest.Fault{Match: "GET *pulls", Status: 502, Body: html, Times: -1, Header: http.Header{
		"X-Ratelimit-Limit": {"5000"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(reset.Unix())},
	}})
	before := w.Count("GET *pulls")
	_, err := w.perform(bot.Effect{Do: bot.FindPullRequest{SHA: commit.SHA}})
	asked.Store(int32(w.Count("GET *pulls") - before))
	if kind(err) != "limit" || asked.Load() != 1 {
		t.Errorf("the first answer said that nothing is left: expected no other try and the limit, got %d and %v", asked.Load(), err)
	}
	if a := w.client.Allowance(w.target.Installation); a.Left != 0 || !a.Reset.Equal(reset) {
		t.Errorf("what an answer says of the limit counts, whatever it answers: got %+v", a)
	}
}
