package pipeline

import (
	"slices"
	"time"
)

const InspectAttempts = 3

// Inspection is the last inspection of an app.
type Inspection struct {
	At        time.Time // zero: not inspected yet
	Source    string    // the app it was compared with; empty: it builds itself
	Warnings  []string
	ShownTo   string // the commit whose promotion first showed the warnings; empty: none
	Problem   string
	ProblemAt time.Time // since when
}

// InspectedAs is the key of an app's inspection: the app, or both apps if the other one
// builds pull requests.
func (s *State) InspectedAs(app, source string) string {
	if slices.Contains(s.Config.Prepare.PullApps, source) {
		return app + " beside " + source
	}
	return app
}
