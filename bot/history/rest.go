package history

import (
	"time"

	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
)

// Rest is what there is to say of a pipeline on which nothing is on its way and which needs nobody. It is kept beside the
// state, so that a list of ten thousand pipelines reads the states of those that move, and no others.
type Rest struct {
	Stages []RestingStage `json:"stages"` // in promotion order
	// Of what the last stage runs, as far as it is known.
	Title  string `json:"title,omitempty"`
	Author string `json:"author,omitempty"`
	Pull   int    `json:"pull,omitempty"`
}

// RestingStage is what a stage runs.
type RestingStage struct {
	Name  string    `json:"name"`
	SHA   string    `json:"sha,omitempty"` // empty: nothing yet
	Since time.Time `json:"since,omitzero"`
}

// Last is the last stage.
func (r Rest) Last() RestingStage { return r.Stages[len(r.Stages)-1] }

// RestOf returns what there is to say of a pipeline at rest, in which only events change anything. False: it is not at
// rest, or there is more to say of it: a commit is on its way or has failed, a stage is locked or runs what others
// released.
func RestOf(s pipeline.State) (Rest, bool) {
	n := len(s.Candidates)
	if !s.Configured || n > 0 && s.Candidates[n-1].Way.Ending.Outcome == "" && !s.Candidates[n-1].Way.Since.IsZero() {
		return Rest{}, false // the usual case, at no cost
	}
	v := gate.NewView(&s, s.At)
	for i := range s.Candidates {
		if !v.Settled(&s.Candidates[i]) {
			return Rest{}, false
		}
	}
	for _, cfg := range s.Config.Stages {
		if n > 0 {
			switch s.Candidates[n-1].Progress[cfg.Name].State {
			case pipeline.ProgressFailed, pipeline.ProgressRolledBack:
				return Rest{}, false
			}
		}
		st := s.Stage(cfg.Name)
		foreign, _ := st.Foreign()
		if st.Promoting != nil || st.Lock != nil || st.Soak != nil || st.Rollback != nil || foreign != nil || st.Mixed() {
			return Rest{}, false
		}
	}
	return Runs(s), true
}

// Runs is what the stages of a pipeline with a file run, at rest or not.
func Runs(s pipeline.State) (r Rest) {
	for _, cfg := range s.Config.Stages {
		live := s.Stage(cfg.Name).Live
		r.Stages = append(r.Stages, RestingStage{Name: cfg.Name, SHA: live.SHA, Since: live.Since})
	}
	if c := s.Candidate(r.Last().SHA); c != nil {
		r.Title, r.Author, r.Pull = redact.Cut(c.Title, titleAtMost), c.Author, c.Pull
	}
	return r
}
