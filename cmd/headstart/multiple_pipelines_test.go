package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// twoPipelines is a file with an api, which is built ahead, and a web part, which
// the app of its only stage builds and which needs the api to go first.
func (b *bed) twoPipelines() map[string]string {
	head := strings.ReplaceAll(b.place.head(), "\n", "\n    ")
	return map[string]string{config.Path: fmt.Sprintf(`pipelines:
  api:
    %spaths: [api/**]
    checks: [ci/test]
    prepare: shop-prepare
    stages:
      - name: production
        app: shop-production
  web:
    %spaths: [web/**]
    checks: [ci/test]
    stages:
      - name: production
        app: shop-staging
        needs: [acme/shop:api:production]
`, head, head)}
}

// One repository with two pipelines, from the first push of its file to commands
// on a pull request: each push goes where its files belong, with statuses,
// deployments and a section of the comment of that pipeline's own.
func TestMultiplePipelines(t *testing.T) {
	onBoth(t, choices{none: true}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		live := func(sha, pipeline string) func() bool {
			return b.hasStatus(sha, "headstart/"+pipeline+"/production", "success")
		}
		b.place.buildTakes(prepareApp, 20*time.Second)
		first := b.push(b.twoPipelines())
		b.settle()
		b.expectStatus(first.SHA, "headstart/api/build", "pending", "Building on shop-prepare")
		b.report(first.SHA, "success")
		b.until(5*time.Minute, "the api is live", live(first.SHA, "api"))
		b.until(5*time.Minute, "the web part follows", live(first.SHA, "web"))
		for _, environment := range []string{"api/production", "web/production"} {
			if d, ok := b.deployment(first.SHA, environment); !ok || d.State() != "success" {
				t.Errorf("there should be a deployment to %s that succeeded, got %+v", environment, d)
			}
		}
		if s := b.known(); s.Configured || !slices.Equal(s.Opened, []string{"api", "web"}) {
			t.Errorf("the pipeline without a name should deploy nothing and have opened the others, it is %+v", s.Opened)
		}

		// A pull request of the api: the web part says nothing about it.
		pull := b.open("feature", map[string]string{"api/main.txt": "two\n"})
		b.until(2*time.Minute, "it is built ahead", b.hasStatus(pull.HeadSHA(), "headstart/api/build", "success"))
		b.pass(10 * time.Second)
		comments := b.shop.Comments(pull.Number())
		if len(comments) != 1 || !strings.HasPrefix(comments[0].Body, bot.Marker+"\n\n### `api`\n") || strings.Contains(comments[0].Body, "`web`") {
			t.Fatalf("there should be one comment, with a section of the api, got %+v", comments)
		}
		c := b.push(map[string]string{"api/main.txt": "three\n"})
		b.report(c.SHA, "success")
		b.until(5*time.Minute, "the api's push is live", live(c.SHA, "api"))
		b.pass(time.Minute)
		if got := b.place.runs(stagingApp); got != first.SHA {
			t.Errorf("the web part should run what it ran, %s, it runs %q", first.SHA[:7], got)
		}
		b.expectUntouched(c.SHA, stagingApp)
		for context := range b.shop.Statuses(c.SHA) {
			if strings.HasPrefix(context, "headstart/") && !strings.HasPrefix(context, "headstart/api/") {
				t.Errorf("only the api should speak of its push, there is a status %s", context)
			}
		}

		// A push of both: the web part goes after the api.
		b.place.releaseTakes(productionApp, 30*time.Second)
		both := b.push(map[string]string{"api/main.txt": "four\n", "web/index.txt": "four\n"})
		b.report(both.SHA, "success")
		b.pass(45 * time.Second) // the api is being released; once it is live, the web part may follow at once
		b.expectUntouched(both.SHA, stagingApp)
		b.expectStatus(both.SHA, "headstart/web/production", "pending", "acme/shop:api:production runs "+c.SHA[:7])
		b.until(5*time.Minute, "the api is live", live(both.SHA, "api"))
		b.until(5*time.Minute, "the web part follows", live(both.SHA, "web"))
		b.expectNothingPending(first.SHA, c.SHA, both.SHA)

		// Commands: to a pipeline by its name, to nobody that does not exist, and
		// without a name to the one that the pull request is about.
		asked, _ := b.ask(pull.Number(), "zoe", "/lock web: look at the styles")
		b.expectReactions(asked, "eyes", "rocket")
		asked, _ = b.ask(pull.Number(), "zoe", "/rollback production")
		b.expectReactions(asked, "eyes", "rocket")
		if got := b.place.runs(productionApp); got != c.SHA {
			t.Errorf("the api should be rolled back to %s, it runs %q", c.SHA[:7], got)
		}
		asked, _ = b.ask(pull.Number(), "zoe", "/unlock ios:production")
		b.expectReactions(asked, "eyes", "-1")
		comments = slices.DeleteFunc(b.shop.Comments(pull.Number()), func(k githubtest.Comment) bool { return k.User != botUser })
		if len(comments) != 1 {
			t.Fatalf("there should be one comment, got %+v", comments)
		}
		body := comments[0].Body
		for _, want := range []string{"locked production: look at the styles", "it is locked until /unlock api:production", "there is no pipeline \"ios\""} {
			if strings.Count(body, want) != 1 {
				t.Errorf("the comment should say once %q, it is:\n%s", want, body)
			}
		}
		// What is for nobody comes first, and then each pipeline has its section.
		if ios, api, web := strings.Index(body, "ios"), strings.Index(body, "### `api`"), strings.Index(body, "### `web`"); !(ios < api && api < web && 0 < ios) {
			t.Errorf("the sections should be in the order of the file, the comment is:\n%s", body)
		}
	})
}
