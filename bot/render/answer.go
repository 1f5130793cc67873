package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/words"
)

// Answers to people, in Markdown.

// ReplyBody answers every question of a comment.
func ReplyBody(v *gate.View, r *pipeline.Request, begins Starting) string {
	var parts []string
	for _, c := range r.Commands {
		if c.Problem != "" {
			continue
		}
		switch c.Verb {
		case command.VerbHelp:
			parts = append(parts, HelpText)
		case command.VerbStatus:
			parts = append(parts, statusText(v))
		case command.VerbWhy:
			parts = append(parts, whyText(v, r, c, begins))
		case command.VerbPlan:
			parts = append(parts, planText(v, r))
		}
	}
	return strings.Join(parts, "\n\n")
}

const HelpText = "**What Headstart understands**, each on a line of its own, in a new comment on a pull request:\n\n" +
	"| command | what it does |\n| --- | --- |\n" +
	"| `/promote [STAGE] [SHA]` | release it to the next stage, or to the one named; the pull request's commit, or the one named |\n" +
	"| `/promote STAGE [SHA] --urgent REASON` | the same outside of windows, in a freeze and without soak; checks and locks hold. Takes `maintain` or `admin` |\n" +
	"| `/rollback [STAGE] [to SHA or vN]` | the last good release before the current one; locks the stage. `with config` brings the config vars back too |\n" +
	"| `/lock [STAGE] [TIME] [REASON]` | no promotion into this stage, or into any; for a time such as `30m`, `2h` or `1d`, else until `/unlock` |\n" +
	"| `/unlock [STAGE]` | lets promotions in again |\n" +
	"| `/approve [STAGE] [SHA]` | approve this build for STAGE; lapses if the build, or the release running on STAGE, changes |\n" +
	"| `/approve STAGE SHA --alone REASON` | the same by an admin, where four eyes allow no one else; the reason is shown with the release |\n" +
	"| `/retry [build or STAGE] [SHA]` | tries again what failed |\n" +
	"| `/cancel [SHA]` | takes this commit, or the one named, out of the pipeline |\n" +
	"| `/incident [STAGE] [SHA] REASON` | notes that the release on production did harm; insights count it as a failed deployment |\n" +
	"| `/why [STAGE]` | what blocks it, since when, and what to do about it |\n" +
	"| `/plan` | what merging would do |\n" +
	"| `/status` | every stage: what runs, what waits, what is locked |\n\n" +
	"Stages may be shortened, as in `/promote prod`."

// statusText is every stage in a table.
func statusText(v *gate.View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Every stage of `%s`**\n\n", words.Code(v.State.Branch()))
	b.WriteString("| stage | runs | since | on its way | note |\n| --- | --- | --- | --- | --- |\n")
	for _, stage := range v.State.Config.StageNames() {
		st := v.State.Stage(stage)
		runs, since, way, note := "nothing yet", "", "–", ""
		if st.Live.SHA != "" {
			runs, since = cmp.Or(adoptedText(v, stage), commitText(v, st.Live.SHA)+urgentText(v, st.Live.SHA, stage)), words.Moment(st.Live.Since)
		}
		if st.Promoting != nil {
			way = commitText(v, st.Promoting.SHA) + ", since " + words.Moment(st.Promoting.StartedAt) + urgentText(v, st.Promoting.SHA, stage)
		} else if waiting := waitingFor(v, stage); waiting != "" {
			way = waiting
		}
		if g := v.LockGate(stage); g.State != gate.Open {
			note = "🔒 " + words.Text(g.Text) + ", since " + words.Moment(g.Since)
		}
		note = strings.TrimPrefix(note+timeNote(v, stage), "; ")
		if f, app := st.Foreign(); f != nil {
			note = strings.TrimPrefix(fmt.Sprintf("%s; ⚠️ %s was released to %s by hand, at %s", note, f.Name(), words.Text(app), words.Moment(f.At)), "; ")
		} else if st.Mixed() {
			note = strings.TrimPrefix(note+"; its apps do not all run the same", "; ")
		}
		if copies := copyNote(v, stage); copies != "" {
			note = strings.TrimPrefix(note+"; "+words.Text(copies), "; ")
		}
		for _, w := range warnings(v, stage) {
			note = strings.TrimPrefix(note+"; ⚠️ "+words.Text(w), "; ")
		}
		if on := maintenanceNote(v, stage); on != "" {
			note = strings.TrimPrefix(note+"; "+words.Text(on), "; ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", words.Text(stage), runs, since, way, note)
	}
	return strings.TrimSuffix(b.String(), "\n") + queuesText(v)
}

// waitingFor names the next candidate to enter a stage and what it waits for; empty: there is none.
func waitingFor(v *gate.View, stage string) string {
	for i := len(v.State.Candidates) - 1; i >= 0; i-- {
		c := &v.State.Candidates[i]
		if _, in := c.Progress[stage]; in {
			return ""
		}
		if g, no := gate.Blocked(v.Gates(c, stage)); no && g.Name == gate.Lock {
			return commitText(v, c.SHA) + " waits"
		} else if no && g.Name != gate.Order && !v.Settled(c) {
			return commitText(v, c.SHA) + ": " + words.Text(g.Text)
		}
	}
	return ""
}

// commitText names a commit as people know it.
func commitText(v *gate.View, sha string) string {
	s := bot.Short(sha) // bare, so that GitHub links it
	if c := v.State.Candidate(sha); c != nil {
		if c.Pull != 0 {
			return fmt.Sprintf("%s (%s)", s, words.Text(fmt.Sprintf("#%d", c.Pull)))
		}
		if c.Title != "" {
			return s + " " + words.Text(redact.Cut(c.Title, 40))
		}
	}
	return s
}

// whyText explains one candidate before one stage, or before all. Each blocking gate gets a sentence; the open gates
// are folded away.
func whyText(v *gate.View, r *pipeline.Request, cmd command.Command, begins Starting) string {
	asked := pipeline.Subject{State: v.State, Request: r, Command: cmd}
	stages, problem := asked.Stages()
	if problem != "" {
		return words.Capital(words.Text(problem)) + "."
	}
	c, problem := asked.Named()
	if problem != "" {
		return words.Capital(words.Text(problem)) + "." + whyPull(v, r, begins)
	}
	var b, open strings.Builder
	fmt.Fprintf(&b, "**%s**", commitText(v, c.SHA))
	if at, ok := Expected(v, c); ok {
		fmt.Fprintf(&b, ": expected on %s at %s, going by earlier deploys", words.Text(v.LastStage()), words.Moment(at))
	}
	b.WriteString(words.Details(v.State.Pipeline.Name, c.SHA, "why") + "\n")
	for _, stage := range stages {
		fmt.Fprintf(&b, "\n**%s**\n", words.Text(stage))
		why := WhyAt(v, c, stage)
		if why.Entered != "" {
			fmt.Fprintf(&b, "- %s; it entered at %s\n", words.Text(why.Entered), words.Moment(why.Since))
			continue
		}
		for _, g := range why.Shut {
			fmt.Fprintf(&b, "- %s %s\n", gateIcon(g.State), blockedText(v, g))
		}
		if len(why.Open) > 0 {
			fmt.Fprintf(&open, "- %s: %s\n", words.Text(stage), words.Text(strings.Join(why.Open, ", ")))
		}
	}
	if open.Len() > 0 {
		fmt.Fprintf(&b, "\n<details><summary>Open gates</summary>\n\n%s\n</details>", open.String())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// blockedText states what a gate waits for, since when, and who can change that.
func blockedText(v *gate.View, g gate.Gate) string {
	last := words.Capital(words.Text(g.Text))
	if !g.Since.IsZero() {
		last += ", since " + words.Moment(g.Since)
	}
	last += in(v, g.Until) + "."
	switch {
	case g.Next != "":
		last += " **Next:** " + words.Text(g.Next) + "."
	case g.Who != "" && g.Name != gate.Proof: // its text names the stage
		last += " It is up to " + words.Text(g.Who) + "."
	}
	return last
}

// whyPull adds what keeps an open pull request's build waiting.
func whyPull(v *gate.View, r *pipeline.Request, begins Starting) string {
	p, ok := v.State.Pulls[r.Number]
	if !ok || !p.Open {
		return ""
	}
	if w := PullStatus(v, p, begins); w != nil && w.Phase == bot.PhaseQueue && v.QueueText(bot.RankPull) != "" {
		return " Its build: " + words.Text(v.QueueText(bot.RankPull)) + "."
	} else if w != nil {
		return " Its build: " + words.Text(w.Text) + "."
	}
	return ""
}

func progressText(v *gate.View, stage string, p pipeline.Progress) string {
	switch p.State {
	case pipeline.ProgressReleasing:
		if copying := copying(v, stage); copying != "" {
			return "⏳ " + copying
		}
		cfg, _ := v.State.Config.Stage(stage)
		if in := v.State.Stage(stage).Promoting; in != nil && in.Proof != nil {
			return "⏳ released; verifying that it works" + in.Proof.Text()
		}
		return "⏳ releasing to " + words.Names(cfg.Apps)
	case pipeline.ProgressLive:
		if p.RanBefore() {
			return "✅ already live"
		}
		return "✅ " + p.Verb() + " in " + words.Took(p.StartedAt, p.EndedAt) + p.LastSeen() + soakText(v, stage, p)
	case pipeline.ProgressSkipped:
		return "⏭️ skipped: " + p.Reason
	case pipeline.ProgressRolledBack:
		return "↩️ " + p.Reason
	}
	return "❌ " + p.Reason + words.After("; ", p.Consequence)
}

// soakText states how long the live commit still has to stay healthy; empty: no longer.
func soakText(v *gate.View, stage string, p pipeline.Progress) string {
	k := v.State.Stage(stage).Soak
	if k == nil || p.Soaked || k.Promotion != p.Promotion {
		return ""
	}
	return "; it has to stay healthy until " + words.Moment(k.Until)
}

func gateIcon(s gate.State) string {
	switch s {
	case gate.Open:
		return "✅"
	case gate.Closed:
		return "⛔"
	}
	return "⏳"
}

// planText states what merging a pull request would do.
func planText(v *gate.View, r *pipeline.Request) string {
	pull := r.Actor.Pull
	if !pull.Open {
		return "This pull request is not open: `/why` says where it is."
	}
	if pull.Base != v.State.Branch() {
		return fmt.Sprintf("This pull request goes into `%s`, and the pipeline deploys `%s`: merging it deploys nothing.", words.Code(pull.Base), words.Code(v.State.Branch()))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**Merging this deploys it**: %s.\n", path(v))
	fmt.Fprintf(&b, "\n- Build: %s\n", plannedBuild(v, r))
	b.WriteString(plannedWaits(v))
	b.WriteString(plannedAsks(v, r.Changes))
	b.WriteString(plannedChanges(v, r.Changes))
	return strings.TrimSuffix(b.String(), "\n")
}

// plannedWaits states what a merge would wait for, and how long that usually takes.
func plannedWaits(v *gate.View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- Checks: %s\n", words.Text(plannedChecks(v)))
	b.WriteString(neverGreen(v))
	for _, stage := range v.State.Config.StageNames() {
		if g := v.LockGate(stage); g.State != gate.Open {
			fmt.Fprintf(&b, "- 🔒 It would wait before %s: %s\n", words.Text(stage), words.Text(g.Text))
		}
		b.WriteString(plannedTimes(v, stage))
	}
	if t, ok := usualTime(v); ok {
		fmt.Fprintf(&b, "- Time to %s: %s, going by earlier deploys\n", words.Text(v.LastStage()), words.About(t))
	}
	return b.String()
}

func plannedBuild(v *gate.View, r *pipeline.Request) string {
	p := v.State.Pulls[r.Number]
	switch run, ok := PullRun(v.State, p); {
	case p.Fork:
		return "after the merge; pull requests of forks are never built ahead"
	case awaitsMerge(v, p):
		return fmt.Sprintf("ahead of the merge, as soon as GitHub has made the test merge into `%s`", words.Code(p.Base))
	case p.ReadHead == p.Head && p.TestTree == "" && p.Unmade && v.BuildsPulls():
		return fmt.Sprintf("after the merge; GitHub does not say whether it merges into `%s`", words.Code(p.Base))
	case p.ReadHead == p.Head && p.TestTree == "" && v.BuildsPulls():
		return fmt.Sprintf("after the merge; it does not merge cleanly into `%s` as it is", words.Code(p.Base))
	case ok && p.TestTree != "" && builtAgain(v, run) != "" && (run.Status == pipeline.RunSucceeded || run.Active()):
		return "after the merge, while the checks run. " + whyBuiltAgain(v, run)
	case ok && p.TestTree != "" && run.Status == pipeline.RunSucceeded:
		return fmt.Sprintf("the one that was made ahead of the merge on `%s`, as long as `%s` does not move", words.Code(run.App), words.Code(p.Base))
	case ok && p.TestTree != "" && run.Active():
		return fmt.Sprintf("the one that runs on `%s` now, as long as `%s` does not move", words.Code(run.App), words.Code(p.Base))
	case ok && p.TestTree != "" && run.Status == pipeline.RunFailed:
		return "it does not build" + words.Because(words.Text(run.Reason))
	case p.TestTree != "" && p.ReadHead == p.Head && v.BuildsPulls() && v.QueueText(bot.RankPull) != "":
		return "ahead of the merge, once a prepare app is free: " + words.Text(v.QueueText(bot.RankPull))
	}
	return "after the merge, while the checks run"
}

func plannedChecks(v *gate.View) string {
	switch c := v.State.Config.Checks; {
	case c.None:
		return "none are waited for"
	case len(c.Names) > 0:
		all := make([]string, len(c.Names))
		for i, n := range c.Names {
			all[i] = n.String()
		}
		return words.Names(all)
	case len(v.State.Required.Theirs()) > 0:
		list := make([]string, len(v.State.Required.Theirs()))
		for i, q := range v.State.Required.Theirs() {
			list[i] = q.Name
		}
		return words.Names(list) + ", as GitHub requires"
	}
	return "everything that reports"
}

// maxListed is how many commits an answer lists.
const maxListed = 20

// plannedChanges lists the commits that would go live with the pull request. Their titles contain the numbers of their
// pull requests.
func plannedChanges(v *gate.View, ch *bot.ChangesRead) string {
	if ch == nil || len(ch.Commits) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "- Also goes live (not on %s yet): %d commits since %s\n", words.Text(v.LastStage()), ch.Total, bot.Short(ch.Base))
	for i, c := range ch.Commits {
		if i == maxListed {
			fmt.Fprintf(&b, "  - and %d more\n", ch.Total-maxListed)
			break
		}
		fmt.Fprintf(&b, "  - %s %s\n", bot.Short(c.SHA), words.Text(redact.Cut(c.Title, 72)))
	}
	return b.String()
}

// CommandsText is the part of the pull request's comment with the results of its commands, newest last.
func CommandsText(v *gate.View, number int) string {
	ended := v.State.Pulls[number].Earlier
	var open []string
	for _, r := range v.State.Requests {
		if r.Number == number {
			ended, open = append(ended[:len(ended):len(ended)], AnswerLines(&r, false)...), append(open, AnswerLines(&r, true)...)
		}
	}
	lines := append(slices.Clone(ended[max(len(ended)-ShownAnswers, 0):]), open...)
	if len(lines) == 0 {
		return ""
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

// ShownAnswers bounds how many final answers a pull request's comment shows. Open answers are all shown.
const ShownAnswers = 5

// AnswerLines lists the results of the commands; with open, only of the commands without a result yet.
func AnswerLines(r *pipeline.Request, open bool) (lines []string) {
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
		lines = append(lines, fmt.Sprintf("- %s `%s` by %s: %s", mark, words.Code(cmp.Or(r.Commands[i].Written, r.Commands[i].Text)), words.Text(r.User)+viaText(r.Via), words.Text(a.Text)))
	}
	return lines
}

// viaText says by what way a command came; empty: in a comment.
func viaText(via bot.Via) string {
	switch via {
	case bot.ViaPage:
		return ", from the page"
	case bot.ViaAPI:
		return ", by the API"
	}
	return ""
}

// rollbackHint names the target of a /rollback of the last stage; empty: there is none, or the candidate is not live
// there.
func rollbackHint(v *gate.View, c *pipeline.Candidate) string {
	stage := v.LastStage()
	st := v.State.Stage(stage)
	if st.Live.SHA != c.SHA || st.Promoting != nil {
		return ""
	}
	past, ok := st.Target(pipeline.RollbackOrder{From: st.Live.SHA})
	if !ok {
		return ""
	}
	title := ""
	if past.Ran != nil {
		title = ", which was released before Headstart"
	}
	if past.Title != "" {
		title = ": " + words.Text(redact.Cut(past.Title, 72))
	}
	return fmt.Sprintf("\n🛟 `/rollback %s` would bring back %s%s%s\n", words.Code(v.State.Qualified(stage)), bot.Short(past.SHA), past.Version(), title)
}
