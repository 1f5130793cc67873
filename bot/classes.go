package bot

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// What a candidate changes decides what a stage asks of it. It is read once for
// each commit that is live where it matters, while the candidate is built, and
// kept as the classes that it comes to.

// Difference is what differs between a commit that is live and a candidate.
type Difference struct {
	Classes  []string // of which a file differs, in the file's order
	Others   bool     // a file that differs is in no class
	Complete bool     // there are no other files
	Listed   bool     // GitHub listed some
	Refused  string   // why GitHub does not tell; empty if it does
	Relation Relation // of the candidate to the commit that is live; empty: not known
	Same     bool     // both have the same tree
	Touches  bool     // a file that differs is one of the pipeline's own
	ReadAt   time.Time
	Readings int
}

// GitHub does not always know a commit at once that it has just told of. What it
// does not know is asked for again before it counts as unknown.
const (
	fileReadings = 3
	fileGap      = 10 * time.Second
)

// final reports whether reading it once more would tell nothing new.
func (f Difference) final() bool {
	return f.Complete || f.Listed || f.Refused != "" || f.Readings >= fileReadings ||
		f.Relation == RelationBehind || f.Relation == RelationDiverged
}

// asksClasses reports whether it matters for a stage what a candidate changes.
func (s Stage) asksClasses() bool {
	return len(s.Skip)+len(s.Hold)+len(s.Maintenance) > 0
}

// readFiles reads what candidates change that are on their way to stages for which
// that matters: compared with what is live there, and with what is about to be.
func (d *decision) readFiles() {
	if !d.configSettled() {
		return // it may name other classes
	}
	for _, stage := range d.s.Config.Stages {
		unplaced := d.s.outsideHistory(stage.Name)
		if !stage.asksClasses() && len(unplaced) == 0 {
			continue
		}
		for _, c := range d.s.all() {
			if !d.mayEnter(c, stage.Name) {
				continue
			}
			if !c.FromPull { // it has to come after these
				d.readDiffs(c, unplaced)
			}
			if !stage.asksClasses() {
				continue
			}
			for _, base := range d.s.bases(stage.Name) {
				if p := d.s.Stages[stage.Name].Promoting; p != nil && base == p.SHA && d.s.position(base) > d.s.position(c.SHA) {
					continue // a newer commit is on its way in: c is not compared with it once it is there
				}
				d.readDiffs(c, []string{base})
			}
		}
	}
}

// readDiffs reads what differs between commits and a candidate, where that is not
// known yet.
func (d *decision) readDiffs(c *Candidate, bases []string) {
	for _, base := range bases {
		if f := c.Diffs[base]; base != c.SHA && !f.final() && (f.Readings == 0 || d.due(f.ReadAt.Add(fileGap))) {
			d.want(filesKey(base, c.SHA), ReadFiles{Base: base, Head: c.SHA})
		}
	}
}

// mayEnter reports whether a candidate may still get into a stage, or pass it by.
func (d *view) mayEnter(c *Candidate, stage string) bool {
	if _, in := c.Progress[stage]; in || c.Cancelled != nil || d.overtaken(c, stage) {
		return false
	}
	if _, asked := c.Ordered[stage]; c.FromPull && !asked {
		return false
	}
	for _, before := range d.s.Config.Stages[:d.stageIndex(stage)] {
		if p := c.Progress[before.Name]; p.State == ProgressFailed || p.State == ProgressRolledBack || p.State == "" && d.overtaken(c, before.Name) {
			return false
		}
	}
	return len(c.Progress) > 0 || d.s.verdict(c).State != CheckFailed && d.buildGate(c).State != GateClosed
}

// bases lists the commits that a candidate for a stage is to be compared with: what
// is live there, and what is being released.
func (s *State) bases(stage string) (list []string) {
	st := s.Stages[stage]
	list = st.Live.commits()
	if st.Promoting != nil && st.Promoting.SHA != st.Live.SHA && isCommit(st.Promoting.SHA) {
		list = append(list, st.Promoting.SHA)
	}
	return list
}

// filesRead takes what a candidate changes. What it was compared with before is
// forgotten where no stage runs that any more.
func (s *State) filesRead(do ReadFiles, f Finished, at time.Time) {
	c := s.candidate(do.Head)
	if c == nil || f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	diff := Difference{ReadAt: at, Readings: c.Diffs[do.Base].Readings + 1, Refused: f.Reason}
	if read, ok := f.Fact.(FilesRead); ok {
		diff.Complete, diff.Listed, diff.Refused = read.Complete, len(read.Files) > 0, ""
		diff.Classes, diff.Others = s.Config.classesOf(read.Files)
		diff.Relation, diff.Same, diff.Touches = read.Relation, read.Same, s.Config.anyOwn(read.Files)
	}
	needed := map[string]bool{do.Base: true}
	for stage := range s.Stages {
		for _, base := range s.bases(stage) {
			needed[base] = true
		}
	}
	for base := range c.Diffs {
		if !needed[base] {
			delete(c.Diffs, base)
		}
	}
	put(&c.Diffs, do.Base, diff)
}

// classesOf lists the classes of files, in the order of the pipeline's file, and
// reports whether any file is in none.
func (c Config) classesOf(files []string) (classes []string, others bool) {
	in := map[string]bool{}
	for _, file := range files {
		found := false
		for _, class := range c.Changes {
			if class.matches(file) {
				in[class.Name], found = true, true
			}
		}
		others = others || !found
	}
	for _, class := range c.Changes {
		if in[class.Name] {
			classes = append(classes, class.Name)
		}
	}
	return classes, others
}

// classNames lists every class of change.
func (c Config) classNames() []string {
	var list []string
	for _, class := range c.Changes {
		list = append(list, class.Name)
	}
	return list
}

// classesChanged forgets what every candidate changes, once the pipeline's file
// says otherwise which classes there are, or which files are its own.
func (s *State) classesChanged(before Config) {
	if reflect.DeepEqual(before.Changes, s.Config.Changes) && slices.Equal(before.Paths, s.Config.Paths) {
		return
	}
	for _, c := range s.all() {
		c.Diffs = nil
	}
}

// difference is what differs between what a stage runs and a candidate. Where that
// cannot be told, why says it.
func (d *view) difference(c *Candidate, stage string) (diff Difference, why string) {
	st := d.s.Stages[stage]
	cfg, _ := d.s.Config.Stage(stage)
	switch {
	case st.Live.SHA == "" && !d.s.seenAll(cfg):
		return diff, "what " + stage + " runs is not known yet"
	case st.Live.SHA == "":
		return diff, "nothing is live on " + stage + " yet"
	case st.Live.SHA == c.SHA && st.Live.Adopted == nil:
		return Difference{Complete: true}, ""
	}
	if f, app := st.foreign(); f != nil {
		return diff, fmt.Sprintf("%s was released to %s by hand", f.name(), app)
	}
	if st.mixed() && (st.Promoting == nil || !st.Promoting.started()) {
		return diff, "the apps of " + stage + " do not all run the same"
	}
	if st.Live.Adopted != nil {
		if why := st.Live.unlike(cfg.Apps); why != "" {
			return diff, why
		}
	}
	diff.Complete = true
	for _, base := range st.Live.commits() {
		beside, why := c.diffTo(base)
		if why != "" {
			return beside, why
		}
		diff.Others = diff.Others || beside.Others
		for _, class := range beside.Classes {
			if !slices.Contains(diff.Classes, class) {
				diff.Classes = append(diff.Classes, class)
			}
		}
	}
	return diff, ""
}

// diffTo is what differs between a commit and a candidate. Where that cannot be told,
// why says it.
func (c *Candidate) diffTo(base string) (diff Difference, why string) {
	if base == c.SHA {
		return Difference{Complete: true}, ""
	}
	diff, read := c.Diffs[base]
	switch {
	case diff.Complete:
		return diff, ""
	case !read || !diff.final():
		return diff, "which files differ from " + Short(base) + " has not been read yet"
	case diff.Refused != "":
		return diff, "GitHub does not tell which files differ from " + Short(base) + because(diff.Refused)
	case diff.Listed:
		return diff, "GitHub does not list all files that differ from " + Short(base)
	}
	return diff, "GitHub does not tell which files differ from " + Short(base)
}

// seenAll reports whether every app of a stage was looked at.
func (s *State) seenAll(stage Stage) bool {
	return !slices.ContainsFunc(stage.Apps, func(app string) bool { return !s.Stages[stage.Name].Apps[app].Seen })
}

// classesOf lists the classes of what differs between what is live on a stage and a
// candidate, in the order of the pipeline's file. Where that is not known it is
// every class.
func (d *view) classesOf(c *Candidate, stage string) (classes []string, known bool) {
	diff, why := d.difference(c, stage)
	if why != "" {
		return d.s.Config.classNames(), false
	}
	return diff.Classes, true
}

// onlyOf reports whether a candidate is known to change files of the given classes
// and no others. A file that is also of another class is another change.
func (d *view) onlyOf(c *Candidate, stage string, classes []string) (changed []string, only bool) {
	diff, why := d.difference(c, stage)
	return diff.Classes, why == "" && !diff.Others && len(diff.Classes) > 0 && within(diff.Classes, classes)
}

// changesGate keeps a candidate waiting until it is known what it changes, where
// that matters.
func (d *view) changesGate(c *Candidate, stage Stage) []Gate {
	if !stage.asksClasses() {
		return nil
	}
	g := Gate{Name: GateChanges, State: GateOpen}
	for _, live := range d.s.Stages[stage.Name].Live.commits() {
		if live == c.SHA || c.Diffs[live].final() {
			continue
		}
		f := d.s.Pending[filesKey(live, c.SHA)]
		g.State, g.Since, g.Who = GateWaiting, f.Since, "GitHub"
		g.Text = "reading which files differ from " + Short(live) + because(f.Reason)
		if g.Since.IsZero() {
			g.Since = c.SeenAt
		}
		return []Gate{g}
	}
	g.Text = "changes of no class"
	if classes, known := d.classesOf(c, stage.Name); len(classes) > 0 || !known {
		g.Text = d.changesText(c, stage.Name, classes)
	}
	return []Gate{g}
}
