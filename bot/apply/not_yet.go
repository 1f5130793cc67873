package apply

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// mayNotExistYet reports whether an effect's subject was seen so recently that GitHub may not know it yet.
func mayNotExistYet(s *pipeline.State, do bot.Action, at time.Time) bool {
	heard := s.KnownSince(do)
	return !heard.IsZero() && at.Sub(heard) < pipeline.NotYetFor
}

// expectsFile reports whether the branch is expected to have a file.
func expectsFile(s *pipeline.State) bool { return s.Configured || len(s.Names) > 0 }

// notYetReason states what GitHub does not know yet.
func notYetReason(f bot.Finished) string {
	switch f.Fact.(type) {
	case bot.ConfigRead:
		return "GitHub shows no such file yet"
	case bot.ChecksRead:
		return "GitHub shows no rules of the branch yet"
	}
	return f.Reason
}

// notYet reports whether an answer that something does not exist came too early to be believed.
func notYet(s *pipeline.State, f bot.Finished, at time.Time) bool {
	if !mayNotExistYet(s, f.Effect.Do, at) {
		return false
	}
	switch fact := f.Fact.(type) {
	case bot.ConfigRead:
		return f.Outcome == bot.Done && fact.Unclear
	case bot.ChecksRead:
		return f.Outcome == bot.Done && fact.Required != nil && fact.Required.Missing
	}
	return f.Outcome == bot.Refuse && f.Missing
}
