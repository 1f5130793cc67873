package pipeline

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

func PromoteKey(stage string, n int, app string) string {
	return fmt.Sprintf("promote %s %d %s", stage, n, app)
}

// Promotion is an artifact being put on all apps of a stage.
type Promotion struct {
	N         int
	SHA       string
	FromPull  bool // of a pull request's head that somebody asked for
	StartedAt time.Time
	Building  bool   // the stage's own app builds it first
	Build     string // with Building: the key of that build's run
	Built     bool   // and has done so
	Apps      map[string]AppRelease
	Proof     *Proof         // its releases have ended, and it is verified; nil: not yet
	Rollback  *RollbackOrder // it takes the stage back; nil: it is on the way forward
	Was       Progress       // with Rollback: the commit's passage before it
	Copied    bool           // a copy of a database was asked for, so that it has begun
}

// AppRelease is a promotion's release on one app.
type AppRelease struct {
	State     bot.ReleaseStatus // empty: not begun
	ID        string
	Version   int       // 0: not numbered yet
	Since     time.Time // when it was first seen; zero: not yet
	Unsure    bool      // an attempt may have begun it
	Base      int       // newest release of the app before the first attempt that may have begun it
	Gone      bool      // with a failure: the platform no longer has what was to be released
	Unseen    bool      // with a failure: it began, and nobody can see how it ended
	Errors    int       // releases before this one that ended through the platform's own fault
	Looks     int
	LookAt    time.Time
	Reason    string
	OutputURL string
}

// Started reports whether a release is known to have begun on some app.
func (p *Promotion) Started() bool {
	for _, a := range p.Apps {
		if a.started() {
			return true
		}
	}
	return p.Built || p.Copied
}

// How a promotion's events change the state.

// MaxErrors is how often a release is made once more that ended through the
// platform's own fault.
const MaxErrors = 3

// started reports whether there is a release on the app; one that was refused never was.
func (a AppRelease) started() bool {
	return a.State != "" && (a.State != bot.ReleaseFailed || a.ID != "")
}

// MayHaveStarted reports whether a promotion has touched any app, or may have.
func (s *State) MayHaveStarted(stage string) bool {
	p := s.Stage(stage).Promoting
	if p == nil {
		return false
	}
	if p.Building {
		r := s.Builds[p.Build]
		return r.Status != RunStarting && r.Status != RunWaiting || s.Pending[BuildEffect(r.App, p.Build)].Unsure
	}
	for app, a := range p.Apps {
		if a.started() || a.Unsure || s.Pending[PromoteKey(stage, p.N, app)].Unsure {
			return true
		}
	}
	return p.Built || p.Copied
}

// Errored reports whether a release of the promotion has ended through the
// platform's own fault, so that it may have done something before.
func (p *Promotion) Errored() bool {
	for _, a := range p.Apps {
		if a.Errors > 0 {
			return true
		}
	}
	return false
}

// Leave takes a candidate out of a stage that it got into, so that it may get in
// again. What it has done there is still not to be taken back by older ones.
func (c *Candidate) Leave(stage string) {
	if !c.Progress[stage].BuildFailed && !slices.Contains(c.Entered, stage) {
		c.Entered = append(slices.Clone(c.Entered), stage)
	}
	delete(c.Progress, stage)
}

// Restore puts back how a candidate stood at a stage before a promotion that came to
// nothing; zero: it had not been there.
func (c *Candidate) Restore(stage string, was Progress) {
	if delete(c.Progress, stage); was.State != "" {
		Put(&c.Progress, stage, was)
	}
}

// Gone reports whether the platform has nothing to release on any app.
func (p *Promotion) Gone() bool {
	for _, a := range p.Apps {
		if !a.Gone {
			return false
		}
	}
	return true
}

// Unseen says why nobody knows how the promotion ended; empty: it is known.
func (p *Promotion) Unseen() string {
	for _, app := range SortedKeys(p.Apps) {
		if p.Apps[app].Unseen {
			return "it is unknown how the release on " + app + " ended"
		}
	}
	return p.Proof.Unseen()
}

// AnySucceeded reports whether some app runs what was promoted.
func (p *Promotion) AnySucceeded() bool {
	for _, a := range p.Apps {
		if a.State == bot.ReleaseSucceeded {
			return true
		}
	}
	return false
}

// Verb is what was done with a candidate that is live.
func (p Progress) Verb() string {
	if p.Seen != nil {
		return "released and verified"
	}
	return "released"
}

// A stage that says `skip: [docs]` is skipped by whatever changes nothing else,
// compared with what is live there. What goes on to the next stage is still what an
// earlier one has proved: the stage that is skipped has proved the same code,
// but for files of these classes.

// Passed reports whether the candidate went through the stage, or passed it by.
func (p Progress) Passed() bool { return p.State == ProgressLive || p.State == ProgressSkipped }
