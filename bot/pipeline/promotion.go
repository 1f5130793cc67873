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

// Promotion releases an artifact on all apps of a stage.
type Promotion struct {
	N         int
	SHA       string
	FromPull  bool // of a pull request's head, which a person ordered
	StartedAt time.Time
	Building  bool   // the stage's own app still builds it
	Build     string // with Building: the key of the run
	Built     bool   // the stage's own app has built it
	Apps      map[string]AppRelease
	Proof     *Proof         // of the verification, once all releases have ended; nil: not yet
	Rollback  *RollbackOrder // it rolls the stage back; nil: it goes forward
	Was       Progress       // with Rollback: the commit's progress before
	Copied    bool           // a copy of a database was asked for, so it has begun

	By         string    // who asked for it, or approved it; empty: nobody had to
	Why        string    // the reason that this person gave, or the failure that it answers
	Urgent     bool      // it passes windows, freezes and soak
	ReleasedAt time.Time // when all releases had succeeded; zero: they have not
}

// Ended is a promotion that has ended, for those who look back.
type Ended struct {
	Promotion
	At       time.Time
	State    ProgressState // failed, too, if it did not stay healthy; empty: given up
	Reason   string        // why it failed
	Proved   time.Time     // zero: never
	Artifact string
	Pull     int    // with FromPull
	Replaced string // the commit that was live before; empty: none
	Commits  int    // pushes that it made live for the first time
}

// AppRelease is a promotion's release on one app.
type AppRelease struct {
	State     bot.ReleaseStatus // empty: not begun
	ID        string
	Version   int       // 0: not numbered yet
	Since     time.Time // when it was first seen; zero: not yet
	Unsure    bool      // an attempt may have begun it
	Base      int       // the app's newest release before the first attempt that may have begun it
	Gone      bool      // with a failure: the platform no longer has the artifact
	Unseen    bool      // with a failure: it began, and its end is unknown
	Errors    int       // earlier releases that ended by the platform's own fault
	Looks     int
	LookAt    time.Time
	Reason    string
	OutputURL string
}

// Started reports whether a release is known to have begun on any app.
func (p *Promotion) Started() bool {
	for _, a := range p.Apps {
		if a.started() {
			return true
		}
	}
	return p.Built || p.Copied
}

// How a promotion's events change the state.

// MaxErrors is how often a release is repeated that ended by the platform's own fault.
const MaxErrors = 3

// started reports whether the app has a release; a refused release never started.
func (a AppRelease) started() bool {
	return a.State != "" && (a.State != bot.ReleaseFailed || a.ID != "")
}

// MayHaveStarted reports whether a stage's promotion has touched any app, or may have.
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

// Errored reports whether a release of the promotion ended by the platform's own fault. It
// may have done something before.
func (p *Promotion) Errored() bool {
	for _, a := range p.Apps {
		if a.Errors > 0 {
			return true
		}
	}
	return false
}

// Begun reports whether any of its releases has begun, even if that has to be repeated.
func (p *Promotion) Begun() bool { return p.Started() || p.Errored() }

// Leave takes a candidate out of a stage that it entered, so that it may enter again.
// Older candidates still may not undo what it did there.
func (c *Candidate) Leave(stage string) {
	if !c.Progress[stage].BuildFailed && !slices.Contains(c.Entered, stage) {
		c.Entered = append(slices.Clone(c.Entered), stage)
	}
	delete(c.Progress, stage)
}

// Restore restores a candidate's progress at a stage to that before a promotion without
// effect; zero: it had none.
func (c *Candidate) Restore(stage string, was Progress) {
	if delete(c.Progress, stage); was.State != "" {
		Put(&c.Progress, stage, was)
	}
}

// Gone reports whether the platform has no artifact to release on some app.
func (p *Promotion) Gone() bool {
	for _, a := range p.Apps {
		if !a.Gone {
			return false
		}
	}
	return true
}

// Unseen says why the end of the promotion is unknown; empty: it is known.
func (p *Promotion) Unseen() string {
	for _, app := range SortedKeys(p.Apps) {
		if p.Apps[app].Unseen {
			return "it is unknown how the release on " + app + " ended"
		}
	}
	return p.Proof.Unseen()
}

// AnySucceeded reports whether any app runs what was promoted.
func (p *Promotion) AnySucceeded() bool {
	for _, a := range p.Apps {
		if a.State == bot.ReleaseSucceeded {
			return true
		}
	}
	return false
}

// Verb names what was done with a live candidate.
func (p Progress) Verb() string {
	if p.Seen != nil {
		return "released and verified"
	}
	return "released"
}

// A stage with `skip: [docs]` is skipped if only such files differ from what is live
// there. The next stage still gets only what a stage before it has proved. The skipped
// stage has proved the same code, except for files of these classes.

// Passed reports whether the candidate is live at the stage, or skipped it.
func (p Progress) Passed() bool { return p.State == ProgressLive || p.State == ProgressSkipped }

// NewOn counts the pushes that a stage runs for the first time once a commit is live there:
// the commit, and those since the newest that was live there before. It counts remembered
// ones that affect the pipeline. 0: it was live there before.
func (s *State) NewOn(stage, sha string) (n int) {
	st := s.Stage(stage)
	for i := s.Position(sha); i >= 0; i-- {
		c := &s.Candidates[i]
		if slices.ContainsFunc(st.Past, func(p Past) bool { return p.SHA == c.SHA }) {
			return n
		}
		if s.Affects(c) == bot.AffectedYes {
			n++
		}
	}
	return n
}

// Releases is what a promotion releases: its artifact, and with FromPull the pull request.
func (s *State) Releases(stage string, p *Promotion) (artifact string, pull int) {
	if past, ok := s.Stage(stage).Named(p.SHA, 0); ok && p.Rollback != nil {
		return past.Artifact, 0
	}
	c := s.Promoted(p, p.SHA)
	switch {
	case c == nil:
		return "", 0
	case c.FromPull:
		return c.Artifact, c.Pull
	}
	return c.Artifact, 0
}
