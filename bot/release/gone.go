package release

import (
	"time"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// buildAnew gives up a promotion whose artifact is gone everywhere, and sends its
// candidate back to its build. It returns false where people have to decide: it was
// sent back often enough, or nobody knows how to build it any more.
func buildAnew(s *pipeline.State, stage string, p *pipeline.Promotion, at time.Time) bool {
	c, st := s.Promoted(p, p.SHA), s.StageRecord(stage)
	if c == nil || !s.Configured || c.Rebuilds >= pipeline.MaxRebuilds {
		return false
	}
	st.Promoting, st.Tries, st.RetryAt, st.Trouble, st.TroubleAt = nil, 0, time.Time{}, "", time.Time{}
	forgetMaintenance(s, p)
	delete(c.Progress, stage)
	c.Rebuilds++
	s.LoseArtifact(c, at)
	return true
}
