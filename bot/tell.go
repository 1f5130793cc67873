package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
		if d.s.concerns(c) != ConcernYes {
			continue // nobody is told of what does not concern the pipeline
		}
		d.tellStatus(c.SHA, buildContext, c.Told, d.buildStatus(c))
		for _, stage := range d.stagesOf(c) {
			d.tellStatus(c.SHA, contextOf(stage), c.Told, d.stageStatus(c, stage))
			d.tellDeployment(c, stage)
		}
		d.endDeployments(c)
	}
	d.tellGuests()
	d.tellAlerts()
	for _, n := range sortedKeys(d.s.Pulls) {
		p := d.s.Pulls[n]
		d.tellPull(p)
		d.tellComment(p)
	}
}

const (
	buildContext  = "headstart/build"
	configContext = "headstart/config"
)

func contextOf(stage string) string { return "headstart/" + stage }

// stagesOf lists the stages that a candidate has something to say about: those
// of the pipeline's file, and those that it knew once.
func (d *decision) stagesOf(c *Candidate) []string {
	var list []string
	if d.s.Configured {
		list = d.s.Config.StageNames()
	}
	add := func(stage string) {
		if !slices.Contains(list, stage) {
			list = append(list, stage)
		}
	}
	for _, stage := range sortedKeys(c.Passages) {
		add(stage)
	}
	for _, context := range sortedKeys(c.Told) {
		if context != buildContext && context != configContext {
			add(strings.TrimPrefix(context, "headstart/"))
		}
	}
	return list
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
	said := told[context]
	again := d.again(said.Again)
	if want == nil && (said.Doubt || again) && said.State != "" {
		want = say(said.State, said.Text, "").in(said.Phase)
	}
	if want != nil {
		want.Text = cut(d.s.addressed(want.Text), maxStatusText)
	}
	if want == nil || same(said, want) && !again {
		return
	}
	d.want(statusKey(sha, context), SetStatus{SHA: sha, Context: d.s.context(context), Status: want.Status, Phase: want.phase})
}

// again reports whether the time has come to say something once more.
func (d *decision) again(at time.Time) bool { return !at.IsZero() && d.due(at) }

func statusKey(sha, context string) string { return "status " + sha + " " + context }

// final reports whether something was said that is meant to stay.
func (s Saying) final() bool { return s.State != "" && s.State != StatusPending && !s.Doubt }

// same reports whether people were told as much already. Within one phase a
// text is not renewed: the details of what is waited for are the comment's, and
// which of the later commits took over does not matter.
func same(told Saying, want *saying) bool {
	if told.State != want.State || told.Doubt {
		return false
	}
	if want.State == StatusPending || want.phase != "" {
		return told.Phase == want.phase
	}
	return told.Text == want.Text
}

// tellConfig says at the commit that broke the pipeline's file that it did.
func (d *decision) tellConfig(c *Candidate) {
	switch {
	case !d.s.tellsConfig():
	case c.ConfigProblem != "":
		d.tellStatus(c.SHA, configContext, c.Told, say(StatusFailure, c.ConfigProblem, ""))
	case c.Told[configContext].State == StatusFailure && c.ConfigRead:
		d.tellStatus(c.SHA, configContext, c.Told, say(StatusSuccess, "The configuration is valid", ""))
	}
}

// gone ends a status that waits for something that the pipeline's file no longer
// asks for; nil if there is none.
func (d *decision) gone(c *Candidate, context, text string) *saying {
	if told := c.Told[context]; told.State == StatusPending || told.Doubt || told.Phase == "gone" {
		return say(StatusError, text, "").in("gone")
	}
	return nil
}

// buildStatus is what headstart/build says of a candidate; nil if nothing.
func (d *decision) buildStatus(c *Candidate) *saying {
	if !d.s.Configured {
		return d.gone(c, buildContext, "Not deployed: "+d.s.noFile())
	}
	if d.configGate(c).State != GateOpen {
		return nil // what it is to be told depends on its own version of the file
	}
	if p := c.Passages[d.firstStage()]; !p.EndedAt.IsZero() && c.Told[buildContext].final() {
		return nil // what is built of its tree from now on is others'
	}
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
	told := c.Told[buildContext]
	if c.Cancelled != nil && !r.Active() {
		return say(StatusError, "Not built: cancelled by @"+c.Cancelled.By, "")
	}
	if _, entered := c.Passages[d.firstStage()]; (entered || c.Artifact != "") && !a.begun {
		if told.State == StatusPending {
			return say(StatusSuccess, "Built", "")
		}
		return nil // it was built once, and nobody remembers more
	}
	if d.astray(c) && !r.Active() {
		return d.gone(c, buildContext, "Not built: the pipeline follows "+d.s.Branch())
	}
	if by, gone := d.overtaker(c, d.firstStage()); gone && !r.Active() {
		if told.final() && told.Phase != "order" {
			return nil // what was said of its build stays true
		}
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
	case app != "" && r.Stage == "" && !a.fallback && r.TroubleAt.IsZero():
		return sayPending("build", "Building on "+app, r.OutputURL)
	case r.Stage != "" && r.Status == RunRunning:
		return sayPending("build on stage", "Building on "+app+fellBack(a.why), r.OutputURL)
	case a.fallback && d.mayNotFallBack(c):
		return say(StatusError, "Not built: no prepare app can build it"+because(a.why), "")
	case r.Stage != "" && len(d.s.Config.Prepare.Apps) > 0, a.fallback && a.why != "":
		return sayPending("fallback", fmt.Sprintf("Builds on %s once the checks pass%s", d.s.Config.Stages[0].Apps[0], fellBack(cmp.Or(a.why, r.Reason))), "")
	case r.Stage != "", a.fallback:
		return sayPending("checks", fmt.Sprintf("Builds on %s once the checks pass", d.s.Config.Stages[0].Apps[0]), "")
	case !r.TroubleAt.IsZero():
		return sayPending("trouble", "The build could not be started yet"+because(r.Reason), "")
	}
	if !d.leads(c) {
		return sayPending("queue", "Not built yet: a newer commit goes first", "")
	}
	return sayPending("queue", "Waiting for a free prepare app", "")
}

func fellBack(why string) string {
	if why == "" {
		return ""
	}
	return "; no prepare app could: " + why
}

// stageStanding is what headstart/STAGE says of a candidate; nil before the stage
// is any of its concern.
func (d *decision) stageStanding(c *Candidate, stage string) *saying {
	switch pass, entered := c.Passages[stage]; {
	case entered && pass.State == PassageReleasing:
		return d.releasing(stage)
	case entered && pass.State == PassageUndone && pass.Promotion == 0:
		return say(StatusFailure, capital(pass.Reason)+" on "+stage, d.appURL(stage)).in("undone")
	case entered && pass.State == PassageUndone:
		return say(StatusFailure, fmt.Sprintf("%s: %s runs %s", capital(pass.Reason), stage, Short(d.s.Stages[stage].Live.SHA)), d.appURL(stage)).in("undone")
	case entered && pass.State == PassageDone && d.drifted(c, stage) != "":
		return say(StatusSuccess, "Was live on "+stage+" until "+d.drifted(c, stage), d.appURL(stage)).in("drift")
	case entered && pass.State == PassageDone && pass.Reason != "":
		return say(StatusSuccess, fmt.Sprintf("Live on %s again %s, released in %s", stage, pass.Reason, took(pass.StartedAt, pass.EndedAt)), d.appURL(stage))
	case entered && pass.State == PassageDone && pass.EndedAt.Before(c.PushedAt):
		return say(StatusSuccess, "Live on "+stage+": it was when the branch came back to it", d.appURL(stage))
	case entered && pass.State == PassageDone:
		return say(StatusSuccess, warned(fmt.Sprintf("Live on %s %s after the push, %s in %s%s", stage,
			took(c.PushedAt, pass.EndedAt), pass.verb(), took(pass.StartedAt, pass.EndedAt), d.stillSoaking(c, stage)), pass), d.appURL(stage))
	case entered && pass.After != "":
		return say(StatusFailure, capital(pass.After)+": "+pass.Reason, pass.OutputURL)
	case entered && pass.State == PassageSkipped:
		return say(StatusSuccess, "Passed by: "+pass.Reason, "")
	case entered:
		return say(StatusFailure, "Not live: "+pass.Reason, pass.OutputURL)
	}
	if !d.s.Configured {
		return d.gone(c, contextOf(stage), "Not deployed: "+d.s.noFile())
	}
	i := d.stageIndex(stage)
	if i < 0 {
		return d.gone(c, contextOf(stage), "Not released: the pipeline has no stage "+stage+" any more")
	}
	if _, told := c.Told[contextOf(stage)]; i > 0 && !told {
		if before := d.provedOn(c, i); c.Passages[before].State != PassageDone || d.s.Stages[before].Live.SHA != c.SHA {
			return nil
		}
	}
	if d.configGate(c).State != GateOpen {
		return nil
	}
	return d.waiting(c, stage, i == 0)
}

// verb is what was done with a candidate that is live.
func (p Passage) verb() string {
	if p.Seen != nil {
		return "released and verified"
	}
	return "released"
}

// stillSoaking says until when what is live is watched; empty: it is not.
func (d *decision) stillSoaking(c *Candidate, stage string) string {
	if done, until := d.soaked(c, stage); !done && !until.IsZero() {
		return "; watched until " + moment(until)
	}
	return ""
}

// drifted says what was released by hand over a candidate that is live, for all
// that Headstart released; empty: nothing.
func (d *decision) drifted(c *Candidate, stage string) string {
	st := d.s.Stages[stage]
	f, app := st.foreign()
	if f == nil || st.Live.SHA != c.SHA {
		return ""
	}
	return fmt.Sprintf("%s was released to %s by hand", f.name(), app)
}

// releasing is what is said while a promotion is in flight. One that cannot
// begin says so once, however often it is tried.
func (d *decision) releasing(stage string) *saying {
	st := d.s.Stages[stage]
	apps := sortedKeys(st.InFlight.Apps)
	if cfg, ok := d.s.Config.Stage(stage); ok {
		apps = cfg.Apps
	}
	switch {
	case st.Trouble != "" && !d.s.begun(stage):
		return d.trouble(stage)
	case st.InFlight.Proof != nil && d.now.Before(st.InFlight.Proof.From):
		return sayPending("taking over", "Released; the new version takes over at "+moment(st.InFlight.Proof.From), d.appURL(stage))
	case st.InFlight.Proof != nil:
		return sayPending("verifying", "Released; verifying that it works", d.appURL(stage))
	case st.InFlight.Building:
		return sayPending("building", "Building and releasing on "+names(apps), d.appURL(stage))
	}
	if copying := d.copying(stage); copying != "" {
		return sayPending("copying", capital(copying), "")
	}
	if d.s.held(stage) {
		return sayPending("maintenance", "Maintenance mode is on while it is released to "+names(apps), d.appURL(stage))
	}
	return sayPending("releasing", "Releasing to "+names(apps), d.appURL(stage))
}

func (d *decision) trouble(stage string) *saying {
	return sayPending("trouble", "Could not be released yet"+because(d.s.Stages[stage].Trouble), "")
}

// waiting is what is said of a candidate that has not entered a stage.
func (d *decision) waiting(c *Candidate, stage string, first bool) *saying {
	g, no := blocked(d.gates(c, stage))
	if m, waits := d.maintenanceGate(c, stage); waits {
		return sayPending("no maintenance", "Waiting: "+m.Text, "")
	}
	switch {
	case d.astray(c):
		return d.gone(c, contextOf(stage), "Not released: "+g.Text)
	case no && g.Name == "order":
		if _, told := c.Told[contextOf(stage)]; !told && len(c.Told) > 0 && d.s.Flights[statusKey(c.SHA, contextOf(stage))].Attempt == 0 {
			return nil // the stage is younger than the commit
		}
		by, _ := d.overtaker(c, stage)
		if part := d.partOf(c, by, stage); part != "" {
			return say(StatusSuccess, part+Short(by.SHA), d.appURL(stage)).in("order")
		}
		return say(StatusError, fmt.Sprintf("Superseded by %s", Short(by.SHA)), "").in("order")
	case no && g.Name == "lock":
		return sayPending(g.phase(), "Waiting: "+g.Text, "")
	case no && g.State == GateClosed:
		return say(StatusFailure, "Not released: "+g.Text, "")
	case no && g.Name == "copy":
		return sayPending("copy", "Waiting: "+g.Text, "")
	case (!no || g.Name == "place") && d.s.Stages[stage].Trouble != "" && !d.s.begun(stage):
		return d.trouble(stage)
	case no && g.Name == "place" && d.s.Stages[stage].InFlight != nil && !d.s.begun(stage):
		return nil // it may not come to that
	case no && g.Name == "needs":
		return d.needsSaying(c, stage, g)
	case first && !no && c.Told[contextOf(stage)].State == StatusPending:
		// It is let in as soon as its checks were looked at freshly.
		if fresh := d.freshGate(c, stage); len(fresh) > 0 {
			return sayPending(fresh[0].phase(), "Waiting: "+fresh[0].Text, "")
		}
		return nil
	case first && (!no || g.beforeBuilt()):
		return sayPending("checks and build", "Waiting for the build and the checks", "")
	case !no:
		return nil // it is let in now, or as soon as it was looked at freshly
	}
	if g.Name == "approval" {
		return sayPending(g.phase(), capital(g.Text), "")
	}
	return sayPending(g.phase(), "Waiting: "+g.Text, "")
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

// tellDeployment makes the GitHub Deployment of a promotion once it has begun.
func (d *decision) tellDeployment(c *Candidate, stage string) {
	pass, entered := c.Passages[stage]
	if !entered || pass.Promotion == 0 || c.deployment(stage, pass.Promotion) != nil || pass.State == PassageReleasing && !d.s.begun(stage) {
		return
	}
	d.createDeployment(c, stage, pass.Promotion)
}

func (d *decision) createDeployment(c *Candidate, stage string, promotion int) {
	last := false
	if n := len(d.s.Config.Stages); n > 0 {
		last = stage == d.s.Config.Stages[n-1].Name
	}
	d.want(fmt.Sprintf("deployment %s %d", stage, promotion), CreateDeployment{
		SHA: c.SHA, Stage: stage, Promotion: promotion, Production: last, Text: c.deploymentText(stage, promotion),
	})
}

// endDeployments tells how each deployment of a candidate stands.
func (d *decision) endDeployments(c *Candidate) {
	for _, dep := range c.Deployments {
		switch {
		case dep.Asked: // also where the promotion was taken back: it may be there, and has to end
			d.createDeployment(c, dep.Stage, dep.Promotion)
			continue
		case dep.ID == 0:
			continue // refused by GitHub
		}
		if w := d.deploymentStatus(c, dep); dep.Told.State != w.State || dep.Told.Doubt || d.again(dep.Told.Again) {
			d.want(fmt.Sprintf("deployment status %s %d", dep.Stage, dep.ID), SetDeploymentStatus{
				SHA: c.SHA, Stage: dep.Stage, ID: dep.ID, Status: w.Status, AppURL: d.appURL(dep.Stage),
			})
		}
	}
}

func (d *decision) deploymentStatus(c *Candidate, dep Deployment) *saying {
	pass := c.Passages[dep.Stage]
	live := d.s.Stages[dep.Stage].Live.SHA
	switch {
	case pass.Promotion != dep.Promotion:
		return say(DeploymentInactive, "Replaced by a later promotion", "")
	case pass.State == PassageFailed:
		return say(StatusFailure, pass.Reason, pass.OutputURL)
	case pass.State == PassageUndone:
		return say(DeploymentInactive, capital(pass.Reason), "")
	case pass.State == PassageReleasing:
		return say(DeploymentInProgress, "Releasing to "+dep.Stage, "")
	case live != c.SHA:
		return say(DeploymentInactive, "Replaced by "+Short(live), "")
	case d.drifted(c, dep.Stage) != "":
		return say(DeploymentInactive, capital(d.drifted(c, dep.Stage)), "")
	}
	return say(StatusSuccess, "Released in "+took(pass.StartedAt, pass.EndedAt), "")
}

// tellPull says on a pull request's head how its build ahead of the merge goes.
func (d *decision) tellPull(p PullRequest) {
	if p.ToldHead != "" && p.ToldHead != p.Head && (p.Told[buildContext].State == StatusPending || p.Told[buildContext].Doubt) && d.s.candidate(p.ToldHead) == nil {
		d.tellStatus(p.ToldHead, buildContext, p.Told, say(StatusSuccess, "Not built ahead: newer commits were pushed", ""))
		return
	}
	if d.s.position(p.Head) >= 0 {
		return // the candidate speaks
	}
	told := p.Told
	if p.ToldHead != p.Head {
		told = nil
	}
	if w := d.pullStatus(p); w != nil {
		d.tellStatus(p.Head, buildContext, told, w)
	} else if said := told[buildContext]; said.State == StatusPending || said.Doubt {
		d.tellStatus(p.Head, buildContext, told, say(StatusSuccess, "Not built ahead of the merge", ""))
	}
}

// pullStatus is what headstart/build says of a pull request; nil if nothing.
func (d *decision) pullStatus(p PullRequest) *saying {
	if p.ReadHead == "" || p.ReadHead != p.Head || p.Base != d.s.Branch() || !d.s.Configured || d.s.pullConcerns(p) != ConcernYes {
		return nil
	}
	r, begun := d.s.run(p.TestMerge, p.TestTree)
	begun = begun && p.TestTree != ""
	building := d.starting[d.s.buildKey(p.TestMerge, p.TestTree)]
	if begun && r.Active() {
		building = r.App
	}
	switch {
	case begun && r.Status == RunSucceeded:
		return say(StatusSuccess, fmt.Sprintf("Built ahead of the merge in %s on %s", took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case begun && r.Status == RunFailed:
		return say(StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, because(r.Reason)), r.OutputURL)
	case begun && building != "":
		return sayPending("build", "Building ahead of the merge on "+building, r.OutputURL)
	case !p.Open || p.Fork || !d.buildsPulls():
		return nil
	case p.TestTree == "":
		return say(StatusSuccess, "Not built ahead: it does not merge cleanly into "+p.Base, "")
	case begun && (r.Status == RunErrored || r.refusedBy(d.s.Config.Prepare.Apps)):
		return say(StatusSuccess, "Not built ahead: it could not be built on a prepare app"+because(r.Reason), "")
	case building != "":
		return sayPending("build", "Building ahead of the merge on "+building, "")
	}
	return sayPending("queue", "Waiting for a free prepare app; the branch goes first", "")
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
	if from.IsZero() || t < 0 {
		return "0 s"
	}
	if t = t.Round(100 * time.Millisecond); t < 10*time.Second {
		return fmt.Sprintf("%.1f s", t.Seconds())
	}
	switch t = t.Round(time.Second); {
	case t < time.Minute:
		return fmt.Sprintf("%.0f s", t.Seconds())
	case t < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(t.Minutes()), int(t.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(t.Hours()), int(t.Minutes())%60)
}

// capital makes a sentence of words that stand within one elsewhere.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// cut shortens text to n characters, the last of which is then an ellipsis.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)
	return string(runes[:n-1]) + "…"
}
