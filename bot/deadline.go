package bot

import "time"

const (
	// BuildDeadline is how long a build may be pending. Heroku ends a compilation
	// after 15 minutes.
	BuildDeadline = 40 * time.Minute
	// ReleaseDeadline is how long a release may be pending. Heroku ends a release
	// phase after an hour.
	ReleaseDeadline = 90 * time.Minute
)

// How long after its first attempt an effect is given up:
const (
	briefDeadline    = 10 * time.Minute // the next sweep asks again; a probe that was not sent proves nothing
	hoursDeadline    = 2 * time.Hour    // nothing depends on it, or it is decided without the answer
	platformDeadline = 6 * time.Hour    // the platform does not answer
	dayDeadline      = 24 * time.Hour
)

// CopyDeadline is how long a copy may take. Heroku forks large databases in
// hours.
const CopyDeadline = 6 * time.Hour
