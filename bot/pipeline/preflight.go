package pipeline

import (
	"slices"
	"time"
)

const InspectAttempts = 3

// Inspection is what was last found of an app.
type Inspection struct {
	At        time.Time // zero: nothing yet
	Source    string    // the app that it was held against; empty: it builds itself
	Warnings  []string
	ShownTo   string // the commit whose promotion was the first to tell the warnings; empty: none
	Problem   string
	ProblemAt time.Time // since when
}

// InspectedAs is what the look at an app is remembered by: by the app, or beside an app
// that builds pull requests by both.
func (s *State) InspectedAs(app, source string) string {
	if slices.Contains(s.Config.Prepare.PullApps, source) {
		return app + " beside " + source
	}
	return app
}
