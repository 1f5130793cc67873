package bot

import (
	"slices"
	"time"
)

// Deliveries are processed in any order: a check may be seen before the push
// of the commit that it is about. What was reported of an unknown commit is kept for a
// moment, so that nobody has to ask GitHub for it.

// EarlyReport is what was reported of a commit before the commit itself.
type EarlyReport struct {
	SHA   string
	Check Check // zero: that its checks have moved, and nothing more
	At    time.Time

	Completed bool // without Check: as in [ChecksMoved]
	Suite     int64
}

const (
	// keepEarlyFor is how long it is kept. A push that is seen later still has its
	// checks read.
	keepEarlyFor = lateReading
	// maxEarlyReports bounds how much is kept. Most commits of which checks report are
	// of pull requests, and never become known.
	maxEarlyReports = 64
)

// bufferEarly keeps what was reported of an unknown commit.
func (s *State) bufferEarly(heard EarlyReport) {
	s.EarlyReports = slices.DeleteFunc(slices.Clone(s.EarlyReports), func(e EarlyReport) bool { return heard.At.Sub(e.At) > keepEarlyFor })
	s.EarlyReports = append(s.EarlyReports, heard)
	s.EarlyReports = s.EarlyReports[max(0, len(s.EarlyReports)-maxEarlyReports):]
}

// catchUp gives a new candidate what was reported of it before.
func (s *State) catchUp(c *Candidate) {
	s.leaveQueue(c)
	for _, e := range s.EarlyReports {
		switch {
		case e.SHA != c.SHA:
		case e.Check == Check{}:
			c.checksMoved(ChecksMoved{SHA: e.SHA, Completed: e.Completed, Suite: e.Suite})
		default:
			c.mergeCheck(e.Check)
		}
	}
	s.EarlyReports = slices.DeleteFunc(slices.Clone(s.EarlyReports), func(e EarlyReport) bool { return e.SHA == c.SHA })
	if len(s.EarlyReports) == 0 {
		s.EarlyReports = nil
	}
}
