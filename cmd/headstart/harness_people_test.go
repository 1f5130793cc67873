package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// What stories about comments need on top of a bed.

// steered is a pipeline whose stories are about comments: nothing is built ahead,
// and no check is waited for.
const steered = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
`

// straight is the same with production alone.
const straight = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
stages:
  - name: production
    app: shop-production
`

// botUser is who the App comments as.
const botUser = "headstart[bot]"

// mergedPull is a pull request and the commit that it was merged as.
type mergedPull struct {
	*githubtest.PullRequest
	githubtest.Commit
}

// merge opens a pull request with one change and merges it.
func (b *bed) merge(name string) mergedPull {
	b.t.Helper()
	p := b.open(name, change(name))
	b.settle()
	c, err := p.Merge(githubtest.MergeOptions{Method: "squash", DeleteBranch: true})
	b.must(err)
	return mergedPull{p, c}
}

// deploy merges a pull request and waits until it is live.
func (b *bed) deploy(name string) mergedPull {
	b.t.Helper()
	m := b.merge(name)
	b.until(5*time.Minute, name+" is live", b.live(m.SHA))
	b.pass(10 * time.Second)
	return m
}

// deployThree makes a history to go back through: zoe, who may write, merged
// three pull requests.
func (b *bed) deployThree() (first, second, third mergedPull) {
	b.t.Helper()
	b.must(b.shop.SetRole("zoe", "write"))
	return b.deploy("first"), b.deploy("second"), b.deploy("third")
}

// comment has a person comment on a pull request.
func (b *bed) comment(number int, user, body string) githubtest.Comment {
	b.t.Helper()
	c, err := b.shop.Comment(number, user, body)
	b.must(err)
	return c
}

// ask comments and waits for the last reaction; it tells how long that took.
func (b *bed) ask(number int, user, body string) (githubtest.Comment, time.Duration) {
	b.t.Helper()
	c := b.comment(number, user, body)
	took := b.until(10*time.Minute, "the comment "+body+" is answered", b.answered(c))
	b.pass(5 * time.Second) // the bot's comment follows at its own pace
	return c, took
}

// reactions lists what the bot has put on a comment, oldest first.
func (b *bed) reactions(c githubtest.Comment) (list []string) {
	for _, k := range b.shop.Comments(c.Number) {
		if k.ID != c.ID {
			continue
		}
		for _, r := range k.Reactions {
			if user, content, _ := strings.Cut(r, " "); user == botUser {
				list = append(list, content)
			}
		}
	}
	return list
}

// answered reports whether the last reaction is on a comment.
func (b *bed) answered(c githubtest.Comment) func() bool {
	return func() bool {
		list := b.reactions(c)
		return slices.Contains(list, "rocket") || slices.Contains(list, "-1")
	}
}

// done asks for something that is done, refused for something that is not.
func (b *bed) done(number int, user, body string) time.Duration {
	b.t.Helper()
	c, took := b.ask(number, user, body)
	b.expectReactions(c, "eyes", "rocket")
	return took
}

func (b *bed) refused(number int, user, body string, why ...string) {
	b.t.Helper()
	c, _ := b.ask(number, user, body)
	b.expectReactions(c, "eyes", "-1")
	b.expectComment(number, why...)
}

func (b *bed) expectReactions(c githubtest.Comment, want ...string) {
	b.t.Helper()
	if got := b.reactions(c); !slices.Equal(got, want) {
		b.t.Errorf("the comment %q should get the reactions %v, it has %v; the bot says:\n%s", c.Body, want, got, b.botComment(c.Number))
	}
}

// botComment is the bot's one comment on a pull request; empty if there is none.
func (b *bed) botComment(number int) string {
	b.t.Helper()
	var bodies []string
	for _, c := range b.shop.Comments(number) {
		if c.User == botUser && strings.HasPrefix(c.Body, bot.Marker) {
			bodies = append(bodies, c.Body)
		}
	}
	if len(bodies) > 1 {
		b.t.Errorf("the bot should keep one comment, it wrote %d:\n%s", len(bodies), strings.Join(bodies, "\n"))
	}
	return strings.ReplaceAll(strings.Join(bodies, "\n"), "\u200b", "")
}

// replies are the bot's answers to questions, which stand in comments of their own.
func (b *bed) replies(number int) (list []string) {
	for _, c := range b.shop.Comments(number) {
		if c.User == botUser && !strings.HasPrefix(c.Body, bot.Marker) {
			list = append(list, strings.ReplaceAll(c.Body, "\u200b", ""))
		}
	}
	return list
}

// expectComment holds the bot's comment on a pull request against pieces of it.
func (b *bed) expectComment(number int, pieces ...string) {
	b.t.Helper()
	body := b.botComment(number)
	for _, p := range pieces {
		if !strings.Contains(body, p) {
			b.t.Errorf("the bot's comment on #%d should say %q, it says:\n%s", number, p, body)
		}
	}
}

// expectRuns holds an app against what it should run.
func (b *bed) expectRuns(app, sha string) {
	b.t.Helper()
	if got := b.place.runs(app); got != sha {
		b.t.Errorf("%s should run %s, it runs %q", app, sha[:7], got)
	}
}

// runs reports whether an app runs a commit.
func (b *bed) runs(app, sha string) func() bool {
	return func() bool { return b.place.runs(app) == sha }
}

// expectLock holds whether a stage is locked.
func (b *bed) expectLock(stage string, locked bool) {
	b.t.Helper()
	state := b.known()
	if is := state.Stage(stage).Lock != nil; is != locked {
		b.t.Errorf("%s should be locked: %t, it is: %t", stage, locked, is)
	}
}

// production is how production stands in the bot's memory.
func (b *bed) production() botpipeline.StageState {
	state := b.known()
	return state.Stage("production")
}

// setVar sets a config var of an app, as people do between two deploys.
func (b *bed) setVar(app, name, value string) {
	b.t.Helper()
	if p, ok := b.place.(*herokuPlace); ok {
		p.apps[app].SetConfig(name, value)
		return
	}
	dir := filepath.Join(b.dir, "apps", "apps", app)
	b.must(os.MkdirAll(dir, 0o700))
	b.must(os.WriteFile(filepath.Join(dir, "env"), []byte(name+"="+value+"\n"), 0o600))
}

// variable reads a config var of an app.
func (b *bed) variable(app, name string) string {
	b.t.Helper()
	if p, ok := b.place.(*herokuPlace); ok {
		return p.apps[app].Config()[name]
	}
	file, err := os.ReadFile(filepath.Join(b.dir, "apps", "apps", app, "env"))
	b.must(err)
	_, value, _ := strings.Cut(strings.TrimSpace(string(file)), name+"=")
	return value
}

// destroy has the platform lose what a commit's release on an app ran.
func (b *bed) destroy(app, sha string) {
	b.t.Helper()
	if p, ok := b.place.(*herokuPlace); ok {
		for _, r := range p.apps[app].Releases() {
			if r.Commit == sha {
				p.apps[app].Expire(r.Version)
				return
			}
		}
	}
	all, err := b.srv.local.Releases(context.Background(), app)
	b.must(err)
	for _, r := range all {
		if r.Commit == sha {
			files, err := filepath.Glob(filepath.Join(b.dir, "apps", "artifacts", r.Artifact+"*"))
			b.must(err)
			if len(files) != 1 {
				b.t.Fatalf("the artifact %s should be one file, there are %q", r.Artifact, files)
			}
			b.must(os.Remove(files[0]))
			return
		}
	}
	b.t.Fatalf("%s never ran %s", app, sha)
}

// version is the number of a commit's newest release on an app.
func (b *bed) version(app, sha string) int {
	b.t.Helper()
	v := 0
	if p, ok := b.place.(*herokuPlace); ok {
		for _, r := range p.apps[app].Releases() {
			if r.Commit == sha {
				v = r.Version
			}
		}
		return v
	}
	all, err := b.srv.local.Releases(context.Background(), app)
	b.must(err)
	for _, r := range all {
		if r.Commit == sha {
			v = max(v, r.Version)
		}
	}
	return v
}

// writes counts what the bot has written to GitHub.
func (b *bed) writes() (n int) {
	for _, r := range b.gh.Requests() {
		if r.Method != "GET" && !strings.Contains(r.Path, "access_tokens") {
			n++
		}
	}
	return n
}

// holdComments keeps the webhooks of comments back, until what it returns is called.
func (b *bed) holdComments() (release func()) {
	b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
		if d.Event == "issue_comment" && d.Action == "created" && strings.Contains(string(d.Payload), `"User"`) {
			return githubtest.Hold
		}
		return githubtest.Deliver
	})
	return func() {
		b.gh.OnDelivery(nil)
		b.must(b.gh.Release())
	}
}
