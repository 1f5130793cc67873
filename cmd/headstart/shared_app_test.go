package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// otherApp is the only stage of the repository that shares the prepare app.
const otherApp = "shop-other"

// share adds a repository whose pipeline builds on the same prepare app, with a commit
// that is live.
func (b *bed) share() *githubtest.Repo {
	b.t.Helper()
	b.place.add(otherApp)
	other, err := b.gh.CreateRepo("acme/other", githubtest.RepoOptions{})
	b.must(err)
	b.on(other, func() {
		files := b.place.files()
		files[config.Path] = b.file("checks: [ci/test]\nprepare: shop-prepare\nstages:\n  - name: production\n    app: " + otherApp + "\n")
		c := b.push(files)
		b.report(c.SHA, "success")
		b.until(5*time.Minute, "the other repository's first commit is live", b.hasStatus(c.SHA, "headstart/production", "success"))
	})
	return other
}

// on has something happen in another repository.
func (b *bed) on(repo *githubtest.Repo, do func()) {
	shop := b.shop
	defer func() { b.shop = shop }()
	b.shop = repo
	do()
}

func sharing(s *settings) { s.Allow += " acme/other=shop-*" }

// building reports whether the prepare app builds a commit right now.
func (b *bed) building(sha string) func() bool {
	return func() bool {
		list := b.place.builds(prepareApp)
		last := list[len(list)-1]
		return last.commit == sha && last.status == "pending"
	}
}

// One repository's nine pull requests wait for the prepare app that another one shares:
// its push is next, and so is its merge group; its pull request waits for one build at
// most. In the end everything is built, also across a restart.
func TestASharedPrepareApp(t *testing.T) {
	onHeroku(t, choices{settings: sharing}, func(b *bed, p *herokuPlace) {
		b.firstDeploy()
		other := b.share()
		p.buildTakes(prepareApp, 40*time.Second)
		var pulls []*githubtest.PullRequest
		for i := range 9 {
			pulls = append(pulls, b.open(fmt.Sprint("feature-", i), change(fmt.Sprint("feature-", i))))
		}
		b.pass(50 * time.Second) // the first one is built, and the second one begun

		b.on(other, func() {
			push := b.push(change("urgent"))
			took := b.until(3*time.Second, "the other repository's push is next", b.building(push.SHA))
			t.Logf("the push is built %s after it came", took)
			b.report(push.SHA, "success")
			b.until(2*time.Minute, "the push is live", b.hasStatus(push.SHA, "headstart/production", "success"))

			b.pass(20 * time.Second)
			first := b.open("one", change("one"))
			b.pass(10 * time.Second)
			before := len(p.builds(prepareApp))
			b.until(2*time.Minute, "its pull request is built", b.hasStatus(first.HeadSHA(), "headstart/build", "success"))
			if n := len(p.builds(prepareApp)) - before; n > 3 {
				t.Errorf("a pull request should wait for one build of the other repository at most, %d were begun meanwhile", n)
			}

			b.pass(10 * time.Second)
			second := b.open("two", change("two"))
			b.pass(5 * time.Second)
			group, err := b.shop.Enqueue(githubtest.QueueOptions{}, second)
			b.must(err)
			b.until(3*time.Second, "the merge group is next", b.building(group.Head()))
		})
		b.restart()
		b.until(20*time.Minute, "all nine are built", func() bool {
			for _, pull := range pulls {
				if !b.hasStatus(pull.HeadSHA(), "headstart/build", "success")() {
					return false
				}
			}
			return true
		})
	})
}

// What people are told of the queue: their place, and who goes first, without the name of
// a private repository.
func TestASharedPrepareAppIsToldOf(t *testing.T) {
	onHeroku(t, choices{settings: sharing, repo: githubtest.RepoOptions{Public: true}}, func(b *bed, p *herokuPlace) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.firstDeploy()
		other := b.share()
		p.buildTakes(prepareApp, 5*time.Minute)
		b.on(other, func() { b.push(change("long")) })
		b.pass(5 * time.Second)
		pull := b.open("feature", change("feature"))
		c := b.push(change("main"))
		b.pass(10 * time.Second)
		var said strings.Builder
		for _, question := range []string{"/plan", "/why", "/status"} {
			b.ask(pull.Number(), "zoe", question)
			for _, k := range b.shop.Comments(pull.Number()) {
				if k.User == botUser {
					said.WriteString(k.Body + "\n")
				}
			}
		}
		for _, want := range []string{
			"place 2 in the queue of shop-prepare: another pipeline builds there; this pipeline (branch) goes first",
			"**Queue of `shop-prepare`**: another pipeline builds there since",
		} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("the answers should say %q, they are:\n%s", want, said.String())
			}
		}
		for _, sha := range []string{pull.HeadSHA(), c.SHA} {
			for _, s := range b.shop.StatusHistory(sha) {
				said.WriteString(s.Description + "\n")
			}
		}
		if strings.Contains(said.String(), "acme/other") {
			t.Errorf("people here should not hear of a private repository:\n%s", said.String())
		}
	})
}
