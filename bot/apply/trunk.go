package apply

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// defaultBranch stores the name of the default branch. A new default branch has another file.
func defaultBranch(s *pipeline.State, name string) {
	if name == "" || name == s.DefaultBranch {
		return
	}
	if s.DefaultBranch != "" {
		s.Trunk = pipeline.Trunk{}
	}
	s.DefaultBranch = name
}

// configOfRef folds the file as of the default branch, or of a push to another branch.
func configOfRef(s *pipeline.State, f bot.ConfigRead, ref string, at time.Time) {
	if i := s.Elsewhere.Find(ref); i >= 0 {
		x := &s.Elsewhere[i]
		x.Read, x.Found, x.Follows = true, f.Found || len(f.Names) > 0 || f.Problem != "", f.Config.Branch
		return
	}
	if ref != s.Trunk.SHA && (ref != s.DefaultBranch || s.TrunkKnown()) {
		return // a push was seen meanwhile: its file is in force
	}
	s.Trunk.Read = ref == s.Trunk.SHA
	if f.Problem != "" {
		s.Trunk.Unread, s.Trunk.AskedAt = f.Problem, at
		return
	}
	if !slices.ContainsFunc(s.Candidates, func(c pipeline.Candidate) bool { return c.ConfigRead && c.ConfigHold == "" }) || !f.Found {
		inForce(s, f, ref, at)
	}
	follow(s, f, at)
}

// refReadRefused notes that the file on the default branch, or on another branch, cannot be read.
func refReadRefused(s *pipeline.State, ref, reason string, at time.Time) {
	switch i := s.Elsewhere.Find(ref); {
	case i >= 0:
		s.Elsewhere[i].Read = true // nothing can be published about it
	case ref == s.Trunk.SHA || ref == s.DefaultBranch:
		s.Trunk.Unread, s.Trunk.AskedAt = reason, at
	}
}

// follow reads from the default branch's file which branch is released.
func follow(s *pipeline.State, f bot.ConfigRead, at time.Time) {
	if f.Problem != "" {
		return
	}
	before := s.Branch()
	s.Trunk.Known, s.Trunk.Found, s.Trunk.Unread = true, f.Found || len(f.Names) > 0, ""
	if f.Found {
		s.Trunk.Follows = f.Config.Branch
	} else if len(f.Names) == 0 {
		s.Trunk.Follows = ""
	}
	if s.Branch() != before {
		branchChanged(s)
	}
	if !s.Trunk.Found {
		return
	}
	strays := s.Elsewhere
	s.Elsewhere = slices.DeleteFunc(slices.Clone(strays), func(x pipeline.Stray) bool { return !s.Multi() && len(x.Published) == 0 })
	for _, x := range strays {
		if x.Branch == s.Branch() {
			push(s, x.Pushed, x.SeenAt)
		}
	}
}

// branchChanged drops what is known of the former branch. It keeps commits with published statuses: those are closed
// with a status.
func branchChanged(s *pipeline.State) {
	s.Required = bot.Required{}
	s.UpdateGreen(s.At)
	s.Candidates = slices.DeleteFunc(s.Candidates, func(c pipeline.Candidate) bool {
		return c.Branch != s.Branch() && len(c.Progress) == 0 && len(c.Published) == 0
	})
}

// disagrees returns why the file on a branch does not release its commits; empty: it does. On the default branch it
// always does.
func disagrees(s *pipeline.State, branch string, f bot.ConfigRead) string {
	if branch == "" || branch == s.DefaultBranch || branch != s.Branch() {
		return ""
	}
	switch {
	case f.Found && f.Config.Branch != "" && f.Config.Branch != branch:
		return fmt.Sprintf("its %s says `branch: %s`, that on %s says %s", bot.ConfigPath, f.Config.Branch, s.DefaultBranch, branch)
	case !f.Found && len(f.Names) > 0:
		return fmt.Sprintf("its %s has no pipeline %s, that on %s has", bot.ConfigPath, s.Pipeline.Name, s.DefaultBranch)
	case !f.Found:
		return fmt.Sprintf("it has no %s; %s's says that %s goes to production", bot.ConfigPath, s.DefaultBranch, branch)
	}
	return ""
}
