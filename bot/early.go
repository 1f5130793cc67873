package bot

import (
	"slices"
	"time"
)

// Deliveries are processed in any order: a check may be heard of before the push
// of the commit that it is about. What was heard of an unknown commit is kept for a
// moment, so that nobody has to ask GitHub for it.

// Early is what was heard of a commit before the commit itself.
type Early struct {
	SHA   string
	Check Check // zero: that its checks have moved, and nothing more
	At    time.Time

	Completed bool // without Check: as in [ChecksMoved]
	Suite     int64
}

const (
	// earlyFor is how long it is kept. A push that is heard of later still has its
	// checks read.
	earlyFor = heardLate
	// mostEarly bounds how much is kept. Most commits of which checks report are
	// of pull requests, and never become known.
	mostEarly = 64
)

// heardEarly keeps what was heard of an unknown commit.
func (s *State) heardEarly(heard Early) {
	s.Early = slices.DeleteFunc(slices.Clone(s.Early), func(e Early) bool { return heard.At.Sub(e.At) > earlyFor })
	s.Early = append(s.Early, heard)
	s.Early = s.Early[max(0, len(s.Early)-mostEarly):]
}

// catchUp tells a new candidate what was heard of it before.
func (s *State) catchUp(c *Candidate) {
	s.leaveQueue(c)
	for _, e := range s.Early {
		switch {
		case e.SHA != c.SHA:
		case e.Check == Check{}:
			c.moved(ChecksMoved{SHA: e.SHA, Completed: e.Completed, Suite: e.Suite})
		default:
			c.hear(e.Check)
		}
	}
	s.Early = slices.DeleteFunc(slices.Clone(s.Early), func(e Early) bool { return e.SHA == c.SHA })
	if len(s.Early) == 0 {
		s.Early = nil
	}
}
