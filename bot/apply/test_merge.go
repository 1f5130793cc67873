package apply

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const (
	// mergeReadings is how often a head without a test merge is read. After that it is read again when the pull request
	// changes.
	mergeReadings = 10
	// mergeGap bounds the pause between two readings.
	mergeGap = time.Minute
	// mergeSure is from which age of a head a conflict is believed at once. A younger head's conflict may be its
	// predecessor's, and is read once more.
	mergeSure = 10 * time.Second
)

// pullRead folds a reading of a pull request.
func pullRead(s *pipeline.State, f bot.PullRequestRead, at time.Time) {
	pull(s, f.PullRequestChanged, at)
	p, ok := s.Pulls[f.Number]
	if !ok || p.Head != f.Head {
		return
	}
	p.AskAt = time.Time{}
	if f.Unmade && f.Open {
		if p.Asked++; p.Asked < mergeReadings {
			p.AskAt = at.Add(min(time.Second<<(p.Asked-1), mergeGap))
			s.Pulls[f.Number] = p
			return
		}
	}
	p.ReadHead, p.TestMerge, p.TestTree, p.Unmade = f.Head, f.TestMerge, f.TestTree, f.Unmade
	if !f.Unmade && f.Open && f.TestTree == "" && at.Sub(p.NewestHeadAt()) < mergeSure {
		p.AskAt = p.NewestHeadAt().Add(mergeSure)
	}
	s.Pulls[f.Number] = p
}
