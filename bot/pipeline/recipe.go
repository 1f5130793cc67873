package pipeline

import (
	"fmt"
	"hash/fnv"

	"github.com/headstart-cd/headstart/bot"
)

// Command is the command that builds a commit: by the commit's own file if known, else by
// the file in force. Empty on a platform with buildpacks.
func (s *State) Command(sha string) string {
	if s.Config.Platform == bot.PlatformLocal {
		if c := s.Candidate(sha); c != nil && c.Recipe.Platform == bot.PlatformLocal {
			return c.Recipe.Command
		}
	}
	return s.Config.Build
}

// buildKey is the key of a commit's build among those that it may share with: commits with
// the same key share the artifact. Commits with the same files do not share if a build may
// depend on more than files.
func (s *State) buildKey(whose, sha, tree string) string {
	by := ""
	if s.Config.Platform == bot.PlatformLocal {
		h := fnv.New128a() // the command may be long, and keys are compared and stored often
		h.Write([]byte(s.Command(sha)))
		by = fmt.Sprintf("%x", h.Sum(nil))
	}
	own := BuiltAs{whose, OfCommit, sha, by}.key()
	if s.Config.Prepare.Reuse == bot.ReuseCommit || tree == "" {
		return own
	}
	shared := BuiltAs{whose, ofTree, tree, by}.key()
	if r := s.Builds[shared]; r.ofOther(sha) && r.Source == bot.SourceOfCommit {
		return own
	}
	if _, built := s.Builds[own]; built {
		return own
	}
	return shared
}
