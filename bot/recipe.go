package bot

import (
	"fmt"
	"hash/fnv"
)

// What a build makes is decided by the files of a commit and by how they are built.
// Heroku's buildpacks are the app's own affair, so there the files say it all. The
// embedded platform runs a command that the pipeline's file names: an artifact serves
// whoever has the same tree *and* is built by the same command.

// Recipe is how a commit's own version of the pipeline's file says that it is built;
// zero: that was not read, or the file is not a good one.
type Recipe struct{ Platform, Command string }

func (c Config) recipe() Recipe { return Recipe{Platform: c.Platform, Command: c.Build} }

// command is the command that builds a commit: by its own file where that is known,
// else by the file in force. Empty on a platform with buildpacks.
func (s *State) command(sha string) string {
	if s.Config.Platform == PlatformLocal {
		if c := s.candidate(sha); c != nil && c.Recipe.Platform == PlatformLocal {
			return c.Recipe.Command
		}
	}
	return s.Config.Build
}

// buildKey is what the build of a commit is remembered by, among those of whom it may
// share with: whoever has the same key shares the artifact. A commit that has the same
// files as another is built for itself where the build of the other may hold more than
// files.
func (s *State) buildKey(whose, sha, tree string) string {
	by := ""
	if s.Config.Platform == PlatformLocal {
		h := fnv.New128a() // the command may be long, and keys are compared and stored often
		h.Write([]byte(s.command(sha)))
		by = fmt.Sprintf("%x", h.Sum(nil))
	}
	own := builtAs{whose, ofCommit, sha, by}.key()
	if s.Config.Prepare.Reuse == ReuseCommit || tree == "" {
		return own
	}
	shared := builtAs{whose, ofTree, tree, by}.key()
	if r := s.Builds[shared]; r.ofOther(sha) && r.Source == SourceOfCommit {
		return own
	}
	if _, built := s.Builds[own]; built {
		return own
	}
	return shared
}
