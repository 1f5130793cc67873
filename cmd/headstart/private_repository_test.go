package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

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
