package apply

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// sourceReadings is how often the contents of a source are read at most. After that, the commits that wait for them get
// builds of their own.
const sourceReadings = 3

// sourceRead stores the contents of a source. An unreadable source may contain the commit.
func sourceRead(s *pipeline.State, do bot.ReadSource, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	read := bot.SourceRead{Of: bot.SourceOfCommit}
	switch fact, ok := f.Fact.(bot.SourceRead); {
	case f.Outcome == bot.Done && ok && fact.Of != "":
		read = fact
	case f.Outcome == bot.Refuse, f.After >= gate.Patience, pending.Attempt >= sourceReadings:
	default:
		return
	}
	if s.Candidate(do.SHA) != nil {
		s.Sources.ReadAt = at
	}
	for key, r := range s.Builds {
		if r.Tree == do.Tree {
			r.Source, r.Absent = read.Of, read.Absent
			s.Builds[key] = r
		}
	}
}
