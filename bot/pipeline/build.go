package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// RunStatus says how the build of a tree stands.
type RunStatus string

// A run that waits has been tried and is to be tried again.
const (
	RunWaiting   RunStatus = "waiting"
	RunStarting  RunStatus = "starting"
	RunRunning   RunStatus = "running"
	RunSucceeded RunStatus = "succeeded"
	RunFailed    RunStatus = "failed"
	RunErrored   RunStatus = "errored"
)

// BuildRun is the build of one tree (or of one commit, where artifacts are not
// shared), whoever needs it.
type BuildRun struct {
	SHA, Tree  string
	Command    string // that builds it; empty where a platform has buildpacks
	Pull       int    // the pull request that it was begun for; 0: the branch itself, or Group
	Group      string // the merge group that it was begun for; empty: none
	App        string // where it runs or ran; empty while waiting
	Stage      string // set where it runs on a stage's own app
	ID         string
	Status     RunStatus
	Adopted    bool
	StartedAt  time.Time
	RunningAt  time.Time // since when it is known to run; zero: it is not
	FinishedAt time.Time
	LookAt     time.Time // when to look at it next
	Looks      int
	Refused    map[string]string // prepare apps that cannot build it, with the reason
	TroubleAt  time.Time         // since when the platform has not taken it; zero: no trouble
	UnknownAt  time.Time         // since when GitHub does not know its source yet; zero: it does, for all that is known
	Reason     string            // why it did not succeed, or what the trouble is
	Cancelling bool
	Artifact   string
	Source     bot.SourceOf // what it is made of; of a tree: it serves every commit with that
	Gone       []string     // artifacts of earlier builds of it that the platform no longer has, the newest last
	GoneAt     time.Time    // when the newest of them was found to be gone; zero: none was
	Earlier    *BuildRun    // that failed before this one, for those it was the build of; nil: none. Never changed in place
	Release    string       // that the platform made on App by itself
	OutputURL  string
}

// Sourceless reports whether the run waits for GitHub to know what is to be built.
func (r BuildRun) Sourceless() bool {
	return !r.UnknownAt.IsZero() && (r.Status == RunWaiting || r.Status == RunStarting)
}

// Active reports whether the run occupies its app.
func (r BuildRun) Active() bool { return r.Status == RunStarting || r.Status == RunRunning }

// How a build's events change the state. The build of a tree is a run, and runs
// are looked up by tree: whoever has that tree shares the run.

// RunOf is the run of a candidate's build. What failed before the candidate was
// pushed is not its failure: only what succeeded is shared, and every push builds
// once more. Whoever was pushed while the build ran shares how it ends.
func (s *State) RunOf(c *Candidate) (BuildRun, bool) {
	for _, st := range s.Stages {
		if p := st.Promoting; p != nil && p.Building && p.SHA == c.SHA {
			r, ok := s.Builds[p.Build] // whatever the file says by now of who shares it
			return r, ok
		}
	}
	r, ok := s.shared(s.BranchKey(c.SHA, c.Tree), c.SHA)
	if c.FromPull {
		r, ok = s.RunAhead(c.SHA, c.Tree)
	}
	pushed := c.SeenAt
	if c.FromPull && r.Status == RunFailed {
		pushed = s.Pulls[c.Pull].NewestHeadAt() // asking for it is no push
	}
	return r.AsOf(pushed, ok)
}

// AsOf is a run as it affects what was pushed at a time: none where it failed before
// then, and the failed one that is being repeated for others until that has succeeded.
func (r BuildRun) AsOf(pushed time.Time, ok bool) (BuildRun, bool) {
	switch e := r.Earlier; {
	case r.failed() && r.FinishedAt.Before(pushed):
		return BuildRun{}, false
	case e != nil && r.Status != RunSucceeded && !e.FinishedAt.Before(pushed):
		return *e, true
	}
	return r, ok
}

// failed reports whether the run has ended, and left nothing.
func (r BuildRun) failed() bool { return r.Status == RunFailed || r.Status == RunErrored }

// Unknown notes that GitHub does not know the source yet.
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
				began = bot.Later(began, r.RunningAt) // it may have waited for its place before
			}
			list = append(list, r.FinishedAt.Sub(began))
		}
	}
	return words.Median(list)
}
