package bot

import (
	"slices"
)

// A pipeline with `paths:` takes on the pushes that change one of its files. The
// others keep their place in the branch's order, and nothing else: they are not
// built, not promoted, and nobody is told of them.

// Affected says whether a push or a pull request is any business of a pipeline.
type Affected string

// Where it is not known which files differ, it is.
const (
	AffectedYes Affected = "yes"
	AffectedNo  Affected = "no"
)

// ConfigPath is the pipeline's file. A change of it affects every pipeline.
const ConfigPath = ".github/headstart.yml"

// affects says whether a candidate affects the pipeline; empty: it is not known
// yet. What people ask for does.
func (s *State) affects(c *Candidate) Affected {
	if c.FromPull || len(s.Config.Paths) == 0 && c.Affected == "" {
		return AffectedYes
	}
	return c.Affected
}

// affectedGates is closed for a push that changes none of the pipeline's files;
// there is no such gate where every push affects it.
func (d *view) affectedGates(c *Candidate) []Gate {
	if len(d.s.Config.Paths) == 0 && c.Affected != AffectedNo {
		return nil
	}
	g := Gate{Name: GatePaths, State: GateOpen}
	switch d.s.affects(c) {
	case AffectedNo:
		g.State, g.Text, g.Next = GateClosed, "it changes none of the files under `paths`", "push a change to one of them"
	case "":
		g.State, g.Since, g.Text, g.Who = GateWaiting, c.SeenAt, "finding out which files it changes", "GitHub"
	}
	return []Gate{g}
}

// newestAffecting is the newest candidate, of those after c, that may affect the
// pipeline; nil: there is none.
func (s *State) newestAffecting(after *Candidate) *Candidate {
	for i := len(s.Candidates) - 1; i > s.position(after.SHA); i-- {
		if c := &s.Candidates[i]; s.affects(c) != AffectedNo {
			return c
		}
	}
	return nil
}

// manyAffecting reports whether more than n candidates after c affect the
// pipeline.
func (s *State) manyAffecting(after *Candidate, n int) bool {
	for i := s.position(after.SHA) + 1; i < len(s.Candidates); i++ {
		if s.affects(&s.Candidates[i]) != AffectedNo {
			n--
		}
	}
	return n < 0
}

// takenBefore is the newest candidate before c that the pipeline has taken on; nil:
// there is none.
func (s *State) takenBefore(before *Candidate) *Candidate {
	for i := s.position(before.SHA) - 1; i >= 0; i-- {
		if c := &s.Candidates[i]; s.affects(c) == AffectedYes {
			return c
		}
	}
	return nil
}

// toCompare reports whether a candidate is to be compared with the one before it that
// the pipeline has taken on: it was not yet, or a push in between was seen, or
// taken on, after that. Compared with that one it may take something back.
func (s *State) toCompare(c, before *Candidate) bool {
	if s.affects(c) != AffectedNo {
		return s.affects(c) == ""
	}
	to := s.position(c.AffectedSince)
	return c.AffectedSince == sinceAdoption || to >= 0 && to < s.position(before.SHA)
}

// sinceAdoption stands for what the pipeline's apps ran before Headstart came, with
// which a candidate was compared.
const sinceAdoption = "what ran before"

// lastTaken reports whether c is what the next push is compared with.
func (s *State) lastTaken(c *Candidate) bool {
	return len(s.Config.Paths) > 0 && s.affects(c) == AffectedYes && !slices.ContainsFunc(s.Candidates[s.position(c.SHA)+1:], func(o Candidate) bool {
		return s.affects(&o) == AffectedYes
	})
}

// AffectedOf says whose concern files decide about; empty: nobody's.
type AffectedOf string

// Whose concern is asked for.
const (
	AffectedPush  AffectedOf = "push"
	AffectedPull  AffectedOf = "pull request"
	AffectedGroup AffectedOf = "merge group"
)

// readAffected finds out which candidates and which pull requests affect the
// pipeline. A candidate is compared with the one before it that the pipeline took
// on, so that what lies between is compared again and nothing is ever skipped by
// a mistake that was made before. The file must have been read first: it says
// which paths.
func (d *decision) readAffected() {
	if len(d.s.Config.Paths) == 0 || !d.configSettled() {
		return
	}
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		if d.s.affects(c) == AffectedYes || d.onOtherBranch(c) || !c.ConfigRead {
			continue
		}
		before := d.s.takenBefore(c)
		if before == nil && c.Affected == "" && d.s.first(c) {
			d.readDiffs(c, d.s.adoptedBases())
		}
		if before != nil && d.s.toCompare(c, before) {
			d.want(affectedKey(c.SHA), ReadFiles{Base: before.SHA, Head: c.SHA, Affects: AffectedPush})
			return // the next one is compared with this one, if this one is taken
		}
	}
	for _, n := range sortedKeys(d.s.Pulls) {
		p := d.s.Pulls[n]
		if !p.Open || p.Base != d.s.Branch() || p.AffectedOf == p.Head {
			continue
		}
		base := p.Base
		if n := len(d.s.Candidates); n > 0 {
			base = d.s.Candidates[n-1].SHA
		}
		// As a pull request's own: what its head has changed since it left the branch.
		d.want(pullAffectedKey(p), ReadChanges{Base: base, Head: p.Head, Affects: AffectedPull})
	}
}

// settleAffected decides about candidates that need no comparison with another one:
// what replaced history, what people have been told of, and the first that is heard
// of. That has nothing before it but what the apps ran when Headstart came.
func (s *State) settleAffected() {
	for i := range s.Candidates {
		c := &s.Candidates[i]
		switch {
		case c.Affected != "":
		case len(c.Published) > 0 || len(s.Config.Paths) > 0 && c.Forced:
			c.Affected = AffectedYes
		case len(s.Config.Paths) > 0 && s.Configured && s.first(c):
			if c.Affected = s.affectedSinceAdoption(c); c.Affected == AffectedNo {
				c.AffectedSince = sinceAdoption
			}
		}
	}
}

// first reports whether no candidate before c affects the pipeline, nor may turn
// out to.
func (s *State) first(c *Candidate) bool {
	return !slices.ContainsFunc(s.Candidates[:s.position(c.SHA)], func(o Candidate) bool {
		return s.affects(&o) == AffectedYes || s.affects(&o) == "" && (o.Branch == "" || o.Branch == s.Branch())
	})
}

// affectedRead takes the files of a candidate or of a pull request.
func (s *State) affectedRead(f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	switch do := f.Effect.Do.(type) {
	case ReadFiles:
		read, _ := f.Fact.(FilesRead)
		if do.Affects == "" {
			return
		}
		if g := s.groupOf(do.Head); g != nil && do.Affects == AffectedGroup {
			g.Affected = s.affectedBy(read.Files, read.Complete)
			return
		}
		c := s.candidate(do.Head)
		if c == nil || c.Affected == AffectedYes {
			return
		}
		if before := s.takenBefore(c); f.Outcome == Done && (before == nil || before.SHA != do.Base) {
			return // a push in between was seen meanwhile: it is compared with that
		}
		c.Affected, c.AffectedSince = s.affectedBy(read.Files, read.Complete), do.Base
	case ReadChanges:
		if do.Affects == "" {
			return
		}
		read, _ := f.Fact.(ChangesRead)
		for n, p := range s.Pulls {
			if p.Head == do.Head && p.AffectedOf != do.Head {
				p.Affected, p.AffectedOf = s.affectedBy(read.Files, read.Complete), do.Head
				s.Pulls[n] = p
			}
		}
	}
}

// affectedBy judges files that differ.
func (s *State) affectedBy(files []string, complete bool) Affected {
	if !complete || slices.Contains(files, ConfigPath) || s.Config.anyOwn(files) {
		return AffectedYes
	}
	return AffectedNo
}

// anyOwn reports whether any file is one of the pipeline's own.
func (c Config) anyOwn(files []string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		return slices.ContainsFunc(c.Paths, func(glob string) bool { return matchPath(glob, file) })
	})
}

// pullAffects says whether a pull request affects the pipeline; empty: it is
// not known yet. What a merged one became says more than what it was.
func (s *State) pullAffects(p PullRequest) Affected {
	if len(s.Config.Paths) == 0 {
		return AffectedYes
	}
	if p.Merged {
		for i := range s.Candidates {
			if c := &s.Candidates[i]; p.became(c) {
				return s.affects(c)
			}
		}
	}
	return p.Affected // of an earlier head, while that of the newest is being read
}

// PullAffects says whether a pull request affects the pipeline; empty: nobody
// knows yet. One that the pipeline has never seen, or has forgotten, may.
func (s State) PullAffects(number int) Affected {
	p, known := s.Pulls[number]
	switch {
	case !s.Configured:
		return AffectedNo
	case !known:
		return AffectedYes
	}
	if c := s.pullAffects(p); c != "" || p.Open && p.Base == s.Branch() {
		return c
	}
	return AffectedYes
}
