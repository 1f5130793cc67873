package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/zap/zapcore"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// expectStatus holds a commit's status against a state and a piece of its text.
func (b *bed) expectStatus(sha, context, state, text string) {
	b.t.Helper()
	s, ok := b.shop.Statuses(sha)[context]
	switch {
	case !ok:
		b.t.Errorf("%s should have the status %s (%s, %q); it has %v", sha[:7], context, state, text, slices.Sorted(maps.Keys(b.shop.Statuses(sha))))
	case s.State != state || !strings.Contains(s.Description, text):
		b.t.Errorf("%s should say %s: %s, %q; it says %s, %q", sha[:7], context, state, text, s.State, s.Description)
	}
}

// expectLive holds both stages against a commit: the apps run it, from one
// artifact, and people were told.
func (b *bed) expectLive(sha string) {
	b.t.Helper()
	artifacts := map[string]bool{}
	for _, app := range []string{stagingApp, productionApp} {
		if got := b.place.runs(app); got != sha && got != b.serves[sha] {
			b.t.Errorf("%s should run %s, it runs %q", app, sha[:7], got)
		}
		for _, r := range b.place.releases(app) {
			if r.current {
				artifacts[r.artifact] = true
			}
		}
	}
	if len(artifacts) != 1 {
		b.t.Errorf("both stages should run the very same artifact, they run %v", slices.Collect(maps.Keys(artifacts)))
	}
	b.expectStatus(sha, "headstart/build", "success", "")
	b.expectStatus(sha, "headstart/staging", "success", "Live on staging")
	b.expectStatus(sha, "headstart/production", "success", "Live on production")
}

// live reports whether production runs a commit and people were told.
func (b *bed) live(sha string) func() bool {
	return func() bool {
		got := b.place.runs(productionApp)
		return (got == sha || got == b.serves[sha]) && b.shop.Statuses(sha)["headstart/production"].State == "success"
	}
}

// hasStatus reports whether a commit's status has come to a state.
func (b *bed) hasStatus(sha, context, state string) func() bool {
	return func() bool { return b.shop.Statuses(sha)[context].State == state }
}

// expectUntouched holds that a commit never got to an app.
func (b *bed) expectUntouched(sha string, apps ...string) {
	b.t.Helper()
	for _, app := range apps {
		for _, r := range b.place.releases(app) {
			if r.commit == sha {
				b.t.Errorf("%s should never have got to %s", sha[:7], app)
			}
		}
	}
}

// expectBuilds holds how often a commit was built on an app.
func (b *bed) expectBuilds(app, sha string, want int) {
	b.t.Helper()
	n := 0
	for _, x := range b.place.builds(app) {
		if x.commit == sha {
			n++
		}
	}
	if n != want {
		b.t.Errorf("%s should be built %d times on %s, it was built %d times", sha[:7], want, app, n)
	}
}

// expectNothingPending holds that nobody is left waiting: no status and no deployment
// stays pending.
func (b *bed) expectNothingPending(shas ...string) {
	b.t.Helper()
	for _, sha := range shas {
		for context, s := range b.shop.Statuses(sha) {
			if s.State == "pending" {
				b.t.Errorf("no status should stay pending; %s of %s does: %q", context, sha[:7], s.Description)
			}
		}
	}
	for _, d := range b.shop.Deployments() {
		if s := d.State(); s == "pending" || s == "queued" || s == "in_progress" {
			b.t.Errorf("no deployment should stay under way; that of %s to %s is %s", d.SHA[:7], d.Environment, s)
		}
	}
}

// deployment finds the deployment of a commit to a stage.
func (b *bed) deployment(sha, stage string) (githubtest.Deployment, bool) {
	for _, d := range b.shop.Deployments() {
		if d.SHA == sha && d.Environment == stage {
			return d, true
		}
	}
	return githubtest.Deployment{}, false
}

// token finds what looks like a credential of GitHub's.
var token = regexp.MustCompile(`gh[so]_[A-Za-z0-9._]+|github_pat_\w+|Bearer [^\s\[]\S*|eyJ[\w-]+\.[\w-]+\.`)

// expectNoSecrets looks for secrets wherever text left the bot.
func (b *bed) expectNoSecrets() {
	b.t.Helper()
	secrets := []string{webhookSecret, strings.Split(string(b.gh.PrivateKeyPEM()), "\n")[1]}
	if h, ok := b.place.(*herokuPlace); ok {
		secrets = append(secrets, h.Token())
	}
	look := func(where, text string) {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				b.t.Errorf("no secret should be in %s: %q", where, text)
			}
		}
		if found := token.FindString(text); found != "" {
			b.t.Errorf("no token should be in %s: %q in %q", where, found, text)
		}
	}
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "message"})
	for _, e := range b.logs.All() {
		line, err := encoder.EncodeEntry(e.Entry, e.Context)
		b.must(err)
		look("the log", line.String())
	}
	for _, r := range b.gh.Requests() {
		if r.Method != "GET" && !strings.Contains(r.Path, "access_tokens") {
			look("what is written to GitHub", r.Body)
		}
	}
}

// githubChange is a commit that also deletes files.
func githubChange(files map[string]string, gone ...string) githubtest.Change {
	return githubtest.Change{Files: files, Delete: gone, Message: "Change and delete"}
}

// githubFault has GitHub answer every matching request with a status.
func githubFault(match string, status int) githubtest.Fault {
	return githubtest.Fault{Match: match, Times: -1, Status: status}
}
