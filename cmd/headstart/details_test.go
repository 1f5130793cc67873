package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// With HEADSTART_URL, what GitHub shows of a commit leads to its page: the build, each stage until the commit is live
// there, the deployment's log, the first line of the comment and the answer to /why. Another address later changes
// nothing that was published.
func TestLinksToPages(t *testing.T) {
	const pages = "http://localhost:8080"
	onHeroku(t, choices{settings: func(s *settings) { s.URL = pages }}, func(b *bed, p *herokuPlace) {
		b.firstDeploy()
		b.must(b.shop.SetRole("zoe", "write"))
		links := func(sha string) map[string]string {
			all := map[string]string{}
			for context, status := range b.shop.Statuses(sha) {
				if name, ours := strings.CutPrefix(context, "headstart/"); ours {
					all[name] = status.TargetURL
				}
			}
			return all
		}
		expect := func(when, sha string, want map[string]string) {
			t.Helper()
			for name, link := range want {
				if got := links(sha)[name]; got != link {
					t.Errorf("%s, headstart/%s should link to %q, got %q", when, name, link, got)
				}
			}
		}

		pull := b.open("feature", change("feature"))
		b.until(2*time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
		b.pass(10 * time.Second)
		if link := links(pull.HeadSHA())["build"]; !strings.HasPrefix(link, "https://dashboard.heroku.com/") {
			t.Errorf("a pull request's head has no page: its build should link to where it was made, got %q", link)
		}
		if first := firstLine(b.botComment(pull.Number())); !strings.HasSuffix(first, ". [details]("+pages+"/p/acme/shop)") {
			t.Errorf("before the merge the comment should lead to the pipeline's page, it begins with %q", first)
		}

		p.failRelease(productionApp, "the migration failed")
		ahead, err := pull.TestMerge()
		b.must(err)
		merge, err := pull.Merge(githubtest.MergeOptions{Method: "squash"})
		b.must(err)
		b.serves[merge.SHA] = ahead.SHA
		b.settle()
		page := pages + "/p/acme/shop/c/" + merge.SHA
		expect("before the checks", merge.SHA, map[string]string{"build": page + "#build", "staging": page + "#stage-staging"})
		b.ask(pull.Number(), "zoe", "/why production")
		if answers := b.replies(pull.Number()); len(answers) != 1 || !strings.Contains(answers[0], " [details]("+page+"#why)\n") {
			t.Errorf("the answer should lead to the gates, got %q", answers)
		}
		b.report(merge.SHA, "success")
		b.until(2*time.Minute, "the release fails", b.hasStatus(merge.SHA, "headstart/production", "failure"))
		b.pass(time.Minute)
		expect("at the end", merge.SHA, map[string]string{"build": page + "#build", "staging": "https://" + stagingApp + ".herokuapp.com", "production": page + "#stage-production"})
		for stage, app := range map[string]string{"staging": stagingApp, "production": productionApp} {
			d, ok := b.deployment(merge.SHA, stage)
			if !ok {
				t.Fatalf("there should be a deployment to %s", stage)
			}
			if last := d.Statuses[len(d.Statuses)-1]; last.LogURL != page+"#stage-"+stage || last.EnvironmentURL != "https://"+app+".herokuapp.com" {
				t.Errorf("the deployment to %s should link to the commit's page and to the app, got %+v", stage, last)
			}
		}
		if first := firstLine(b.botComment(pull.Number())); !strings.HasSuffix(first, "** [details]("+page+")") {
			t.Errorf("the comment should lead to the commit's page, it begins with %q", first)
		}

		before, wrote := links(merge.SHA), b.writes()
		b.stopBot()
		b.start(func(s *settings) { s.URL = "https://headstart.example.com" })
		b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
		b.pass(10 * time.Minute)
		if after := b.writes(); after != wrote {
			t.Errorf("another address should publish nothing anew, there were %d writes", after-wrote)
		}
		expect("after the address has changed", merge.SHA, before)
	})
}

// firstLine is what a comment begins with, after its marker.
func firstLine(comment string) string {
	_, text, _ := strings.Cut(comment, "\n")
	line, _, _ := strings.Cut(text, "\n")
	return line
}
