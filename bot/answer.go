package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Answers to people, in Markdown.

// replyBody answers every question of a comment.
func (d *view) replyBody(r *Request, begins starting) string {
	var parts []string
	for _, c := range r.Commands {
		if c.Problem != "" {
			continue
		}
		switch c.Verb {
		case VerbHelp:
			parts = append(parts, helpText)
		case VerbStatus:
			parts = append(parts, d.statusText())
		case VerbWhy:
			parts = append(parts, d.whyText(r, c, begins))
		case VerbPlan:
			parts = append(parts, d.planText(r))
		}
	}
	return strings.Join(parts, "\n\n")
}

const helpText = "**What Headstart understands**, each on a line of its own, in a new comment on a pull request:\n\n" +
	"| command | what it does |\n| --- | --- |\n" +
	"| `/promote [STAGE] [SHA]` | release it to the next stage, or to the one named; the pull request's commit, or the one named |\n" +
	"| `/promote STAGE [SHA] --urgent REASON` | the same outside of windows, in a freeze and without soak; checks and locks hold. Takes `maintain` or `admin` |\n" +
	"| `/rollback [STAGE] [to SHA or vN]` | the last good release before the current one; locks the stage. `with config` brings the config vars back too |\n" +
	"| `/lock [STAGE] [TIME] [REASON]` | no promotion into this stage, or into any; for a time such as `30m`, `2h` or `1d`, else until `/unlock` |\n" +
	"| `/unlock [STAGE]` | lets promotions in again |\n" +
	"| `/approve [STAGE] [SHA]` | approve this build for STAGE; lapses if the build, or the release running on STAGE, changes |\n" +
	"| `/approve STAGE SHA --alone REASON` | the same by an admin, where four eyes allow no one else; the reason is shown with the release |\n" +
	"| `/retry [build or STAGE]` | tries again what failed |\n" +
	"| `/cancel` | takes this commit out of the pipeline |\n" +
	"| `/why [STAGE]` | what blocks it, since when, and what to do about it |\n" +
	"| `/plan` | what merging would do |\n" +
	"| `/status` | every stage: what runs, what waits, what is locked |\n\n" +
	"Stages may be shortened, as in `/promote prod`."

// statusText is every stage in a table.
func (d *view) statusText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Every stage of `%s`**\n\n", code(d.s.Branch()))
	b.WriteString("| stage | runs | since | on its way | note |\n| --- | --- | --- | --- | --- |\n")
	for _, stage := range d.s.Config.StageNames() {
		st := d.s.Stages[stage]
		runs, since, way, note := "nothing yet", "", "–", ""
		if st.Live.SHA != "" {
			runs, since = cmp.Or(d.adoptedText(stage), d.commitText(st.Live.SHA)+d.urgentText(st.Live.SHA, stage)), moment(st.Live.Since)
		}
		if st.Promoting != nil {
			way = d.commitText(st.Promoting.SHA) + ", since " + moment(st.Promoting.StartedAt) + d.urgentText(st.Promoting.SHA, stage)
		} else if waiting := d.waitingFor(stage); waiting != "" {
			way = waiting
		}
		if g := d.lockGate(stage); g.State != GateOpen {
			note = "🔒 " + text(g.Text) + ", since " + moment(g.Since)
		}
		note = strings.TrimPrefix(note+d.timeNote(stage), "; ")
		if f, app := st.foreign(); f != nil {
			note = strings.TrimPrefix(fmt.Sprintf("%s; ⚠️ %s was released to %s by hand, at %s", note, f.name(), text(app), moment(f.At)), "; ")
		} else if st.mixed() {
			note = strings.TrimPrefix(note+"; its apps do not all run the same", "; ")
		}
		if copies := d.copyNote(stage); copies != "" {
			note = strings.TrimPrefix(note+"; "+text(copies), "; ")
		}
		for _, w := range d.warnings(stage) {
			note = strings.TrimPrefix(note+"; ⚠️ "+text(w), "; ")
		}
		if on := d.maintenanceNote(stage); on != "" {
			note = strings.TrimPrefix(note+"; "+text(on), "; ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", text(stage), runs, since, way, note)
	}
	return strings.TrimSuffix(b.String(), "\n") + d.queuesText()
}

// waitingFor says which candidate would be the next to enter a stage, and what
// it waits for; empty if there is none.
func (d *view) waitingFor(stage string) string {
	for i := len(d.s.Candidates) - 1; i >= 0; i-- {
		c := &d.s.Candidates[i]
		if _, in := c.Progress[stage]; in {
			return ""
		}
		if g, no := blocked(d.gates(c, stage)); no && g.Name == GateLock {
			return d.commitText(c.SHA) + " waits"
		} else if no && g.Name != GateOrder && !d.settled(c) {
			return d.commitText(c.SHA) + ": " + text(g.Text)
		}
	}
	return ""
}

// commitText names a commit with what people know it by.
func (d *view) commitText(sha string) string {
	s := Short(sha) // bare, so that GitHub links it
	if c := d.s.candidate(sha); c != nil {
		if c.Pull != 0 {
			return fmt.Sprintf("%s (%s)", s, text(fmt.Sprintf("#%d", c.Pull)))
		}
		if c.Title != "" {
			return s + " " + text(cut(c.Title, 40))
		}
	}
	return s
}

// whyText explains one candidate before one stage, or before all of them: what
// blocks it, a sentence each, and the open gates folded away.
func (d *view) whyText(r *Request, cmd Command, begins starting) string {
	asked := target{s: d.s, request: r, command: cmd}
	stages, problem := asked.stages()
	if problem != "" {
		return capital(text(problem)) + "."
	}
	c, problem := asked.named()
	if problem != "" {
		return capital(text(problem)) + "." + d.whyPull(r, begins)
	}
	var b, open strings.Builder
	fmt.Fprintf(&b, "**%s**", d.commitText(c.SHA))
	if at, ok := d.arrival(c); ok && !d.shutBeyond(c, at) {
		fmt.Fprintf(&b, ": expected on %s at %s, going by earlier deploys", text(d.lastStage()), moment(at))
	}
	b.WriteString("\n")
	for _, stage := range stages {
		fmt.Fprintf(&b, "\n**%s**\n", text(stage))
		if p, in := c.Progress[stage]; in {
			fmt.Fprintf(&b, "- %s; it entered at %s\n", text(d.progressText(stage, p)+after("; ", urgencyOrAlone(c, stage))), moment(p.StartedAt))
			continue
		}
		var passed []string
		for _, g := range append(d.gates(c, stage), d.freshGate(c, stage)...) {
			if g.State == GateOpen {
				passed = append(passed, text(g.asked()))
				continue
			}
			fmt.Fprintf(&b, "- %s %s\n", gateIcon(g.State), d.blockedText(g))
		}
		if len(passed) > 0 {
			fmt.Fprintf(&open, "- %s: %s\n", text(stage), strings.Join(passed, ", "))
		}
	}
	if open.Len() > 0 {
		fmt.Fprintf(&b, "\n<details><summary>Open gates</summary>\n\n%s\n</details>", open.String())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// blockedText says what a gate waits for, since when, and who can change that.
func (d *view) blockedText(g Gate) string {
	last := capital(text(g.Text))
	if !g.Since.IsZero() {
		last += ", since " + moment(g.Since)
	}
	last += d.in(g.Until) + "."
	switch {
	case g.Next != "":
		last += " **Next:** " + text(g.Next) + "."
	case g.Who != "":
		last += " It is up to " + text(g.Who) + "."
	}
	return last
}

// whyPull adds what keeps an open pull request's build waiting.
func (d *view) whyPull(r *Request, begins starting) string {
	p, ok := d.s.Pulls[r.Number]
	if !ok || !p.Open {
		return ""
	}
	if w := d.pullStatus(p, begins); w != nil && w.phase == PhaseQueue && d.queueText(RankPull) != "" {
		return " Its build: " + text(d.queueText(RankPull)) + "."
	} else if w != nil {
		return " Its build: " + text(w.Text) + "."
	}
	return ""
}

func (d *view) progressText(stage string, p Progress) string {
	switch p.State {
	case ProgressReleasing:
		if copying := d.copying(stage); copying != "" {
			return "⏳ " + copying
		}
		cfg, _ := d.s.Config.Stage(stage)
		if in := d.s.Stages[stage].Promoting; in != nil && in.Proof != nil {
			return "⏳ released; verifying that it works" + in.Proof.text()
		}
		return "⏳ releasing to " + names(cfg.Apps)
	case ProgressLive:
		if p.ranBefore() {
			return "✅ already live"
		}
		return "✅ " + p.verb() + " in " + took(p.StartedAt, p.EndedAt) + p.seen() + d.soakText(stage, p)
	case ProgressSkipped:
		return "⏭️ skipped: " + p.Reason
	case ProgressRolledBack:
		return "↩️ " + p.Reason
	}
	return "❌ " + p.Reason + after("; ", p.Consequence)
}

// seen says what the verification saw last; empty: there was none.
func (p Progress) seen() string {
	if p.Seen == nil {
		return ""
	}
	return ": " + p.Seen.text()
}

// text says how a verification stands; empty before the first answer.
func (p *Proof) text() string {
	if p.Last == nil {
		return ""
	}
	return "; last at " + moment(p.LastAt) + ": " + p.Last.text()
}

// soakText says how long what is live has to stay healthy; empty: no longer.
func (d *view) soakText(stage string, p Progress) string {
	k := d.s.Stages[stage].Soak
	if k == nil || p.Soaked || k.Promotion != p.Promotion {
		return ""
	}
	return "; it has to stay healthy until " + moment(k.Until)
}

func gateIcon(s GateState) string {
	switch s {
	case GateOpen:
		return "✅"
	case GateClosed:
		return "⛔"
	}
	return "⏳"
}

// planText says what merging a pull request would do.
func (d *view) planText(r *Request) string {
	pull := r.Actor.Pull
	if !pull.Open {
		return "This pull request is not open: `/why` says where it is."
	}
	if pull.Base != d.s.Branch() {
		return fmt.Sprintf("This pull request goes into `%s`, and the pipeline deploys `%s`: merging it deploys nothing.", code(pull.Base), code(d.s.Branch()))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**Merging this deploys it**: %s.\n", d.path())
	fmt.Fprintf(&b, "\n- Build: %s\n", d.plannedBuild(r))
	b.WriteString(d.plannedWaits())
	b.WriteString(d.plannedAsks(r.Changes))
	b.WriteString(d.plannedChanges(r.Changes))
	return strings.TrimSuffix(b.String(), "\n")
}

// plannedWaits says what a merge would wait for, and how long it usually takes.
func (d *view) plannedWaits() string {
	var b strings.Builder
	fmt.Fprintf(&b, "- Checks: %s\n", text(d.plannedChecks()))
	b.WriteString(d.neverGreen())
	for _, stage := range d.s.Config.StageNames() {
		if g := d.lockGate(stage); g.State != GateOpen {
			fmt.Fprintf(&b, "- 🔒 It would wait before %s: %s\n", text(stage), text(g.Text))
		}
		b.WriteString(d.plannedTimes(stage))
	}
	if t, ok := d.usualTime(); ok {
		fmt.Fprintf(&b, "- Time to %s: %s, going by earlier deploys\n", text(d.lastStage()), about(t))
	}
	return b.String()
}

func (d *view) plannedBuild(r *Request) string {
	p := d.s.Pulls[r.Number]
	switch run, ok := d.s.pullRun(p); {
	case p.Fork:
		return "after the merge; pull requests of forks are never built ahead"
	case d.awaitsMerge(p):
		return fmt.Sprintf("ahead of the merge, as soon as GitHub has made the test merge into `%s`", code(p.Base))
	case p.ReadHead == p.Head && p.TestTree == "" && p.Unmade && d.buildsPulls():
		return fmt.Sprintf("after the merge; GitHub does not say whether it merges into `%s`", code(p.Base))
	case p.ReadHead == p.Head && p.TestTree == "" && d.buildsPulls():
		return fmt.Sprintf("after the merge; it does not merge cleanly into `%s` as it is", code(p.Base))
	case ok && p.TestTree != "" && d.builtAgain(run) != "" && (run.Status == RunSucceeded || run.Active()):
		return "after the merge, while the checks run. " + d.whyBuiltAgain(run)
	case ok && p.TestTree != "" && run.Status == RunSucceeded:
		return fmt.Sprintf("the one that was made ahead of the merge on `%s`, as long as `%s` does not move", code(run.App), code(p.Base))
	case ok && p.TestTree != "" && run.Active():
		return fmt.Sprintf("the one that runs on `%s` now, as long as `%s` does not move", code(run.App), code(p.Base))
	case ok && p.TestTree != "" && run.Status == RunFailed:
		return "it does not build" + because(text(run.Reason))
	case p.TestTree != "" && p.ReadHead == p.Head && d.buildsPulls() && d.queueText(RankPull) != "":
		return "ahead of the merge, once a prepare app is free: " + text(d.queueText(RankPull))
	}
	return "after the merge, while the checks run"
}

func (d *view) plannedChecks() string {
	switch c := d.s.Config.Checks; {
	case c.None:
		return "none are waited for"
	case len(c.Names) > 0:
		all := make([]string, len(c.Names))
		for i, n := range c.Names {
			all[i] = n.String()
		}
		return names(all)
	case len(d.s.Required.theirs()) > 0:
		list := make([]string, len(d.s.Required.theirs()))
		for i, q := range d.s.Required.theirs() {
			list[i] = q.Name
		}
		return names(list) + ", as GitHub requires"
	}
	return "everything that reports"
}

// maxListed is how many commits an answer lists.
const maxListed = 20

// plannedChanges lists the commits that would go live with the pull request; their
// titles name the pull requests that they were.
func (d *view) plannedChanges(ch *ChangesRead) string {
	if ch == nil || len(ch.Commits) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "- Also goes live (not on %s yet): %d commits since %s\n", text(d.lastStage()), ch.Total, Short(ch.Base))
	for i, c := range ch.Commits {
		if i == maxListed {
			fmt.Fprintf(&b, "  - and %d more\n", ch.Total-maxListed)
			break
		}
		fmt.Fprintf(&b, "  - %s %s\n", Short(c.SHA), text(cut(c.Title, 72)))
	}
	return b.String()
}

func (d *view) lastStage() string { return d.s.Config.Stages[len(d.s.Config.Stages)-1].Name }

// commandsText is the part of the pull request's comment that says what became of
// its commands, the newest last.
func (d *view) commandsText(number int) string {
	ended := d.s.Pulls[number].Earlier
	var open []string
	for _, r := range d.s.Requests {
		if r.Number == number {
			ended, open = append(ended[:len(ended):len(ended)], r.lines(false)...), append(open, r.lines(true)...)
		}
	}
	lines := append(slices.Clone(ended[max(len(ended)-shownAnswers, 0):]), open...)
	if len(lines) == 0 {
		return ""
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

// shownAnswers is how many answers that are final a pull request's comment
// shows; those that are still to come are all shown.
const shownAnswers = 5

// lines says what became of the commands, or of those whose result is open.
func (r *Request) lines(open bool) (lines []string) {
	for i, a := range r.Answers {
		if a.Text == "" || a.Open != open {
			continue
		}
		mark := "❌"
		if a.Open {
			mark = "⏳"
		} else if a.OK {
			mark = "✅"
		}
		lines = append(lines, fmt.Sprintf("- %s `%s` by %s: %s", mark, code(cmp.Or(r.Commands[i].Written, r.Commands[i].Text)), text(r.User), text(a.Text)))
	}
	return lines
}

// rollbackHint says what /rollback of the last stage would bring back; empty if
// nothing, or where the candidate is not live there.
func (d *view) rollbackHint(c *Candidate) string {
	stage := d.lastStage()
	st := d.s.Stages[stage]
	if st.Live.SHA != c.SHA || st.Promoting != nil {
		return ""
	}
	past, ok := st.target(RollbackOrder{From: st.Live.SHA})
	if !ok {
		return ""
	}
	title := ""
	if past.Ran != nil {
		title = ", which was released before Headstart"
	}
	if past.Title != "" {
		title = ": " + text(cut(past.Title, 72))
	}
	return fmt.Sprintf("\n🛟 `/rollback %s` would bring back %s%s%s\n", code(d.s.qualified(stage)), Short(past.SHA), past.version(), title)
}
