package bot

import (
	"slices"
)

// Two commits with the same files have the same source, unless a .gitattributes has
// export-subst: then GitHub writes the commit into the source, and what was built of one
// of them is not what the other would become. That is found out before an artifact
// serves another commit than its own.

// ReadSource reads whether the source of a commit is made of the files of its tree alone.
// Answer: SourceRead.
type ReadSource struct{ SHA, Tree string }

// SourceRead says what the source of every commit with a tree is made of.
type SourceRead struct{ Of SourceOf }

func (do ReadSource) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{SourceRead{}}, Deadline: hoursDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.SHA}}}
}

func (SourceRead) fact() {}

// SourceOf says what a source is made of; empty: nobody knows.
type SourceOf string

// A source is made of a tree alone, or may have the commit in it.
const (
	SourceOfTree   SourceOf = "tree"
	SourceOfCommit SourceOf = "commit"
)

// sourceReadings is how often it is tried to read what a source is made of. Then whoever
// waits for that is built for itself.
const sourceReadings = 3

// RunUnread stands for the run of another commit with the same files, as long as it is
// not known whether it serves this one. It is nowhere stored.
const RunUnread RunStatus = "unread"

// ofOther reports whether a run is that of another commit, and has come to a build.
func (r BuildRun) ofOther(sha string) bool { return r.ID != "" && r.SHA != sha && r.Tree != "" }

// as is a run as it affects a commit that is remembered by the same key.
func (r BuildRun) as(sha string) BuildRun {
	if r.ofOther(sha) && r.Source == "" && r.Status == RunSucceeded {
		return BuildRun{Status: RunUnread, SHA: r.SHA, Tree: r.Tree, App: r.App}
	}
	return r
}

// shared is the run that a key leads a commit to.
func (s *State) shared(key, sha string) (BuildRun, bool) {
	r, ok := s.Builds[key]
	return r.as(sha), ok
}

// readSources reads what the sources of builds are made of that others than their own
// commits are about to use. Those built ahead of a merge are expected to be.
func (d *decision) readSources() {
	prepare := d.s.Config.Prepare
	if prepare.Reuse == ReuseCommit {
		return
	}
	var sought map[string][]string
	for _, key := range sortedKeys(d.s.Builds) {
		r := d.s.Builds[key]
		if r.ID == "" || r.Tree == "" || r.Source != "" || readKey(key).kind == ofCommit {
			continue
		}
		if sought == nil {
			sought = d.sought()
		}
		ahead := (r.Pull != 0 || r.Group != "") && !prepare.apart()
		if ahead || slices.ContainsFunc(sought[key], func(sha string) bool { return sha != r.SHA }) {
			d.want(sourceKey(r.Tree), ReadSource{SHA: r.SHA, Tree: r.Tree})
		}
	}
}

// sought lists the commits that would use a build, by its key.
func (d *view) sought() map[string][]string {
	s, m := d.s, map[string][]string{}
	ahead := func(sha, tree string) {
		for _, key := range []string{s.aheadKey(sha, tree), s.branchKey(sha, tree)} {
			m[key] = append(m[key], sha)
		}
	}
	for _, c := range s.all() {
		switch {
		case c.Artifact != "" || c.Cancelled != nil || c.Tree == "" || d.overtaken(c, d.firstStage()):
		case c.FromPull:
			ahead(c.SHA, c.Tree)
		default:
			key := s.keyOf(c)
			m[key] = append(m[key], c.SHA)
		}
	}
	if d.buildsPulls() {
		for _, p := range s.Pulls {
			if p.Open && !p.Fork && p.ReadHead == p.Head && p.Base == s.Branch() && p.TestTree != "" {
				ahead(p.TestMerge, p.TestTree)
			}
		}
	}
	for _, g := range d.groups() {
		ahead(g.Head, g.Tree)
	}
	return m
}

// readingSource is headstart/build while it is not known whether the build of another
// commit serves; nil while that is about to be known.
func (d *view) readingSource(r BuildRun) *notice {
	if d.s.Pending[sourceKey(r.Tree)].Reason == "" {
		return nil
	}
	return pendingNotice(PhaseAttributes, "Waiting for GitHub to show .gitattributes: "+Short(r.SHA)+" has the same files and may serve", "")
}

// sourceRead takes what a source is made of. What cannot be read may have the commit in
// it.
func (s *State) sourceRead(do ReadSource, f Finished, pending PendingEffect) {
	of := SourceOfCommit
	switch fact, ok := f.Fact.(SourceRead); {
	case f.Outcome == Done && ok && fact.Of != "":
		of = fact.Of
	case f.Outcome == Refuse, f.After >= patience, pending.Attempt >= sourceReadings:
	default:
		return
	}
	for key, r := range s.Builds {
		if r.Tree == do.Tree {
			r.Source = of
			s.Builds[key] = r
		}
	}
}
