package steer

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Execution is one command of a comment being run. It runs once, in the event with the author's rights. Nothing of it
// remains but its changes to the state.
type Execution struct {
	pipeline.Subject
	View *gate.View
	At   time.Time
	ties bool // an event in the second in which the command was written counts as earlier
}

func Refuse(format string, args ...any) pipeline.Answer {
	return pipeline.Answer{Text: fmt.Sprintf(format, args...)}
}

func accept(format string, args ...any) pipeline.Answer {
	return pipeline.Answer{OK: true, Text: fmt.Sprintf(format, args...)}
}

// Run runs the command and returns the answer. A refusal changes nothing.
func (x Execution) Run() pipeline.Answer {
	pull := x.Request.Actor.Pull
	switch v := x.Command.Verb; {
	case x.Request.Stale:
		return Refuse("not done: this was written too long ago (%s) to know whether it was done then; if it is still wanted, say it again", words.Moment(x.Request.WrittenAt))
	case x.Command.Problem != "":
		return Refuse("%s", x.Command.ProblemIn(x.State.Pipeline.Name))
	case v.Asks():
		return pipeline.Answer{OK: true} // answered in a comment of its own
	case x.Request.Actor.Unread != "":
		return Refuse("GitHub does not tell what @%s may do%s; say it again", x.Request.User, words.Because(x.Request.Actor.Unread))
	case x.pinned() != "":
		return Refuse("not done: something has changed since this was shown: %s; look again", x.pinned())
	case pull.Base != "" && pull.Base != x.State.Branch():
		return Refuse("this pull request goes into %s, and the pipeline deploys %s", pull.Base, x.State.Branch())
	case v == command.VerbLock:
		return x.lock()
	case v == command.VerbUnlock:
		return x.unlock()
	case v == command.VerbRollback:
		return x.rollback()
	case v == command.VerbPromote:
		return x.promote()
	case v == command.VerbRetry:
		return x.retry()
	case v == command.VerbCancel:
		return x.cancel()
	case v == command.VerbIncident:
		return x.incident()
	}
	return x.approve()
}

func (x Execution) order() pipeline.Order {
	o := pipeline.Order{By: x.Request.User, ByID: x.Request.UserID, At: x.At, Comment: x.Request.Comment}
	if x.Command.Urgent {
		o.Urgent, o.Reason = true, x.Command.Reason
	}
	return o
}

// mayNot returns which right the author lacks to command the stages; empty: none.
func (x Execution) mayNot(stages ...string) string {
	for _, name := range stages {
		cfg, _ := x.State.Config.Stage(name)
		if !pipeline.Allows(cfg.Allow, x.Request.Membership()) {
			return fmt.Sprintf("@%s may not /%s %s: that takes %s, and %s",
				x.Request.User, x.Command.Verb, name, pipeline.WhoMayCommand(cfg.Allow), pipeline.Lacks(cfg.Allow, x.Request.Membership()))
		}
	}
	return ""
}

// subject returns the candidate that the command is about: the named commit, else the merge of the pull request.
func (x Execution) subject() (*pipeline.Candidate, string) {
	c, problem := x.Named()
	if problem != "" || x.Command.SHA == c.SHA {
		return c, problem
	}
	if x.Command.SHA != "" {
		// The author cannot have meant a later commit: its SHA only begins alike.
		if c.Before != "" && x.sinceByGitHub(c.PushedAt) {
			return nil, x.void(bot.Short(c.SHA)+" was pushed", strings.ReplaceAll(x.written(), x.Command.SHA, c.SHA))
		}
		return c, ""
	}
	// People may well comment within the second of the merge.
	x.ties = true
	since := x.since
	if c.Before != "" { // a webhook reported when it was pushed
		since = x.sinceByGitHub
	}
	if since(c.PushedAt) {
		return nil, x.void(bot.Short(c.SHA)+" was pushed", x.written())
	}
	return c, ""
}

// promote orders a candidate for a stage. It skips no gate. It only permits another try after a failure or a rollback.
func (x Execution) promote() pipeline.Answer {
	if pull := x.Request.Actor.Pull; pull.Open && (x.Command.SHA == "" || strings.HasPrefix(pull.Head, x.Command.SHA)) {
		if problem := x.headOrOther(); problem != "" {
			return Refuse("%s", problem)
		}
		return x.promotePull(pull)
	}
	c, problem := x.subject()
	if problem != "" {
		return Refuse("%s", problem)
	}
	stage, problem := x.stageToPromote(c)
	if problem != "" {
		return Refuse("%s", problem)
	}
	if no := cmp.Or(x.mayNot(stage), x.mayNotHurry()); no != "" {
		return Refuse("%s", no)
	}
	st := x.State.Stage(stage)
	switch p := c.Progress[stage]; {
	case p.State == pipeline.ProgressLive && st.Live.SHA == c.SHA && x.View.Drifted(c, stage) == "":
		return Refuse("%s is live on %s already", bot.Short(c.SHA), stage)
	case p.State == pipeline.ProgressReleasing:
		pipeline.Put(&c.Ordered, stage, x.order())
		return pipeline.Answer{OK: true, Open: true, Stage: stage, SHA: c.SHA, Text: fmt.Sprintf("%s is being released to %s", bot.Short(c.SHA), stage)}
	case x.since(bot.Later(p.StartedAt, p.EndedAt)):
		return Refuse("%s", x.void(bot.Short(c.SHA)+" entered "+stage, x.promoteExactly(c, stage)))
	case st.LockedAt(x.At) != nil && x.lockedSince(stage):
		return Refuse("%s", x.void(stage+" was locked", x.promoteExactly(c, stage)))
	case st.LockedAt(x.At) != nil && !st.Lock.Rollback:
		return Refuse("%s is locked %s; /unlock %s first", stage, st.Lock.Whose(), x.State.Qualified(stage))
	case st.Rollback != nil:
		return Refuse("%s is being rolled back by %s; wait for the end of that", stage, st.Rollback.Who())
	}
	moved := x.releasedByHand(stage)
	if !x.exact() {
		moved = x.moved(stage)
	}
	if moved == "" && x.Command.Stage == "" {
		moved = x.advanced(c, stage)
	}
	if moved != "" {
		return Refuse("%s", x.void(moved, x.promoteExactly(c, stage)))
	}
	text := fmt.Sprintf("%s goes to %s", bot.Short(c.SHA), stage)
	// Tried on a copy: a refusal by a gate must leave nothing behind.
	trial := x.State.Clone()
	reopen(&trial, c.SHA, stage, x.order())
	d, tried := gate.NewView(&trial, x.At), trial.Candidate(c.SHA)
	cfg, _ := x.State.Config.Stage(stage)
	yes := x.approvedBy(d, tried, cfg)
	yes.give(tried, stage)
	if g, no := gate.Blocked(d.Gates(tried, stage)); no && g.State == gate.Closed {
		if g.Name == gate.Order {
			return Refuse("%s is %s there; /rollback %s goes back", bot.Short(c.SHA), g.Text, x.State.Qualified(stage))
		}
		return Refuse("%s cannot be released to %s: %s", bot.Short(c.SHA), stage, g.Text)
	} else if yes.problem != "" {
		return Refuse("%s", yes.problem)
	} else if no {
		text += " as soon as it may: " + g.Text
	}
	reopen(x.State, c.SHA, stage, x.order())
	yes.give(c, stage)
	x.noteRight(c, stage)
	return pipeline.Answer{OK: true, Open: true, Stage: stage, SHA: c.SHA, Text: text + yes.note}
}

// promoteExactly is the unambiguous command that promotes a candidate to a stage.
func (x Execution) promoteExactly(c *pipeline.Candidate, stage string) string {
	return fmt.Sprintf("/promote %s %s", x.State.Qualified(stage), bot.Short(c.SHA))
}

// stageToPromote returns the named stage, else the first that the candidate has not passed.
func (x Execution) stageToPromote(c *pipeline.Candidate) (stage, problem string) {
	if x.Command.Stage != "" {
		return command.ResolveStage(x.Command.Stage, x.State.Config.StageNames())
	}
	for _, s := range x.State.Config.StageNames() {
		if !c.Progress[s].Passed() {
			return s, ""
		}
	}
	return "", fmt.Sprintf("%s has been released to every stage", bot.Short(c.SHA))
}

// reopen lets an ordered candidate try a stage again. It may pass the lock of a rollback, which ends once the candidate
// is live.
func reopen(s *pipeline.State, sha, stage string, by pipeline.Order) {
	c := s.Candidate(sha)
	retryGone(s, c, by.At)
	if p := c.Progress[stage]; p.State == pipeline.ProgressFailed || p.State == pipeline.ProgressRolledBack || p.Passed() {
		c.Leave(stage)
	}
	pipeline.Put(&c.Ordered, stage, by)
	st := s.StageRecord(stage)
	st.RetryAt, st.Tries, st.Trouble, st.TroubleAt = time.Time{}, 0, "", time.Time{}
}

// retry repeats what failed: the build, or a stage.
func (x Execution) retry() pipeline.Answer {
	// A retry of the newest failure does no harm.
	x.ties = true
	c, problem := x.subject()
	if problem != "" {
		return Refuse("%s", problem)
	}
	run, _ := x.State.RunOf(c)
	buildFailed := run.Status == pipeline.RunFailed || run.Status == pipeline.RunErrored
	what := strings.ToLower(x.Command.Stage)
	if what == "" {
		for _, stage := range x.State.Config.StageNames() {
			if c.Progress[stage].State == pipeline.ProgressFailed {
				what = stage
			}
		}
		if what == "" || buildFailed {
			what = "build"
		}
	}
	if what == "build" {
		if no := x.mayNot(x.View.FirstStage()); no != "" {
			return Refuse("%s", no)
		}
		if !buildFailed && retryGone(x.State, c, x.At) {
			return accept("%s is built again", bot.Short(c.SHA))
		}
		if !buildFailed {
			return Refuse("no build of %s failed", bot.Short(c.SHA))
		}
		if x.since(bot.Later(run.StartedAt, run.FinishedAt)) {
			return Refuse("%s", x.void("the build of "+bot.Short(c.SHA)+" failed", "/retry build"))
		}
		key := x.State.KeyOf(c)
		if r := x.State.Builds[key]; r.Active() || r.Status == pipeline.RunWaiting && r.Earlier != nil {
			return Refuse("%s is being built again already, as %s", bot.Short(c.SHA), bot.Short(r.SHA))
		}
		delete(x.State.Builds, key)
		if !run.GoneAt.IsZero() {
			again := run.Blank()
			again.SHA, again.Tree, again.Status = c.SHA, c.Tree, pipeline.RunWaiting
			x.State.Builds[key] = again
		}
		if c.Progress[x.View.FirstStage()].State == pipeline.ProgressFailed {
			c.Leave(x.View.FirstStage()) // it was the stage's own app that built
		}
		return accept("%s is built again", bot.Short(c.SHA))
	}
	x.Command.Stage = what
	stage, problem := command.ResolveStage(what, x.State.Config.StageNames())
	if problem != "" {
		return Refuse("%s", problem)
	}
	if c.Progress[stage].State != pipeline.ProgressFailed {
		return Refuse("%s has not failed at %s", bot.Short(c.SHA), stage)
	}
	if x.since(c.Progress[stage].EndedAt) {
		return Refuse("%s", x.void(bot.Short(c.SHA)+" failed at "+stage, "/retry "+x.State.Qualified(stage)))
	}
	return x.promote()
}

// cancel takes the candidate out of the pipeline. A release in progress will finish.
func (x Execution) cancel() pipeline.Answer {
	c, problem := x.subject()
	if problem != "" {
		return Refuse("%s", problem)
	}
	if no := x.mayNot(x.View.FirstStage()); no != "" {
		return Refuse("%s", no)
	}
	if c.Cancelled != nil {
		return Refuse("@%s has cancelled %s already", c.Cancelled.By, bot.Short(c.SHA))
	}
	if x.View.Settled(c) {
		return Refuse("%s is not on its way any more", bot.Short(c.SHA))
	}
	order := x.order()
	c.Cancelled = &order
	for _, stage := range x.State.Config.StageNames() {
		if c.Progress[stage].State == pipeline.ProgressReleasing && x.State.MayHaveStarted(stage) {
			return accept("cancelled %s; its release to %s is in progress and will finish", bot.Short(c.SHA), stage)
		}
	}
	return accept("cancelled %s", bot.Short(c.SHA))
}

// OutcomeOf updates an open answer if its promotion has ended.
func OutcomeOf(s *pipeline.State, a pipeline.Answer, at time.Time) pipeline.Answer {
	if a.Rollback {
		return a // its end is written where it ends
	}
	end := func(ok bool, format string, args ...any) pipeline.Answer {
		return pipeline.Answer{OK: ok, Stage: a.Stage, SHA: a.SHA, Text: fmt.Sprintf(format, args...)}
	}
	c := s.Candidate(a.SHA)
	if head := s.FromPull(a.SHA); head != nil && s.Landed(head) {
		c = head // it was ordered before the branch moved to it
	}
	if c == nil {
		return end(false, "%s is not among the last commits any more", bot.Short(a.SHA))
	}
	d := gate.NewView(s, at)
	if d.StageIndex(a.Stage) < 0 {
		return end(false, "the pipeline has no stage %s any more", a.Stage)
	}
	switch p := c.Progress[a.Stage]; p.State {
	case pipeline.ProgressLive:
		return end(true, "%s is live on %s, released in %s%s", bot.Short(c.SHA), a.Stage, words.Took(p.StartedAt, p.EndedAt), c.ApprovedText(a.Stage, p.Promotion))
	case pipeline.ProgressFailed:
		return end(false, "%s is not live on %s: %s%s", bot.Short(c.SHA), a.Stage, p.Reason, words.After("; ", p.Consequence))
	case pipeline.ProgressReleasing:
		return a
	}
	if _, ordered := c.Ordered[a.Stage]; !ordered {
		return end(false, "%s was not released to %s: %s", bot.Short(c.SHA), a.Stage, cmp.Or(d.LockGate(a.Stage).Text, "it was taken back"))
	}
	if g, no := gate.Blocked(d.Gates(c, a.Stage)); no && g.State == gate.Closed && g.Name != gate.Lock {
		return end(false, "%s was not released to %s: %s", bot.Short(c.SHA), a.Stage, g.Text)
	}
	return a
}

// mayNotAlone returns why the author may not approve alone; empty: the author may.
func (x Execution) mayNotAlone(stage bot.Stage) string {
	switch role := x.Request.Actor.Role; {
	case !x.Command.Alone:
		return ""
	case !stage.FourEyes:
		return fmt.Sprintf("%s is for stages with `four_eyes: true`, and %s is none; /approve %s %s is enough there", command.AloneWord, stage.Name, x.State.Qualified(stage.Name), x.Command.SHA)
	case role != bot.RoleAdmin:
		return fmt.Sprintf("%s takes the role admin, and @%s has the role %s", command.AloneWord, x.Request.User, role)
	}
	return ""
}

// mayNotHurry returns which right the author lacks to pass windows, freezes and soak; empty: none.
func (x Execution) mayNotHurry() string {
	if who := x.Request.Actor.Role; x.Command.Urgent && bot.RoleRank[who] < bot.RoleRank[bot.RoleMaintain] {
		return "--urgent takes maintain or admin, and @" + x.Request.User + " has the role " + string(who)
	}
	return ""
}
