package apply

import (
	"reflect"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// filesRead stores what a candidate changes. Comparisons with a commit that no stage runs any more are dropped.
func filesRead(s *pipeline.State, do bot.ReadFiles, f bot.Finished, at time.Time) {
	c := s.Candidate(do.Head)
	if c == nil || f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	diff := pipeline.Difference{ReadAt: at, Readings: c.Diffs[do.Base].Readings + 1, Refused: f.Reason}
	if read, ok := f.Fact.(bot.FilesRead); ok {
		diff.Complete, diff.Listed, diff.Refused = read.Complete, len(read.Files) > 0, ""
		diff.Classes, diff.Others = s.Config.ClassesOf(read.Files)
		diff.Relation, diff.Same, diff.Touches = read.Relation, read.Same, s.Config.AnyOwn(read.Files)
		noteClasses(c, diff.Classes)
	}
	needed := map[string]bool{do.Base: true}
	for stage := range s.Stages {
		for _, base := range s.Bases(stage) {
			needed[base] = true
		}
	}
	for base := range c.Diffs {
		if !needed[base] {
			delete(c.Diffs, base)
		}
	}
	pipeline.Put(&c.Diffs, do.Base, diff)
}

// classesChanged drops what every candidate changes, once the pipeline's file defines other classes or other files as
// its own.
func classesChanged(s *pipeline.State, before bot.Config) {
	if reflect.DeepEqual(before.Changes, s.Config.Changes) && slices.Equal(before.Paths, s.Config.Paths) {
		return
	}
	for _, c := range s.All() {
		c.Diffs = nil
		if c.Way.Ending.Outcome == "" {
			c.Classes = nil
		}
	}
}

// onlyOf reports whether a candidate changes files of the given classes only. A file that also belongs to another class
// counts as another change.
func onlyOf(v *gate.View, c *pipeline.Candidate, stage string, classes []string) (changed []string, only bool) {
	diff, why := v.Difference(c, stage)
	return diff.Classes, why == "" && !diff.Others && len(diff.Classes) > 0 && gate.SubsetOf(diff.Classes, classes)
}
