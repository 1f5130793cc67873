package pipeline

import "time"

// A rehearsal runs the release phase on an app whose database is a copy of
// another app's. The copy is made when the stage is entered, and waited for; it is
// remembered from the moment that it is asked for, and removed once the promotion
// has ended, whatever became of it, of the stage or of the pipeline's file.

// Copy is a copy of a database that Headstart has asked for and not removed yet.
type Copy struct {
	Stage     string
	Promotion int    // that it was made for
	From      string // whose database it is a copy of
	Platform  string // that it was asked for at
	ID        string // empty: nobody has told yet
	Since     time.Time
	Ready     bool
	Looks     int
	LookAt    time.Time
	LostAt    time.Time // of the newest request for it whose answer was lost
	Reason    string    // why it could not be removed; empty if that was not tried
	RetryAt   time.Time // when to try to remove it again
}

// Wanted reports whether the promotion that a copy was made for is under way.
func (s *State) Wanted(cp Copy) bool {
	p := s.Stage(cp.Stage).Promoting
	return p != nil && p.N == cp.Promotion
}

// HasReleases reports whether a promotion has begun a release on some app.
func (p *Promotion) HasReleases() bool {
	for _, a := range p.Apps {
		if a.started() || a.Unsure {
			return true
		}
	}
	return false
}
