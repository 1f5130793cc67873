package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

// adopt makes what a stage's apps ran before Headstart was set up the stage's live commit. It does so once all of the
// apps were looked at.
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
			case r == nil && (stand.Seen || stand.SeenAt.IsZero()): // an app that refuses the look is left out
				known = false
			}
		}
		if known && len(ran) > 0 {
			release.AdoptStage(s, stage, ran, at)
		}
	}
}

// forgetAdopted drops adopted commits that can no longer be rolled back to.
func forgetAdopted(s *pipeline.State) {
	s.Adopted = slices.DeleteFunc(s.Adopted, func(c pipeline.Candidate) bool { return forgettable(s, &c) })
}
