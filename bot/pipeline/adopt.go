package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Apps run something before Headstart comes. Before it releases anything to a stage
// it looks what that is, and adopts it: it is live there, compared with, and rolled
// back to like any release of Headstart's own. What others release after that first
// look is theirs ([Foreign]).

// Ran is what an app ran when Headstart first looked at it.
type Ran struct {
	ID       string // of the release that it ran, which may be a later change of its configuration
	Version  int    // of the release that brought the artifact
	Latest   int    // of the release with the ID
	Commit   string // full SHA; empty: the platform does not know
	Artifact string // empty: it ran nothing
	At       time.Time
}

// Name is what people know it by.
func (r Ran) Name() string {
	if r.Commit == "" {
		return fmt.Sprintf("v%d", r.Version)
	}
	return fmt.Sprintf("v%d (%s)", r.Version, bot.Short(r.Commit))
}

// IsCommit reports whether what stands for a release is a commit, which GitHub may
// be asked about. Where nobody knows the commit of what was adopted, or its apps ran
// different ones, it is known by its versions: "v41 of production".
func IsCommit(sha string) bool { return sha != "" && !strings.Contains(sha, " ") }

// Unexplored reports whether nothing was ever released to a stage, so that what its
// apps run is to be adopted.
func (st StageState) Unexplored() bool { return st.Live.SHA == "" && len(st.Past) == 0 }

// exploring reports whether what a stage runs is still to be found out. A platform
// that does not tell is not waited for.
func (s *State) exploring(stage bot.Stage) bool {
	st := s.Stage(stage.Name)
	return st.Unexplored() && slices.ContainsFunc(stage.Apps, func(app string) bool {
		stand := st.Apps[app]
		return !stand.Seen && stand.SeenAt.IsZero() && s.Pending[LookKey(stage.Name, app)].Attempt < InspectAttempts
	})
}

// PartlyExplored reports whether only some apps of a stage were looked at so far, and names one
// that was not.
func (st StageState) PartlyExplored(stage bot.Stage) (missing string, half bool) {
	if !st.Unexplored() {
		return "", false
	}
	for _, app := range stage.Apps {
		stand := st.Apps[app]
		half = half || stand.Ran != nil && stand.Ran.Artifact != ""
		if !stand.Seen && stand.SeenAt.IsZero() {
			missing = app
		}
	}
	return missing, half && missing != ""
}

// Claim takes what was adopted over into the commit's own candidate, once the branch
// is known to have come to it.
func (s *State) Claim(fresh *Candidate) {
	i := slices.IndexFunc(s.Adopted, func(c Candidate) bool { return c.SHA == fresh.SHA })
	if i < 0 {
		return
	}
	was := s.Adopted[i]
	fresh.Deployments, fresh.Reports = was.Deployments, was.Reports
	for stage, pass := range was.Progress {
		if pass.State == ProgressReleasing {
			Put(&fresh.Progress, stage, pass)
		}
	}
	s.Adopted = slices.Delete(s.Adopted, i, i+1)
}

// Commits lists the commits that a stage is known to run, each once.
func (l Live) Commits() (list []string) {
	if l.Adopted == nil {
		if l.SHA != "" {
			list = append(list, l.SHA)
		}
		return list
	}
	for _, app := range SortedKeys(l.Adopted) {
		if r := l.Adopted[app]; r.Commit != "" && !slices.Contains(list, r.Commit) {
			list = append(list, r.Commit)
		}
	}
	return list
}

// Commit is the one commit that a stage runs; empty: nothing, several, or nobody
// knows.
func (l Live) Commit() string {
	if IsCommit(l.SHA) {
		return l.SHA
	}
	return ""
}

// ArtifactOn is what an app of the stage is to run.
func (l Live) ArtifactOn(app string) string {
	if l.Adopted != nil {
		return l.Adopted[app].Artifact
	}
	return l.Artifact
}

// ArtifactOn is what the release puts on an app.
func (p Past) ArtifactOn(app string) string {
	if r, ran := p.Ran[app]; ran {
		return r.Artifact
	}
	return p.Artifact
}

// Runs reports whether going back to the release would change nothing: every app of
// the stage is to run that very artifact now.
func (p Past) Runs(l Live) bool {
	if p.Ran == nil && l.Adopted == nil {
		return p.Artifact == l.Artifact
	}
	for app := range p.Ran {
		if p.ArtifactOn(app) != l.ArtifactOn(app) {
			return false
		}
	}
	for app := range l.Adopted {
		if p.ArtifactOn(app) != l.ArtifactOn(app) {
			return false
		}
	}
	return true
}

// Live is what a stage runs once a release was brought back on some apps.
func (p Past) Live(apps []string, at time.Time) Live {
	l := Live{SHA: p.SHA, Artifact: p.Artifact, Since: at}
	if p.Ran == nil {
		return l
	}
	for _, app := range apps {
		r, ran := p.Ran[app]
		if !ran { // it has got what another app ran
			r = p.Ran[p.From]
		}
		Put(&l.Adopted, app, r)
	}
	return l
}

// SettleAdopted ends the way of a commit that every app of the pipeline ran already
// when Headstart came, or one of the same tree: there is nothing to do.
func (s *State) SettleAdopted(at time.Time) {
	if !s.Configured || len(s.Config.Stages) == 0 {
		return
	}
	for i := range s.Candidates {
		c := &s.Candidates[i]
		if len(c.Progress) > 0 || len(c.Ordered) > 0 || c.Cancelled != nil || !c.ConfigRead || c.ConfigHold != "" || c.Branch != "" && c.Branch != s.Branch() || !s.ranEverywhere(c) {
			continue
		}
		c.Affected = bot.AffectedYes
		for _, stage := range s.Config.Stages {
			Put(&c.Progress, stage.Name, Progress{State: ProgressLive, StartedAt: at, EndedAt: at, Adopted: true})
		}
	}
}

func (s *State) ranEverywhere(c *Candidate) bool {
	for _, stage := range s.Config.Stages {
		st := s.Stage(stage.Name)
		f, _ := st.Foreign()
		if st.Live.Adopted == nil || st.Promoting != nil || st.Rollback != nil || f != nil || st.Mixed() {
			return false
		}
		for _, app := range stage.Apps {
			if r := st.Live.Adopted[app]; r.Commit == "" || !s.sameTree(r.Commit, c) {
				return false
			}
		}
	}
	return true
}

// sameTree reports whether a commit is known to have a candidate's tree.
func (s *State) sameTree(commit string, c *Candidate) bool {
	if commit == c.SHA || c.Diffs[commit].Same {
		return true
	}
	i := s.Position(commit)
	return i >= 0 && c.Tree != "" && s.Candidates[i].Tree == c.Tree
}

// AlreadyLive reports whether everything ran the candidate when Headstart came.
func (c *Candidate) AlreadyLive() bool {
	for _, p := range c.Progress {
		if p.RanBefore() {
			return true
		}
	}
	return false
}

// RanBefore reports whether it is there since before Headstart came.
func (p Progress) RanBefore() bool { return p.Adopted && p.Promotion == 0 }

// NewerAdopted is what an app of a stage ran when Headstart came, where it was released
// after a candidate was pushed and nobody can tell which of the two is newer.
func (s *State) NewerAdopted(c *Candidate, stage string) (r Ran, app string, newer bool) {
	if _, asked := c.Ordered[stage]; asked || c.FromPull {
		return Ran{}, "", false
	}
	live := s.Stage(stage).Live
	for _, app := range SortedKeys(live.Adopted) {
		r := live.Adopted[app]
		placed := r.Commit != "" && (r.Commit == c.SHA || s.Position(r.Commit) >= 0 || c.Diffs[r.Commit].Relation == bot.RelationAhead)
		if !placed && r.At.After(c.PushedAt.Add(Skew)) {
			return r, app, true
		}
	}
	return Ran{}, "", false
}

// Unlike says why a candidate cannot be compared with what a stage ran when Headstart
// came; empty if it can.
func (l Live) Unlike(apps []string) string {
	for _, app := range apps {
		switch r, ran := l.Adopted[app]; {
		case !ran:
			return "nothing is live on " + app + " yet"
		case r.Commit == "":
			return fmt.Sprintf("the commit of v%d, which %s runs, is unknown", r.Version, app)
		}
	}
	return ""
}

// AffectedSinceAdoption says whether the first candidate that may affect the pipeline does:
// compared with what its apps ran when Headstart came. Where nobody knows that, it does;
// empty: it is being found out.
func (s *State) AffectedSinceAdoption(c *Candidate) bot.Affected {
	affected := bot.AffectedNo
	for _, stage := range s.Config.Stages {
		live := s.Stage(stage.Name).Live
		if s.exploring(stage) {
			affected = ""
			continue
		}
		if live.Adopted == nil || live.Unlike(stage.Apps) != "" {
			return bot.AffectedYes
		}
		for _, base := range live.Commits() {
			switch diff := c.Diffs[base]; {
			case s.sameTree(base, c):
			case !diff.Final():
				affected = ""
			case !diff.Complete || diff.Touches:
				return bot.AffectedYes
			}
		}
	}
	return affected
}

// Newest is when the newest of the adopted releases was made.
func (l Live) Newest() (at time.Time) {
	for _, r := range l.Adopted {
		at = bot.Later(at, r.At)
	}
	return at
}
