package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// Everybody who may write to the repository can set a status with the name of CI's
// check, before CI's run exists. Where the file pins the check to its App, that does not
// count, and neither does another App's run of that name.
func TestAPinnedCheckTakesNobodysWordButItsApps(t *testing.T) {
	pinned := strings.Replace(pipeline, "checks: ["+ciCheck+"]", "checks: [{name: "+ciCheck+", app: github-actions}]", 1)
	if pinned == pipeline {
		t.Fatal("the usual file names its check in another way now")
	}
	onHeroku(t, choices{pipeline: pinned}, func(b *bed, _ *herokuPlace) {
		b.firstDeploy()
		c := b.push(change("planted"))
		b.must(b.shop.SetStatus(c.SHA, githubtest.Status{Context: ciCheck, State: "success"}))
		b.pass(3 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		suite, err := b.shop.CheckSuite(c.SHA, "stranger")
		b.must(err)
		b.must(suite.Run(ciCheck).Complete("success"))
		b.pass(3 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.report(c.SHA, "success")
		b.until(2*time.Minute, "CI's own word counts", b.hasStatus(c.SHA, "headstart/staging", "success"))
	})
}

// A public repository needs a stage of a private one: whoever reads the public one's
// statuses and comments learns neither its name nor a commit of it nor why it waits.
func TestWhatAPrivateRepositoryDoesIsNotTold(t *testing.T) {
	const needing = "checks: [" + ciCheck + "]\nprepare: shop-prepare\nstages:\n  - name: production\n    app: shop-production\n    needs: [acme/vault:production]\n"
	onHeroku(t, choices{pipeline: needing, repo: githubtest.RepoOptions{Public: true}, settings: func(s *settings) { s.Allow += " acme/vault=shop-staging" }}, func(b *bed, _ *herokuPlace) {
		vault, err := b.gh.CreateRepo("acme/vault", githubtest.RepoOptions{})
		b.must(err)
		v, err := vault.Push("main", githubtest.Change{Message: "Break the safe", Files: map[string]string{".github/headstart.yml": "checks: [tumbler]\nstages: [{name: production, app: shop-staging}]\n"}})
		b.must(err)
		b.pass(10 * time.Second)
		pull := b.open("feature", map[string]string{"a": "1"})
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.until(5*time.Minute, "it waits for the other one", func() bool {
			return strings.Contains(b.shop.Statuses(c.SHA)["headstart/production"].Description, "another pipeline has not released yet")
		})
		b.ask(pull.Number(), "mona", "/why")
		b.pass(time.Minute)
		var said strings.Builder
		for _, s := range b.shop.StatusHistory(c.SHA) {
			said.WriteString(s.Description + "\n")
		}
		for _, k := range b.shop.Comments(pull.Number()) {
			said.WriteString(k.Body + "\n")
		}
		for _, secret := range []string{"vault", v.SHA[:7], "tumbler"} {
			if strings.Contains(said.String(), secret) {
				t.Errorf("people of the public repository are told of %q:\n%s", secret, said.String())
			}
		}
	})
}
