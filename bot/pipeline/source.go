package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Sources is what is known of the sources of the branch's commits.
type Sources struct {
	ReadAt time.Time   // when one of them was last read; zero: never
	Shown  *bot.Absent // what the last promotion that told of it said is missing; nil: nothing is
	By, At string      // the commit of that promotion, and its stage
}

// RunUnread stands for another commit's run with the same files, until it is known whether
// that serves this commit. It is never stored.
const RunUnread RunStatus = "unread"

// ofOther reports whether a run is another commit's, and has begun a build.
func (r BuildRun) ofOther(sha string) bool { return r.ID != "" && r.SHA != sha && r.Tree != "" }

// as is the run as it affects a commit with the same key.
func (r BuildRun) as(sha string) BuildRun {
	if r.ofOther(sha) && r.Source == "" && r.Status == RunSucceeded {
		return BuildRun{Status: RunUnread, SHA: r.SHA, Tree: r.Tree, App: r.App}
	}
	return r
}

// shared is the run under a key, as it affects a commit.
func (s *State) shared(key, sha string) (BuildRun, bool) {
	r, ok := s.Builds[key]
	return r.as(sha), ok
}
