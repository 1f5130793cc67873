package pipeline

import (
	"maps"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Only the default branch's file says which branch goes to production. A person who may
// push to some branch must not be able to make it that branch. The followed branch has a
// file of its own, which must not name yet another branch.

// Trunk is what is known of the pipeline's file on the repository's default branch.
type Trunk struct {
	Known   bool   // it was read
	Found   bool   // the file exists
	Follows string // the branch that it names; empty: the default branch

	SHA      string // the newest push to the default branch, if another branch is followed
	PushedAt time.Time
	SeenAt   time.Time
	Read     bool // the file was read as of SHA

	Unread  string    // why it cannot be read, or is not valid; empty: it can, and is
	AskedAt time.Time // when Unread was found
}

// Stray is a push to a branch that is not followed, as far as known.
type Stray struct {
	bot.Pushed
	SeenAt    time.Time
	Read      bool                 // the file was looked for at this commit
	Found     bool                 // the file exists
	Follows   string               // the branch that this file names
	Published map[string]Published // by status context
}

// Strays are pushes to other branches, the newest of each, oldest first.
type Strays []Stray

// mostStrays bounds how many are remembered.
const mostStrays = 20

func (l Strays) Find(sha string) int {
	return slices.IndexFunc(l, func(x Stray) bool { return x.After == sha })
}

func (l Strays) clone() Strays {
	l = slices.Clone(l)
	for i := range l {
		l[i].Published = maps.Clone(l[i].Published)
	}
	return l
}

// Branch is the branch that goes to production; empty: unknown yet.
func (s State) Branch() string {
	switch {
	case s.Trunk.Known && s.Trunk.Follows != "":
		return s.Trunk.Follows
	case !s.Trunk.Known && s.Config.Branch != "":
		return s.Config.Branch
	}
	return s.DefaultBranch
}

// TrunkKnown reports whether it is known which branch is followed.
func (s *State) TrunkKnown() bool {
	return s.Trunk.Known || s.ConfigRef != "" && (s.Config.Branch == "" || s.Config.Branch == s.DefaultBranch)
}

// PushedElsewhere takes a push to a branch that is not followed.
func (s *State) PushedElsewhere(p bot.Pushed, at time.Time) {
	if p.Branch == s.DefaultBranch {
		if t := &s.Trunk; t.SHA == "" || p.After != t.SHA && !p.PushedAt.Before(t.PushedAt) {
			t.SHA, t.PushedAt, t.SeenAt, t.Read, t.Unread = p.After, p.PushedAt, at, false, ""
		}
		return
	}
	if s.TrunkKnown() && (s.Trunk.Found || s.Configured || len(s.Names) > 0) {
		return
	}
	if s.Elsewhere.Find(p.After) >= 0 {
		return
	}
	s.Elsewhere = slices.DeleteFunc(s.Elsewhere, func(x Stray) bool { return x.Branch == p.Branch && len(x.Published) == 0 })
	s.Elsewhere = append(s.Elsewhere, Stray{Pushed: p, SeenAt: at})
	s.Elsewhere = s.Elsewhere[max(0, len(s.Elsewhere)-mostStrays):]
}
