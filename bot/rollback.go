package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// keptPast is how many proved releases of a stage are remembered.
const keptPast = 10

// rollback asks for the stage to be taken back, and locks it, so that nothing
// undoes the rollback.
func (x execution) rollback() Answer {
	names := x.s.Config.StageNames()
	stage := names[len(names)-1]
	if x.command.Stage != "" {
		var problem string
		if stage, problem = resolveStage(x.command.Stage, names); problem != "" {
			return refuse("%s", problem)
		}
	}
	if no := x.mayNot(stage); no != "" {
		return refuse("%s", no)
	}
	st := x.s.Stages[stage]
	if st.Rollback != nil {
		return refuse("%s is being rolled back by %s already", stage, st.Rollback.who())
	}
	if moved := x.moved(stage); moved != "" && (!x.exact() || x.late()) {
		return refuse("%s", x.void(moved, x.rollbackExactly(stage)))
	}
	order := RollbackOrder{Order: x.order(), Config: x.command.Config, From: st.Live.SHA}
	if st.Promoting != nil {
		order.From = st.Promoting.SHA
	}
	verifying := st.Promoting != nil && st.Promoting.Proof != nil
	if x.command.SHA != "" || x.command.Version != 0 {
		past, ok := st.named(x.command.SHA, x.command.Version)
		if !ok {
			return refuse("%s; there are %s", x.unknownTarget(stage), st.pastNames())
		}
		if past.SHA == st.Live.SHA && st.Promoting == nil {
			return refuse("%s is what %s runs", Short(past.SHA), stage)
		}
		order.To = past.SHA
	} else if _, ok := st.target(order); !ok && st.Promoting == nil {
		return refuse("there is no proved release of %s to go back to", stage)
	}
	order.Further = order.To == "" && st.Promoting == nil && !st.mixed() && st.lockedAt(x.at) != nil && st.Lock.Rollback
	st.Rollback = &order
	st.Lock = &Lock{Order: x.order(), Reason: "rolled back by @" + x.request.User, Rollback: true}
	put(&x.s.Stages, stage, st)
	for _, c := range x.s.all() {
		if c.Progress[stage].State != ProgressReleasing {
			delete(c.Ordered, stage) // what was asked for before gives way to this
		}
	}
	if verifying { // its releases have ended: nothing needs to be waited for
		x.s.closePromotion(stage, ProgressFailed, "rolled back by @"+x.request.User+" before it was verified", "", x.at)
		st = x.s.Stages[stage]
	}
	text := "rolling " + stage + " back"
	switch target, ok := st.target(order); {
	case st.Promoting != nil:
		text += " once the promotion of " + Short(st.Promoting.SHA) + " has ended"
	case ok && order.Further:
		text += " one further, to " + Short(target.SHA)
	case ok:
		text += " to " + Short(target.SHA)
	}
	return Answer{OK: true, Open: true, Rollback: true, Stage: stage, Text: text}
}

func (x execution) unknownTarget(stage string) string {
	if x.command.Version != 0 {
		return fmt.Sprintf("%s has no proved release v%d", stage, x.command.Version)
	}
	return fmt.Sprintf("%s was never proved on %s", x.command.SHA, stage)
}

// named finds a proved release by its commit, or by the version that any of the
// stage's apps gave it.
func (st StageState) named(sha string, version int) (Past, bool) {
	for _, p := range st.Past {
		if sha != "" && (strings.HasPrefix(p.SHA, sha) || p.ranCommit(sha)) {
			return p, true
		}
		if version != 0 && slices.Contains(p.Versions, version) {
			return p, true
		}
	}
	return Past{}, false
}

// ranCommit reports whether an app ran a commit before Headstart came.
func (p Past) ranCommit(sha string) bool {
	for _, r := range p.Ran {
		if strings.HasPrefix(r.Commit, sha) {
			return true
		}
	}
	return false
}

func (st StageState) pastNames() string {
	var list []string
	for _, p := range st.Past {
		list = append(list, Short(p.SHA)+p.version())
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// version is the release's number in brackets, where every app gave the same.
func (p Past) version() string {
	if !isCommit(p.SHA) {
		return "" // it is known by that
	}
	v := 0
	for _, r := range p.Releases {
		if v != 0 && r.Version != v {
			return ""
		}
		v = r.Version
	}
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(" (v%d)", v)
}

// mixed reports whether the stage's apps run different artifacts, as after a
// release that only some of them took.
func (st StageState) mixed() bool {
	for name, app := range st.Apps {
		if app.Seen && st.Live.Artifact != "" && app.Artifact != st.Live.artifactOn(name) {
			return true
		}
	}
	return false
}

// partlyRolledBack reports whether the apps that do not run what is live run something
// older, as after a rollback that only some of them took.
func (st StageState) partlyRolledBack() bool {
	older := st.Past[slices.IndexFunc(st.Past, func(p Past) bool { return p.SHA == st.Live.SHA })+1:]
	for name, app := range st.Apps {
		differs := app.Seen && app.Artifact != st.Live.artifactOn(name)
		if differs && !slices.ContainsFunc(older, func(p Past) bool { return p.artifactOn(name) == app.Artifact }) {
			return false
		}
	}
	return true
}

// target is what a rollback brings back: the named release, else the newest that
// was proved, was not itself rolled back from, differs from what is live, and
// still exists for all that is known.
func (st StageState) target(o RollbackOrder) (Past, bool) {
	for _, p := range st.Past {
		switch {
		case p.Gone != "":
		case o.To != "":
			if p.SHA == o.To {
				return p, true
			}
		case p.SHA == st.Live.SHA:
			if st.mixed() && !st.partlyRolledBack() {
				return p, true
			}
		case !p.RolledBack && !p.runs(st.Live) && !st.newerThanLive(p):
			return p, true
		}
	}
	return Past{}, false
}

// newerThanLive reports whether a release was proved after the live one.
func (st StageState) newerThanLive(p Past) bool {
	i := slices.IndexFunc(st.Past, func(q Past) bool { return q.SHA == st.Live.SHA })
	return i >= 0 && slices.IndexFunc(st.Past, func(q Past) bool { return q.SHA == p.SHA }) < i
}

// startRollbacks begins the rollbacks that were asked for, in stages that are
// free. They pass no gates: what they bring back was proved there.
func (d *decision) startRollbacks() {
	for _, stage := range d.s.Config.Stages {
		st := d.s.Stages[stage.Name]
		if st.Rollback == nil || st.Promoting != nil || !d.due(st.RetryAt) {
			continue
		}
		past, ok := st.target(*st.Rollback)
		if !ok {
			continue // settled by endRollback
		}
		for _, app := range stage.Apps {
			d.rollbackTo(past, stage.Name, app, st.Promotions+1, d.base(stage.Name, app), st.Rollback)
		}
	}
}

// rollbackTo releases a proved artifact on one app again, or, with config, has
// the platform restore its release.
func (d *decision) rollbackTo(past Past, stage, app string, n, base int, o *RollbackOrder) {
	if base >= 0 && !d.rehearsed(past.SHA, stage, n) {
		return
	}
	if base >= 0 && d.undoNeedsMaintenance(past, stage, o) && !d.inMaintenance(stage) {
		return
	}
	from := app
	if _, had := past.Releases[app]; !had { // the stage has got it since
		from = past.From
	}
	restore := ""
	if o.Config {
		restore = past.Releases[app].ID
	}
	d.release(Promote{Stage: stage, Promotion: n, App: app, From: from, Artifact: past.artifactOn(app), SHA: past.SHA, Base: base, Restore: restore}, false)
}

// checkRollback ends a rollback that has nothing to do, or nothing to go back to.
func (s *State) checkRollback(stage string, at time.Time) {
	st := s.Stages[stage]
	o := st.Rollback
	if o == nil || st.Promoting != nil {
		return
	}
	if _, ok := s.Config.Stage(stage); !ok && s.Configured {
		s.endRollback(stage, false, fmt.Sprintf("the pipeline has no stage %s any more", stage))
		return
	}
	if o.To == "" && o.From != st.Live.SHA && !st.mixed() {
		s.endRollback(stage, true, fmt.Sprintf("%s still runs %s, because %s never got there; it is locked until /unlock %s",
			stage, Short(st.Live.SHA), Short(o.From), s.qualified(stage)))
		return
	}
	if f, app := st.foreign(); f != nil && !o.byPerson() {
		s.endRollback(stage, false, fmt.Sprintf("not rolled back: %s was released to %s by hand", f.name(), app))
		return
	}
	if _, ok := st.target(*o); !ok {
		s.endRollback(stage, false, fmt.Sprintf("there is no proved release of %s left to go back to%s; it is locked until /unlock %s", stage, skipped(o), s.qualified(stage)))
	}
}

func skipped(o *RollbackOrder) string {
	if len(o.Skips) == 0 {
		return ""
	}
	return " (" + strings.Join(o.Skips, "; ") + ")"
}

// endRollback closes the order and answers who gave it.
func (s *State) endRollback(stage string, ok bool, text string) {
	st := s.Stages[stage]
	o := st.Rollback
	if o == nil {
		return
	}
	st.Rollback = nil
	s.Stages[stage] = st
	if !o.byPerson() {
		s.rolledBack(stage, o, text)
		return
	}
	s.editRequest(o.Comment, func(r *Request) {
		for i, a := range r.Answers {
			if a.Open && a.Rollback && a.Stage == stage {
				r.Answers[i] = Answer{OK: ok, Rollback: true, Stage: stage, Text: text}
			}
		}
	})
}

// rollbackClosed takes the end of a rollback's promotion.
func (s *State) rollbackClosed(stage string, p *Promotion, was Live, end ProgressState, reason string, at time.Time) {
	o := p.Rollback
	if end != ProgressLive {
		s.endRollback(stage, false, fmt.Sprintf("the rollback of %s to %s failed: %s", stage, Short(p.SHA), reason))
		return
	}
	if c := s.candidate(was.SHA); c != nil && was.SHA != p.SHA && o.byPerson() {
		pass := c.passedBefore(stage, was)
		pass.State, pass.Reason = ProgressRolledBack, "rolled back by "+o.who()
		put(&c.Progress, stage, pass)
	}
	if c := s.candidate(p.SHA); c != nil {
		pass := c.Progress[stage]
		pass.Reason = "after a rollback by " + o.who()
		put(&c.Progress, stage, pass)
	}
	if was.SHA != p.SHA {
		s.editPast(stage, was.SHA, func(q *Past) { q.RolledBack = true })
	}
	if !o.byPerson() {
		s.endRollback(stage, true, fmt.Sprintf("rolled back to %s in %s%s", Short(p.SHA), took(p.StartedAt, at), skipped(o)))
		return
	}
	further := ""
	if o.Further {
		further = ", one further back"
	}
	text := fmt.Sprintf("%s runs %s again%s, released in %s%s; it is locked until /unlock %s", stage, Short(p.SHA), further, took(p.StartedAt, at), skipped(o), s.qualified(stage))
	s.endRollback(stage, true, text)
}

// passedBefore is how the candidate went through a stage that it is live on, also where
// it has left the stage to be built again.
func (c *Candidate) passedBefore(stage string, live Live) Progress {
	if pass := c.Progress[stage]; pass.State != "" {
		return pass
	}
	pass := Progress{StartedAt: live.Since, EndedAt: live.Since}
	for _, d := range c.Deployments {
		if d.Stage == stage && d.Published.State == StatusSuccess {
			pass.Promotion = d.Promotion
		}
	}
	return pass
}

// proved remembers what a stage was proved to run.
func (s *State) proved(stage string, c *Candidate, p *Promotion, at time.Time) {
	st := s.Stages[stage]
	releases := map[string]PastRelease{}
	for app, a := range p.Apps {
		releases[app] = PastRelease{ID: a.ID, Version: a.Version}
	}
	past := Past{SHA: c.SHA, Artifact: c.Artifact, From: c.ArtifactApp, Built: c.ArtifactSHA, Title: c.Title, At: at, Releases: releases}
	if i := slices.IndexFunc(st.Past, func(q Past) bool { return q.SHA == c.SHA }); i >= 0 {
		known := st.Past[i]
		past.Versions = slices.Clone(known.Versions)
		if p.Rollback != nil {
			known.Versions = addVersions(past.Versions, releases)
			known.RolledBack = false
			st.Past = slices.Clone(st.Past)
			st.Past[i] = known
			s.Stages[stage] = st
			return
		}
		st.Past = slices.Delete(slices.Clone(st.Past), i, i+1)
	}
	past.Versions = addVersions(past.Versions, releases)
	st.Past = append([]Past{past}, st.Past...)
	if len(st.Past) > keptPast {
		st.Past = st.Past[:keptPast]
	}
	s.Stages[stage] = st
}

func addVersions(list []int, releases map[string]PastRelease) []int {
	for _, r := range releases {
		if r.Version != 0 && !slices.Contains(list, r.Version) {
			list = append(list, r.Version)
		}
	}
	slices.Sort(list)
	return list
}

func (s *State) editPast(stage, sha string, edit func(*Past)) {
	st := s.Stages[stage]
	st.Past = slices.Clone(st.Past)
	for i := range st.Past {
		if st.Past[i].SHA == sha {
			edit(&st.Past[i])
		}
	}
	s.Stages[stage] = st
}

// pastGone notes that the platform cannot bring a release back, and gives up the
// promotion that tried: the next older one is taken.
func (s *State) pastGone(stage string, p *Promotion) {
	reason := ""
	for _, app := range sortedKeys(p.Apps) {
		reason = p.Apps[app].Reason
	}
	s.editPast(stage, p.SHA, func(q *Past) { q.Gone = reason })
	if c := s.candidate(p.SHA); c != nil {
		c.restore(stage, p.Was)
	}
	st := s.Stages[stage]
	o := *p.Rollback
	o.Skips = append(slices.Clone(o.Skips), Short(p.SHA)+" cannot be brought back"+because(reason))
	st.Promoting, st.Rollback = nil, &o
	s.Stages[stage] = st
}
