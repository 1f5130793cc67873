package apply

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// keepEarlyFor is how long it is kept. A push that is seen later still has its
// checks read.
const keepEarlyFor = pipeline.LateReading

// bufferEarly keeps what was reported of an unknown commit.
func bufferEarly(s *pipeline.State, heard pipeline.EarlyReport) {
	s.EarlyReports = slices.DeleteFunc(slices.Clone(s.EarlyReports), func(e pipeline.EarlyReport) bool { return heard.At.Sub(e.At) > keepEarlyFor })
	s.EarlyReports = append(s.EarlyReports, heard)
	s.EarlyReports = s.EarlyReports[max(0, len(s.EarlyReports)-pipeline.MaxEarlyReports):]
}

// catchUp gives a new candidate what was reported of it before.
func catchUp(s *pipeline.State, c *pipeline.Candidate) {
	s.LeaveQueue(c)
	for _, e := range s.EarlyReports {
		switch {
		case e.SHA != c.SHA:
		case e.Check == bot.Check{}:
			checksMoved(c, bot.ChecksMoved{SHA: e.SHA, Completed: e.Completed, Suite: e.Suite})
		default:
			mergeCheck(c, e.Check)
		}
	}
	s.EarlyReports = slices.DeleteFunc(slices.Clone(s.EarlyReports), func(e pipeline.EarlyReport) bool { return e.SHA == c.SHA })
	if len(s.EarlyReports) == 0 {
		s.EarlyReports = nil
	}
}
