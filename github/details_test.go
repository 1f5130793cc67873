package github_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// What is published links to Headstart's pages, if there are any, and else to where it did before.
func TestPublishedLinks(t *testing.T) {
	for pages, links := range map[string]struct{ part, own, none, log, comment, answer string }{
		"": {"https://example.com/output", "https://example.com/app", "", "https://example.com/output", "**It is live**\n\nand more", "**Why**\n"},
		"https://headstart.example.com/": {
			"https://headstart.example.com/p/acme/shop:api/c/SHA#build", "https://example.com/app", "https://headstart.example.com/p/acme/shop:api",
			"https://headstart.example.com/p/acme/shop:api/c/SHA#stage-production",
			"**It is live** [details](https://headstart.example.com/p/acme/shop:web/c/a1)\n\nand more", "**Why** [details](https://headstart.example.com/p/acme/shop/c/a1#why)\n",
		},
	} {
		w := start(t, func(_ *githubtest.Options, o *github.Options) { o.Pages = pages })
		w.target.Pipeline.Name = "api"
		c := w.commit(map[string]string{"a": "1"})
		for _, k := range []struct {
			part, url, want string
		}{
			{"build", "https://example.com/output", links.part},
			{"", "https://example.com/app", links.own},
			{"", "", links.none},
		} {
			do[bot.Acknowledged](w, bot.SetStatus{SHA: c.SHA, Context: "headstart/api/build", Part: k.part, Status: bot.Status{State: bot.StatusFailure, URL: k.url}})
			if got := w.shop.Statuses(c.SHA)["headstart/api/build"].TargetURL; got != of(k.want, c) {
				t.Errorf("with pages at %q the status with part %q and address %q should link to %q, got %q", pages, k.part, k.url, of(k.want, c), got)
			}
		}

		made := do[bot.DeploymentCreated](w, bot.CreateDeployment{SHA: c.SHA, Stage: "production"})
		do[bot.Acknowledged](w, bot.SetDeploymentStatus{
			SHA: c.SHA, Stage: "production", ID: made.ID, AppURL: "https://example.com/app", Part: "stage-production",
			Status: bot.Status{State: bot.StatusFailure, URL: "https://example.com/output"},
		})
		if got := w.shop.Deployments()[0].Statuses[0]; got.LogURL != of(links.log, c) || got.EnvironmentURL != "https://example.com/app" {
			t.Errorf("with pages at %q the deployment should link to its log at %q and to the app, got %+v", pages, of(links.log, c), got)
		}

		_, err := w.shop.Commit("feature", map[string]string{"b": "1"})
		w.must(err)
		n := w.open(githubtest.PullOptions{Head: "feature"}).Number()
		comment := bot.WriteComment{Number: n, Body: bot.Marker + "\n**It is live**" + words.Details("web", "a1", "") + "\n\nand more"}
		do[bot.CommentWritten](w, comment)
		w.costs(1, func() { do[bot.CommentWritten](w, comment) }) // it says so already, with its link
		do[bot.Replied](w, bot.Reply{Number: n, Comment: 1, Body: "**Why**" + words.Details("", "a1", "why") + "\n"})
		comments := w.shop.Comments(n)
		for i, want := range []string{bot.Marker + "\n" + links.comment, "<!-- headstart:api answer 1 -->\n" + links.answer} {
			if got := comments[len(comments)-2+i].Body; got != want {
				t.Errorf("with pages at %q the comment should be %q, got %q", pages, want, got)
			}
		}
	}
}

// of puts a commit's name into an address.
func of(address string, c githubtest.Commit) string { return strings.ReplaceAll(address, "SHA", c.SHA) }
