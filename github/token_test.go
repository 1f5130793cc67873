package github_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// tokensFollow makes the stand-in's tokens follow the driven time.
func tokensFollow(o *githubtest.Options, _ *github.Options) {
	began, from := time.Now(), o.Clock()
	o.AuthClock = func() time.Time { return began.Add(o.Clock().Sub(from)) }
}

// GitHub may not know a token yet that it has just given out: the same one is tried
// again, also for what writes.
func TestAYoungTokenIsTriedAgain(t *testing.T) {
	for status, delays := range map[int]map[time.Duration][]time.Duration{
		401: {
			time.Second:     {time.Second},
			3 * time.Second: {time.Second, 2 * time.Second},
			6 * time.Second: {time.Second, 2 * time.Second, 4 * time.Second},
		},
		403: {time.Second: {time.Second}},
	} {
		for delay, want := range delays {
			for name, action := range map[string]func(sha string) bot.Action{
				"a read": func(sha string) bot.Action { return bot.FindPullRequest{SHA: sha} },
				"a write": func(sha string) bot.Action {
					return bot.SetStatus{SHA: sha, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}}
				},
			} {
				t.Run(fmt.Sprint(status, " for ", delay, ", ", name), func(t *testing.T) {
					t.Parallel()
					w := start(t, tokensFollow)
					commit := w.commit(map[string]string{"a": "1"})
					w.SetTokenDelay(delay, status)
					if _, err := w.perform(bot.Effect{Do: action(commit.SHA)}); err != nil {
						t.Fatalf("the token is good after %s: %v", delay, err)
					}
					if !slices.Equal(w.paused, want) {
						t.Errorf("the pauses should be %v, were %v", want, w.paused)
					}
					if n := w.Count("POST */access_tokens"); n != 1 {
						t.Errorf("another token would be as young: one should be asked for, %d were", n)
					}
				})
			}
		}
	}
}

// A token that is never accepted is not replaced while it is young.
func TestATokenThatIsNeverAccepted(t *testing.T) {
	w := start(t, tokensFollow)
	commit := w.commit(map[string]string{"a": "1"})
	w.SetTokenDelay(time.Hour, 401)
	refused := w.refuse(bot.FindPullRequest{SHA: commit.SHA})
	if !refused.Missing || w.Count("POST */access_tokens") != 1 || w.Count("GET *pulls") != 4 {
		t.Errorf("expected a refusal of the token after four tries with it, got %v after %d with %d tokens", refused, w.Count("GET *pulls"), w.Count("POST */access_tokens"))
	}
	w.clock.Advance(time.Minute)
	w.SetTokenDelay(0, 0)
	do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: commit.SHA})
	if n := w.Count("POST */access_tokens"); n != 2 {
		t.Errorf("it is not young any more: a second token should be asked for, there are %d", n)
	}
}

// An old token that is refused is replaced at once, and a young one that was accepted
// before and is refused for long as well: it was revoked.
func TestATokenThatWasRevoked(t *testing.T) {
	for age, pauses := range map[time.Duration]int{2 * time.Minute: 0, time.Second: 3} {
		w := start(t)
		commit := w.commit(map[string]string{"a": "1"})
		do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: commit.SHA})
		w.clock.Advance(age)
		w.ExpireTokens()
		do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: commit.SHA})
		if n := w.Count("POST */access_tokens"); n != 2 || len(w.paused) != pauses {
			t.Errorf("revoked at the age of %s: expected a second token after %d pauses, got %d tokens and %v", age, pauses, n, w.paused)
		}
	}
}

// A missing permission is told at once, but for the first seconds of a token, in which
// GitHub may not know yet what it may.
func TestAMissingPermission(t *testing.T) {
	w := start(t, func(o *githubtest.Options, _ *github.Options) {
		o.Permissions = map[string]string{"metadata": "read", "contents": "read"}
	})
	commit := w.commit(map[string]string{"a": "1"})
	find := bot.FindPullRequest{SHA: commit.SHA}
	if w.refuse(find).Missing || len(w.paused) != 3 {
		t.Errorf("the token is young: expected three pauses, got %v", w.paused)
	}
	w.clock.Advance(time.Minute)
	w.paused = nil
	if refused := w.refuse(find); len(w.paused) != 0 || errors.Is(refused, bot.ErrNotFound) {
		t.Errorf("the token is known: expected no pause, got %v and %v", w.paused, refused)
	}
}

// Where the App's own credentials are refused, no token helps, and none is asked for twice.
func TestTheAppsOwnCredentialsAreRefused(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	w.Inject(githubtest.Fault{Match: "POST */access_tokens", Status: 401, Body: `{"message":"'Expiration time' claim ('exp') is too far in the future"}`, Times: -1})
	w.refuse(bot.FindPullRequest{SHA: commit.SHA})
	if n := w.Count("POST */access_tokens"); n != 1 || len(w.paused) != 0 {
		t.Errorf("expected one request for a token and no pause, got %d and %v", n, w.paused)
	}
}
