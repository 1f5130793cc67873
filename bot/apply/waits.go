package apply

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// held folds which gate holds a candidate.
func held(s *pipeline.State, f bot.Held) {
	if i := s.Position(f.SHA); i >= 0 && !s.Candidates[i].Way.Since.IsZero() {
		s.Hold(&s.Candidates[i], f)
	}
}

// followWaits records where the time of each candidate goes. Of one that is live, or superseded, only a build that still
// runs is followed.
func followWaits(s *pipeline.State) {
	for i := range s.Candidates {
		c := &s.Candidates[i]
		switch {
		case c.Way.Ending.Outcome == pipeline.OutcomeLive || c.Way.Superseded():
			if !c.Build.Began.IsZero() && c.Build.Ended.IsZero() {
				s.KeepBuild(c)
			}
		case c.Way.Since.IsZero():
			c.Begin()
			if e, over := s.Ended(c); over { // it may be from before anything was recorded
				c.Way.End(e)
			} else if e, over := gate.NewView(s, s.At).Ended(c); over {
				c.Way.Supersede(e)
			}
			s.Follow(c)
		default:
			s.Follow(c)
		}
	}
}

// noteClasses keeps the classes of a candidate's changes when the comparison itself is dropped.
func noteClasses(c *pipeline.Candidate, classes []string) {
	for _, class := range classes {
		if at, found := slices.BinarySearch(c.Classes, class); !found {
			c.Classes = slices.Insert(slices.Clone(c.Classes), at, class)
		}
	}
}
