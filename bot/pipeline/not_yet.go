package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// GitHub's webhooks announce commits, pull requests and comments seconds before its API
// knows them. Until then, its answer that something does not exist proves nothing: it is
// asked again, often, for a while.

const (
	// NotYetFor is how long after its webhook something may be unknown to GitHub.
	NotYetFor = 2 * time.Minute
	// NotYetPause is the longest pause between two such requests.
	NotYetPause = 2 * time.Second
)

// KnownSince is when the newest object of an action was first seen; zero: it has none, or
// they are forgotten.
func (s *State) KnownSince(do bot.Action) time.Time {
	about := bot.TraitsOf(do).About
	heard := bot.Later(s.branchKnownSince(about.Branch), s.commentKnownSince(about.Comment))
	for _, sha := range about.Commits {
		heard = bot.Later(heard, s.commitKnownSince(sha))
	}
	return bot.Later(heard, s.Pulls[about.Pull].NewestHeadAt())
}

// commitKnownSince is when a commit was seen: of the branch, of a pull request, or as a
// test merge.
func (s *State) commitKnownSince(sha string) time.Time {
	if sha == "" {
		return time.Time{}
	}
	if c := s.Candidate(sha); c != nil {
		return c.SeenAt
	}
	if g := s.GroupOf(sha); g != nil {
		return g.SeenAt
	}
	if s.Trunk.SHA == sha {
		return s.Trunk.SeenAt
	}
	if i := s.Elsewhere.Find(sha); i >= 0 {
		return s.Elsewhere[i].SeenAt
	}
	var heard time.Time
	for _, p := range s.Pulls {
		if p.Head == sha || p.TestMerge == sha {
			heard = bot.Later(heard, p.NewestHeadAt())
		}
	}
	return heard
}

// branchKnownSince is when the newest push to a branch was seen.
func (s *State) branchKnownSince(branch string) time.Time {
	var heard time.Time
	if branch == "" {
		return heard
	}
	for i := range s.Candidates {
		if c := &s.Candidates[i]; c.Branch == branch {
			heard = bot.Later(heard, c.SeenAt)
		}
	}
	return heard
}

func (s *State) commentKnownSince(id int64) time.Time {
	if i := slices.IndexFunc(s.Requests, func(r Request) bool { return id != 0 && r.Comment == id }); i >= 0 {
		return s.Requests[i].At
	}
	return time.Time{}
}

// NewestHeadAt is when the pull request's newest head was seen.
func (p PullRequest) NewestHeadAt() time.Time { return bot.Later(p.SeenAt, p.HeadSeenAt) }

const LateReading = 15 * time.Second // after the push: its webhook was late

// Deliveries are processed in any order: a check may be seen before the push of its
// commit. Reports about unknown commits are kept for a moment, which saves a request to
// GitHub.

// EarlyReport is a report about a commit that came before the commit.
type EarlyReport struct {
	SHA   string
	Check bot.Check // zero: its checks have moved, nothing more
	At    time.Time

	Completed bool // without Check: as in [bot.ChecksMoved]
	Suite     int64
}

// MaxEarlyReports bounds how many are kept. Most commits with checks belong to pull
// requests, and never become candidates.
const MaxEarlyReports = 64

// promptly is how soon after a push, by GitHub's clock, its webhook counts as the push
// itself. GitHub's push time has whole seconds, and is up to one too early.
const promptly = 2 * time.Second

// Pushed is when the candidate was pushed, by the bot's clock: all durations since the
// push start here. It is when the push was seen, or GitHub's time if the push was seen
// late, as after a lost webhook. It is never later than anything that happens to the
// candidate.
func (c *Candidate) Pushed() time.Time {
	if c.SeenAt.Sub(c.PushedAt) < promptly {
		return c.SeenAt
	}
	return c.PushedAt
}

// SincePush says how long after its push something happened to a candidate.
func (c *Candidate) SincePush(at time.Time) string { return words.Took(c.Pushed(), at) }
