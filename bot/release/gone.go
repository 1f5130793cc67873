package release

import (
	"time"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// buildAnew gives up a promotion whose artifact is gone everywhere, and has its candidate built again. It returns false
// where people must decide: after MaxRebuilds, or if it is unknown how to build it.
func buildAnew(s *pipeline.State, stage string, p *pipeline.Promotion, at time.Time) bool {
	c, st := s.Promoted(p, p.SHA), s.StageRecord(stage)
	if c == nil || !s.Configured || c.Rebuilds >= pipeline.MaxRebuilds {
		return false
	}
	noteGivenUp(s, stage, "the artifact is gone, and is built again", at)
	st.Promoting, st.Tries, st.RetryAt, st.Trouble, st.TroubleAt = nil, 0, time.Time{}, "", time.Time{}
	forgetMaintenance(s, p)
	delete(c.Progress, stage)
	c.Rebuilds++
	s.LoseArtifact(c, at)
	return true
}
