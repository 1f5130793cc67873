package bot

import "time"

// GitHub makes the test merge of a pull request some time after it was pushed to, and
// says until then that it does not know whether it merges, or that it does without
// naming the test merge. Neither is a conflict: it is asked again.

const (
	// mergeReadings is how often a head is read that has no test merge yet; after that
	// it is asked for again when somebody touches the pull request.
	mergeReadings = 10
	// mergeShownAfter is after how many of them people are told: the first is usually too early.
	mergeShownAfter = 3
	// mergeGap bounds the time between two of them.
	mergeGap = time.Minute
	// mergeSure is how old a head has to be for a conflict to be believed at once; that
	// of a younger one may be the head's before it, and is looked at once more.
	mergeSure = 10 * time.Second
)

// pullRead takes what was read of a pull request.
func (s *State) pullRead(f PullRequestRead, at time.Time) {
	s.pull(f.PullRequestChanged, at)
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
	if !f.Unmade && f.Open && f.TestTree == "" && at.Sub(p.headSeenAt()) < mergeSure {
		p.AskAt = p.headSeenAt().Add(mergeSure)
	}
	s.Pulls[f.Number] = p
}

// retryUnmade notes that somebody did something to a pull request: what GitHub did not
// know of its head before is asked for again.
func (p *PullRequest) retryUnmade(f PullRequestChanged) {
	switch {
	case f.Head != p.Head:
		p.Asked, p.AskAt, p.Unmade = 0, time.Time{}, false
	case p.Unmade && f.UpdatedAt.After(p.UpdatedAt):
		p.ReadHead, p.Asked, p.AskAt, p.Unmade = "", 0, time.Time{}, false
	case p.ReadHead != p.Head && f.UpdatedAt.After(p.UpdatedAt):
		p.AskAt = time.Time{}
	}
}

// asksForMerge reports whether the test merge of a pull request is to be read now.
func (d *decision) asksForMerge(p PullRequest) bool {
	if p.AskAt.IsZero() {
		return p.ReadHead != p.Head
	}
	return d.due(p.AskAt)
}

// awaitsMerge reports whether a pull request that would be built ahead waits for
// GitHub to make its test merge.
func (d *view) awaitsMerge(p PullRequest) bool {
	return p.Open && !p.Fork && p.Head != "" && p.ReadHead != p.Head && p.Asked >= mergeShownAfter && d.buildsPulls()
}

// notAhead says why a pull request without a test merge is not built ahead.
func notAhead(p PullRequest) string {
	if p.Unmade {
		return "GitHub does not say whether it merges into " + p.Base
	}
	return "it does not merge cleanly into " + p.Base
}
