package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Only webhooks say who pushed: GitHub's API has no list of pushes. A pipeline with four
// eyes at a stage remembers pushes to every branch, until enough newer ones have come.

// Push is a push to a branch, or several consecutive ones of one person.
type Push struct {
	Branch, Before, After string // Before: zeros for a new branch
	By                    bot.Account
	Forced                bool
	Nothing               bool // no commit in it was new to GitHub
	At                    time.Time
}

const (
	// MostPushes bounds how many pushes are remembered.
	MostPushes = 300
	// firstPushes is the bound until the pipeline's file was read: it may ask for four
	// eyes.
	firstPushes = 20
)

// NotePush remembers who pushed, if that may ever matter. An event of a pull request is
// not sure: it does not say whether history was replaced.
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
		return // the branch was found to have moved: both its pusher and earlier pushes are unknown
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

// joinPushes joins the oldest two consecutive pushes of one person to one branch; false:
// there are none. Pushes to the deployed branch are not joined: one may be a mere Merge
// button, the other not. The list must not be shared.
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

// PushersOf lists the pushes that brought a branch to a commit, back to its beginning: as
// a new branch, or at a commit outside of the given ones. If a push in between was not
// seen, gap is the commit that it brought; empty: none is missing.
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
				continue // a new branch at a commit of others, whose pusher is unknown
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

// pushKnown reports whether the push is known that brought a commit to GitHub.
func (s *State) pushKnown(sha string) bool {
	return slices.ContainsFunc(s.Pushes, func(p Push) bool { return p.After == sha && !p.Nothing })
}

// reach lists the ancestors of a commit, and the commit, as far as parents are known.
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

// brought lists the commits that a push brought to its branch, as far as parents are
// known. What a forced push replaced is unknown, so only its newest commit is surely its
// own.
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
