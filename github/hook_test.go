package github_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// What the doctor asks of GitHub costs a request each, and changes nothing.
func TestHowTheAppIsSetUp(t *testing.T) {
	w := start(t, func(o *githubtest.Options, _ *github.Options) {
		o.Permissions = githubtest.DefaultPermissions()
		o.Permissions["contents"] = "write"
		delete(o.Permissions, "members")
		o.Events = []string{"push", "deployment"}
	})
	ctx := t.Context()
	rec := w.receive(204)
	w.commit(map[string]string{"a": "1"})
	w.delivered()
	rec.answer(502)
	w.commit(map[string]string{"a": "2"})
	w.delivered()

	w.costs(1, func() {
		hook, err := w.client.Hook(ctx)
		if err != nil || hook.URL != rec.URL || !hook.JSON || !hook.Secret || hook.Insecure {
			t.Errorf("webhooks go signed to %s as JSON, got %+v, %v", rec.URL, hook, err)
		}
	})
	w.costs(1, func() {
		attempts, err := w.client.Attempts(ctx)
		if err != nil || len(attempts) < 2 || attempts[0].OK || attempts[0].Status != 502 || attempts[0].Event != "push" || !attempts[1].OK {
			t.Errorf("the newest push was answered 502, and the one before arrived, got %+v, %v", attempts, err)
		}
	})
	app, err := w.client.App(ctx)
	if err != nil || !slices.Equal(app.MissingPermissions(), []string{`the permission "members: read"`}) || !slices.Equal(app.ExcessPermissions(), []string{`the permission "contents: write"`}) {
		t.Errorf("the App lacks members and may write contents, got %q, %q, %v", app.MissingPermissions(), app.ExcessPermissions(), err)
	}
	if missing, excess := app.MissingEvents("push", "status"), app.ExcessEvents("push", "status"); !slices.Equal(missing, []string{`the event "status"`}) || !slices.Contains(excess, `the event "deployment"`) {
		t.Errorf("the App lacks the event status and gets deployment, got %q, %q", missing, excess)
	}
	w.costs(1, func() {
		if id, err := w.client.InstalledOn(ctx, w.target.Pipeline.Repo); err != nil || id != w.target.Installation {
			t.Errorf("acme/shop is served by %d, got %d, %v", w.target.Installation, id, err)
		}
	})
	if _, err := w.client.InstalledOn(ctx, bot.Repo{Owner: "no", Name: "such"}); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("no/such has no App, got %v", err)
	}
	if queue, err := w.client.MergeQueue(ctx, w.target, "main"); err != nil || queue {
		t.Errorf("main has no merge queue yet, got %v, %v", queue, err)
	}
	w.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: "ci/test"})
	w.shop.AddRule("main", githubtest.MergeQueueRule())
	if queue, err := w.client.MergeQueue(ctx, w.target, "main"); err != nil || !queue {
		t.Errorf("main has a merge queue, got %v, %v", queue, err)
	}
}

// The lead of GitHub's clock is read without credentials, to about a second.
func TestLeadOfGitHubsClock(t *testing.T) {
	for _, lead := range []time.Duration{0, 3 * time.Minute, -20 * time.Minute} {
		w := start(t, func(there *githubtest.Options, o *github.Options) {
			there.Clock = time.Now
			o.Now = func() time.Time { return time.Now().Add(-lead) }
		})
		got, err := w.client.Lead(context.Background())
		if err != nil || (got-lead).Abs() > 2*time.Second {
			t.Errorf("GitHub's clock is %s ahead, got %s, %v", lead, got, err)
		}
	}
}
