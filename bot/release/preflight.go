package release

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Inspected stores the inspection of an app. An inspection that fails blocks no deploy.
func Inspected(s *pipeline.State, do bot.Inspect, f bot.Finished, at time.Time) {
	found, ok := f.Fact.(bot.Inspected)
	switch {
	case f.Outcome == bot.Refuse:
		found = bot.Inspected{Warnings: []string{fmt.Sprintf("%s could not be looked at%s", do.App, words.Because(f.Reason))}}
	case !ok:
		return
	}
	if what := sharedWarning(s, do); what != "" {
		found.Warnings = append(slices.Clone(found.Warnings), what)
	}
	old := s.Inspections[s.InspectedAs(do.App, do.Source)]
	now := pipeline.Inspection{At: at, Source: do.Source, Warnings: found.Warnings, ShownTo: old.ShownTo, Problem: found.Problem}
	if !slices.Equal(old.Warnings, now.Warnings) {
		now.ShownTo = ""
	}
	if now.Problem != "" {
		if now.ProblemAt = old.ProblemAt; old.Problem == "" {
			now.ProblemAt = at
		}
	}
	pipeline.Put(&s.Inspections, s.InspectedAs(do.App, do.Source), now)
	if !ok {
		return
	}
	for _, stage := range pipeline.SortedKeys(s.Stages) {
		if _, known := s.Stage(stage).Apps[do.App]; known {
			noteSwitch(s, stage, do.App, found)
		}
	}
	noteSwitch(s, do.Stage, do.App, found)
}

func noteSwitch(s *pipeline.State, stage, app string, found bot.Inspected) {
	st := s.StageRecord(stage)
	stand := st.Apps[app]
	stand.SwitchesAfter, stand.URL = found.SwitchesAfter, cmp.Or(found.App.URL, stand.URL)
	pipeline.Put(&st.Apps, app, stand)
}

// unpublishedWarnings returns the warnings about a stage's apps that are not published yet. The promotion of a commit
// publishes them, so they then count as published.
func unpublishedWarnings(s *pipeline.State, apps []string, c *pipeline.Candidate) (warnings []string) {
	sha := c.SHA
	for _, app := range apps {
		app = s.InspectedAs(app, s.Config.SourceOf(app, c.FromPull))
		ins := s.Inspections[app]
		if len(ins.Warnings) == 0 || ins.ShownTo != "" && ins.ShownTo != sha {
			continue
		}
		ins.ShownTo = sha
		s.Inspections[app] = ins
		warnings = append(warnings, ins.Warnings...)
	}
	return warnings
}

// unpublishedAbsent returns what a candidate's source lacks, unless an earlier promotion has shown the same.
func unpublishedAbsent(s *pipeline.State, stage string, c *pipeline.Candidate) *bot.Absent {
	r, _ := s.RunOf(c)
	shown := &s.Sources
	if r.Source == "" || r.Absent.Same(shown.Shown) && (shown.By != c.SHA || shown.At != stage) {
		return nil
	}
	shown.Shown, shown.By, shown.At = r.Absent, c.SHA, stage
	return r.Absent
}
