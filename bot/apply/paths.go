package apply

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// lastTaken reports whether the next push is compared with c.
func lastTaken(s *pipeline.State, c *pipeline.Candidate) bool {
	return len(s.Config.Paths) > 0 && s.Affects(c) == bot.AffectedYes && !slices.ContainsFunc(s.Candidates[s.Position(c.SHA)+1:], func(o pipeline.Candidate) bool {
		return s.Affects(&o) == bot.AffectedYes
	})
}

// settleAffected decides about candidates that need no comparison with another one: forced pushes, commits with
// published statuses, and the first candidate. The first has no predecessor but what the apps ran before Headstart was
// set up.
func settleAffected(s *pipeline.State) {
	for i := range s.Candidates {
		c := &s.Candidates[i]
		switch {
		case c.Affected != "":
		case len(c.Published) > 0 || len(s.Config.Paths) > 0 && c.Forced:
			c.Affected = bot.AffectedYes
		case len(s.Config.Paths) > 0 && s.Configured && s.First(c):
			if c.Affected = s.AffectedSinceAdoption(c); c.Affected == bot.AffectedNo {
				c.AffectedSince = pipeline.SinceAdoption
			}
		}
	}
}

// affectedRead folds the files that a candidate or a pull request changes.
func affectedRead(s *pipeline.State, f bot.Finished) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	switch do := f.Effect.Do.(type) {
	case bot.ReadFiles:
		read, _ := f.Fact.(bot.FilesRead)
		if do.Affects == "" {
			return
		}
		if g := s.GroupOf(do.Head); g != nil && do.Affects == bot.AffectedGroup {
			g.Affected = affectedBy(s, read.Files, read.Complete)
			return
		}
		c := s.Candidate(do.Head)
		if c == nil || c.Affected == bot.AffectedYes {
			return
		}
		if before := s.TakenBefore(c); f.Outcome == bot.Done && (before == nil || before.SHA != do.Base) {
			return // a push in between was seen meanwhile: it is compared with that push
		}
		c.Affected, c.AffectedSince = affectedBy(s, read.Files, read.Complete), do.Base
	case bot.ReadChanges:
		if do.Affects == "" {
			return
		}
		read, _ := f.Fact.(bot.ChangesRead)
		for n, p := range s.Pulls {
			if p.Head == do.Head && p.AffectedOf != do.Head {
				p.Affected, p.AffectedOf = affectedBy(s, read.Files, read.Complete), do.Head
				s.Pulls[n] = p
			}
		}
	}
}

// affectedBy decides by the changed files whether the pipeline is affected.
func affectedBy(s *pipeline.State, files []string, complete bool) bot.Affected {
	if !complete || slices.Contains(files, bot.ConfigPath) || s.Config.AnyOwn(files) {
		return bot.AffectedYes
	}
	return bot.AffectedNo
}
