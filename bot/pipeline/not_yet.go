package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// GitHub's webhooks tell of commits, pull requests and comments seconds before its
// API knows them. Until it has had time to, its word that something does not exist
// settles nothing: it is asked again, often, for a while.

const (
	// NotYetFor is for how long after it was seen GitHub may not know something yet.
	NotYetFor = 2 * time.Minute
	// NotYetPause is the longest pause between two questions about something that
	// GitHub may not know yet.
	NotYetPause = 2 * time.Second
)

// KnownSince is when the newest of what an action is about was first seen; zero: it is
// about nothing, or nobody remembers.
func (s *State) KnownSince(do bot.Action) time.Time {
	about := bot.TraitsOf(do).About
	heard := bot.Later(s.branchKnownSince(about.Branch), s.commentKnownSince(about.Comment))
	for _, sha := range about.Commits {
		heard = bot.Later(heard, s.commitKnownSince(sha))
	}
	return bot.Later(heard, s.Pulls[about.Pull].NewestHeadAt())
}

// commitKnownSince is when a commit was seen: of the branch, of a pull request, or
// the test merge of one.
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

const LateReading = 15 * time.Second // after the push: its webhook was not the first to come

// Deliveries are processed in any order: a check may be seen before the push
// of the commit that it is about. What was reported of an unknown commit is kept for a
// moment, so that nobody has to ask GitHub for it.

// EarlyReport is what was reported of a commit before the commit itself.
type EarlyReport struct {
	SHA   string
	Check bot.Check // zero: that its checks have moved, and nothing more
	At    time.Time

	Completed bool // without Check: as in [bot.ChecksMoved]
	Suite     int64
}

// MaxEarlyReports bounds how much is kept. Most commits of which checks report are
// of pull requests, and never become known.
const MaxEarlyReports = 64

// promptly is how soon after a push, by GitHub's clock, its webhook counts as the
// push itself. GitHub's push time has whole seconds, and is up to one too early.
const promptly = 2 * time.Second

// Pushed is when the candidate was pushed, by the bot's clock: whatever is told of
// the time since the push is counted from here. It is when the push was seen; for
// a push that was seen late, as after a lost webhook, it is what GitHub says.
// Nothing that happens to the candidate comes before it.
func (c *Candidate) Pushed() time.Time {
	if c.SeenAt.Sub(c.PushedAt) < promptly {
		return c.SeenAt
	}
	return c.PushedAt
}

// SincePush says how long after its push something happened to a candidate.
func (c *Candidate) SincePush(at time.Time) string { return words.Took(c.Pushed(), at) }
