package bot

import (
	"fmt"
	"strings"
	"time"
)

// Marker begins the bot's comment, so that it is found again.
const Marker = "<!-- headstart -->"

// commentGap is the least time between two edits of one comment: what GitHub
// lets a bot write is limited, and nobody reads faster.
const commentGap = 3 * time.Second

// publishComment keeps the one comment of a pull request: before the merge about
// its build, afterwards about the candidate that it became. One of several pipelines
// keeps its section of it.
func (d *decision) publishComment(p PullRequest) {
	if p.Comment.Refused && !d.retryDue(p.Comment.Refusal) {
		return
	}
	body, neverGreen := "", false
	if d.s.Configured {
		body, neverGreen = d.comment(p, d.starting)
	} else {
		body = d.lastComment(p)
	}
	commands := ""
	if d.s.Configured || body != "" {
		commands = d.commandsText(p.Number)
	}
	rest := commands + d.sections(p)
	if rest != "" && body == "" {
		body = Marker + "\n"
	}
	if body += rest; d.s.Pipeline.Name != "" {
		d.publishSection(p, d.headed(body), neverGreen)
		return
	}
	if body == "" || body == p.Comment.Body && !p.Comment.Uncertain && !d.repeatDue(p.Comment.RepeatAt) {
		return
	}
	if !d.due(p.Comment.WrittenAt.Add(commentGap)) {
		return
	}
	d.want(commentKey(p.Number), WriteComment{Number: p.Number, ID: p.Comment.ID, Body: body, NeverGreen: neverGreen})
}

// comment renders the comment's Markdown, empty while there is nothing to say, and tells
// whether it warns of required contexts that cannot be green before the merge.
func (d *view) comment(p PullRequest, begins starting) (body string, neverGreen bool) {
	if p.Base != d.s.Branch() {
		if !p.Comment.written() {
			return "", false
		}
		return fmt.Sprintf("%s\nIt goes into `%s` now, which this pipeline does not deploy.\n", Marker, code(p.Base)), false
	}
	if affected := d.s.pullAffects(p); affected != AffectedYes {
		if affected == "" || !p.Comment.written() {
			return "", false
		}
		return Marker + "\nIt changes none of this pipeline's files.\n", false
	}
	if p.Merged {
		for i := range d.s.Candidates {
			if c := &d.s.Candidates[i]; p.became(c) {
				return d.mergedComment(c, begins), false
			}
		}
		return "", false // its push has not been seen, or is long forgotten
	}
	if !p.Open {
		if !p.Comment.written() {
			return "", false
		}
		return Marker + "\nClosed without a merge: nothing of this pull request was deployed.\n", false
	}
	if p.Fork || p.ReadHead != p.Head && !d.awaitsMerge(p) || !d.buildsPulls() {
		return d.requiredComment(p)
	}
	return d.openComment(p, begins)
}

func (d *view) openComment(p PullRequest, begins starting) (body string, neverGreen bool) {
	var b strings.Builder
	waits := d.awaitsMerge(p)
	if waits {
		p.TestMerge, p.TestTree = "", "" // those of the head before
	}
	r, _ := d.s.pullRun(p)
	if p.TestTree != "" && r.Status == RunFailed {
		fmt.Fprintf(&b, "%s\n**Merging this deploys nothing**: it does not build.\n\n❌ The build failed after %s on `%s`%s%s\n",
			Marker, took(r.StartedAt, r.FinishedAt), code(r.App), output(r.OutputURL), because(text(r.Reason)))
		return b.String(), false
	}
	fmt.Fprintf(&b, "%s\n**Merging this deploys it**: %s.\n\n", Marker, d.path())
	switch {
	case waits:
		fmt.Fprintf(&b, "⏳ Waiting for GitHub to make the test merge into `%s`: it is built ahead then.\n", code(p.Base))
	case p.TestTree == "" && p.Unmade:
		fmt.Fprintf(&b, "⚠️ GitHub does not say whether it merges into `%s`, so nothing is built ahead. A push to it asks again.\n", code(p.Base))
	case p.TestTree == "":
		fmt.Fprintf(&b, "⚠️ It does not merge cleanly into `%s`, so nothing is built ahead.\n", code(p.Base))
	case r.Status == RunSucceeded && d.builtAgain(r) != "":
		fmt.Fprintf(&b, "✅ It builds: that took %s on `%s`%s. %s.\n",
			took(r.StartedAt, r.FinishedAt), code(r.App), output(r.OutputURL), d.whyBuiltAgain(r))
	case r.Status == RunSucceeded:
		fmt.Fprintf(&b, "✅ The build is ready: it took %s on `%s`%s, and the merge goes live without another one, "+
			"as long as `%s` does not move.\n", took(r.StartedAt, r.FinishedAt), code(r.App), output(r.OutputURL), code(p.Base))
	case r.Status == RunErrored:
		fmt.Fprintf(&b, "⚠️ `%s` could not build it ahead%s\n", code(r.App), because(text(r.Reason)))
	case r.Active():
		fmt.Fprintf(&b, "⏳ Building ahead of the merge on `%s`.\n", code(r.App))
	case begins[d.s.aheadKey(p.TestMerge, p.TestTree)] != "":
		fmt.Fprintf(&b, "⏳ Building ahead of the merge on `%s`.\n", code(begins[d.s.aheadKey(p.TestMerge, p.TestTree)]))
	case r.Status == RunUnread:
		fmt.Fprintf(&b, "⏳ Checking whether the build of %s, which has the same files, can be reused.\n", Short(r.SHA))
	case d.s.Config.Prepare.apart():
		b.WriteString("⏳ Queued for an app that builds pull requests.\n")
	default:
		b.WriteString("⏳ Queued for a prepare app (pushes to " + text(d.s.Branch()) + " go first).\n")
	}
	if planned := d.plannedWaits(); planned != "" {
		b.WriteString("\n" + planned)
	}
	if p.ChangesOf == p.Head || d.s.Stages[d.lastStage()].Live.commit() == "" {
		b.WriteString(d.plannedAsks(&p.Changes))
	}
	if p.ChangesOf == p.Head {
		if changes := d.plannedChanges(&p.Changes); changes != "" {
			b.WriteString(changes)
		}
	}
	return b.String(), d.neverGreen() != ""
}

// path is the way to production in words.
func (d *view) path() string {
	steps := make([]string, len(d.s.Config.Stages))
	for i, s := range d.s.Config.Stages {
		steps[i] = "`" + code(s.Name) + "`"
	}
	return strings.Join(steps, " → ")
}

func (d *view) mergedComment(c *Candidate, begins starting) string {
	var b strings.Builder
	rows := []row{d.buildRow(c, begins), {step: "checks", state: d.checksLine(c)}}
	for _, stage := range d.s.Config.Stages {
		rows = append(rows, d.stageRow(c, stage.Name))
	}
	fmt.Fprintf(&b, "%s\n%s\n\n%s", Marker, d.headline(c), table(rows))
	if next := d.next(c); next != "" {
		fmt.Fprintf(&b, "\n%s\n", next)
	}
	b.WriteString(d.warningLines(c))
	b.WriteString(d.rollbackHint(c))
	return b.String()
}

// buildRow says what the candidate's build came to; nothing before it has begun.
func (d *view) buildRow(c *Candidate, begins starting) row {
	r, _ := d.s.runOf(c)
	w := d.buildStatus(c, begins)
	if published := c.Published[buildContext]; w == nil && published.State != "" {
		w = newNotice(published.State, published.Text, r.OutputURL) // it was said, and stays true
	}
	if w == nil {
		return row{}
	}
	done := row{step: "build", took: took(r.StartedAt, r.FinishedAt), link: link(w.URL)}
	switch {
	case w.State != StatusSuccess || r.Status != RunSucceeded:
		return row{step: "build", state: icon(w.State) + " " + text(w.Text), link: done.link}
	case r.SHA == c.SHA || r.Tree == "":
		done.state = fmt.Sprintf("✅ built on `%s`", code(r.App))
	case r.Pull != 0:
		done.state = fmt.Sprintf("✅ built ahead of the merge on `%s`", code(r.App))
	default:
		done.state = fmt.Sprintf("✅ built on `%s` as %s, which has the same tree", code(r.App), Short(r.SHA))
	}
	return done
}

// stageRow says how the candidate fares at a stage.
func (d *view) stageRow(c *Candidate, stage string) row {
	r := row{step: text(stage), state: "–"}
	if w := d.stageStatus(c, stage); w != nil {
		r.state, r.link = icon(w.State)+" "+text(d.stageCause(c, stage, w)), link(w.URL)
	} else if by, gone := d.overtaker(c, stage); gone && d.partOf(c, by, stage) != "" {
		r.state = "✅ live as part of " + commitRef(by)
		if by.Progress[stage].State == ProgressSkipped {
			r.state = "✅ skipped as part of " + commitRef(by)
		}
	}
	p := c.Progress[stage]
	past, proved := d.s.Stages[stage].named(c.SHA, 0)
	switch {
	case p.State == ProgressSkipped:
		r.state = "⏭️ skipped: " + text(p.Reason)
		return r
	case p.State != ProgressLive && p.State != ProgressRolledBack:
		return r
	case proved:
		r.version = strings.Trim(past.version(), " ()")
	}
	if n := len(past.Versions); p.Reason != "" && n > 0 && len(past.Releases) == 1 {
		r.version = fmt.Sprintf("v%d", past.Versions[n-1]) // it was released more than once
	}
	r.took = took(p.StartedAt, p.EndedAt)
	switch {
	case p.State == ProgressRolledBack:
		r.took = ""
	case p.ranBefore():
		r.state, r.took = "✅ already live", ""
	case p.Reason != "":
		r.state = "✅ live again " + text(p.Reason)
	case p.EndedAt.Before(c.Pushed()):
		r.state = "✅ already live"
	default:
		r.state = "✅ live " + c.sincePush(p.EndedAt) + " after the push"
	}
	return r
}

// stageCause is what the table says of a stage: what its status says, but for the
// cause where that stands in the line of the build or of the checks.
func (d *view) stageCause(c *Candidate, stage string, w *notice) string {
	if _, entered := c.Progress[stage]; entered {
		return w.Text
	}
	g, no := blocked(d.gates(c, stage))
	switch {
	case !no || g.Name != GateChecks && g.Name != GateBuild:
		return w.Text
	case g.State == GateClosed:
		return "not released"
	}
	return "waiting"
}

// headline says in one line where a candidate is.
func (d *view) headline(c *Candidate) string {
	sha, at := Short(c.SHA), ""
	for _, stage := range d.s.Config.Stages {
		switch p := c.Progress[stage.Name]; {
		case p.State == ProgressLive:
			at = stage.Name
			continue
		case p.State == ProgressSkipped:
			continue
		case p.State == ProgressFailed:
			return fmt.Sprintf("**%s failed on %s**", sha, text(stage.Name))
		case p.State == ProgressRolledBack:
			return fmt.Sprintf("**%s was %s on %s**", sha, text(p.Reason), text(stage.Name))
		case p.State == ProgressReleasing:
			return fmt.Sprintf("**%s is on its way to %s**", sha, text(stage.Name))
		}
		if by, ok := d.overtaker(c, stage.Name); ok {
			if d.partOf(c, by, stage.Name) != "" {
				if by.Progress[stage.Name].State == ProgressLive {
					at = stage.Name
				}
				continue
			}
			return fmt.Sprintf("**%s was superseded by %s**", sha, commitRef(by))
		}
		if g, no := blocked(d.gates(c, stage.Name)); no && (g.Name == GateLock || g.Name == GateApproval) {
			return fmt.Sprintf("**%s is waiting for %s**", sha, text(stage.Name))
		} else if no && g.State == GateClosed {
			return fmt.Sprintf("**%s is not released to %s**", sha, text(stage.Name))
		}
		return fmt.Sprintf("**%s is on its way to %s**", sha, text(stage.Name))
	}
	verb := "is"
	if live := d.s.Stages[at].Live.SHA; live != c.SHA && c.Progress[at].State == ProgressLive && !c.Progress[at].ranBefore() {
		verb = "went" // something newer has taken its place
	}
	return fmt.Sprintf("**%s %s live on %s**", sha, verb, text(at))
}

// next says what happens next, or what a person can do; empty once everything has
// happened.
func (d *view) next(c *Candidate) string {
	for _, stage := range d.s.Config.Stages {
		switch p := c.Progress[stage.Name]; p.State {
		case ProgressLive, ProgressSkipped:
			continue
		case ProgressFailed:
			return d.nextAfterFailure(p, stage.Name)
		case ProgressRolledBack:
			live := d.s.Stages[stage.Name].Live
			return fmt.Sprintf("%s runs %s, since %s. **Next:** `/promote %s` releases this commit again.",
				capital(text(stage.Name)), Short(live.SHA), moment(live.Since), code(d.s.qualified(stage.Name)))
		case ProgressReleasing:
			if d.s.inMaintenance(stage.Name) {
				return ""
			}
			return "The old version keeps serving until the release succeeds."
		}
		g, no := blocked(d.gates(c, stage.Name))
		switch {
		case !no, g.State == GateWaiting && g.beforeBuilt():
			return "**Next:** " + text(stage.Name) + ", once the build and the checks have passed."
		case g.Name == GateOrder:
			continue
		case d.stageStatus(c, stage.Name) == nil: // the table does not say why
			return fmt.Sprintf("**Next:** %s. %s.", text(stage.Name), capital(text(g.Text)))
		}
		return "**Next:** " + d.nextBefore(g, stage.Name) + "."
	}
	return ""
}

func (d *view) nextAfterFailure(p Progress, stage string) string {
	st, command := d.s.Stages[stage], code(d.s.qualified(stage))
	switch {
	case p.Consequence != "":
		return fmt.Sprintf("%s: %s.%s", capital(text(stage)), text(p.Consequence), d.s.reopenHint(stage))
	case st.mixed():
		return fmt.Sprintf("The apps of %s run different releases. **Next:** `/rollback %s` takes all of them back, `/retry %s` tries again.",
			text(stage), command, command)
	case st.Live.SHA == "":
		return fmt.Sprintf("**Next:** push a fix, or comment `/retry %s`.", command)
	}
	return fmt.Sprintf("%s still runs %s. **Next:** push a fix, or comment `/retry %s`.", capital(text(stage)), Short(st.Live.SHA), command)
}

// nextBefore says what to do, or to wait for, before a gate that is not open. Why it
// is not stands in the table.
func (d *view) nextBefore(g Gate, stage string) string {
	switch {
	case g.Name == GateLock && !g.Until.IsZero():
		return fmt.Sprintf("%s goes on at %s, or after `/unlock %s`", text(stage), moment(g.Until), code(d.s.qualified(stage)))
	case g.Name == GateLock:
		return fmt.Sprintf("`/unlock %s`", code(d.s.qualified(stage)))
	case g.Name == GateApproval:
		return fmt.Sprintf("`/approve %s`", code(d.s.qualified(stage)))
	case g.Next != "":
		return text(g.Next)
	}
	return text(stage) + " goes on without anybody's doing"
}

// checksLine says how the checks stand. It names those that failed, but not those
// that run: with many checks that would rewrite the comment all the time.
func (d *view) checksLine(c *Candidate) string {
	g, v := d.checksGate(c), d.s.verdict(c)
	switch {
	case g.State == GateOpen && (!v.Settling || len(c.Progress) > 0):
		return "✅ passed"
	case g.State == GateClosed:
		return "❌ " + names(c.linksTo(v.Failed)) + " failed"
	case c.alreadyLive():
		return "skipped (already live)"
	case d.cannotEnter(c):
		return "skipped" + d.whyHopeless(c)
	case len(v.Waiting) > 0 || v.Settling && len(c.Reports.Checks) > 0:
		return "⏳ running"
	}
	return "⏳ " + text(g.Text)
}

// linksTo links failed checks with what they report, for Markdown.
func (c *Candidate) linksTo(failed []string) []string {
	links := make([]string, len(failed))
	for i, name := range failed {
		links[i] = text(name)
		for _, k := range c.Reports.Checks {
			if pinned := (CheckName{Name: k.Name, App: k.App}); k.State == CheckFailed && (strings.EqualFold(k.Name, name) || strings.EqualFold(pinned.String(), name)) {
				links[i] = linked(text(name), k.URL)
			}
		}
	}
	return links
}

// cannotEnter reports whether a candidate cannot enter the first stage, however its
// checks end.
func (d *view) cannotEnter(c *Candidate) bool {
	if _, entered := c.Progress[d.firstStage()]; entered {
		return false
	}
	g, no := blocked(d.gates(c, d.firstStage()))
	return no && g.State == GateClosed && g.Name != GateLock && g.Name != GateChecks
}

// whyHopeless says why the checks of a candidate do not matter, in brackets.
func (d *view) whyHopeless(c *Candidate) string {
	switch g, _ := blocked(d.gates(c, d.firstStage())); g.Name {
	case GateBuild:
		return " (the build failed)"
	case GateNotCancelled:
		return " (cancelled)"
	case GateOrder:
		return " (superseded)"
	}
	return " (not released)"
}

func icon(s StatusState) string {
	switch s {
	case StatusSuccess:
		return "✅"
	case StatusFailure:
		return "❌"
	case StatusError:
		return "⚠️"
	}
	return "⏳"
}
