package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

// adopt takes what the apps of each stage ran before Headstart came for what is live
// there, once all of them were looked at.
func adopt(s *pipeline.State, at time.Time) {
	if !s.Configured {
		return
	}
	for _, stage := range s.Config.Stages {
		st := s.Stage(stage.Name)
		if !st.Unexplored() {
			continue
		}
		ran := map[string]pipeline.Ran{}
		known := true
		for _, app := range stage.Apps {
			stand := st.Apps[app]
			switch r := stand.Ran; {
			case r != nil && r.Artifact != "":
				ran[app] = *r
			case r == nil && (stand.Seen || stand.SeenAt.IsZero()): // one that may not be looked at is left out
				known = false
			}
		}
		if known && len(ran) > 0 {
			release.AdoptStage(s, stage, ran, at)
		}
	}
}

// forgetAdopted drops what was adopted and can no longer be gone back to.
func forgetAdopted(s *pipeline.State) {
	s.Adopted = slices.DeleteFunc(s.Adopted, func(c pipeline.Candidate) bool { return forgettable(s, &c) })
}
