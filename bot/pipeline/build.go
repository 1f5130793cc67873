package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// RunStatus is the state of a tree's build.
type RunStatus string

// A waiting run was tried, and is to be tried again.
const (
	RunWaiting   RunStatus = "waiting"
	RunStarting  RunStatus = "starting"
	RunRunning   RunStatus = "running"
	RunSucceeded RunStatus = "succeeded"
	RunFailed    RunStatus = "failed"
	RunErrored   RunStatus = "errored"
)

// BuildRun is the build of one tree, or of one commit where artifacts are not shared. All
// commits with its key share it.
type BuildRun struct {
	SHA, Tree  string
	Command    string // the build command; empty on a platform with buildpacks
	Pull       int    // the pull request that it was begun for; 0: the branch, or Group
	Group      string // the merge group that it was begun for; empty: none
	App        string // where it runs or ran; empty while waiting
	Stage      string // set if it runs on a stage's own app
	ID         string
	Status     RunStatus
	Adopted    bool
	StartedAt  time.Time
	RunningAt  time.Time // since when it is known to run; zero: it does not
	FinishedAt time.Time
	LookAt     time.Time // when to look next
	Looks      int
	Refused    map[string]string // prepare apps that cannot build it, with the reason
	TroubleAt  time.Time         // since when the platform has not accepted it; zero: no trouble
	UnknownAt  time.Time         // since when GitHub does not know its source; zero: it does, as far as known
	Reason     string            // why it did not succeed, or what the trouble is
	Cancelling bool
	Artifact   string
	Source     bot.SourceOf // what its source is made of. SourceOf a tree: it serves every commit with the tree
	Absent     *bot.Absent  // with Source: what that lacks; nil: nothing
	Gone       []string     // artifacts of its earlier builds that the platform no longer has, the newest last
	GoneAt     time.Time    // when the newest of them was found to be gone; zero: none
	Earlier    *BuildRun    // the failed run before this one, for its own commits; nil: none. Never changed in place
	Release    string       // made by the platform on App
	OutputURL  string
}

// Sourceless reports whether the run waits until GitHub knows its source.
func (r BuildRun) Sourceless() bool {
	return !r.UnknownAt.IsZero() && (r.Status == RunWaiting || r.Status == RunStarting)
}

// Active reports whether the run occupies its app.
func (r BuildRun) Active() bool { return r.Status == RunStarting || r.Status == RunRunning }

// How a build's events change the state. A tree's build is a run, found by the tree:
// commits with that tree share the run.

// RunOf is the run of a candidate's build. A failure from before the candidate's push does
// not count: only successes are shared, and every push builds once more. Candidates pushed
// while the build ran share its result.
func (s *State) RunOf(c *Candidate) (BuildRun, bool) {
	for _, st := range s.Stages {
		if p := st.Promoting; p != nil && p.Building && p.SHA == c.SHA {
			r, ok := s.Builds[p.Build] // even if the file now shares builds differently
			return r, ok
		}
	}
	r, ok := s.shared(s.BranchKey(c.SHA, c.Tree), c.SHA)
	if c.FromPull {
		r, ok = s.RunAhead(c.SHA, c.Tree)
	}
	pushed := c.SeenAt
	if c.FromPull && r.Status == RunFailed {
		pushed = s.Pulls[c.Pull].NewestHeadAt() // a request to promote it is no push
	}
	return r.AsOf(pushed, ok)
}

// AsOf is the run as it affects a push at a time. A failure from before the push counts as
// no run. The failed run that is being repeated for others counts until the repetition has
// succeeded.
func (r BuildRun) AsOf(pushed time.Time, ok bool) (BuildRun, bool) {
	switch e := r.Earlier; {
	case r.failed() && r.FinishedAt.Before(pushed):
		return BuildRun{}, false
	case e != nil && r.Status != RunSucceeded && !e.FinishedAt.Before(pushed):
		return *e, true
	}
	return r, ok
}

// failed reports whether the run has ended without an artifact.
func (r BuildRun) failed() bool { return r.Status == RunFailed || r.Status == RunErrored }

// Unknown records that GitHub does not know the source yet.
func (r *BuildRun) Unknown(at time.Time) {
	if r.UnknownAt.IsZero() {
		r.UnknownAt = at
	}
}

// RefusedBy reports whether none of the apps can build it.
func (r BuildRun) RefusedBy(apps []string) bool {
	return len(r.Refused) > 0 && !slices.ContainsFunc(apps, func(app string) bool { _, no := r.Refused[app]; return !no })
}

// UsualBuild is how long a build usually takes; 0: none has succeeded yet.
func (s *State) UsualBuild() time.Duration {
	var list []time.Duration
	for _, r := range s.Builds {
		if r.Status == RunSucceeded {
			began := r.StartedAt
			if !r.Adopted {
				began = bot.Later(began, r.RunningAt) // before that it may have waited for its place
			}
			list = append(list, r.FinishedAt.Sub(began))
		}
	}
	return words.Median(list)
}
