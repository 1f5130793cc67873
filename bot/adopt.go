package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
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

// name is what people know it by.
func (r Ran) name() string {
	if r.Commit == "" {
		return fmt.Sprintf("v%d", r.Version)
	}
	return fmt.Sprintf("v%d (%s)", r.Version, Short(r.Commit))
}

// isCommit reports whether what stands for a release is a commit, which GitHub may
// be asked about. Where nobody knows the commit of what was adopted, or its apps ran
// different ones, it is known by its versions: "v41 of production".
func isCommit(sha string) bool { return sha != "" && !strings.Contains(sha, " ") }

// unexplored reports whether nothing was ever released to a stage, so that what its
// apps run is to be adopted.
func (st StageState) unexplored() bool { return st.Live.SHA == "" && len(st.Past) == 0 }

// explore looks at the apps of stages to which nothing was ever released. Where that
// is refused, whoever enters the stage looks again.
func (d *decision) explore() {
	for _, stage := range d.s.Config.Stages {
		st := d.s.Stages[stage.Name]
		for _, app := range stage.Apps {
			if stand := st.Apps[app]; st.unexplored() && !stand.Seen && stand.SeenAt.IsZero() {
				d.want(lookKey(stage.Name, app), LookAtApp{Stage: stage.Name, App: app})
			}
		}
	}
}

// exploring reports whether what a stage runs is still to be found out. A platform
// that does not tell is not waited for.
func (s *State) exploring(stage Stage) bool {
	st := s.Stages[stage.Name]
	return st.unexplored() && slices.ContainsFunc(stage.Apps, func(app string) bool {
		stand := st.Apps[app]
		return !stand.Seen && stand.SeenAt.IsZero() && s.Pending[lookKey(stage.Name, app)].Attempt < inspectAttempts
	})
}

// partlyExplored reports whether only some apps of a stage were looked at so far, and names one
// that was not.
func (st StageState) partlyExplored(stage Stage) (missing string, half bool) {
	if !st.unexplored() {
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

// ranBefore is what an app ran when it was seen, where that may be adopted: nothing
// of Headstart's own has been released there.
func (s *State) ranBefore(stage string, seen AppSeen, old AppState) *Ran {
	st, r := s.Stages[stage], seen.Current
	if !st.unexplored() || old.Seen && old.Ran == nil || st.isReleasing(s, r.Artifact) || s.everReleased(stage, r.Artifact) {
		return old.Ran
	}
	return &Ran{
		ID: cmp.Or(seen.Runs.ID, r.ID), Version: r.Version, Latest: max(r.Version, seen.Runs.Version),
		Commit: r.Commit, Artifact: r.Artifact, At: r.CreatedAt,
	}
}

// adopt takes what the apps of each stage ran before Headstart came for what is live
// there, once all of them were looked at.
func (s *State) adopt(at time.Time) {
	if !s.Configured {
		return
	}
	for _, stage := range s.Config.Stages {
		st := s.Stages[stage.Name]
		if !st.unexplored() {
			continue
		}
		ran := map[string]Ran{}
		known := true
		for _, app := range stage.Apps {
			stand := st.Apps[app]
			switch r := stand.Ran; {
			case r != nil && r.Artifact != "":
				ran[app] = *r
			case r == nil && (stand.Seen || stand.SeenAt.IsZero()): // one that may not be looked at is left out
				known = false
			}
		}
		if known && len(ran) > 0 {
			s.adoptStage(stage, ran, at)
		}
	}
}

func (s *State) adoptStage(stage Stage, ran map[string]Ran, at time.Time) {
	st := s.Stages[stage.Name]
	past := Past{Ran: ran}
	for _, app := range stage.Apps { // the first of the file's order stands for those that ran nothing
		r, ok := ran[app]
		if !ok {
			continue
		}
		if past.Artifact == "" {
			past.Artifact, past.From, past.Built = r.Artifact, app, r.Commit
		}
		past.At = later(past.At, r.At)
		put(&past.Releases, app, PastRelease{ID: r.ID, Version: r.Version})
		past.Versions = addVersions(past.Versions, map[string]PastRelease{"": {Version: r.Version}, "latest": {Version: r.Latest}})
	}
	past.SHA = adoptedName(stage.Name, ran)
	st.Past = []Past{past}
	st.Live = Live{SHA: past.SHA, Artifact: past.Artifact, Since: past.At, Adopted: ran}
	for app, stand := range st.Apps {
		stand.Ran = nil
		st.Apps[app] = stand
	}
	put(&s.Stages, stage.Name, st)
	if s.candidate(past.SHA) == nil {
		s.Adopted = append(s.Adopted, Candidate{SHA: past.SHA, PushedAt: past.At, SeenAt: at, PullSought: true, ConfigRead: true, Adopted: true})
	}
	if c := s.candidate(past.SHA); c.Adopted {
		put(&c.Progress, stage.Name, Progress{State: ProgressLive, StartedAt: past.At, EndedAt: past.At, Adopted: true})
	}
}

// adoptedName stands for what the apps of a stage ran: their commit, where all ran
// the same one, else their versions.
func adoptedName(stage string, ran map[string]Ran) string {
	var commits, versions []string
	for _, app := range sortedKeys(ran) {
		r := ran[app]
		if !slices.Contains(commits, r.Commit) {
			commits = append(commits, r.Commit)
		}
		if v := fmt.Sprintf("v%d", r.Version); !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	if len(commits) == 1 && commits[0] != "" {
		return commits[0]
	}
	return strings.Join(versions, "/") + " of " + stage
}

// claim takes what was adopted over into the commit's own candidate, once the branch
// is known to have come to it.
func (s *State) claim(fresh *Candidate) {
	i := slices.IndexFunc(s.Adopted, func(c Candidate) bool { return c.SHA == fresh.SHA })
	if i < 0 {
		return
	}
	was := s.Adopted[i]
	fresh.Deployments, fresh.Reports = was.Deployments, was.Reports
	for stage, pass := range was.Progress {
		if pass.State == ProgressReleasing {
			put(&fresh.Progress, stage, pass)
		}
	}
	s.Adopted = slices.Delete(s.Adopted, i, i+1)
}

// forgetAdopted drops what was adopted and can no longer be gone back to.
func (s *State) forgetAdopted() {
	s.Adopted = slices.DeleteFunc(s.Adopted, func(c Candidate) bool { return s.forgettable(&c) })
}

// commits lists the commits that a stage is known to run, each once.
func (l Live) commits() (list []string) {
	if l.Adopted == nil {
		if l.SHA != "" {
			list = append(list, l.SHA)
		}
		return list
	}
	for _, app := range sortedKeys(l.Adopted) {
		if r := l.Adopted[app]; r.Commit != "" && !slices.Contains(list, r.Commit) {
			list = append(list, r.Commit)
		}
	}
	return list
}

// commit is the one commit that a stage runs; empty: nothing, several, or nobody
// knows.
func (l Live) commit() string {
	if isCommit(l.SHA) {
		return l.SHA
	}
	return ""
}

// artifactOn is what an app of the stage is to run.
func (l Live) artifactOn(app string) string {
	if l.Adopted != nil {
		return l.Adopted[app].Artifact
	}
	return l.Artifact
}

// artifactOn is what the release puts on an app.
func (p Past) artifactOn(app string) string {
	if r, ran := p.Ran[app]; ran {
		return r.Artifact
	}
	return p.Artifact
}

// runs reports whether going back to the release would change nothing: every app of
// the stage is to run that very artifact now.
func (p Past) runs(l Live) bool {
	if p.Ran == nil && l.Adopted == nil {
		return p.Artifact == l.Artifact
	}
	for app := range p.Ran {
		if p.artifactOn(app) != l.artifactOn(app) {
			return false
		}
	}
	for app := range l.Adopted {
		if p.artifactOn(app) != l.artifactOn(app) {
			return false
		}
	}
	return true
}

// live is what a stage runs once a release was brought back on some apps.
func (p Past) live(apps []string, at time.Time) Live {
	l := Live{SHA: p.SHA, Artifact: p.Artifact, Since: at}
	if p.Ran == nil {
		return l
	}
	for _, app := range apps {
		r, ran := p.Ran[app]
		if !ran { // it has got what another app ran
			r = p.Ran[p.From]
		}
		put(&l.Adopted, app, r)
	}
	return l
}

// outsideHistory lists the adopted commits of a stage that are not among the candidates, so
// that only GitHub can tell which commits come after them.
func (s *State) outsideHistory(stage string) (list []string) {
	live := s.Stages[stage].Live
	if live.Adopted == nil {
		return nil
	}
	for _, commit := range live.commits() {
		if s.position(commit) < 0 {
			list = append(list, commit)
		}
	}
	return list
}

// settleAdopted ends the way of a commit that every app of the pipeline ran already
// when Headstart came, or one of the same tree: there is nothing to do.
func (s *State) settleAdopted(at time.Time) {
	if !s.Configured || len(s.Config.Stages) == 0 {
		return
	}
	for i := range s.Candidates {
		c := &s.Candidates[i]
		if len(c.Progress) > 0 || len(c.Ordered) > 0 || c.Cancelled != nil || !c.ConfigRead || c.ConfigHold != "" || c.Branch != "" && c.Branch != s.Branch() || !s.ranEverywhere(c) {
			continue
		}
		c.Affected = AffectedYes
		for _, stage := range s.Config.Stages {
			put(&c.Progress, stage.Name, Progress{State: ProgressLive, StartedAt: at, EndedAt: at, Adopted: true})
		}
	}
}

func (s *State) ranEverywhere(c *Candidate) bool {
	for _, stage := range s.Config.Stages {
		st := s.Stages[stage.Name]
		f, _ := st.foreign()
		if st.Live.Adopted == nil || st.Promoting != nil || st.Rollback != nil || f != nil || st.mixed() {
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
	i := s.position(commit)
	return i >= 0 && c.Tree != "" && s.Candidates[i].Tree == c.Tree
}

// alreadyLive reports whether everything ran the candidate when Headstart came.
func (c *Candidate) alreadyLive() bool {
	for _, p := range c.Progress {
		if p.ranBefore() {
			return true
		}
	}
	return false
}

// ranBefore reports whether it is there since before Headstart came.
func (p Progress) ranBefore() bool { return p.Adopted && p.Promotion == 0 }
