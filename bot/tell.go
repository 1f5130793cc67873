package bot

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// What people are told is derived from the state and compared with what they
// were told last; only the difference becomes effects. So nothing is forgotten
// when something fails in between, and everything ends in the truth.

// maxStatusText is GitHub's limit on the description of a status, in characters.
const maxStatusText = 140

func (d *decision) tell() {
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		d.tellConfig(c)
		if !d.s.Configured {
			continue
		}
		d.tellStatus(c.SHA, "headstart/build", c.Told, d.buildStatus(c))
		for _, stage := range d.s.Config.Stages {
			d.tellStatus(c.SHA, "headstart/"+stage.Name, c.Told, d.stageStatus(c, stage.Name))
			d.tellDeployment(c, stage)
		}
	}
	if !d.s.Configured {
		return
	}
	for _, n := range sortedKeys(d.s.Pulls) {
		p := d.s.Pulls[n]
		d.tellPull(p)
		d.tellComment(p)
	}
}

// saying is a status that people should see; nil: none.
type saying struct {
	Status
	phase string
}

func say(state StatusState, text, url string) *saying {
	return &saying{Status: Status{State: state, Text: cut(text, maxStatusText), URL: url}}
}

func sayPending(phase, text, url string) *saying {
	return say(StatusPending, text, url).in(phase)
}

func (w *saying) in(phase string) *saying {
	w.phase = phase
	return w
}

func (d *decision) tellStatus(sha, context string, told map[string]Saying, want *saying) {
	if want == nil || same(told[context], want) {
		return
	}
	d.want("status "+sha+" "+context, SetStatus{SHA: sha, Context: context, Status: want.Status, Phase: want.phase})
}

// same reports whether people were told as much already. Within one phase a
// text is not renewed: the details of what is waited for are the comment's, and
// which of the later commits took over does not matter.
func same(told Saying, want *saying) bool {
	if told.State != want.State {
		return false
	}
	if want.State == StatusPending || want.phase != "" {
		return told.Phase == want.phase
	}
	return told.Text == want.Text
}

// tellConfig says at the commit that broke the pipeline's file that it did.
func (d *decision) tellConfig(c *Candidate) {
	const context = "headstart/config"
	switch {
	case c.ConfigProblem != "":
		d.tellStatus(c.SHA, context, c.Told, say(StatusFailure, c.ConfigProblem, ""))
	case c.Told[context].State == StatusFailure && c.ConfigRead:
		d.tellStatus(c.SHA, context, c.Told, say(StatusSuccess, "The configuration is valid", ""))
	}
}

// buildStatus is what headstart/build says of a candidate.
func (d *decision) buildStatus(c *Candidate) *saying {
	a := d.buildOf(c)
	r := a.run
	switch {
	case r.Status == RunSucceeded && (r.SHA == c.SHA || r.Tree == ""):
		return say(StatusSuccess, fmt.Sprintf("Built in %s on %s", took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunSucceeded && r.Pull != 0:
		return say(StatusSuccess, fmt.Sprintf("No build needed: built ahead of the merge of #%d in %s on %s",
			r.Pull, took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunSucceeded:
		return say(StatusSuccess, fmt.Sprintf("No build needed: %s has the same tree and was built in %s on %s",
			Short(r.SHA), took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunFailed:
		return say(StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, because(r.Reason)), r.OutputURL)
	case r.Status == RunErrored && r.Stage != "":
		return say(StatusError, fmt.Sprintf("%s could not build it%s", r.App, because(r.Reason)), r.OutputURL)
	}
	if by, gone := d.overtaker(c, d.firstStage()); gone && !r.Active() {
		if by.Passages[d.firstStage()].State == PassageDone && !d.forcedBetween(c, by) {
			return say(StatusSuccess, "Not built by itself: built as part of "+Short(by.SHA), "").in("order")
		}
		return say(StatusError, "Not built: superseded by "+Short(by.SHA), "").in("order")
	}
	app := d.starting[d.s.buildKey(c.SHA, c.Tree)]
	if r.Active() {
		app = r.App
	}
	if v := d.s.verdict(c); app == "" && v.State == CheckFailed {
		return say(StatusFailure, "Not built: "+names(v.Failed)+" failed", "")
	}
	switch {
	case app != "" && r.Stage == "" && !a.fallback:
		return sayPending("build", "Building on "+app, r.OutputURL)
	case app != "":
		return sayPending("fallback", "Building on "+app+fellBack(a.why), r.OutputURL)
	case a.fallback && a.why != "":
		return sayPending("fallback", fmt.Sprintf("Builds on %s once the checks pass%s", d.s.Config.Stages[0].Apps[0], fellBack(a.why)), "")
	case a.fallback:
		return sayPending("checks", fmt.Sprintf("Builds on %s once the checks pass", d.s.Config.Stages[0].Apps[0]), "")
	case !r.TroubleAt.IsZero():
		return sayPending("trouble", "The build could not be started yet"+because(r.Reason), "")
	}
	return sayPending("build", "Waiting for a free prepare app", "")
}

func fellBack(why string) string {
	if why == "" {
		return ""
	}
	return "; no prepare app could: " + why
}

// stageStatus is what headstart/STAGE says of a candidate; nil before the stage
// is any of its concern.
func (d *decision) stageStatus(c *Candidate, stage string) *saying {
	context := "headstart/" + stage
	pass, entered := c.Passages[stage]
	st := d.s.Stages[stage]
	switch {
	case entered && pass.State == PassageReleasing:
		text := "Releasing to "
		if st.InFlight != nil && st.InFlight.Building {
			text = "Building and releasing on "
		}
		cfg, _ := d.s.Config.Stage(stage)
		return sayPending("releasing", text+names(cfg.Apps), d.appURL(stage))
	case entered && pass.State == PassageDone:
		return say(StatusSuccess, fmt.Sprintf("Live on %s %s after the push, released in %s", stage,
			took(c.PushedAt, pass.EndedAt), took(pass.StartedAt, pass.EndedAt)), d.appURL(stage))
	case entered:
		return say(StatusFailure, "Not live: "+pass.Reason, pass.OutputURL)
	}
	i := d.stageIndex(stage)
	if _, told := c.Told[context]; i > 0 && !told {
		if before, ok := c.Passages[d.s.Config.Stages[i-1].Name]; !ok || before.State != PassageDone {
			return nil
		}
	}
	gates := d.gates(c, stage)
	g, no := blocked(gates)
	if !no {
		return sayPending("entering", "About to be released to "+stage, "")
	}
	switch {
	case g.Name == "order":
		by, _ := d.overtaker(c, stage)
		if by.Passages[stage].State == PassageDone && !d.forcedBetween(c, by) {
			return say(StatusSuccess, fmt.Sprintf("Live on %s as part of %s", stage, Short(by.SHA)), d.appURL(stage)).in("order")
		}
		return say(StatusError, fmt.Sprintf("Superseded by %s", Short(by.SHA)), "").in("order")
	case g.State == GateClosed:
		return say(StatusFailure, "Not released: "+g.Text, "")
	case i == 0 && (g.Name == "checks" || g.Name == "build"):
		return sayPending("checks and build", "Waiting for the build and the checks", "")
	}
	return sayPending(g.Name, "Waiting: "+g.Text, "")
}

// forcedBetween reports whether history was replaced after c, so that a later
// commit need not contain it.
func (d *decision) forcedBetween(c, later *Candidate) bool {
	for i := d.s.position(c.SHA) + 1; i <= d.s.position(later.SHA); i++ {
		if d.s.Candidates[i].Forced {
			return true
		}
	}
	return false
}

// tellDeployment keeps the GitHub Deployment of a promotion.
func (d *decision) tellDeployment(c *Candidate, stage Stage) {
	pass, entered := c.Passages[stage.Name]
	if !entered {
		return
	}
	dep, made := c.Deployments[stage.Name]
	if !made || dep.Promotion != pass.Promotion {
		last := stage.Name == d.s.Config.Stages[len(d.s.Config.Stages)-1].Name
		d.want(fmt.Sprintf("deployment %s %d", stage.Name, pass.Promotion), CreateDeployment{
			SHA: c.SHA, Stage: stage.Name, Promotion: pass.Promotion, Production: last,
			Text: cut(c.Title, maxStatusText),
		})
		return
	}
	if dep.ID == 0 {
		return // refused by GitHub
	}
	w := say(DeploymentInProgress, "Releasing to "+names(stage.Apps), "")
	live := d.s.Stages[stage.Name].Live.SHA
	switch {
	case pass.State == PassageDone && live != c.SHA:
		w = say(DeploymentInactive, "Replaced by "+Short(live), "")
	case pass.State == PassageDone:
		w = say(StatusSuccess, "Released in "+took(pass.StartedAt, pass.EndedAt), "")
	case pass.State == PassageFailed:
		w = say(StatusFailure, pass.Reason, pass.OutputURL)
	}
	if dep.Told.State != w.State {
		d.want(fmt.Sprintf("deployment status %s %d", stage.Name, dep.ID), SetDeploymentStatus{
			SHA: c.SHA, Stage: stage.Name, ID: dep.ID, Status: w.Status, AppURL: d.appURL(stage.Name),
		})
	}
}

// tellPull says on a pull request's head how its build ahead of the merge goes.
func (d *decision) tellPull(p PullRequest) {
	const context = "headstart/build"
	if p.ReadHead == "" || p.ReadHead != p.Head || d.s.candidate(p.Head) != nil {
		return
	}
	told := p.Told
	if p.ToldHead != p.Head {
		told = nil
	}
	r, begun := d.s.run(p.TestMerge, p.TestTree)
	var w *saying
	switch {
	case p.TestTree == "":
		if p.Open {
			w = say(StatusSuccess, "Not built ahead: it does not merge cleanly into "+p.Base, "")
		}
	case r.Status == RunSucceeded:
		w = say(StatusSuccess, fmt.Sprintf("Built ahead of the merge in %s on %s", took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunFailed:
		w = say(StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, because(r.Reason)), r.OutputURL)
	case !p.Open && !r.Active():
		if told[context].State == StatusPending {
			w = say(StatusSuccess, "Not built ahead of the merge", "")
		}
	case r.Status == RunErrored:
		w = say(StatusSuccess, "Not built ahead: "+r.App+" could not"+because(r.Reason), "")
	case r.Active():
		w = sayPending("build", "Building ahead of the merge on "+r.App, r.OutputURL)
	case begun || d.buildsPulls():
		w = sayPending("build", "Waiting for a free prepare app; the branch goes first", "")
	}
	if w != nil {
		d.tellStatus(p.Head, context, told, w)
	}
}

func (d *decision) appURL(stage string) string {
	cfg, _ := d.s.Config.Stage(stage)
	for _, app := range cfg.Apps {
		if u := d.s.Stages[stage].Apps[app].URL; u != "" {
			return u
		}
	}
	return ""
}

// took says how long something took, as exactly as people care.
func took(from, to time.Time) string {
	t := to.Sub(from)
	switch {
	case from.IsZero() || t < 0:
		return "0 s"
	case t < 10*time.Second:
		return fmt.Sprintf("%.1f s", t.Seconds())
	case t < time.Minute:
		return fmt.Sprintf("%.0f s", t.Seconds())
	case t < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(t.Minutes()), int(t.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(t.Hours()), int(t.Minutes())%60)
}

// cut shortens text to n characters, the last of which is then an ellipsis.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)
	return string(runes[:n-1]) + "…"
}
