package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// somebodys is a change by one person that says it is another's, pushed by a third.
func somebodys(name, author, pusher string) githubtest.Change {
	return githubtest.Change{Files: change(name), Author: author, Pusher: pusher, By: githubtest.Signature{Name: author, Email: author + "@users.noreply.github.com"}}
}

// team gives everybody a role, and brings a first commit live.
func (b *bed) team() {
	b.t.Helper()
	for login, role := range map[string]string{"zoe": "write", "bob": "write", "mallory": "write", "mona": "write", "ada": "admin"} {
		b.must(b.shop.SetRole(login, role))
	}
	b.approved("first")
}

// pushed pushes changes to a branch and waits until they have got to staging, if that is
// where they go.
func (b *bed) pushed(branch string, changes ...githubtest.Change) githubtest.Commit {
	b.t.Helper()
	c, err := b.shop.Push(branch, changes...)
	b.must(err)
	b.pass(10 * time.Second)
	if branch == "main" {
		b.until(time.Minute, "staging has it", b.hasStatus(c.SHA, "headstart/staging", "success"))
	}
	return c
}

// proposed opens a pull request of bob's.
func (b *bed) proposed(branch string, changes ...githubtest.Change) *githubtest.PullRequest {
	b.t.Helper()
	b.pushed(branch, changes...)
	p, err := b.shop.OpenPull(githubtest.PullOptions{Head: branch, User: "bob", Title: "Change " + branch})
	b.must(err)
	b.pass(10 * time.Second)
	return p
}

// landed merges a pull request, and waits until staging has it.
func (b *bed) landed(p *githubtest.PullRequest, method, by string) mergedPull {
	b.t.Helper()
	c, err := p.Merge(githubtest.MergeOptions{Method: method, By: by, DeleteBranch: true})
	b.must(err)
	b.until(time.Minute, "staging has it", b.hasStatus(c.SHA, "headstart/staging", "success"))
	b.pass(10 * time.Second)
	return mergedPull{p, c}
}

// kept sees that nobody of those may approve, and that it stays out of production.
func (b *bed) kept(m mergedPull, why string, who ...string) {
	b.t.Helper()
	for _, login := range who {
		for _, command := range []string{"/approve production", "/promote production"} {
			b.refused(m.Number(), login, command+" "+m.SHA[:7], why)
		}
	}
	b.pass(time.Minute)
	b.expectUntouched(m.SHA, productionApp)
}

// let has somebody approve, and sees that it goes live.
func (b *bed) let(m mergedPull, who string) {
	b.t.Helper()
	b.done(m.Number(), who, "/approve production "+m.SHA[:7])
	b.until(time.Minute, "it is live", b.live(m.SHA))
	b.pass(10 * time.Second)
}

// Nobody approves what they had any part in: whatever their commits say, and however those
// came to the branch. Who only pressed Merge has had none.
func TestFourEyes(t *testing.T) {
	onBoth(t, choices{pipeline: fourEyed}, func(b *bed) {
		b.team()
		somebody := ": this stage needs the approval of another person"

		// Somebody else's pull request on top of one's own commit.
		own := b.pushed("main", somebodys("own", "mallory", "mallory"))
		m := b.landed(b.proposed("top", somebodys("top", "bob", "bob")), "squash", "zoe")
		b.kept(m, "@mallory is the author of "+own.SHA[:7]+", which would go live with it"+somebody, "mallory")
		b.kept(m, "@bob is the author of the commit"+somebody, "bob")
		b.let(m, "zoe")

		// Another's name on one's own commit.
		forged := mergedPull{m.PullRequest, b.pushed("main", somebodys("forged", "bob", "mallory"))}
		b.kept(forged, "@mallory pushed "+forged.SHA[:7]+" to main"+somebody, "mallory")
		b.let(forged, "zoe")

		// Pushed onto another's pull request, in the other's name.
		for _, method := range []string{"squash", "merge", "rebase"} {
			p := b.proposed("theirs-"+method, somebodys("theirs-"+method, "bob", "bob"))
			b.pushed("theirs-"+method, somebodys("evil-"+method, "bob", "mallory"))
			b.pushed("theirs-"+method, somebodys("more-"+method, "bob", "bob"))
			m = b.landed(p, method, "zoe")
			b.kept(m, "@mallory pushed to the pull request"+somebody, "mallory")
			b.let(m, "zoe")
		}

		// A co-author.
		with := somebodys("with", "bob", "bob")
		with.Message = "With help\n\n" + b.gh.CoAuthor("mallory")
		p := b.proposed("with", with)
		with = somebodys("with-more", "bob", "bob")
		b.pushed("with", with)
		m = b.landed(p, "squash", "mona")
		b.kept(m, "@mallory is a co-author of", "mallory")
		b.let(m, "mona")

		// The merge queue is nobody.
		p = b.proposed("queued", somebodys("queued", "bob", "bob"))
		g, err := b.shop.Enqueue(githubtest.QueueOptions{}, p)
		b.must(err)
		b.pass(time.Minute)
		b.must(g.Merge())
		head, err := b.shop.LookUp(g.Head())
		b.must(err)
		b.until(time.Minute, "staging has it", b.hasStatus(head.SHA, "headstart/staging", "success"))
		b.pass(10 * time.Second)
		b.kept(mergedPull{p, head}, "@bob is the author of the pull request"+somebody, "bob")
		b.let(mergedPull{p, head}, "mallory")

		// A merge made by hand may hold anything, whatever it says who made it.
		p = b.proposed("by-hand", somebodys("by-hand", "bob", "bob"))
		evil, err := p.MergeByPush("zoe", change("evil"))
		b.must(err)
		b.until(time.Minute, "staging has it", b.hasStatus(evil.SHA, "headstart/staging", "success"))
		b.pass(10 * time.Second)
		b.kept(mergedPull{p, evil}, "@zoe pushed "+evil.SHA[:7]+" to main"+somebody, "zoe")
		b.let(mergedPull{p, evil}, "mona")
	})
}

// Where it cannot be known who made it, nobody approves but an admin, alone and with a
// reason, which stands wherever the release does.
func TestFourEyesAlone(t *testing.T) {
	onBoth(t, choices{pipeline: fourEyed}, func(b *bed) {
		b.team()
		nobody := somebodys("nobody", "bob", "bob")
		nobody.By = githubtest.Signature{Name: "Ada Lovelace", Email: "ada@nowhere.example"}
		p := b.proposed("nobody", nobody)
		m := b.landed(p, "squash", "mona")
		way := "/approve production " + m.SHA[:7] + " --alone REASON"
		b.kept(m, "the author Ada Lovelace of "+nobodysCommit(b, p)+" has no account on GitHub to compare with; an admin may take it on: "+way, "zoe")
		b.refused(m.Number(), "zoe", "/approve production "+m.SHA[:7]+" --alone because I can", "--alone takes the role admin, and @zoe has the role write")
		b.refused(m.Number(), "ada", "/approve production --alone I know her", "the commit is missing")
		b.refused(m.Number(), "ada", "/approve production "+m.SHA[:7]+" --alone", "the reason is missing")
		b.expectUntouched(m.SHA, productionApp)
		b.alone(m, "I know her")

		// A push that nobody told of; not even the one after it.
		p = b.proposed("lost", somebodys("lost", "bob", "bob"))
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "push" || d.Event == "pull_request" {
				return githubtest.Vanish
			}
			return githubtest.Deliver
		})
		lost := b.pushed("lost", somebodys("unseen", "bob", "mallory"))
		b.gh.OnDelivery(nil)
		b.pushed("lost", somebodys("seen", "bob", "bob"))
		m = b.landed(p, "squash", "mona")
		b.kept(m, "who pushed "+lost.SHA[:7]+" to #", "mallory", "zoe")
		b.alone(m, "I have read every line")

		// Nor where somebody merges it by hand, and nothing but that.
		p = b.proposed("forward", somebodys("forward", "bob", "bob"))
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "push" || d.Event == "pull_request" {
				return githubtest.Vanish
			}
			return githubtest.Deliver
		})
		lost = b.pushed("forward", somebodys("under", "bob", "mallory"))
		b.gh.OnDelivery(nil)
		top := b.pushed("forward", somebodys("over", "bob", "bob"))
		b.must(b.shop.ForcePushBy("main", top.SHA, "zoe"))
		b.until(time.Minute, "staging has it", b.hasStatus(top.SHA, "headstart/staging", "success"))
		b.pass(10 * time.Second)
		m = mergedPull{p, top}
		b.kept(m, "@zoe pushed "+top.SHA[:7]+" to main", "zoe")
		b.kept(m, "who pushed "+lost.SHA[:7]+" to #", "mallory", "mona")
		b.alone(m, "I have read that, too")

		// What a signature proves is known without its push.
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "push" {
				return githubtest.Vanish
			}
			return githubtest.Deliver
		})
		signed := somebodys("signed", "bob", "bob")
		signed.Signed = true
		p = b.proposed("signed", signed)
		b.gh.OnDelivery(nil)
		m = b.landed(p, "squash", "mona")
		b.kept(m, "@bob is the author of the commit", "bob")
		b.let(m, "zoe")
	})
}

// nobodysCommit is the short SHA of a pull request's head.
func nobodysCommit(b *bed, p *githubtest.PullRequest) string { return p.HeadSHA()[:7] }

// alone has ada approve alone, and looks where the reason stands.
func (b *bed) alone(m mergedPull, reason string) {
	b.t.Helper()
	b.done(m.Number(), "ada", "/approve production "+m.SHA[:7]+" --alone "+reason)
	b.until(time.Minute, "it is live", b.live(m.SHA))
	b.pass(10 * time.Second)
	said := "approved alone by @ada: " + reason
	b.expectComment(m.Number(), said)
	b.expectStatus(m.SHA, "headstart/production", "success", said)
	if d, _ := b.deployment(m.SHA, "production"); !strings.Contains(d.Description, "Approved alone by @ada: "+reason) {
		b.t.Errorf("the deployment should say who approved it alone, and why, it says %q", d.Description)
	}
	b.done(m.Number(), "zoe", "/status")
	if list := b.replies(m.Number()); len(list) == 0 || !strings.Contains(strings.ReplaceAll(list[len(list)-1], "\u200b", ""), said) {
		b.t.Errorf("/status should say who approved what is live alone, and why: %q", list)
	}
}
