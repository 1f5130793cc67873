package bot

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// execution is one command of a comment being run. It happens once, in the event
// that tells who asks; what it does to the state is all that is left of it.
type execution struct {
	target
	d    *view
	at   time.Time
	ties bool // what happened in the second in which the command was written had happened before
}

func refuse(format string, args ...any) Answer { return Answer{Text: fmt.Sprintf(format, args...)} }

func accept(format string, args ...any) Answer {
	return Answer{OK: true, Text: fmt.Sprintf(format, args...)}
}

// run runs the command and says what came of it. A refusal changes nothing.
func (x execution) run() Answer {
	pull := x.request.Actor.Pull
	switch v := x.command.Verb; {
	case x.request.Stale:
		return refuse("not done: this was written too long ago (%s) to know whether it was done then; if it is still wanted, say it again", moment(x.request.WrittenAt))
	case x.command.Problem != "":
		return refuse("%s", x.command.problemIn(x.s.Pipeline.Name))
	case v.Asks():
		return Answer{OK: true} // answered in a comment of its own
	case x.request.Actor.Unread != "":
		return refuse("GitHub does not tell what @%s may do%s; say it again", x.request.User, because(x.request.Actor.Unread))
	case pull.Base != "" && pull.Base != x.s.Branch():
		return refuse("this pull request goes into %s, and the pipeline deploys %s", pull.Base, x.s.Branch())
	case v == VerbLock:
		return x.lock()
	case v == VerbUnlock:
		return x.unlock()
	case v == VerbRollback:
		return x.rollback()
	case v == VerbPromote:
		return x.promote()
	case v == VerbRetry:
		return x.retry()
	case v == VerbCancel:
		return x.cancel()
	}
	return x.approve()
}

func (x execution) order() Order {
	o := Order{By: x.request.User, ByID: x.request.UserID, At: x.at, Comment: x.request.Comment}
	if x.command.Urgent {
		o.Urgent, o.Reason = true, x.command.Reason
	}
	return o
}

// mayNot says what somebody lacks who may not command the stages; empty if they
// may.
func (x execution) mayNot(stages ...string) string {
	for _, name := range stages {
		cfg, _ := x.s.Config.Stage(name)
		if !allows(cfg.Allow, x.request.membership()) {
			return fmt.Sprintf("@%s may not /%s %s: that takes %s, and %s",
				x.request.User, x.command.Verb, name, takes(cfg.Allow), lacks(cfg.Allow, x.request.membership()))
		}
	}
	return ""
}

// rank orders the roles.
var rank = map[Role]int{RoleNone: 0, RoleRead: 1, RoleTriage: 2, RoleWrite: 3, RoleMaintain: 4, RoleAdmin: 5}

// subject is the candidate that the command is about: the named commit, else
// what the pull request was merged as.
func (x execution) subject() (*Candidate, string) {
	c, problem := x.named()
	if problem != "" || x.command.SHA == c.SHA {
		return c, problem
	}
	if x.command.SHA != "" {
		// Nobody has meant what was not there yet: it only begins alike.
		if c.Before != "" && x.sinceByGitHub(c.PushedAt) {
			return nil, x.void(Short(c.SHA)+" was pushed", strings.ReplaceAll(x.written(), x.command.SHA, c.SHA))
		}
		return c, ""
	}
	// Within the second of its merge somebody may well say what is to become of it.
	x.ties = true
	since := x.since
	if c.Before != "" { // a webhook has told when it was pushed
		since = x.sinceByGitHub
	}
	if since(c.PushedAt) {
		return nil, x.void(Short(c.SHA)+" was pushed", x.written())
	}
	return c, ""
}

// promote asks for a candidate at a stage. What it may not skip is any gate; what
// it may is to try again after a failure, and after a rollback.
func (x execution) promote() Answer {
	if pull := x.request.Actor.Pull; pull.Open && (x.command.SHA == "" || strings.HasPrefix(pull.Head, x.command.SHA)) {
		if problem := x.headOrOther(); problem != "" {
			return refuse("%s", problem)
		}
		return x.promotePull(pull)
	}
	c, problem := x.subject()
	if problem != "" {
		return refuse("%s", problem)
	}
	stage, problem := x.stageToPromote(c)
	if problem != "" {
		return refuse("%s", problem)
	}
	if no := cmp.Or(x.mayNot(stage), x.mayNotHurry()); no != "" {
		return refuse("%s", no)
	}
	st := x.s.Stages[stage]
	switch p := c.Progress[stage]; {
	case p.State == ProgressLive && st.Live.SHA == c.SHA && x.d.drifted(c, stage) == "":
		return refuse("%s is live on %s already", Short(c.SHA), stage)
	case p.State == ProgressReleasing:
		put(&c.Ordered, stage, x.order())
		return Answer{OK: true, Open: true, Stage: stage, SHA: c.SHA, Text: fmt.Sprintf("%s is being released to %s", Short(c.SHA), stage)}
	case x.since(later(p.StartedAt, p.EndedAt)):
		return refuse("%s", x.void(Short(c.SHA)+" entered "+stage, x.promoteExactly(c, stage)))
	case st.lockedAt(x.at) != nil && x.lockedSince(stage):
		return refuse("%s", x.void(stage+" was locked", x.promoteExactly(c, stage)))
	case st.lockedAt(x.at) != nil && !st.Lock.Rollback:
		return refuse("%s is locked %s; /unlock %s first", stage, st.Lock.whose(), x.s.qualified(stage))
	case st.Rollback != nil:
		return refuse("%s is being rolled back by %s; wait for the end of that", stage, st.Rollback.who())
	}
	moved := x.releasedByHand(stage)
	if !x.exact() {
		moved = x.moved(stage)
	}
	if moved == "" && x.command.Stage == "" {
		moved = x.advanced(c, stage)
	}
	if moved != "" {
		return refuse("%s", x.void(moved, x.promoteExactly(c, stage)))
	}
	text := fmt.Sprintf("%s goes to %s", Short(c.SHA), stage)
	// Tried on a copy: where the gates refuse, nothing may be left behind.
	trial := x.s.clone()
	trial.reopen(c.SHA, stage, x.order())
	d, tried := newView(&trial, x.at), trial.candidate(c.SHA)
	cfg, _ := x.s.Config.Stage(stage)
	yes := x.approvedBy(d, tried, cfg)
	yes.give(tried, stage)
	if g, no := blocked(d.gates(tried, stage)); no && g.State == GateClosed {
		if g.Name == GateOrder {
			return refuse("%s is %s there; /rollback %s goes back", Short(c.SHA), g.Text, x.s.qualified(stage))
		}
		return refuse("%s cannot be released to %s: %s", Short(c.SHA), stage, g.Text)
	} else if yes.problem != "" {
		return refuse("%s", yes.problem)
	} else if no {
		text += " as soon as it may: " + g.Text
	}
	x.s.reopen(c.SHA, stage, x.order())
	yes.give(c, stage)
	x.noteRight(c, stage)
	return Answer{OK: true, Open: true, Stage: stage, SHA: c.SHA, Text: text + yes.note}
}

// promoteExactly is how to ask for a candidate at a stage without any doubt.
func (x execution) promoteExactly(c *Candidate, stage string) string {
	return fmt.Sprintf("/promote %s %s", x.s.qualified(stage), Short(c.SHA))
}

// stageToPromote is the stage that is named, else the first that the candidate
// has not passed.
func (x execution) stageToPromote(c *Candidate) (stage, problem string) {
	if x.command.Stage != "" {
		return resolveStage(x.command.Stage, x.s.Config.StageNames())
	}
	for _, s := range x.s.Config.StageNames() {
		if !c.Progress[s].passed() {
			return s, ""
		}
	}
	return "", fmt.Sprintf("%s has been released to every stage", Short(c.SHA))
}

// reopen lets a candidate try a stage again, because somebody asked for it. It
// may pass the lock of a rollback, which ends once it is live.
func (s *State) reopen(sha, stage string, by Order) {
	c := s.candidate(sha)
	s.retryGone(c, by.At)
	if p := c.Progress[stage]; p.State == ProgressFailed || p.State == ProgressRolledBack || p.passed() {
		c.leave(stage)
	}
	put(&c.Ordered, stage, by)
	st := s.Stages[stage]
	st.RetryAt, st.Tries, st.Trouble, st.TroubleAt = time.Time{}, 0, "", time.Time{}
	put(&s.Stages, stage, st)
}

// retry tries again what failed: the build, or a stage.
func (x execution) retry() Answer {
	// To try once more what has failed just now does no harm.
	x.ties = true
	c, problem := x.subject()
	if problem != "" {
		return refuse("%s", problem)
	}
	run, _ := x.s.runOf(c)
	buildFailed := run.Status == RunFailed || run.Status == RunErrored
	what := strings.ToLower(x.command.Stage)
	if what == "" {
		for _, stage := range x.s.Config.StageNames() {
			if c.Progress[stage].State == ProgressFailed {
				what = stage
			}
		}
		if what == "" || buildFailed {
			what = "build"
		}
	}
	if what == "build" {
		if no := x.mayNot(x.d.firstStage()); no != "" {
			return refuse("%s", no)
		}
		if !buildFailed && x.s.retryGone(c, x.at) {
			return accept("%s is built again", Short(c.SHA))
		}
		if !buildFailed {
			return refuse("no build of %s failed", Short(c.SHA))
		}
		if x.since(later(run.StartedAt, run.FinishedAt)) {
			return refuse("%s", x.void("the build of "+Short(c.SHA)+" failed", "/retry build"))
		}
		key := x.s.keyOf(c)
		if r := x.s.Builds[key]; r.Active() || r.Status == RunWaiting && r.Earlier != nil {
			return refuse("%s is being built again already, as %s", Short(c.SHA), Short(r.SHA))
		}
		delete(x.s.Builds, key)
		if !run.GoneAt.IsZero() {
			again := run.blank()
			again.SHA, again.Tree, again.Status = c.SHA, c.Tree, RunWaiting
			x.s.Builds[key] = again
		}
		if c.Progress[x.d.firstStage()].State == ProgressFailed {
			c.leave(x.d.firstStage()) // it was the stage's own app that built
		}
		return accept("%s is built again", Short(c.SHA))
	}
	x.command.Stage = what
	stage, problem := resolveStage(what, x.s.Config.StageNames())
	if problem != "" {
		return refuse("%s", problem)
	}
	if c.Progress[stage].State != ProgressFailed {
		return refuse("%s has not failed at %s", Short(c.SHA), stage)
	}
	if x.since(c.Progress[stage].EndedAt) {
		return refuse("%s", x.void(Short(c.SHA)+" failed at "+stage, "/retry "+x.s.qualified(stage)))
	}
	return x.promote()
}

// cancel takes the candidate out of the pipeline. A release that has begun goes
// to its end.
func (x execution) cancel() Answer {
	c, problem := x.subject()
	if problem != "" {
		return refuse("%s", problem)
	}
	if no := x.mayNot(x.d.firstStage()); no != "" {
		return refuse("%s", no)
	}
	if c.Cancelled != nil {
		return refuse("@%s has cancelled %s already", c.Cancelled.By, Short(c.SHA))
	}
	if x.d.settled(c) {
		return refuse("%s is not on its way any more", Short(c.SHA))
	}
	order := x.order()
	c.Cancelled = &order
	for _, stage := range x.s.Config.StageNames() {
		if c.Progress[stage].State == ProgressReleasing && x.s.mayHaveStarted(stage) {
			return accept("cancelled %s; its release to %s is in progress and will finish", Short(c.SHA), stage)
		}
	}
	return accept("cancelled %s", Short(c.SHA))
}

// outcomeOf looks whether the promotion that an answer waits for has ended.
func (s *State) outcomeOf(a Answer, at time.Time) Answer {
	if a.Rollback {
		return a // its end is told where it ends
	}
	end := func(ok bool, format string, args ...any) Answer {
		return Answer{OK: ok, Stage: a.Stage, SHA: a.SHA, Text: fmt.Sprintf(format, args...)}
	}
	c := s.candidate(a.SHA)
	if head := s.fromPull(a.SHA); head != nil && s.landed(head) {
		c = head // it was asked for before the branch moved to it
	}
	if c == nil {
		return end(false, "%s is not among the last commits any more", Short(a.SHA))
	}
	d := newView(s, at)
	if d.stageIndex(a.Stage) < 0 {
		return end(false, "the pipeline has no stage %s any more", a.Stage)
	}
	switch p := c.Progress[a.Stage]; p.State {
	case ProgressLive:
		return end(true, "%s is live on %s, released in %s%s", Short(c.SHA), a.Stage, took(p.StartedAt, p.EndedAt), c.approvedText(a.Stage, p.Promotion))
	case ProgressFailed:
		return end(false, "%s is not live on %s: %s%s", Short(c.SHA), a.Stage, p.Reason, after("; ", p.Consequence))
	case ProgressReleasing:
		return a
	}
	if _, ordered := c.Ordered[a.Stage]; !ordered {
		return end(false, "%s was not released to %s: %s", Short(c.SHA), a.Stage, cmp.Or(d.lockGate(a.Stage).Text, "it was taken back"))
	}
	if g, no := blocked(d.gates(c, a.Stage)); no && g.State == GateClosed && g.Name != GateLock {
		return end(false, "%s was not released to %s: %s", Short(c.SHA), a.Stage, g.Text)
	}
	return a
}
