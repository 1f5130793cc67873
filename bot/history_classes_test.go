package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// ask makes the stages of a history ask for approvals, by everybody or for some
// classes of change, and puts a stage between them that documentation passes by.
func (h *history) ask() {
	file := &h.Commits["file"].File.Config
	file.Changes = []bot.Class{{Name: "docs", Paths: []string{"docs/**"}}, {Name: "migration", Paths: []string{"db/**"}}}
	production := bot.Stage{Name: "production", Apps: []string{"us", "ca"}, FourEyes: true}
	if production.Approval = rapid.Bool().Draw(h.T, "approval of all"); !production.Approval {
		production.Hold = []bot.Hold{{Class: "migration"}}
	}
	file.Stages = []bot.Stage{file.Stages[0], {Name: "canary", Apps: []string{"canary"}, Skip: []string{"docs"}}, production}
	h.MostFiles = rapid.SampledFrom([]int{0, 2}).Draw(h.T, "files that are listed")
	h.Decided = func(before bot.State, e bot.Effect) {
		h.decided(before, e)
		h.entersApproved(before, e)
	}
}

// changed lists what differs between two commits, by the world's own account: nil
// where GitHub does not tell all of it.
func (h *history) changed(base, head string) []string {
	files, all := h.Differ(base, head)
	if !all {
		return nil
	}
	return files
}

// only reports whether there are files, and all of them begin so.
func only(files []string, prefix string) bool {
	return len(files) > 0 && !slices.ContainsFunc(files, func(f string) bool { return !strings.HasPrefix(f, prefix) })
}

// entersApproved checks that what begins to enter production was approved, where it
// has to be: by somebody who may and did not write it, for this artifact, in the
// place of what is live now; and that whatever has passed the canary by changes
// nothing but documentation.
func (h *history) entersApproved(before bot.State, e bot.Effect) {
	do, ok := e.Do.(bot.Promote)
	st := before.Stages["production"]
	if !ok || do.Stage != "production" || do.Base < 0 || st.Rollback != nil || st.InFlight != nil {
		return
	}
	i := slices.IndexFunc(before.Candidates, func(c bot.Candidate) bool { return c.SHA == do.SHA })
	if i < 0 {
		h.Fatalf("%s enters production, and is none of the branch's commits", do.SHA)
	}
	c := before.Candidates[i]
	if p := c.Passages["canary"]; p.State == bot.PassageSkipped {
		if files := h.changed(p.Beside, c.SHA); !only(files, "docs/") || do.From != "staging" {
			h.Fatalf("%s enters production from %s and has passed the canary by, though %q differ from %s", c.SHA, do.From, files, p.Beside)
		}
	} else if p.State != bot.PassageDone || do.From != "canary" {
		h.Fatalf("%s enters production from %s; on the canary it is %q", c.SHA, do.From, p.State)
	}
	file := before.Config.Stages[len(before.Config.Stages)-1]
	files := h.changed(st.Live.SHA, c.SHA)
	plain := files != nil && !slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, "db/") })
	if !file.Approval && plain {
		return
	}
	a := c.Approvals["production"]
	switch {
	case a.By == "" || a.Used || a.Lapsed != "":
		h.Fatalf("%s enters production with the approval %+v; it changes %q", c.SHA, a, files)
	case a.Live != st.Live.SHA || a.Artifact != do.Artifact:
		h.Fatalf("%s enters production in the place of %s as %s, approved was %+v", c.SHA, st.Live.SHA, do.Artifact, a)
	case strings.EqualFold(a.By, c.Author) || roles[a.By] == "" || roles[a.By] == bot.RoleRead:
		h.Fatalf("%s by %s enters production because @%s approved it, who may not", c.SHA, c.Author, a.By)
	}
}

// approve has somebody approve a commit that waits for it.
func (h *history) approve() {
	for _, c := range bot.Decide(h.State, h.Now).Explain.Candidates {
		for _, st := range c.Stages {
			if st.Blocked.Name == "approval" && len(h.Pulls) > 0 {
				user := rapid.SampledFrom([]string{"walter", "zoe", "rita"}).Draw(h.T, "who approves")
				h.hear(h.Say(1, user, "/approve production "+c.SHA)...)
				return
			}
		}
	}
}

// Nothing enters production without the approval that it needs, and nothing passes
// a stage by but what may; and nobody waits for ever to be told what changed.
func TestHistoriesOfApprovals(t *testing.T) {
	entered, passed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, []string{"prepare"})
		h.ask()
		h.Pulls[1] = &bottest.Pull{PullRequestChanged: bot.PullRequestChanged{Number: 1, Head: "h1", Base: "main", Open: true, UpdatedAt: h.Now}}
		for range rapid.IntRange(3, 20).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"any", "good commit", "good commit", "approve"}).Draw(t, "kind of step") {
			case "good commit":
				h.push()
				h.must(h.Deliver(h.report(h.Heads["main"], bot.CheckPassed)))
				h.must(h.Wait(time.Minute))
			case "approve":
				h.approve()
			default:
				h.step()
			}
		}
		h.faults = false
		h.must(h.Deliver(h.Say(1, "zoe", "/unlock")...))
		for range 3 {
			h.must(h.Wait(time.Minute))
			h.approve()
		}
		h.must(h.Wait(6 * time.Hour))
		for _, c := range bot.Decide(h.State, h.Now).Explain.Candidates {
			for _, st := range c.Stages {
				if st.Blocked.Name == "changes" {
					h.Errorf("%s still waits before %s: %s", c.SHA, st.Stage, st.Blocked.Text)
				}
			}
		}
		for _, c := range h.State.Candidates {
			if c.Approvals["production"].Used {
				entered++
			}
			if c.Passages["canary"].State == bot.PassageSkipped {
				passed++
			}
		}
	})
	if entered == 0 || passed == 0 {
		t.Errorf("nothing was tried: %d commits were approved and live, %d passed the canary by", entered, passed)
	}
}
