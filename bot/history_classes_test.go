package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// classHistory is a random history of a pipeline whose canary documentation passes
// by, and whose production asks for approvals. What it is held against are the
// files of the world's commits, and what people said, not the bot's view of them.
type classHistory struct {
	*rapid.T
	*bottest.Loop
	file   bot.ConfigRead
	pushes int
	faults bool
}

// approvers are the people of a history; nobody else has a role.
var approvers = map[string]bot.Role{"zoe": bot.RoleAdmin, "walter": bot.RoleWrite, "rita": bot.RoleRead}

func newClassHistory(t *rapid.T) *classHistory {
	w := bottest.NewWorld()
	h := &classHistory{T: t, Loop: bottest.NewLoop(w), faults: true}
	w.BuildTime, w.ReleaseTime, w.Roles = 20*time.Second, 4*time.Second, approvers
	w.MostFiles = rapid.SampledFrom([]int{0, 2}).Draw(t, "files that are listed")
	w.Fault = h.fault
	production := bot.Stage{Name: "production", Apps: []string{"us", "ca"}, FourEyes: true}
	if production.Approval = rapid.Bool().Draw(t, "approval of all"); !production.Approval {
		production.Hold = []bot.Hold{{Class: "migration"}}
	}
	h.file = bot.ConfigRead{Found: true, Config: bot.Config{
		Platform: bot.PlatformHeroku,
		Prepare:  bot.Prepare{Apps: []string{"prepare"}, Reuse: bot.ReuseTree},
		Checks:   bot.Checks{None: true},
		Changes:  []bot.Class{{Name: "docs", Paths: []string{"docs/**"}}, {Name: "migration", Paths: []string{"db/**"}}},
		Stages: []bot.Stage{
			{Name: "staging", Apps: []string{"staging"}},
			{Name: "canary", Apps: []string{"canary"}, Skip: []string{"docs"}},
			production,
		},
	}}
	h.Pulls[1] = &bottest.Pull{PullRequestChanged: bot.PullRequestChanged{Number: 1, Head: "h1", Base: "main", Open: true, UpdatedAt: h.Now}}
	h.Decided = h.entersApproved
	return h
}

func (h *classHistory) must(err error) {
	if err != nil {
		h.Fatal(err)
	}
}

func (h *classHistory) fault(bot.Effect) bottest.Fault {
	kind := rapid.SampledFrom([]bottest.FaultKind{
		"", "", "", "", "", "", "", bottest.FaultRetry, bottest.FaultLost, bottest.FaultUnseen, bottest.FaultHang,
	})
	if !h.faults {
		return bottest.Fault{}
	}
	return bottest.Fault{Kind: kind.Draw(h.T, "fault"), Reason: "out of order"}
}

func (h *classHistory) push() {
	h.pushes++
	h.Pass(h.Now.Add(time.Second)) // GitHub tells the times of two pushes apart
	h.must(h.Deliver(h.Push("main", bottest.Commit{
		SHA: fmt.Sprintf("c%06d", h.pushes), File: h.file,
		Author: rapid.SampledFrom([]string{"ada", "Zoe", "Ada Lovelace"}).Draw(h.T, "author"),
		Files:  rapid.SampledFrom([][]string{{"app.go"}, {"docs/a.md"}, {"docs/b.md"}, {"docs/b.md", "app.go"}, {"db/1.sql"}}).Draw(h.T, "files"),
	}, rapid.IntRange(0, 9).Draw(h.T, "forced") == 0)...))
}

// approve has somebody approve a commit that waits for it.
func (h *classHistory) approve() {
	for _, c := range bot.Decide(h.State, h.Now).Explain.Candidates {
		for _, st := range c.Stages {
			if st.Blocked.Name == "approval" {
				user := rapid.SampledFrom([]string{"walter", "zoe", "rita"}).Draw(h.T, "who approves")
				h.must(h.Deliver(h.Say(1, user, "/approve production "+c.SHA)...))
				return
			}
		}
	}
}

func (h *classHistory) step() {
	switch rapid.SampledFrom([]string{
		"push", "deploy", "deploy", "deploy", "approve", "approve", "approve early", "wait", "wait", "perform", "crash", "hand", "say",
	}).Draw(h.T, "step") {
	case "push":
		h.push()
	case "deploy":
		h.push()
		h.must(h.Wait(time.Minute))
	case "approve":
		h.approve()
	case "approve early":
		if h.pushes > 0 {
			h.must(h.Deliver(h.Say(1, "walter", "/approve production "+h.Heads["main"])...))
		}
	case "wait":
		h.must(h.Wait(time.Duration(rapid.SampledFrom([]int{1, 20, 60, 90}).Draw(h.T, "seconds")) * time.Second))
	case "perform":
		if n := len(h.Out); n > 0 {
			h.must(h.Perform(rapid.IntRange(0, n-1).Draw(h.T, "effect")))
		}
	case "crash":
		h.must(h.Crash())
	case "hand":
		app := rapid.SampledFrom([]string{"canary", "us"}).Draw(h.T, "app")
		h.EndRelease(h.Release(app, fmt.Sprintf("hand%d", h.pushes), ""), bot.ReleaseSucceeded, "")
		h.must(h.Deliver(bot.PlatformMoved{Platform: bot.PlatformHeroku, App: app}))
	case "say":
		text := rapid.SampledFrom([]string{
			"/rollback canary", "/rollback", "/unlock", "/approve", "/promote canary SHA", "/promote production SHA", "/cancel", "/lock production",
		}).Draw(h.T, "command")
		sha := fmt.Sprintf("c%06d", rapid.IntRange(1, max(h.pushes, 1)).Draw(h.T, "commit"))
		h.must(h.Deliver(h.Say(1, "zoe", strings.ReplaceAll(text, "SHA", sha))...))
	}
}

// changed lists what differs between two commits, by the world's own account; false
// where GitHub does not tell all of it.
func (h *classHistory) changed(base, head, begins string) (some, all, known bool) {
	files, known := h.Differ(base, head)
	other := func(f string) bool { return !strings.HasPrefix(f, begins) }
	return slices.ContainsFunc(files, func(f string) bool { return !other(f) }), !slices.ContainsFunc(files, other), known
}

// entersApproved checks that what begins to enter production was approved where it
// has to be: by somebody who may and did not write it, for this artifact, in the
// place of what is live now; and that whatever has passed the canary by changes
// nothing but documentation.
func (h *classHistory) entersApproved(before bot.State, e bot.Effect) {
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
		if _, docs, known := h.changed(p.Beside, c.SHA, "docs/"); !known || !docs || do.From != "staging" {
			h.Fatalf("%s enters production from %s and has passed the canary by, though other files differ from %s", c.SHA, do.From, p.Beside)
		}
	} else if p.State != bot.PassageDone || do.From != "canary" {
		h.Fatalf("%s enters production from %s; on the canary it is %q", c.SHA, do.From, p.State)
	}
	migrates, _, known := h.changed(st.Live.SHA, c.SHA, "db/")
	if known && !migrates && !before.Config.Stages[2].Approval {
		return
	}
	a := c.Approvals["production"]
	switch {
	case a.By == "" || a.Used || a.Lapsed != "":
		h.Fatalf("%s enters production with the approval %+v", c.SHA, a)
	case a.Live != st.Live.SHA || a.Artifact != do.Artifact:
		h.Fatalf("%s enters production in the place of %q as %s; approved was %+v", c.SHA, st.Live.SHA, do.Artifact, a)
	case strings.EqualFold(a.By, c.Author) || approvers[a.By] == "" || approvers[a.By] == bot.RoleRead:
		h.Fatalf("%s by %s enters production because @%s approved it, who may not", c.SHA, c.Author, a.By)
	}
}

// Nothing enters production without the approval that it needs, and nothing passes
// a stage by but what may; and nobody waits for ever to be told what changed.
func TestHistoriesOfApprovals(t *testing.T) {
	entered, passed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		h := newClassHistory(t)
		for range rapid.IntRange(5, 30).Draw(t, "steps") {
			h.step()
		}
		h.faults = false
		h.must(h.Deliver(h.Say(1, "zoe", "/unlock")...))
		h.push()
		h.must(h.Wait(time.Hour))
		for range 3 {
			h.approve()
			h.must(h.Wait(time.Minute))
		}
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
