package bot

import (
	"slices"
)

// A pipeline with `paths:` takes on the pushes that change one of its files. The
// others keep their place in the branch's order, and nothing else: they are not
// built, not promoted, and nobody is told of them.

// Concern says whether a push or a pull request is any business of a pipeline.
type Concern string

// Where it is not known which files differ, it is.
const (
	ConcernYes Concern = "yes"
	ConcernNo  Concern = "no"
)

// ConfigPath is the pipeline's file. A change of it concerns every pipeline.
const ConfigPath = ".github/headstart.yml"

// concerns says whether a candidate concerns the pipeline; empty: it is not known
// yet. What people ask for does.
func (s *State) concerns(c *Candidate) Concern {
	if c.Guest || len(s.Config.Paths) == 0 && c.Concern == "" {
		return ConcernYes
	}
	return c.Concern
}

// concernGates is closed for a push that changes none of the pipeline's files;
// there is no such gate where every push concerns it.
func (d *view) concernGates(c *Candidate) []Gate {
	if len(d.s.Config.Paths) == 0 && c.Concern != ConcernNo {
		return nil
	}
	g := Gate{Name: GatePaths, State: GateOpen}
	switch d.s.concerns(c) {
	case ConcernNo:
		g.State, g.Text, g.Next = GateClosed, "it changes none of the files under `paths`", "push a change to one of them"
	case "":
		g.State, g.Since, g.Text, g.Who = GateWaiting, c.SeenAt, "finding out which files it changes", "GitHub"
	}
	return []Gate{g}
}

// newestConcerned is the newest candidate, of those after c, that may concern the
// pipeline; nil: there is none.
func (s *State) newestConcerned(after *Candidate) *Candidate {
	for i := len(s.Candidates) - 1; i > s.position(after.SHA); i-- {
		if c := &s.Candidates[i]; s.concerns(c) != ConcernNo {
			return c
		}
	}
	return nil
}

// manyConcerned reports whether more than n candidates after c concern the
// pipeline.
func (s *State) manyConcerned(after *Candidate, n int) bool {
	for i := s.position(after.SHA) + 1; i < len(s.Candidates); i++ {
		if s.concerns(&s.Candidates[i]) != ConcernNo {
			n--
		}
	}
	return n < 0
}

// taken is the newest candidate before c that the pipeline has taken on; nil:
// there is none.
func (s *State) taken(before *Candidate) *Candidate {
	for i := s.position(before.SHA) - 1; i >= 0; i-- {
		if c := &s.Candidates[i]; s.concerns(c) == ConcernYes {
			return c
		}
	}
	return nil
}

// unjudged reports whether a candidate is to be compared with the one before it that
// the pipeline has taken on: it was not yet, or a push in between was heard of, or
// taken on, after that. Beside that one it may take something back.
func (s *State) unjudged(c, before *Candidate) bool {
	if s.concerns(c) != ConcernNo {
		return s.concerns(c) == ""
	}
	to := s.position(c.ConcernTo)
	return c.ConcernTo == besideAdopted || to >= 0 && to < s.position(before.SHA)
}

// besideAdopted stands for what the pipeline's apps ran before Headstart came, with
// which a candidate was compared.
const besideAdopted = "what ran before"

// lastTaken reports whether c is what the next push is compared with.
func (s *State) lastTaken(c *Candidate) bool {
	return len(s.Config.Paths) > 0 && s.concerns(c) == ConcernYes && !slices.ContainsFunc(s.Candidates[s.position(c.SHA)+1:], func(o Candidate) bool {
		return s.concerns(&o) == ConcernYes
	})
}

// ConcernsOf says whose concern files decide about; empty: nobody's.
type ConcernsOf string

// Whose concern is asked for.
const (
	ConcernsPush  ConcernsOf = "push"
	ConcernsPull  ConcernsOf = "pull request"
	ConcernsGroup ConcernsOf = "merge group"
)

// readConcerns finds out which candidates and which pull requests concern the
// pipeline. A candidate is compared with the one before it that the pipeline took
// on, so that what lies between is compared again and nothing is ever skipped by
// a mistake that was made before. The file must have been read first: it says
// which paths.
func (d *decision) readConcerns() {
	if len(d.s.Config.Paths) == 0 || !d.configSettled() {
		return
	}
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		if d.s.concerns(c) == ConcernYes || d.astray(c) || !c.ConfigRead {
			continue
		}
		before := d.s.taken(c)
		if before == nil && c.Concern == "" && d.s.first(c) {
			d.readBeside(c, d.s.adoptedBases())
		}
		if before != nil && d.s.unjudged(c, before) {
			d.want(concernKey(c.SHA), ReadFiles{Base: before.SHA, Head: c.SHA, Concern: ConcernsPush})
			return // the next one is compared with this one, if this one is taken
		}
	}
	for _, n := range sortedKeys(d.s.Pulls) {
		p := d.s.Pulls[n]
		if !p.Open || p.Base != d.s.Branch() || p.ConcernOf == p.Head {
			continue
		}
		base := p.Base
		if n := len(d.s.Candidates); n > 0 {
			base = d.s.Candidates[n-1].SHA
		}
		// As a pull request's own: what its head has changed since it left the branch.
		d.want(pullConcernKey(p), ReadChanges{Base: base, Head: p.Head, Concern: ConcernsPull})
	}
}

// settleConcerns decides about candidates that need no comparison with another one:
// what replaced history, what people have been told of, and the first that is heard
// of. That has nothing before it but what the apps ran when Headstart came.
func (s *State) settleConcerns() {
	for i := range s.Candidates {
		c := &s.Candidates[i]
		switch {
		case c.Concern != "":
		case len(c.Told) > 0 || len(s.Config.Paths) > 0 && c.Forced:
			c.Concern = ConcernYes
		case len(s.Config.Paths) > 0 && s.Configured && s.first(c):
			if c.Concern = s.concernBeside(c); c.Concern == ConcernNo {
				c.ConcernTo = besideAdopted
			}
		}
	}
}

// first reports whether no candidate before c concerns the pipeline, nor may turn
// out to.
func (s *State) first(c *Candidate) bool {
	return !slices.ContainsFunc(s.Candidates[:s.position(c.SHA)], func(o Candidate) bool {
		return s.concerns(&o) == ConcernYes || s.concerns(&o) == "" && (o.Branch == "" || o.Branch == s.Branch())
	})
}

// concernRead takes the files of a candidate or of a pull request.
func (s *State) concernRead(f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	switch do := f.Effect.Do.(type) {
	case ReadFiles:
		read, _ := f.Fact.(FilesRead)
		if do.Concern == "" {
			return
		}
		if g := s.groupOf(do.Head); g != nil && do.Concern == ConcernsGroup {
			g.Concern = s.concernOf(read.Files, read.Complete)
			return
		}
		c := s.candidate(do.Head)
		if c == nil || c.Concern == ConcernYes {
			return
		}
		if before := s.taken(c); f.Outcome == Done && (before == nil || before.SHA != do.Base) {
			return // a push in between was heard of meanwhile: it is compared with that
		}
		c.Concern, c.ConcernTo = s.concernOf(read.Files, read.Complete), do.Base
	case ReadChanges:
		if do.Concern == "" {
			return
		}
		read, _ := f.Fact.(ChangesRead)
		for n, p := range s.Pulls {
			if p.Head == do.Head && p.ConcernOf != do.Head {
				p.Concern, p.ConcernOf = s.concernOf(read.Files, read.Complete), do.Head
				s.Pulls[n] = p
			}
		}
	}
}

// concernOf judges files that differ.
func (s *State) concernOf(files []string, complete bool) Concern {
	if !complete || slices.Contains(files, ConfigPath) || s.Config.concerned(files) {
		return ConcernYes
	}
	return ConcernNo
}

// concerned reports whether any file is one of the pipeline's own.
func (c Config) concerned(files []string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		return slices.ContainsFunc(c.Paths, func(glob string) bool { return matchPath(glob, file) })
	})
}

// pullConcerns says whether a pull request concerns the pipeline; empty: it is
// not known yet. What a merged one became says more than what it was.
func (s *State) pullConcerns(p PullRequest) Concern {
	if len(s.Config.Paths) == 0 {
		return ConcernYes
	}
	if p.Merged {
		for i := range s.Candidates {
			if c := &s.Candidates[i]; p.became(c) {
				return s.concerns(c)
			}
		}
	}
	return p.Concern // of an earlier head, while that of the newest is being read
}

// ConcernsPull says whether a pull request concerns the pipeline; empty: nobody
// knows yet. One that the pipeline has never heard of, or has forgotten, may.
func (s State) ConcernsPull(number int) Concern {
	p, known := s.Pulls[number]
	switch {
	case !s.Configured:
		return ConcernNo
	case !known:
		return ConcernYes
	}
	if c := s.pullConcerns(p); c != "" || p.Open && p.Base == s.Branch() {
		return c
	}
	return ConcernYes
}
