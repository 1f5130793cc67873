package bot

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Which branch goes to production is for the default branch's file alone to say:
// whoever may push to some branch must not be able to make it that one. The followed
// branch has a file of its own, which must not name yet another.

// Trunk is what is known of the pipeline's file on the repository's default branch.
type Trunk struct {
	Known   bool   // it was read
	Found   bool   // and is there
	Follows string // the branch that it names; empty: the default branch itself

	SHA      string // the newest push to the default branch, where that is not the one that is followed
	PushedAt time.Time
	SeenAt   time.Time
	Read     bool // the file was read as of SHA

	Unread  string    // why it cannot be read, or is not valid; empty: it can, and is
	AskedAt time.Time // when that was found out
}

// Stray is a push to a branch that is not followed, as far as is known.
type Stray struct {
	Pushed
	SeenAt    time.Time
	Read      bool                 // the file was looked for as of this commit
	Found     bool                 // and is there
	Follows   string               // the branch that this file names
	Published map[string]Published // by status context
}

// Strays are pushes to other branches, the newest of each, oldest first.
type Strays []Stray

// mostStrays bounds how many are remembered.
const mostStrays = 20

func (l Strays) find(sha string) int {
	return slices.IndexFunc(l, func(x Stray) bool { return x.After == sha })
}

func (l Strays) clone() Strays {
	l = slices.Clone(l)
	for i := range l {
		l[i].Published = maps.Clone(l[i].Published)
	}
	return l
}

// Branch is the branch that goes to production; empty before anything is known.
func (s State) Branch() string {
	switch {
	case s.Trunk.Known && s.Trunk.Follows != "":
		return s.Trunk.Follows
	case !s.Trunk.Known && s.Config.Branch != "":
		return s.Config.Branch
	}
	return s.DefaultBranch
}

// trunkKnown reports whether it is known which branch is followed.
func (s *State) trunkKnown() bool {
	return s.Trunk.Known || s.ConfigRef != "" && (s.Config.Branch == "" || s.Config.Branch == s.DefaultBranch)
}

// defaultBranch takes what GitHub calls the default branch. Another one has another
// file.
func (s *State) defaultBranch(name string) {
	if name == "" || name == s.DefaultBranch {
		return
	}
	if s.DefaultBranch != "" {
		s.Trunk = Trunk{}
	}
	s.DefaultBranch = name
}

// pushedElsewhere takes a push to a branch that is not followed.
func (s *State) pushedElsewhere(p Pushed, at time.Time) {
	if p.Branch == s.DefaultBranch {
		if t := &s.Trunk; t.SHA == "" || p.After != t.SHA && !p.PushedAt.Before(t.PushedAt) {
			t.SHA, t.PushedAt, t.SeenAt, t.Read, t.Unread = p.After, p.PushedAt, at, false, ""
		}
		return
	}
	if s.trunkKnown() && (s.Trunk.Found || s.Configured || len(s.Names) > 0) {
		return
	}
	if s.Elsewhere.find(p.After) >= 0 {
		return
	}
	s.Elsewhere = slices.DeleteFunc(s.Elsewhere, func(x Stray) bool { return x.Branch == p.Branch && len(x.Published) == 0 })
	s.Elsewhere = append(s.Elsewhere, Stray{Pushed: p, SeenAt: at})
	s.Elsewhere = s.Elsewhere[max(0, len(s.Elsewhere)-mostStrays):]
}

// readTrunk reads the default branch's file where something depends on which branch
// it names, and after each push to it.
func (d *decision) readTrunk() {
	t := d.s.Trunk
	switch n := len(d.s.Candidates); {
	case d.s.DefaultBranch == "":
	case t.SHA != "" && !t.Read:
		d.readFileAt(t.SHA, t.SeenAt, t.Unread, t.AskedAt)
	case d.s.trunkKnown() || n > 0 && d.s.Candidates[n-1].Branch == d.s.DefaultBranch:
		// It is known, or about to be, as of a commit.
	case len(d.s.Elsewhere) > 0 || len(d.s.Pulls) > 0 || len(d.s.Groups) > 0 || n > 0:
		d.readFileAt(d.s.DefaultBranch, d.s.At, t.Unread, t.AskedAt)
	}
}

// readStrays looks whether pushes to other branches bring a file, where the default
// branch has none: whoever pushed it waits for something that will not come.
func (d *decision) readStrays() {
	if !d.s.strayFiles() {
		return
	}
	for _, x := range d.s.Elsewhere {
		if !x.Read {
			d.want(configKey(x.After), ReadConfig{Ref: x.After})
		}
	}
}

// strayFiles reports whether files on other branches are worth a word: the default
// branch has none.
func (s *State) strayFiles() bool {
	return s.Pipeline.Name == "" && s.Trunk.Known && !s.Trunk.Found && !s.Configured && len(s.Names) == 0
}

// configOfRef takes the file as of the default branch, or of a push to another one.
func (s *State) configOfRef(f ConfigRead, ref string, at time.Time) {
	if i := s.Elsewhere.find(ref); i >= 0 {
		x := &s.Elsewhere[i]
		x.Read, x.Found, x.Follows = true, f.Found || len(f.Names) > 0 || f.Problem != "", f.Config.Branch
		return
	}
	if ref != s.Trunk.SHA && (ref != s.DefaultBranch || s.trunkKnown()) {
		return // a push was seen meanwhile: its file counts
	}
	s.Trunk.Read = ref == s.Trunk.SHA
	if f.Problem != "" {
		s.Trunk.Unread, s.Trunk.AskedAt = f.Problem, at
		return
	}
	if !slices.ContainsFunc(s.Candidates, func(c Candidate) bool { return c.ConfigRead && c.ConfigHold == "" }) || !f.Found {
		s.inForce(f, ref, at)
	}
	s.follow(f, at)
}

// refReadRefused takes that the file on the default branch, or on another one, cannot
// be read.
func (s *State) refReadRefused(ref, reason string, at time.Time) {
	switch i := s.Elsewhere.find(ref); {
	case i >= 0:
		s.Elsewhere[i].Read = true // nothing can be said of it
	case ref == s.Trunk.SHA || ref == s.DefaultBranch:
		s.Trunk.Unread, s.Trunk.AskedAt = reason, at
	}
}

// follow takes from the default branch's file which branch goes to production.
func (s *State) follow(f ConfigRead, at time.Time) {
	if f.Problem != "" {
		return
	}
	before := s.Branch()
	s.Trunk.Known, s.Trunk.Found, s.Trunk.Unread = true, f.Found || len(f.Names) > 0, ""
	if f.Found {
		s.Trunk.Follows = f.Config.Branch
	} else if len(f.Names) == 0 {
		s.Trunk.Follows = ""
	}
	if s.Branch() != before {
		s.branchChanged()
	}
	if !s.Trunk.Found {
		return
	}
	strays := s.Elsewhere
	s.Elsewhere = slices.DeleteFunc(slices.Clone(strays), func(x Stray) bool { return !s.multi() && len(x.Published) == 0 })
	for _, x := range strays {
		if x.Branch == s.Branch() {
			s.push(x.Pushed, x.SeenAt)
		}
	}
}

// branchChanged forgets what was learned about another branch, except commits
// that people were told of already: those are closed with a word to them.
func (s *State) branchChanged() {
	s.Required = Required{}
	s.Candidates = slices.DeleteFunc(s.Candidates, func(c Candidate) bool {
		return c.Branch != s.Branch() && len(c.Progress) == 0 && len(c.Published) == 0
	})
}

// disagrees says why the file on a branch does not make its commits go to production;
// empty: it does. On the default branch it always does.
func (s *State) disagrees(branch string, f ConfigRead) string {
	if branch == "" || branch == s.DefaultBranch || branch != s.Branch() {
		return ""
	}
	switch {
	case f.Found && f.Config.Branch != "" && f.Config.Branch != branch:
		return fmt.Sprintf("its %s says `branch: %s`, that on %s says %s", ConfigPath, f.Config.Branch, s.DefaultBranch, branch)
	case !f.Found && len(f.Names) > 0:
		return fmt.Sprintf("its %s has no pipeline %s, that on %s has", ConfigPath, s.Pipeline.Name, s.DefaultBranch)
	case !f.Found:
		return fmt.Sprintf("it has no %s; %s's says that %s goes to production", ConfigPath, s.DefaultBranch, branch)
	}
	return ""
}

// publishStrays says at a commit that brings a file to a branch where it counts for
// nothing that it does, and what to do.
func (d *decision) publishStrays() {
	for _, x := range d.s.Elsewhere {
		switch {
		case d.s.strayFiles() && x.Found && x.Follows == x.Branch:
			d.publishStatus(x.After, configContext, x.Published, newNotice(StatusError,
				fmt.Sprintf("Not deployed: only %s's .github/headstart.yml counts; put `branch: %s` there", d.s.DefaultBranch, x.Branch), ""))
		case d.s.strayFiles() && x.Found:
			d.publishStatus(x.After, configContext, x.Published, newNotice(StatusSuccess,
				fmt.Sprintf("Not in force here: only %s's .github/headstart.yml counts; merge it there to start", d.s.DefaultBranch), ""))
		}
	}
}
