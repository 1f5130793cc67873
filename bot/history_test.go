package bot_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// history is a random history of a pipeline with two stages, held after every
// step against what must always be true of the world, not of the bot's view.
type history struct {
	*rapid.T
	*bottest.Loop
	pushed  map[string][]int     // commit → which pushes of the branch brought it, in order
	pushes  int                  // so far
	redAt   map[string]time.Time // since when a commit's checks have not been green
	held    []bot.Fact           // webhooks that are late
	past    []bot.Fact           // webhooks that may come again
	faults  bool
	checked map[string]int     // releases of an app that were looked at already
	broken  map[string][2]bool // tree → whether it does not build, and whether it cannot be released
	hand    map[string]bool    // artifacts that were released by hand
	handed  map[string]int     // stage → the last push before somebody released there by hand
	steered                    // what people asked for
}

// named is the SHA of a push's commit.
func named(n int) string { return fmt.Sprintf("c%06d", n) }

func newHistory(t *rapid.T, prepare []string) *history {
	w := bottest.NewWorld()
	h := &history{
		T: t, Loop: bottest.NewLoop(w), pushed: map[string][]int{}, redAt: map[string]time.Time{},
		faults: true, checked: map[string]int{}, broken: map[string][2]bool{}, hand: map[string]bool{},
		handed: map[string]int{},
	}
	w.BuildTime, w.ReleaseTime = 20*time.Second, 4*time.Second
	w.Breaks = func(sha string) (bool, bool) { b := h.breaks(sha); return b[0], b[1] }
	w.Fault = h.fault
	w.Roles = roles
	h.Decided = h.decided
	w.Commits["file"] = &bottest.Commit{SHA: "file", File: bot.ConfigRead{Found: true, Config: bot.Config{
		Platform: bot.PlatformHeroku,
		Prepare:  bot.Prepare{Apps: prepare, PullRequests: true, Reuse: bot.ReuseTree},
		Checks:   bot.Checks{Names: []string{"ci"}},
		Stages:   []bot.Stage{{Name: "staging", Apps: []string{"staging"}}, {Name: "production", Apps: []string{"us", "ca"}}},
	}}}
	return h
}

func (h *history) must(err error) {
	if err != nil {
		h.Fatal(err)
	}
	h.look()
}

func (h *history) fault(e bot.Effect) bottest.Fault {
	if !h.faults {
		return bottest.Fault{}
	}
	kinds := []bottest.FaultKind{"", "", "", "", "", "", bottest.FaultRetry, bottest.FaultLost, bottest.FaultUnseen, bottest.FaultHang}
	switch e.Do.(type) {
	case bot.StartBuild, bot.Promote:
		kinds = append(kinds, bottest.FaultLate)
	}
	return bottest.Fault{Kind: rapid.SampledFrom(kinds).Draw(h.T, "fault"), Reason: "out of order"}
}

// decided checks that the first stage is entered on checks that were green a
// moment ago.
func (h *history) decided(before bot.State, e bot.Effect) {
	h.entersUnlocked(before, e)
	sha := ""
	switch do := e.Do.(type) {
	case bot.Promote:
		if do.Stage == "staging" && do.Base >= 0 {
			sha = do.SHA
		}
	case bot.StartBuild:
		if do.Stage != "" && e.Attempt == 1 {
			sha = do.SHA
		}
	}
	if sha == "" {
		return
	}
	if red, ok := h.redAt[sha]; ok && h.Now.Sub(red) > time.Minute {
		h.Fatalf("%s enters staging at %s (%s, attempt %d), though its checks have not been green since %s", sha, h.Now, e.Key, e.Attempt, red)
	}
}

// look checks what the bot has released since the last look.
func (h *history) look() {
	for _, app := range []string{"staging", "us", "ca"} {
		a := h.App(app)
		for i := h.checked[app]; i < len(a.Releases); i++ {
			r := a.Releases[i]
			if h.hand[r.Artifact] {
				continue
			}
			if i > 0 {
				h.follows(a.Releases[i-1], r)
			}
			if app != "staging" && !slices.ContainsFunc(h.App("staging").Releases, func(o *bot.Release) bool {
				return o.Artifact == r.Artifact && o.Status == bot.ReleaseSucceeded
			}) {
				h.Fatalf("%s got %s, which staging has not proved", app, r.Artifact)
			}
		}
		h.checked[app] = len(a.Releases)
	}
	for name, a := range h.Apps {
		seen := map[string]bool{}
		for _, b := range a.Builds {
			if b.Status == bot.BuildCancelled {
				continue
			}
			if seen[b.Commit] {
				h.Fatalf("%s was built twice on %s", b.Commit, name)
			}
			seen[b.Commit] = true
		}
	}
}

// follows checks that a release may come after the one before it.
func (h *history) follows(before, r *bot.Release) {
	if before.Artifact == r.Artifact && before.Status != bot.ReleaseFailed {
		h.Fatalf("%s was released on %s twice in a row", r.Artifact, r.App)
	}
	if h.hand[before.Artifact] {
		return
	}
	if before.CreatedAt.Add(h.ReleaseTime).After(r.CreatedAt) {
		h.Fatalf("%s began on %s while %s was being released", r.Artifact, r.App, before.Artifact)
	}
	was, is := h.pushed[before.Commit], h.pushed[r.Commit]
	if len(was) > 0 && len(is) > 0 && is[len(is)-1] < was[0] && !h.askedBack(r.App) {
		h.Fatalf("%s moved back from %s to %s", r.App, before.Commit, r.Commit)
	}
}

// hear delivers webhooks now, later, or twice.
func (h *history) hear(facts ...bot.Fact) {
	h.past = append(h.past, facts...)
	switch rapid.SampledFrom([]string{"now", "now", "now", "late", "twice"}).Draw(h.T, "delivery") {
	case "late":
		h.held = append(h.held, facts...)
	case "twice":
		h.must(h.Deliver(facts...))
		h.must(h.Deliver(facts...))
	default:
		h.must(h.Deliver(facts...))
	}
}

func (h *history) push() {
	h.pushes++
	c := bottest.Commit{SHA: named(h.pushes), Author: rapid.SampledFrom([]string{"ada", "Zoe"}).Draw(h.T, "author"), File: h.Commits["file"].File}
	c.Files = rapid.SampledFrom([][]string{{"app.go"}, {"docs/a.md"}, {"docs/b.md", "app.go"}, {"db/1.sql"}}).Draw(h.T, "files")
	forced := false
	if len(h.pushed) > 0 {
		switch rapid.IntRange(0, 9).Draw(h.T, "kind of push") {
		case 0: // an old tree
			c.Tree = h.Commits[h.any("tree of")].Tree
		case 1: // back to an old commit
			c.SHA, forced = h.any("back to"), true
		case 2:
			forced = true
		case 3:
			h.broken["tree-"+c.SHA] = [2]bool{true, false}
		case 4:
			h.broken["tree-"+c.SHA] = [2]bool{false, true}
		case 5, 6:
			if p := h.openPull(); p != nil {
				c.Pull = p.Number
				p.Open, p.Merged, p.MergeSHA, p.UpdatedAt = false, true, c.SHA, h.Now
				h.hear(p.PullRequestChanged)
			}
		}
	}
	if h.Heads["main"] == c.SHA {
		return
	}
	h.hear(h.move(c, forced)...)
}

func (h *history) breaks(sha string) [2]bool {
	if c := h.Commits[sha]; c != nil {
		return h.broken[c.Tree]
	}
	return [2]bool{}
}

// move moves the branch.
func (h *history) move(c bottest.Commit, forced bool) []bot.Fact {
	h.Pass(h.Now.Add(time.Second)) // GitHub tells the times of two pushes apart
	if h.pushed[c.SHA] == nil {
		h.redAt[c.SHA] = h.Now
	}
	h.pushed[c.SHA] = append(h.pushed[c.SHA], h.pushes)
	return h.Push("main", c, forced)
}

// any draws a commit that was pushed.
func (h *history) any(label string) string {
	var all []string
	for i := range h.pushes {
		if sha := named(i + 1); h.pushed[sha] != nil {
			all = append(all, sha)
		}
	}
	return rapid.SampledFrom(all).Draw(h.T, label)
}

func (h *history) report(sha string, state bot.CheckState) bot.Fact {
	if _, red := h.redAt[sha]; state == bot.CheckPassed {
		delete(h.redAt, sha)
	} else if !red {
		h.redAt[sha] = h.Now
	}
	return h.Report(sha, bot.Check{Kind: bot.CheckRun, Name: "ci", AppID: 1, State: state})
}

func (h *history) step() {
	switch rapid.SampledFrom([]string{
		"push", "check", "check", "perform", "perform", "perform", "perform", "wait", "wait", "late", "again", "crash", "hand", "pull", "say",
	}).Draw(h.T, "step") {
	case "push":
		h.push()
	case "check":
		if h.pushes > 0 {
			state := rapid.SampledFrom([]bot.CheckState{bot.CheckPassed, bot.CheckPassed, bot.CheckFailed, bot.CheckPending}).Draw(h.T, "state")
			h.hear(h.report(h.any("commit"), state))
		}
	case "perform":
		if n := len(h.Out); n > 0 {
			h.must(h.Perform(rapid.IntRange(0, n-1).Draw(h.T, "effect")))
		}
	case "wait":
		h.must(h.Wait(time.Duration(rapid.SampledFrom([]int{1, 5, 20, 60, 400}).Draw(h.T, "seconds")) * time.Second))
	case "late":
		if n := len(h.held); n > 0 {
			i := rapid.IntRange(0, n-1).Draw(h.T, "delivery")
			f := h.held[i]
			h.held = slices.Delete(h.held, i, i+1)
			h.must(h.Deliver(h.Installed(), f))
		}
	case "again":
		if n := len(h.past); n > 0 {
			h.must(h.Deliver(h.past[rapid.IntRange(0, n-1).Draw(h.T, "delivery")]))
		}
	case "crash":
		h.must(h.Crash())
	case "hand":
		artifact := fmt.Sprintf("hand%d", len(h.hand))
		app := rapid.SampledFrom([]string{"staging", "us", "ca"}).Draw(h.T, "app")
		h.hand[artifact] = true
		stage := "production"
		if app == "staging" {
			stage = app
		}
		h.handed[stage] = h.pushes
		h.EndRelease(h.Release(app, artifact, ""), bot.ReleaseSucceeded, "")
	case "say":
		h.command()
	case "pull":
		n := len(h.Pulls) + 1
		p := &bottest.Pull{PullRequestChanged: bot.PullRequestChanged{
			Number: n, Head: fmt.Sprintf("h%d", n), Base: "main", Open: true, UpdatedAt: h.Now},
			TestMerge: fmt.Sprintf("m%d", n), TestTree: fmt.Sprintf("tree-m%d", n)}
		h.Pulls[n] = p
		h.hear(h.Installed(), p.PullRequestChanged)
	}
}

// end stops the faults, delivers every push, lets the checks end, and waits.
func (h *history) end() {
	h.faults = false
	for _, f := range h.held {
		switch f.(type) {
		case bot.Pushed, bot.Commented:
			h.must(h.Deliver(h.Installed(), f))
		}
	}
	for i := range h.pushes { // these webhooks are lost: sweeping finds out
		if sha := named(i + 1); h.pushed[sha] != nil && !h.passed(sha) {
			h.report(sha, bot.CheckFailed)
		}
	}
	for n := range 9 {
		h.must(h.Wait(time.Hour))
		h.look()
		if n == 0 {
			h.unlock()
		}
		if n == 3 {
			h.arrived()
			h.answered()
			h.pushes++ // and the next one goes through, whatever was before
			h.must(h.Deliver(h.move(bottest.Commit{SHA: named(h.pushes), File: h.Commits["file"].File}, false)...))
			h.must(h.Deliver(h.report(h.Heads["main"], bot.CheckPassed)))
		}
	}
}

func (h *history) passed(sha string) bool { _, red := h.redAt[sha]; return !red }

// arrived checks the end: what should be live is, and nobody waits for anything.
func (h *history) arrived() {
	newest, at := "", 0
	for sha, list := range h.pushed {
		if last := list[len(list)-1]; last > at && h.passed(sha) && !h.breaks(sha)[0] {
			newest, at = sha, last
		}
	}
	for _, stage := range []string{"staging", "production"} {
		live := h.State.Stages[stage].Live.SHA
		if newest == "" || h.failedSince(at) || h.takenBackSince(at, stage) ||
			h.handed["staging"] >= at || h.handed[stage] >= at { // nothing takes back what is newer
			continue
		}
		if list := h.pushed[live]; len(list) == 0 || list[len(list)-1] < at {
			h.Errorf("%s runs %q at the end, and not %s, the newest green commit", stage, live, newest)
		}
	}
	for sha, contexts := range h.Statuses {
		for context, v := range contexts {
			if v.State == bot.StatusPending {
				h.Errorf("%s of %s is pending at the end: %s", context, sha, v.Text)
			}
		}
	}
	active := map[string]int{}
	for _, d := range h.Deployments {
		switch d.Status.State {
		case bot.StatusSuccess:
			active[d.Do.Stage]++
		case bot.DeploymentInactive, bot.StatusFailure:
		default:
			h.Errorf("the deployment of %s to %s ends as %q", d.Do.SHA, d.Do.Stage, d.Status.State)
		}
	}
	for stage, n := range active {
		if n > 1 {
			h.Errorf("%d deployments to %s are active at the end", n, stage)
		}
	}
	if h.Failed() {
		for _, c := range bot.Decide(h.State, h.Now).Explain.Candidates {
			for _, st := range c.Stages {
				h.Logf("%s at %s: %s %s: %s", c.SHA, st.Stage, st.State, st.Blocked.Name, st.Blocked.Text)
			}
		}
	}
}

// failedSince reports whether a commit at or after a push got into a stage, and
// its release failed: then older ones stay out.
func (h *history) failedSince(at int) bool {
	return slices.ContainsFunc(h.Deployments, func(d *bottest.Deployment) bool {
		list := h.pushed[d.Do.SHA]
		return h.breaks(d.Do.SHA)[1] && list[len(list)-1] >= at
	})
}

// What must always hold does, through random histories with every kind of
// fault; and once the faults stop, everything arrives.
func TestHistories(t *testing.T) {
	for name, prepare := range map[string][]string{"one prepare app": {"prepare"}, "two": {"prepare", "prepare2"}, "none": nil} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := newHistory(t, prepare)
				for range rapid.IntRange(5, 60).Draw(t, "steps") {
					h.step()
				}
				h.end()
				h.arrived()
			})
		})
	}
}

// Webhooks of one set of facts lead to the same end in any order, however often
// each of them comes.
func TestAnyOrderSameEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "pushes")
		var ends []string
		green := make([]bool, n)
		for i := range green {
			green[i] = rapid.Bool().Draw(t, "green")
		}
		for range 2 {
			h := newHistory(t, []string{"prepare"})
			h.faults = false
			var facts []bot.Fact
			for i := range n {
				h.pushes = i + 1
				h.Pass(h.Now.Add(2 * time.Second))
				c := bottest.Commit{SHA: named(i + 1), File: h.Commits["file"].File}
				h.pushed[c.SHA] = []int{i + 1}
				facts = append(facts, h.Push("main", c, false)[1])
				state := bot.CheckFailed
				if green[i] {
					state = bot.CheckPassed
				}
				facts = append(facts, h.report(c.SHA, bot.CheckPending), h.report(c.SHA, state))
			}
			h.must(h.Deliver(h.Installed()))
			facts = append(facts, facts[rapid.IntRange(0, len(facts)-1).Draw(t, "twice")])
			for _, f := range rapid.Permutation(facts).Draw(t, "order") {
				h.must(h.Deliver(f))
				if rapid.Bool().Draw(t, "at once") {
					h.must(h.Drain())
				}
				if rapid.Bool().Draw(t, "pause") {
					h.must(h.Wait(7 * time.Second))
				}
			}
			h.must(h.Wait(time.Hour))
			h.arrived()
			end := ""
			for _, stage := range []string{"staging", "production"} {
				end += stage + " runs " + h.State.Stages[stage].Live.SHA + "\n"
			}
			for i := range n {
				sha := named(i + 1)
				end += fmt.Sprintf("%s: staging %s\n", sha, h.Statuses[sha]["headstart/staging"].State)
			}
			ends = append(ends, end)
		}
		if ends[0] != ends[1] {
			t.Errorf("the same webhooks in two orders end differently:\n%s\nand\n%s", ends[0], ends[1])
		}
	})
}

// A state is a value: what Apply returns shares nothing that is changed later,
// and both functions give the same answer to the same question.
func TestApplyAndDecideArePure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, []string{"prepare"})
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			before := h.State
			was := render(t, before)
			plan := bot.Decide(h.State, h.Now)
			if again := bot.Decide(h.State, h.Now); !reflect.DeepEqual(plan, again) {
				t.Fatalf("two decisions about one state differ:\n%+v\n%+v", plan, again)
			}
			h.step()
			if is := render(t, before); is != was {
				t.Fatalf("a state was changed after it had been replaced:\n%s\n%s", was, is)
			}
		}
	})
}

func render(t interface{ Fatal(...any) }, s bot.State) string {
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
