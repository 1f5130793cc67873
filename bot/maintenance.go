package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Maintenance mode is turned on before a release that asks for it, and off once
// the release has ended, however that was. Which apps Headstart has turned it on
// for is part of the state from the moment that it asks, so that whatever happens
// in between, the next decision turns it off.

// Maintenance is the maintenance mode of one app, as far as Headstart touches it.
type Maintenance struct {
	Stage    string
	Platform string    // where Headstart has asked to turn it on; empty: it has not
	LookedAt time.Time // when it was looked at before it was turned on; zero: not yet
	Was      bool      // it was on by then: it is somebody else's, and stays on
	Asked    bool      // Headstart has asked to turn it on
	Off      bool      // and to turn it off again
	On       bool      // it is on, for all that is known
	LostAt   time.Time // of the newest request whose answer was lost
	Reason   string    // why the last attempt was refused; empty if it was not
	RetryAt  time.Time // when to try again
}

// maintenanceAgain is how long after a refusal it is tried again.
const maintenanceAgain = 5 * time.Minute

// needsMaintenance reports whether a candidate's release on a stage wants
// maintenance mode. What it changes may not be known: then it does.
func (d *view) needsMaintenance(c *Candidate, stage string) bool {
	cfg, _ := d.s.Config.Stage(stage)
	if len(cfg.Maintenance) == 0 {
		return false
	}
	classes, known := d.classesOf(c, stage)
	return !known || slices.ContainsFunc(cfg.Maintenance, func(class string) bool { return slices.Contains(classes, class) })
}

// undoNeedsMaintenance reports the same of a rollback: what was released in
// maintenance mode is taken back in it.
func (d *decision) undoNeedsMaintenance(to Past, stage string, o *RollbackOrder) bool {
	cfg, _ := d.s.Config.Stage(stage)
	st := d.s.Stages[stage]
	if len(cfg.Maintenance) == 0 {
		return false
	}
	undone := []string{o.From, st.Live.SHA}
	for _, p := range st.Past {
		if p.SHA == to.SHA {
			break
		}
		undone = append(undone, p.SHA)
	}
	return slices.ContainsFunc(undone, func(sha string) bool { return sha != to.SHA && slices.Contains(st.Maintained, sha) })
}

// inMaintenance reports whether maintenance mode is on for every app of a stage,
// so that a release may begin, and else asks for it. Whoever does not ask again
// in the next decision has it turned off.
func (d *decision) inMaintenance(stage string) bool {
	on := true
	for _, app := range d.appsOf(stage) {
		if d.maintained == nil {
			d.maintained = map[string]bool{}
		}
		d.maintained[app] = true
		m := d.s.Maintenance[app]
		known := m.Asked || d.now.Sub(m.LookedAt) < fresh || d.s.Stages[stage].Promoting != nil
		switch {
		case m.On && known:
			continue
		case !d.due(m.RetryAt):
		case m.Asked:
			d.setMaintenance(stage, app, true)
		case m.LookedAt.IsZero() || !known || m.On:
			d.want(lookMaintenanceKey(app), SetMaintenance{Stage: stage, App: app, Look: true})
		default:
			d.setMaintenance(stage, app, true)
		}
		on = false
	}
	return on
}

// appsOf lists the apps that a promotion to a stage releases on.
func (d *view) appsOf(stage string) []string {
	if p := d.s.Stages[stage].Promoting; p != nil {
		return sortedKeys(p.Apps)
	}
	cfg, _ := d.s.Config.Stage(stage)
	return cfg.Apps
}

// maintenanceKey is the same for on and off, so that they never pass each other.
func (d *decision) setMaintenance(stage, app string, on bool) {
	d.want(maintenanceKey(app), SetMaintenance{Stage: stage, App: app, Platform: d.s.Maintenance[app].Platform, On: on})
}

// endMaintenance turns off what Headstart has turned on and nobody asks for any
// more, whatever has become of the stage and of the pipeline's file.
func (d *decision) endMaintenance() {
	releasing := map[string]bool{}
	for _, st := range d.s.Stages {
		if st.Promoting.unfinished() {
			for app := range st.Promoting.Apps {
				releasing[app] = true
			}
		}
	}
	for _, app := range sortedKeys(d.s.Maintenance) {
		if m := d.s.Maintenance[app]; m.Asked && !d.maintained[app] && !releasing[app] && d.due(m.RetryAt) {
			d.setMaintenance(m.Stage, app, false)
		}
	}
}

// unfinished reports whether a release of the promotion has not ended yet.
func (p *Promotion) unfinished() bool {
	if p == nil {
		return false
	}
	for _, a := range p.Apps {
		if a.State == "" || a.State == ReleasePending {
			return true
		}
	}
	return p.Building
}

// inMaintenance reports whether Headstart keeps an app of a stage in maintenance mode, or
// may do so. What is on then says nothing about what was released.
func (s *State) inMaintenance(stage string) bool {
	for _, m := range s.Maintenance {
		if m.Stage == stage && m.Asked {
			return true
		}
	}
	return false
}

// showsMaintenancePage reports whether an app of a stage still answers with a maintenance page
// that is about to go: until then its answers prove nothing. One that cannot be
// turned off is waited for no longer.
func (s *State) showsMaintenancePage(stage string) bool {
	for _, m := range s.Maintenance {
		if m.Stage == stage && m.Asked && m.RetryAt.IsZero() {
			return true
		}
	}
	return false
}

func (s *State) maintenanceStarted(do SetMaintenance) {
	m := s.Maintenance[do.App]
	m.Stage = do.Stage
	switch {
	case do.Look:
		m = Maintenance{Stage: do.Stage, LostAt: m.LostAt}
	case do.On:
		m.Asked, m.Platform = true, cmp.Or(m.Platform, s.Config.Platform)
	default:
		m.On, m.Off = false, true
	}
	put(&s.Maintenance, do.App, m)
}

// maintenanceAnswered takes the outcome of looking at maintenance mode or of
// setting it. As long as an earlier request may still come true that says the
// opposite, what was set is not believed, and set once more afterwards.
func (s *State) maintenanceAnswered(do SetMaintenance, f Finished, pending PendingEffect, at time.Time) {
	m, ok := s.Maintenance[do.App]
	if !ok {
		return
	}
	if pending.Unsure && !do.Look {
		m.LostAt = later(m.LostAt, pending.LostAt)
	}
	sure := m.LostAt.Add(PlatformDoubt)
	switch set, done := f.Fact.(MaintenanceSet); {
	case done && do.Look:
		m.LookedAt, m.Was, m.On = at, set.Was, set.Was
		m.Reason, m.RetryAt = "", time.Time{}
	case done && do.On && m.Off && at.Before(sure), done && !do.On && at.Before(sure):
		m.RetryAt = sure
	case done && do.On:
		m.On, m.Off, m.Reason, m.RetryAt = true, false, "", time.Time{}
		s.Maintenance[do.App] = m
		s.noteMaintained(do.Stage)
		return
	case done, f.Outcome == Refuse && f.Gone && !do.On && !do.Look:
		delete(s.Maintenance, do.App)
		return
	case f.Outcome == Refuse:
		m.Reason, m.RetryAt = f.Reason, at.Add(maintenanceAgain)
	}
	s.Maintenance[do.App] = m
}

// noteMaintained remembers which commit a stage releases in maintenance mode.
func (s *State) noteMaintained(stage string) {
	st := s.Stages[stage]
	if st.Promoting == nil || !s.inMaintenance(stage) || slices.Contains(st.Maintained, st.Promoting.SHA) {
		return
	}
	st.Maintained = append(slices.Clone(st.Maintained), st.Promoting.SHA)
	if extra := len(st.Maintained) - keptPast; extra > 0 {
		st.Maintained = st.Maintained[extra:]
	}
	s.Stages[stage] = st
}

// forgetMaintenance drops what was seen of maintenance modes that are none of
// Headstart's: by the next promotion they may be different.
func (s *State) forgetMaintenance(p *Promotion) {
	for app := range p.Apps {
		if m, ok := s.Maintenance[app]; ok && !m.Asked {
			delete(s.Maintenance, app)
		}
	}
}

// stayInMaintenance keeps on what is on for a release that is about to begin.
func (d *decision) stayInMaintenance(stage string) {
	for _, app := range d.appsOf(stage) {
		if d.s.Maintenance[app].Asked {
			if d.maintained == nil {
				d.maintained = map[string]bool{}
			}
			d.maintained[app] = true
		}
	}
}

// maintenanceGate tells of maintenance mode that cannot be turned on, which the
// release waits for. It is none of the gates that ask for it.
func (d *view) maintenanceGate(c *Candidate, stage string) (Gate, bool) {
	if !d.needsMaintenance(c, stage) || !d.open(c, stage) {
		return Gate{}, false
	}
	for _, app := range d.appsOf(stage) {
		m, f := d.s.Maintenance[app], d.s.Pending[maintenanceKey(app)]
		if !m.Asked {
			f = d.s.Pending[lookMaintenanceKey(app)]
		}
		reason, since, until := m.Reason, m.LookedAt, m.RetryAt
		if reason == "" {
			reason, since, until = f.Reason, f.Since, f.NotBefore
		}
		if reason != "" && !m.On {
			return Gate{Name: GateMaintenance, State: GateWaiting, Since: since, Until: until, Next: "ask the owner of " + app,
				Text: fmt.Sprintf("maintenance mode cannot be turned on for %s: %s", app, reason)}, true
		}
	}
	return Gate{}, false
}

// maintenanceNote says for /status that an app of the stage is in maintenance
// mode by Headstart's doing; empty if none is.
func (d *view) maintenanceNote(stage string) string {
	var list []string
	reason := ""
	for _, app := range sortedKeys(d.s.Maintenance) {
		if m := d.s.Maintenance[app]; m.Stage == stage && m.Asked {
			list = append(list, app)
			if m.Off && m.Reason != "" {
				reason = ", and cannot be turned off: " + m.Reason
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "🚧 maintenance mode is on for " + strings.Join(list, ", ") + reason
}
