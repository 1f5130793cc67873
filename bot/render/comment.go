package render

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Comment renders the pull request's comment as Markdown; empty: there is nothing to publish. neverGreen reports
// whether it warns of required contexts that cannot be green before the merge.
func Comment(v *gate.View, p pipeline.PullRequest, begins Starting) (body string, neverGreen bool) {
	if p.Base != v.State.Branch() {
		if !p.Comment.Written() {
			return "", false
		}
		return fmt.Sprintf("%s\nIt goes into `%s` now, which this pipeline does not deploy.\n", bot.Marker, words.Code(p.Base)), false
	}
	if affected := v.State.AffectedBy(p); affected != bot.AffectedYes {
		if affected == "" || !p.Comment.Written() {
			return "", false
		}
		return bot.Marker + "\nIt changes none of this pipeline's files.\n", false
	}
	if p.Merged {
		for i := range v.State.Candidates {
			if c := &v.State.Candidates[i]; p.Became(c) {
				return mergedComment(v, c, begins), false
			}
		}
		return "", false // its push has not been seen, or is forgotten
	}
	if !p.Open {
		if !p.Comment.Written() {
			return "", false
		}
		return bot.Marker + "\nClosed without a merge: nothing of this pull request was deployed.\n", false
	}
	if p.Fork || p.ReadHead != p.Head && !awaitsMerge(v, p) || !v.BuildsPulls() {
		return requiredComment(v, p)
	}
	return openComment(v, p, begins)
}

func openComment(v *gate.View, p pipeline.PullRequest, begins Starting) (body string, n bool) {
	var b strings.Builder
	waits := awaitsMerge(v, p)
	if waits {
		p.TestMerge, p.TestTree = "", "" // those belong to the previous head
	}
	r, _ := PullRun(v.State, p)
	if p.TestTree != "" && r.Status == pipeline.RunFailed {
		fmt.Fprintf(&b, "%s\n**Merging this deploys nothing**: it does not build.%s\n\n❌ The build failed after %s on `%s`%s%s\n",
			bot.Marker, words.Details(v.State.Pipeline.Name, "", ""), words.Took(r.StartedAt, r.FinishedAt), words.Code(r.App), words.Output(r.OutputURL), words.Because(words.Text(r.Reason)))
		return b.String(), false
	}
	fmt.Fprintf(&b, "%s\n**Merging this deploys it**: %s.%s\n\n", bot.Marker, path(v), words.Details(v.State.Pipeline.Name, "", ""))
	switch {
	case waits:
		fmt.Fprintf(&b, "⏳ Waiting for GitHub to make the test merge into `%s`: it is built ahead then.\n", words.Code(p.Base))
	case p.TestTree == "" && p.Unmade:
		fmt.Fprintf(&b, "⚠️ GitHub does not say whether it merges into `%s`, so nothing is built ahead. A push to it asks again.\n", words.Code(p.Base))
	case p.TestTree == "":
		fmt.Fprintf(&b, "⚠️ It does not merge cleanly into `%s`, so nothing is built ahead.\n", words.Code(p.Base))
	case r.Status == pipeline.RunSucceeded && builtAgain(v, r) != "":
		fmt.Fprintf(&b, "✅ It builds: that took %s on `%s`%s. %s.\n",
			words.Took(r.StartedAt, r.FinishedAt), words.Code(r.App), words.Output(r.OutputURL), whyBuiltAgain(v, r))
	case r.Status == pipeline.RunSucceeded:
		fmt.Fprintf(&b, "✅ The build is ready: it took %s on `%s`%s, and the merge goes live without another one, "+
			"as long as `%s` does not move.\n", words.Took(r.StartedAt, r.FinishedAt), words.Code(r.App), words.Output(r.OutputURL), words.Code(p.Base))
	case r.Status == pipeline.RunErrored:
		fmt.Fprintf(&b, "⚠️ `%s` could not build it ahead%s\n", words.Code(r.App), words.Because(words.Text(r.Reason)))
	case r.Active():
		fmt.Fprintf(&b, "⏳ Building ahead of the merge on `%s`.\n", words.Code(r.App))
	case begins[v.State.AheadKey(p.TestMerge, p.TestTree)] != "":
		fmt.Fprintf(&b, "⏳ Building ahead of the merge on `%s`.\n", words.Code(begins[v.State.AheadKey(p.TestMerge, p.TestTree)]))
	case r.Status == pipeline.RunUnread:
		fmt.Fprintf(&b, "⏳ Checking whether the build of %s, which has the same files, can be reused.\n", bot.Short(r.SHA))
	case v.State.Config.Prepare.Apart():
		b.WriteString("⏳ Queued for an app that builds pull requests.\n")
	default:
		b.WriteString("⏳ Queued for a prepare app (pushes to " + words.Text(v.State.Branch()) + " go first).\n")
	}
	b.WriteString(absentLines(r.Absent))
	if planned := plannedWaits(v); planned != "" {
		b.WriteString("\n" + planned)
	}
	if p.ChangesOf == p.Head || v.State.Stage(v.LastStage()).Live.Commit() == "" {
		b.WriteString(plannedAsks(v, &p.Changes))
	}
	if p.ChangesOf == p.Head {
		if changes := plannedChanges(v, &p.Changes); changes != "" {
			b.WriteString(changes)
		}
	}
	return b.String(), neverGreen(v) != ""
}

// path is the way to production as a sentence.
func path(v *gate.View) string {
	steps := make([]string, len(v.State.Config.Stages))
	for i, s := range v.State.Config.Stages {
		steps[i] = "`" + words.Code(s.Name) + "`"
	}
	return strings.Join(steps, " → ")
}

func mergedComment(v *gate.View, c *pipeline.Candidate, begins Starting) string {
	var b strings.Builder
	rows := []row{buildRow(v, c, begins), {step: "checks", state: checksLine(v, c)}}
	for _, stage := range v.State.Config.Stages {
		rows = append(rows, stageRow(v, c, stage.Name))
	}
	fmt.Fprintf(&b, "%s\n%s%s\n\n%s", bot.Marker, headline(v, c), words.Details(v.State.Pipeline.Name, c.SHA, ""), table(rows))
	if next := next(v, c); next != "" {
		fmt.Fprintf(&b, "\n%s\n", next)
	}
	b.WriteString(warningLines(v, c))
	b.WriteString(rollbackHint(v, c))
	return b.String()
}

// buildRow is the result of the candidate's build; empty before it has begun.
func buildRow(v *gate.View, c *pipeline.Candidate, begins Starting) row {
	r, _ := v.State.RunOf(c)
	w := BuildStatus(v, c, begins)
	if published := c.Published[bot.BuildContext]; w == nil && published.State != "" {
		w = NewNotice(published.State, published.Text, r.OutputURL) // it was published, and remains true
	}
	if w == nil {
		return row{}
	}
	done := row{step: "build", took: words.Took(r.StartedAt, r.FinishedAt), link: words.Link(w.URL)}
	switch {
	case w.State != bot.StatusSuccess || r.Status != pipeline.RunSucceeded:
		return row{step: "build", state: icon(w.State) + " " + words.Text(w.Text), link: done.link}
	case r.SHA == c.SHA || r.Tree == "":
		done.state = fmt.Sprintf("✅ built on `%s`", words.Code(r.App))
	case r.Pull != 0:
		done.state = fmt.Sprintf("✅ built ahead of the merge on `%s`", words.Code(r.App))
	default:
		done.state = fmt.Sprintf("✅ built on `%s` as %s, which has the same tree", words.Code(r.App), bot.Short(r.SHA))
	}
	return done
}

// stageRow is the candidate's progress at a stage.
func stageRow(v *gate.View, c *pipeline.Candidate, stage string) row {
	r := row{step: words.Text(stage), state: "–"}
	if w := StageStatus(v, c, stage); w != nil {
		r.state, r.link = icon(w.State)+" "+words.Text(stageCause(v, c, stage, w)), words.Link(w.URL)
	} else if by, gone := v.Overtaker(c, stage); gone && partOf(v, c, by, stage) != "" {
		r.state = "✅ live as part of " + commitRef(by)
		if by.Progress[stage].State == pipeline.ProgressSkipped {
			r.state = "✅ skipped as part of " + commitRef(by)
		}
	}
	p := c.Progress[stage]
	past, proved := v.State.Stage(stage).Named(c.SHA, 0)
	switch {
	case p.State == pipeline.ProgressSkipped:
		r.state = "⏭️ skipped: " + words.Text(p.Reason)
		return r
	case p.State != pipeline.ProgressLive && p.State != pipeline.ProgressRolledBack:
		return r
	case proved:
		r.version = strings.Trim(past.Version(), " ()")
	}
	if n := len(past.Versions); p.Reason != "" && n > 0 && len(past.Releases) == 1 {
		r.version = fmt.Sprintf("v%d", past.Versions[n-1]) // it was released more than once
	}
	r.took = words.Took(p.StartedAt, p.EndedAt)
	switch {
	case p.State == pipeline.ProgressRolledBack:
		r.took = ""
	case p.RanBefore():
		r.state, r.took = "✅ already live", ""
	case p.Reason != "":
		r.state = "✅ live again " + words.Text(p.Reason)
	case p.EndedAt.Before(c.Pushed()):
		r.state = "✅ already live"
	default:
		r.state = "✅ live " + c.SincePush(p.EndedAt) + " after the push"
	}
	return r
}

// stageCause is a stage's text in the table: its status, without a cause that the line of the build or of the checks
// has.
func stageCause(v *gate.View, c *pipeline.Candidate, stage string, w *Notice) string {
	if _, entered := c.Progress[stage]; entered {
		return w.Text
	}
	g, no := gate.Blocked(v.Gates(c, stage))
	switch {
	case !no || g.Name != gate.Checks && g.Name != gate.Build:
		return w.Text
	case g.State == gate.Closed:
		return "not released"
	}
	return "waiting"
}

// headline states in one line where a candidate is.
func headline(v *gate.View, c *pipeline.Candidate) string {
	sha, at := bot.Short(c.SHA), ""
	for _, stage := range v.State.Config.Stages {
		switch p := c.Progress[stage.Name]; {
		case p.State == pipeline.ProgressLive:
			at = stage.Name
			continue
		case p.State == pipeline.ProgressSkipped:
			continue
		case p.State == pipeline.ProgressFailed:
			return fmt.Sprintf("**%s failed on %s**", sha, words.Text(stage.Name))
		case p.State == pipeline.ProgressRolledBack:
			return fmt.Sprintf("**%s was %s on %s**", sha, words.Text(p.Reason), words.Text(stage.Name))
		case p.State == pipeline.ProgressReleasing:
			return fmt.Sprintf("**%s is on its way to %s**", sha, words.Text(stage.Name))
		}
		if by, ok := v.Overtaker(c, stage.Name); ok {
			if partOf(v, c, by, stage.Name) != "" {
				if by.Progress[stage.Name].State == pipeline.ProgressLive {
					at = stage.Name
				}
				continue
			}
			return fmt.Sprintf("**%s was superseded by %s**", sha, commitRef(by))
		}
		if g, no := gate.Blocked(v.Gates(c, stage.Name)); no && (g.Name == gate.Lock || g.Name == gate.Approval) {
			return fmt.Sprintf("**%s is waiting for %s**", sha, words.Text(stage.Name))
		} else if no && g.State == gate.Closed {
			return fmt.Sprintf("**%s is not released to %s**", sha, words.Text(stage.Name))
		}
		return fmt.Sprintf("**%s is on its way to %s**", sha, words.Text(stage.Name))
	}
	verb := "is"
	if live := v.State.Stage(at).Live.SHA; live != c.SHA && c.Progress[at].State == pipeline.ProgressLive && !c.Progress[at].RanBefore() {
		verb = "went" // a newer commit has replaced it
	}
	return fmt.Sprintf("**%s %s live on %s**", sha, verb, words.Text(at))
}

// next states what happens next, or what a person can do; empty once everything has happened.
func next(v *gate.View, c *pipeline.Candidate) string {
	for _, stage := range v.State.Config.Stages {
		switch p := c.Progress[stage.Name]; p.State {
		case pipeline.ProgressLive, pipeline.ProgressSkipped:
			continue
		case pipeline.ProgressFailed:
			return v.NextAfterFailure(p, stage.Name)
		case pipeline.ProgressRolledBack:
			live := v.State.Stage(stage.Name).Live
			return fmt.Sprintf("%s runs %s, since %s. **Next:** `/promote %s` releases this commit again.",
				words.Capital(words.Text(stage.Name)), bot.Short(live.SHA), words.Moment(live.Since), words.Code(v.State.Qualified(stage.Name)))
		case pipeline.ProgressReleasing:
			if v.State.InMaintenance(stage.Name) {
				return ""
			}
			return "The old version keeps serving until the release succeeds."
		}
		g, no := gate.Blocked(v.Gates(c, stage.Name))
		switch {
		case !no, g.State == gate.Waiting && g.BeforeBuilt():
			return "**Next:** " + words.Text(stage.Name) + ", once the build and the checks have passed."
		case g.Name == gate.Order:
			continue
		case StageStatus(v, c, stage.Name) == nil: // the table does not say why
			return fmt.Sprintf("**Next:** %s. %s.", words.Text(stage.Name), words.Capital(words.Text(g.Text)))
		}
		return "**Next:** " + v.NextBefore(g, stage.Name) + "."
	}
	return ""
}

// checksLine is the state of the checks. It names failed ones but not running ones: with many checks the comment would
// be edited all the time.
func checksLine(view *gate.View, c *pipeline.Candidate) string {
	g, v := view.ChecksGate(c), view.State.Verdict(c)
	switch {
	case g.State == gate.Open && (!v.Settling || len(c.Progress) > 0):
		return "✅ passed"
	case g.State == gate.Closed:
		return "❌ " + words.Names(c.LinksTo(v.Failed)) + " failed"
	case c.AlreadyLive():
		return "skipped (already live)"
	case cannotEnter(view, c):
		return "skipped" + view.WhyHopeless(c)
	case len(v.Waiting) > 0 || v.Settling && len(c.Reports.Checks) > 0:
		return "⏳ running"
	}
	return "⏳ " + words.Text(g.Text)
}

// cannotEnter reports whether a candidate cannot enter the first stage, whatever its checks' result.
func cannotEnter(v *gate.View, c *pipeline.Candidate) bool {
	if _, entered := c.Progress[v.FirstStage()]; entered {
		return false
	}
	g, no := gate.Blocked(v.Gates(c, v.FirstStage()))
	return no && g.State == gate.Closed && g.Name != gate.Lock && g.Name != gate.Checks
}

func icon(s bot.StatusState) string {
	switch s {
	case bot.StatusSuccess:
		return "✅"
	case bot.StatusFailure:
		return "❌"
	case bot.StatusError:
		return "⚠️"
	}
	return "⏳"
}
