package apply

import (
	"reflect"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// configAnswered folds the outcome of reading the file. A file that cannot be read counts as no file.
func configAnswered(s *pipeline.State, do bot.ReadConfig, f bot.Finished, at time.Time) {
	c := s.Candidate(do.Ref)
	switch fact, ok := f.Fact.(bot.ConfigRead); {
	case f.Outcome == bot.Refuse && c != nil:
		c.ConfigUnread, c.ConfigAskedAt = f.Reason, at
	case f.Outcome == bot.Refuse:
		refReadRefused(s, do.Ref, f.Reason, at)
	case f.Outcome != bot.Done || !ok:
	case c != nil:
		configOfCandidate(s, c, fact, at)
	default:
		configOfRef(s, fact, do.Ref, at)
	}
}

// configOfCandidate folds the file as of a commit of the branch.
func configOfCandidate(s *pipeline.State, c *pipeline.Candidate, f bot.ConfigRead, at time.Time) {
	sha := c.SHA
	c.ConfigRead, c.ConfigProblem, c.ConfigHold, c.ConfigUnread = true, f.Problem, "", ""
	if f.Problem == "" {
		c.ConfigHold = disagrees(s, c.Branch, f)
	}
	if f.Found && f.Problem == "" {
		c.Recipe = f.Config.Recipe()
	}
	if held := c.ConfigHold != ""; held || knownAfter(s, c) {
		if !held && !f.Found && f.Problem == "" && len(c.Published)+len(c.Progress) == 0 {
			// The commit was pushed while there was no file: it was never to be deployed.
			s.Candidates = slices.DeleteFunc(s.Candidates, func(o pipeline.Candidate) bool { return o.SHA == sha })
		}
		return // a newer commit's file is in force
	}
	inForce(s, f, sha, at)
	if c.Branch == s.DefaultBranch {
		follow(s, f, at)
	}
}

// knownAfter reports whether the file of a newer commit is known: read and valid, or known to be gone.
func knownAfter(s *pipeline.State, c *pipeline.Candidate) bool {
	return slices.ContainsFunc(s.Candidates[s.Position(c.SHA)+1:], func(o pipeline.Candidate) bool {
		return o.ConfigRead && o.ConfigProblem == "" && o.ConfigHold == "" && o.Branch == c.Branch
	})
}

// inForce puts a valid file, or the lack of one, in force. An invalid file changes nothing.
func inForce(s *pipeline.State, f bot.ConfigRead, ref string, at time.Time) {
	if f.Problem != "" {
		return
	}
	s.Names = f.Names
	if !f.Found {
		s.Configured = false
		return
	}
	if !s.Configured {
		// Commits pushed while there was no file were never to be deployed.
		s.Candidates = slices.DeleteFunc(s.Candidates, func(c pipeline.Candidate) bool {
			return c.SHA != ref && c.ConfigRead && (s.ConfigRef == "" || len(c.Published) == 0 && len(c.Progress) == 0)
		})
	}
	old := s.Config
	if !s.Configured || s.ConfigSince.IsZero() || !reflect.DeepEqual(old, f.Config) {
		s.ConfigSince, s.ConfigFrom = at, ref
	}
	s.Configured, s.Config, s.ConfigRef = true, f.Config, ref
	if f.Config.Prepare.Apart() && !old.Prepare.Apart() {
		separatePulls(s)
	}
	classesChanged(s, old)
	s.UpdateGreen(at)
}
