package gate

import (
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// OutsideHistory lists the adopted commits of a stage that are not among the candidates. Only GitHub can tell which
// commits come after them.
func OutsideHistory(s *pipeline.State, stage string) (list []string) {
	live := s.Stage(stage).Live
	if live.Adopted == nil {
		return nil
	}
	for _, commit := range live.Commits() {
		if s.Position(commit) < 0 {
			list = append(list, commit)
		}
	}
	return list
}

// Adopted commits, for decisions and for texts.

// adoptionGates keeps a candidate waiting until it is known whether it comes after what this and later stages ran
// before Headstart was set up; none where that is known anyway. A candidate that comes before is superseded.
func (v *View) adoptionGates(c *pipeline.Candidate, i int) []Gate {
	if missing, half := v.State.Stage(v.State.Config.Stages[i].Name).PartlyExplored(v.State.Config.Stages[i]); half {
		return []Gate{{Name: Adoption, State: Waiting, Since: c.SeenAt, Text: "looking what " + missing + " runs", Who: "the platform"}}
	}
	if c.FromPull {
		return nil
	}
	var gates []Gate
	for _, stage := range v.State.Config.Stages[i:] {
		for _, base := range OutsideHistory(v.State, stage.Name) {
			if gates == nil {
				gates = []Gate{{Name: Adoption, State: Open}}
			}
			if g := &gates[0]; g.State == Open && base != c.SHA && !c.Diffs[base].Final() {
				f := v.State.Pending[pipeline.FilesKey(base, c.SHA)]
				g.State, g.Since, g.Who = Waiting, c.SeenAt, "GitHub"
				g.Text = fmt.Sprintf("finding out whether it comes after %s, which %s runs", bot.Short(base), stage.Name) + words.Because(f.Reason)
			}
		}
	}
	return gates
}

// behindAdopted reports whether a candidate is known to come before a commit that a stage ran when Headstart was set
// up.
func behindAdopted(s *pipeline.State, c *pipeline.Candidate, stage string) bool {
	return slices.ContainsFunc(OutsideHistory(s, stage), func(base string) bool { return c.Diffs[base].Relation == bot.RelationBehind })
}
