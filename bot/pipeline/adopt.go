package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Apps run something before Headstart comes. Before the first release to a stage,
// Headstart looks what its apps run and adopts that. An adopted release is live, compared
// with, and rolled back to like any other. Releases by others after that look are
// [Foreign].

// Ran is what an app ran at Headstart's first look.
type Ran struct {
	ID       string // of the release that it ran, perhaps a later change of its configuration
	Version  int    // of the release that brought the artifact; 0: it is another app's, which the stage went back to
	Latest   int    // of the release with the ID
	Commit   string // full SHA; empty: unknown to the platform
	Artifact string // empty: it ran nothing
	At       time.Time
}

// Name is what people call it.
func (r Ran) Name() string {
	if r.Version == 0 {
		return bot.Short(cmp.Or(r.Commit, r.Artifact))
	}
	if r.Commit == "" {
		return fmt.Sprintf("v%d", r.Version)
	}
	return fmt.Sprintf("v%d (%s)", r.Version, bot.Short(r.Commit))
}

// IsCommit reports whether sha is a commit that GitHub may be asked about. An adopted
// release whose commit is unknown, or differs between its apps, has versions instead: "v41
// of production".
func IsCommit(sha string) bool { return sha != "" && !strings.Contains(sha, " ") }

// Unexplored reports whether nothing was ever released to a stage: what its apps run is to
// be adopted.
func (st StageState) Unexplored() bool { return st.Live.SHA == "" && len(st.Past) == 0 }

// exploring reports whether it is still to be found out what a stage runs. It does not
// wait for a platform that gives no answer.
func (s *State) exploring(stage bot.Stage) bool {
	st := s.Stage(stage.Name)
	return st.Unexplored() && slices.ContainsFunc(stage.Apps, func(app string) bool {
		stand := st.Apps[app]
		return !stand.Seen && stand.SeenAt.IsZero() && s.Pending[LookKey(stage.Name, app)].Attempt < InspectAttempts
	})
}

// PartlyExplored reports whether only some apps of a stage were looked at, and names one
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

// Claim moves what was adopted into the commit's own candidate, once the branch has come
// to that commit.
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

// Commits lists the known commits that a stage runs, each once.
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

// Commit is the single commit that a stage runs; empty: none, several, or unknown.
func (l Live) Commit() string {
	if IsCommit(l.SHA) {
		return l.SHA
	}
	return ""
}

// ArtifactOn is what an app of the stage should run.
func (l Live) ArtifactOn(app string) string {
	if l.Adopted != nil {
		return l.Adopted[app].Artifact
	}
	return l.Artifact
}

// AdoptedArtifacts is what each app of the stage ran before Headstart came, if the stage runs that; else nil.
func (l Live) AdoptedArtifacts() map[string]string {
	var all map[string]string
	for app, r := range l.Adopted {
		Put(&all, app, r.Artifact)
	}
	return all
}

// ArtifactOn is what the release puts on an app.
func (p Past) ArtifactOn(app string) string {
	if r, ran := p.Ran[app]; ran {
		return r.Artifact
	}
	return p.Artifact
}

// Runs reports whether a rollback to the release would change nothing: every app of the
// stage should run that artifact now.
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

// Live is what a stage runs after a rollback to the release on some apps.
func (p Past) Live(apps []string, at time.Time) Live {
	l := Live{SHA: p.SHA, Artifact: p.Artifact, Since: at}
	if p.Ran == nil {
		return l
	}
	for _, app := range apps {
		r, ran := p.Ran[app]
		if !ran { // it has got the artifact of another app
			r = p.Ran[p.From]
			r.ID, r.Version, r.Latest = "", 0, 0 // which are the other app's
		}
		Put(&l.Adopted, app, r)
	}
	return l
}

// SettleAdopted ends the candidate if every app ran its commit, or one of the same tree,
// before Headstart came. There is nothing to do.
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

// AlreadyLive reports whether every stage ran the candidate before Headstart came.
func (c *Candidate) AlreadyLive() bool {
	for _, p := range c.Progress {
		if p.RanBefore() {
			return true
		}
	}
	return false
}

// RanBefore reports whether it has been there since before Headstart came.
func (p Progress) RanBefore() bool { return p.Adopted && p.Promotion == 0 }

// NewerAdopted returns what an app of a stage ran before Headstart came, and the app.
// newer is true if that was released after the candidate's push, and their order is
// unknown.
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

// Unlike says why a candidate cannot be compared with what a stage ran before Headstart
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

// AffectedSinceAdoption says whether the first candidate affects the pipeline, compared
// with what its apps ran before Headstart came. If that is unknown, it does; empty: it is
// being read.
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
