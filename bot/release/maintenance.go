package release

import (
	"cmp"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// maintenanceAgain is the pause after a refusal.
const maintenanceAgain = 5 * time.Minute

func MaintenanceStarted(s *pipeline.State, do bot.SetMaintenance) {
	m := s.Maintenance[do.App]
	m.Stage = do.Stage
	switch {
	case do.Look:
		m = pipeline.Maintenance{Stage: do.Stage, LostAt: m.LostAt}
	case do.On:
		m.Asked, m.Platform = true, cmp.Or(m.Platform, s.Config.Platform)
	default:
		m.On, m.Off = false, true
	}
	pipeline.Put(&s.Maintenance, do.App, m)
}

// MaintenanceAnswered folds the outcome of reading or setting maintenance mode. While an earlier, opposite request may
// still take effect, the new setting is not believed. It is then set once more afterwards.
func MaintenanceAnswered(s *pipeline.State, do bot.SetMaintenance, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	m, ok := s.Maintenance[do.App]
	if !ok {
		return
	}
	if pending.Unsure && !do.Look {
		m.LostAt = bot.Later(m.LostAt, pending.LostAt)
	}
	sure := m.LostAt.Add(bot.PlatformDoubt)
	switch set, done := f.Fact.(bot.MaintenanceSet); {
	case done && do.Look:
		m.LookedAt, m.Was, m.On = at, set.Was, set.Was
		m.Reason, m.RetryAt = "", time.Time{}
	case done && do.On && m.Off && at.Before(sure), done && !do.On && at.Before(sure):
		m.RetryAt = sure
	case done && do.On:
		m.On, m.Off, m.Reason, m.RetryAt = true, false, "", time.Time{}
		s.Maintenance[do.App] = m
		noteMaintained(s, do.Stage)
		return
	case done, f.Outcome == bot.Refuse && f.Gone && !do.On && !do.Look:
		delete(s.Maintenance, do.App)
		return
	case f.Outcome == bot.Refuse:
		m.Reason, m.RetryAt = f.Reason, at.Add(maintenanceAgain)
	}
	s.Maintenance[do.App] = m
}

// noteMaintained remembers the commit that a stage releases in maintenance mode.
func noteMaintained(s *pipeline.State, stage string) {
	st := s.Stage(stage)
	if st.Promoting == nil || !s.InMaintenance(stage) || slices.Contains(st.Maintained, st.Promoting.SHA) {
		return
	}
	list := append(slices.Clone(st.Maintained), st.Promoting.SHA)
	s.StageRecord(stage).Maintained = list[max(len(list)-pipeline.KeptPast, 0):]
}

// forgetMaintenance drops maintenance modes that Headstart has not set: they may change until the next promotion.
func forgetMaintenance(s *pipeline.State, p *pipeline.Promotion) {
	for app := range p.Apps {
		if m, ok := s.Maintenance[app]; ok && !m.Asked {
			delete(s.Maintenance, app)
		}
	}
}
