package apply

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// keepEarlyFor is how long an early report is kept. If the push is seen later still, its checks are read.
const keepEarlyFor = pipeline.LateReading

// bufferEarly keeps a report about an unknown commit.
func bufferEarly(s *pipeline.State, heard pipeline.EarlyReport) {
	s.EarlyReports = slices.DeleteFunc(slices.Clone(s.EarlyReports), func(e pipeline.EarlyReport) bool { return heard.At.Sub(e.At) > keepEarlyFor })
	s.EarlyReports = append(s.EarlyReports, heard)
	s.EarlyReports = s.EarlyReports[max(0, len(s.EarlyReports)-pipeline.MaxEarlyReports):]
}

// catchUp applies the kept reports to their new candidate.
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
