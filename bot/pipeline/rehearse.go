package pipeline

import "time"

// A rehearsal runs the release phase on an app whose database is a copy of another app's.
// The copy is made when the stage is entered, and waited for. It is remembered from the
// moment it is asked for. It is removed once the promotion has ended, whatever became of
// the stage or of the pipeline's file.

// Copy is a copy of a database that Headstart has asked for and not removed yet.
type Copy struct {
	Stage     string
	Promotion int    // the promotion that it was made for
	From      string // the app whose database is copied
	Platform  string // where it was asked for
	ID        string // empty: unknown yet
	Since     time.Time
	Ready     bool
	Looks     int
	LookAt    time.Time
	LostAt    time.Time // of the newest request for it whose answer was lost
	Reason    string    // why its removal failed; empty: it was not tried
	RetryAt   time.Time // when to try again to remove it
}

// Wanted reports whether the copy's promotion is under way.
func (s *State) Wanted(cp Copy) bool {
	p := s.Stage(cp.Stage).Promoting
	return p != nil && p.N == cp.Promotion
}

// HasReleases reports whether a promotion has begun a release on any app.
func (p *Promotion) HasReleases() bool {
	for _, a := range p.Apps {
		if a.started() || a.Unsure {
			return true
		}
	}
	return false
}
