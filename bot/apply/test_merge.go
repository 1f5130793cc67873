package apply

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const (
	// mergeReadings is how often a head is read that has no test merge yet; after that
	// it is asked for again when somebody touches the pull request.
	mergeReadings = 10
	// mergeGap bounds the time between two of them.
	mergeGap = time.Minute
	// mergeSure is how old a head has to be for a conflict to be believed at once; that
	// of a younger one may be the head's before it, and is looked at once more.
	mergeSure = 10 * time.Second
)

// pullRead takes what was read of a pull request.
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
