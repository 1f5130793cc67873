package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/config"
)

// ranBefore has every stage's app run a commit of which the bot will know nothing, as
// apps do that are older than it. On Heroku somebody deploys it, and changes a config
// var afterwards. The embedded platform's apps are Headstart's own: there it forgets.
func (b *bed) ranBefore(apps ...string) (sha string) {
	b.t.Helper()
	if p, ok := b.place.(*herokuPlace); ok {
		sha = b.shop.Head("main")
		b.stopBot()
		for _, app := range apps {
			p.apps[app].Deploy(sha)
			p.apps[app].SetConfig("COLOUR", "blue")
		}
	} else {
		m := b.merge("before")
		b.until(5*time.Minute, "it is live on staging", b.hasStatus(m.SHA, "headstart/staging", "success"))
		b.done(m.Number(), "zoe", "/approve production")
		b.until(5*time.Minute, "it is live", b.live(m.SHA))
		b.pass(10 * time.Second)
		sha = m.SHA
		b.stopBot()
	}
	files, err := filepath.Glob(filepath.Join(b.dir, "headstart.db*"))
	b.must(err)
	for _, file := range files {
		b.must(os.Remove(file))
	}
	b.mu.Lock()
	b.states = map[bot.Key]botpipeline.State{}
	b.mu.Unlock()
	b.clock.Set(b.clock.Now().Add(72 * time.Hour))
	b.start(nil)
	b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
	return sha
}

// The apps were there before the bot. Its first push is compared with what they run,
// people are shown that, and after the first deploy /rollback brings it back.
func TestAppsThatWereThereBefore(t *testing.T) {
	held := strings.Replace(steered, "    app: shop-production\n", "    app: shop-production\n    hold: {migration: approval}\n", 1) + "changes:\n  migration: [db/**]\n"
	onBoth(t, choices{pipeline: held}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		before := b.ranBefore(stagingApp, productionApp)
		ran := b.place.releases(productionApp)
		artifact := ran[len(ran)-1].artifact

		b.place.releaseTakes(stagingApp, time.Minute)
		first := b.merge("first")
		b.until(time.Minute, "the first commit goes to staging", b.hasStatus(first.SHA, "headstart/staging", "pending"))
		b.done(first.Number(), "zoe", "/status")
		replies := strings.Join(b.replies(first.Number()), "\n")
		for _, want := range []string{"| production | v", "(`" + before[:7] + "`), released before Headstart, 3 days ago"} {
			if !strings.Contains(replies, want) {
				b.t.Errorf("/status should say %q, it says:\n%s", want, replies)
			}
		}
		b.until(5*time.Minute, "the first commit is live: it changes nothing that asks for an approval", b.live(first.SHA))
		b.pass(10 * time.Second)
		b.expectComment(first.Number(), "`/rollback production` would bring back "+before[:7], "released before Headstart")

		b.done(first.Number(), "zoe", "/rollback production")
		b.expectRuns(productionApp, before)
		b.expectRuns(stagingApp, first.SHA)
		ran = b.place.releases(productionApp)
		if got := ran[len(ran)-1].artifact; got != artifact {
			b.t.Errorf("production should run the very artifact %q that it ran before the bot came, it runs %q", artifact, got)
		}
		b.expectStatus(first.SHA, "headstart/production", "failure", "Rolled back by @zoe: production runs "+before[:7])
		if d, ok := b.deployment(before, "production"); !ok || d.State() != "success" {
			b.t.Errorf("the release that was brought back should have a deployment that succeeded, it is %+v", d)
		}
		b.expectNothingPending(first.SHA)
	})
}

// A repository with several pipelines whose apps run the commit before: the push that
// brings the file releases the pipeline whose files it changes.
func TestFirstPushOfMultiplePipelines(t *testing.T) {
	onHeroku(t, choices{none: true}, func(b *bed, p *herokuPlace) {
		before := b.push(map[string]string{"api/main.txt": "one\n", "web/index.txt": "one\n"})
		p.apps[stagingApp].Deploy(before.SHA)
		p.apps[productionApp].Deploy(before.SHA)
		b.pass(time.Hour)
		files := b.twoPipelines()
		maps.Copy(files, map[string]string{"api/main.txt": "two\n"})
		files[config.Path] = strings.Replace(files[config.Path], "\n        needs: [acme/shop:api:production]", "", 1)
		first := b.push(files)
		b.report(first.SHA, "success")
		b.until(5*time.Minute, "the api is live", b.hasStatus(first.SHA, "headstart/api/production", "success"))
		b.pass(10 * time.Minute)
		b.expectRuns(stagingApp, before.SHA)
		for context := range b.shop.Statuses(first.SHA) {
			if strings.HasPrefix(context, "headstart/web/") {
				t.Errorf("the web part should say nothing about a push that changes none of its files, there is %s", context)
			}
		}
		second := b.push(map[string]string{"web/index.txt": "two\n"})
		b.report(second.SHA, "success")
		b.until(5*time.Minute, "the web part is live", b.hasStatus(second.SHA, "headstart/web/production", "success"))
		b.expectRuns(productionApp, first.SHA)
	})
}
