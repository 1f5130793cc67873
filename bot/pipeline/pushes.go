package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Who pushed what is told by webhooks alone: GitHub has no list of it that may be asked
// for. A pipeline in which a stage has four eyes remembers pushes to every branch, until
// so many newer ones have come.

// Push is a push to a branch, or several of one person that came right after one
// another.
type Push struct {
	Branch, Before, After string // Before: zeros for a new branch
	By                    bot.Account
	Forced                bool
	Nothing               bool // it brought no commit that GitHub had not had before
	At                    time.Time
}

const (
	// MostPushes bounds how many pushes are remembered.
	MostPushes = 300
	// firstPushes is the same while the pipeline's file has not been read: it may ask
	// for four eyes.
	firstPushes = 20
)

// NotePush remembers who pushed, where that may ever matter. What is not sure is told by
// an event of a pull request, which does not say whether history was replaced.
func (s *State) NotePush(p Push, sure bool) {
	most := firstPushes
	switch {
	case QueueBranch(p.Branch) || p.Branch == "" || p.After == "" || bot.IsZero(p.After):
		return
	case s.Configured && !s.Config.AnyFourEyes():
		s.Pushes, s.Origin = nil, ""
		return
	case s.Configured:
		most = MostPushes
	}
	if s.Origin == "" && p.Branch == s.Branch() && len(s.Candidates) == 0 && s.Horizon.IsZero() {
		s.Origin = p.Before
	}
	same := func(o Push) bool {
		return o.Branch == p.Branch && o.Before == p.Before && o.After == p.After && o.By.ID == p.By.ID
	}
	if !known(p.By) {
		return // the branch was found to have moved: neither who pushed is known, nor what else was pushed before
	}
	if i := slices.IndexFunc(s.Pushes, same); i >= 0 {
		if sure {
			s.Pushes = slices.Clone(s.Pushes)
			s.Pushes[i] = p
		}
		return
	}
	s.Pushes = append(slices.Clone(s.Pushes), p)
	for len(s.Pushes) > most && (most == firstPushes || !s.joinPushes()) {
		s.Pushes = s.Pushes[1:]
	}
}

// joinPushes makes one of the oldest two pushes of one person to one branch, the later
// of which goes on where the earlier one ended, or returns false. To the deployed branch
// each push stays by itself: what only pressed Merge may be no part of what did not. The
// list must not be shared.
func (s *State) joinPushes() bool {
	for i, a := range s.Pushes {
		if a.Branch == s.Branch() {
			continue
		}
		for j := i + 1; j < len(s.Pushes); j++ {
			b := s.Pushes[j]
			if a.Branch == b.Branch && a.After == b.Before && a.By.ID == b.By.ID && !b.Forced && !a.Nothing && !b.Nothing {
				b.Before, b.Forced = a.Before, a.Forced
				s.Pushes[j] = b
				s.Pushes = slices.Delete(s.Pushes, i, i+1)
				return true
			}
		}
	}
	return false
}

// PushersOf lists who pushed to a branch until it got a commit, back to where it began:
// as a new branch, or where what it had is in none of the given commits. Where a push in
// between was not seen, gap is the commit that it brought; empty: none is missing.
func (s *State) PushersOf(branch, head string, commits map[string]bool) (list []Push, gap string) {
	seen := map[string]bool{head: true}
	for queue := []string{head}; len(queue) > 0; queue = queue[1:] {
		found := false
		for _, p := range s.Pushes {
			if p.Branch != branch || p.After != queue[0] {
				continue
			}
			list = append(list, p)
			if bot.IsZero(p.Before) && p.Nothing && commits[p.After] && !s.pushKnown(p.After) {
				continue // a new branch at what somebody else had pushed: nobody has told who
			}
			found = true
			if bot.IsZero(p.Before) || !p.Forced && !commits[p.Before] || seen[p.Before] {
				continue
			}
			seen[p.Before] = true
			queue = append(queue, p.Before)
		}
		if !found && gap == "" {
			gap = queue[0]
		}
	}
	return list, gap
}

// pushKnown reports whether a push is known that brought a commit to GitHub.
func (s *State) pushKnown(sha string) bool {
	return slices.ContainsFunc(s.Pushes, func(p Push) bool { return p.After == sha && !p.Nothing })
}

// reach lists the commits that one contains, of those that are known with their parents.
func reach(from string, parents map[string][]string) map[string]bool {
	all := map[string]bool{}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		sha := queue[0]
		if _, known := parents[sha]; !known || all[sha] {
			continue
		}
		all[sha] = true
		queue = append(queue, parents[sha]...)
	}
	return all
}

// brought lists the commits that a push brought to its branch, of those that are known
// with their parents. What it replaced by force is not known, so that only its newest
// one is sure to be its own.
func (p Push) brought(parents map[string][]string) map[string]bool {
	if _, known := parents[p.Before]; p.Forced && !known && !bot.IsZero(p.Before) {
		return map[string]bool{p.After: true}
	}
	all := reach(p.After, parents)
	for sha := range reach(p.Before, parents) {
		delete(all, sha)
	}
	return all
}
