package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
)

// Beside the running server: what is on its way and what holds it, one commit, one that is live, and one that nobody knows.
func TestWhyCommand(t *testing.T) {
	onHeroku(t, choices{pipeline: steered}, func(b *bed, _ *herokuPlace) {
		b.must(b.shop.SetRole("zoe", "write"))
		first := b.deploy("first")
		b.done(first.Number(), "zoe", "/lock production we are on television")
		second := b.merge("second")
		b.until(patience, "the second is live on staging", b.hasStatus(second.SHA, "headstart/staging", "success"))

		said := b.operator("why", "ACME/shop")
		for _, want := range []string{second.SHA[:7], "second", "  staging\n    ✓ released in", "  production\n    ✗ Production is locked by @zoe: we are on television", "Next: comment /unlock production", "open: "} {
			if !strings.Contains(said, want) {
				t.Errorf("it should say %q, it says\n%s", want, said)
			}
		}
		if strings.Contains(said, first.SHA[:7]) || strings.Contains(said, "**") || strings.Contains(said, "&#") {
			t.Errorf("it should tell of what is on its way, in plain text:\n%s", said)
		}
		if said := b.operator("why", "acme/shop", first.SHA[:10]); !strings.Contains(said, "production\n    ✓ released in") || strings.Contains(said, second.SHA[:7]) {
			t.Errorf("it should say that the first commit is live everywhere:\n%s", said)
		}
		for _, k := range []struct{ repo, sha, want string }{
			{"acme/shop", "fffffff", "fffffff is none of the last commits on main, the newest of which is " + second.SHA[:7]},
			{"acme/other", "", `there is no pipeline "acme/other"`},
		} {
			cmd := exec.Command(os.Args[0], append([]string{"why", k.repo}, strings.Fields(k.sha)...)...)
			cmd.Env = []string{roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "DATABASE_URL=" + b.settings().DatabaseURL}
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), k.want) {
				t.Errorf("%s %s should be refused with %q, got %v: %s", k.repo, k.sha, k.want, err, out)
			}
		}
	})
}

// Where nothing can be on its way yet, it is said why.
func TestWhyNothingIsOnItsWay(t *testing.T) {
	key := bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}
	cfg := bot.Config{Stages: []bot.Stage{{Name: "production", Apps: []string{"us"}}}}
	for what, k := range map[string]struct {
		state     botpipeline.State
		sha, want string
	}{
		"no file":            {botpipeline.State{}, "", "there is no valid .github/headstart.yml on the branch yet"},
		"a file not valid":   {botpipeline.State{Candidates: []botpipeline.Candidate{{SHA: "3f2a91c", ConfigProblem: "stages: is missing"}}}, "", "the file of 3f2a91c is not valid: stages: is missing"},
		"a file unread":      {botpipeline.State{Candidates: []botpipeline.Candidate{{SHA: "3f2a91c", ConfigUnread: "the App may not"}}}, "", "could not be read: the App may not"},
		"no push":            {botpipeline.State{Configured: true, Config: cfg}, "", "has had no push yet that Headstart knows of"},
		"a head":             {botpipeline.State{Configured: true, Config: cfg, Pulls: map[int]botpipeline.PullRequest{7: {PullRequestChanged: bot.PullRequestChanged{Number: 7, Open: true, Head: "abcdef1234"}}}}, "abcdef1", "the head of the pull request #7, which is not merged yet"},
		"more than a commit": {botpipeline.State{Configured: true, Config: cfg, Candidates: []botpipeline.Candidate{{SHA: "abc1"}, {SHA: "abc2"}}}, "abc", "abc may be abc1 or abc2"},
	} {
		k.state.Pipeline = key
		var out strings.Builder
		err := explain(&out, &k.state, k.sha, time.Now())
		said := out.String()
		if err != nil {
			said += err.Error()
		}
		if !strings.Contains(said, k.want) {
			t.Errorf("%s: it should say %q, it says %q", what, k.want, said)
		}
	}
}
