package apply

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// sourceReadings is how often it is tried to read what a source is made of. Then whoever
// waits for that is built for itself.
const sourceReadings = 3

// sourceRead takes what a source is made of. What cannot be read may have the commit in
// it.
func sourceRead(s *pipeline.State, do bot.ReadSource, f bot.Finished, pending pipeline.PendingEffect) {
	of := bot.SourceOfCommit
	switch fact, ok := f.Fact.(bot.SourceRead); {
	case f.Outcome == bot.Done && ok && fact.Of != "":
		of = fact.Of
	case f.Outcome == bot.Refuse, f.After >= gate.Patience, pending.Attempt >= sourceReadings:
	default:
		return
	}
	for key, r := range s.Builds {
		if r.Tree == do.Tree {
			r.Source = of
			s.Builds[key] = r
		}
	}
}
