package apply

import (
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// forgetFromPulls drops candidates from pull requests that have nothing left to do or to publish.
func forgetFromPulls(s *pipeline.State) {
	d := gate.NewView(s, s.Horizon)
	var keep []pipeline.Candidate
	for i := range s.FromPulls {
		c := &s.FromPulls[i]
		if landed := s.Landed(c); landed && promoting(s, c) || !landed && (d.PullGate(c).State == gate.Open || !forgettable(s, c)) {
			keep = append(keep, *c)
		}
	}
	s.FromPulls = keep
}
