package bot

import (
	"fmt"
	"slices"
	"time"
)

// Every commit is released by its own version of the pipeline's file, or not at all:
// what could not be read might ask for an approval, or name other apps. In force is
// the file of the newest commit of which it was read; where that one is not valid, the
// last good one before it.

// unreadAgain is how long after GitHub has refused to show a file it is asked again;
// unreadLater is for commits that are older than unreadOld.
const (
	unreadAgain = time.Minute
	unreadLater = 10 * time.Minute
	unreadOld   = time.Hour
)

// readConfig reads the pipeline's file as of every commit that may still enter a
// stage, the newest first.
func (d *decision) readConfig() {
	for i := len(d.s.Candidates) - 1; i >= 0; i-- {
		c := &d.s.Candidates[i]
		if c.ConfigRead || i < len(d.s.Candidates)-1 && (!d.s.Configured || d.overtaken(c, d.firstStage())) {
			continue
		}
		d.readFileAt(c.SHA, c.SeenAt, c.ConfigUnread, c.ConfigAskedAt)
	}
	d.readTrunk()
	d.readStrays()
}

// readFileAt reads the file as of a commit, and again later where GitHub has refused to
// show it.
func (d *decision) readFileAt(ref string, heardAt time.Time, unread string, askedAt time.Time) {
	again := unreadAgain
	if d.now.Sub(heardAt) > unreadOld {
		again = unreadLater
	}
	if unread == "" || d.due(askedAt.Add(again)) {
		d.want(configKey(ref), ReadConfig{Ref: ref})
	}
}

// configSettled reports whether the newest commit's file is in force, or waits for
// longer than others may be kept waiting for it.
func (d *view) configSettled() bool {
	n := len(d.s.Candidates)
	if n == 0 {
		return true
	}
	c := &d.s.Candidates[n-1]
	return c.ConfigRead || c.ConfigUnread != "" || d.s.Pending[configKey(c.SHA)].Attempt > 1
}

// configGate keeps a commit waiting until its own version of the pipeline's file was
// read; for the head of a pull request the branch's newest one counts.
func (d *view) configGate(c *Candidate) Gate {
	g := Gate{Name: GateConfiguration, State: GateOpen}
	if c.FromPull {
		n := len(d.s.Candidates)
		if n == 0 {
			return g
		}
		c = &d.s.Candidates[n-1]
	}
	switch f := d.s.Pending[configKey(c.SHA)]; {
	case c.ConfigHold != "":
		g.State, g.Since, g.Text, g.Next = GateClosed, c.SeenAt, c.ConfigHold, "edit the pipeline's file"
	case c.ConfigRead:
	case c.ConfigUnread != "":
		g.State, g.Since, g.Next = GateWaiting, c.SeenAt, "ask the owner of the GitHub App"
		g.Text = fmt.Sprintf("GitHub does not show %s at %s: %s", ConfigPath, Short(c.SHA), c.ConfigUnread)
	case f.Reason != "":
		g.State, g.Since, g.Until, g.Who = GateWaiting, c.SeenAt, f.NotBefore, "GitHub"
		g.Text = fmt.Sprintf("%s at %s cannot be read yet: %s", ConfigPath, Short(c.SHA), f.Reason)
	default:
		g.State, g.Since, g.Text, g.Who = GateWaiting, c.SeenAt, "reading the pipeline's file", "GitHub"
	}
	return g
}

// configStatus is what headstart/build says of a commit whose own file keeps it from
// everything; nil: nothing, for it is about to be read.
func (d *view) configStatus(g Gate) *notice {
	switch {
	case g.State == GateClosed:
		return newNotice(StatusError, "Not built: "+g.Text, "").inPhase(PhaseConfiguration)
	case g.Next != "" || !g.Until.IsZero():
		return pendingNotice(PhaseConfiguration, "Waiting: "+g.Text, "")
	}
	return nil
}

// configAnswered takes the outcome of reading the file. That it cannot be read is no
// file.
func (s *State) configAnswered(do ReadConfig, f Finished, at time.Time) {
	c := s.candidate(do.Ref)
	switch fact, ok := f.Fact.(ConfigRead); {
	case f.Outcome == Refuse && c != nil:
		c.ConfigUnread, c.ConfigAskedAt = f.Reason, at
	case f.Outcome == Refuse:
		s.refReadRefused(do.Ref, f.Reason, at)
	case f.Outcome != Done || !ok:
	case c != nil:
		s.configOfCandidate(c, fact, at)
	default:
		s.configOfRef(fact, do.Ref, at)
	}
}

// configOfCandidate takes the file as of a commit of the branch.
func (s *State) configOfCandidate(c *Candidate, f ConfigRead, at time.Time) {
	sha := c.SHA
	c.ConfigRead, c.ConfigProblem, c.ConfigHold, c.ConfigUnread = true, f.Problem, "", ""
	if f.Problem == "" {
		c.ConfigHold = s.disagrees(c.Branch, f)
	}
	if f.Found && f.Problem == "" {
		c.Recipe = f.Config.recipe()
	}
	if held := c.ConfigHold != ""; held || s.knownAfter(c) {
		if !held && !f.Found && f.Problem == "" && len(c.Published)+len(c.Progress) == 0 {
			// It was pushed while there was no file: it was never to be deployed.
			s.Candidates = slices.DeleteFunc(s.Candidates, func(o Candidate) bool { return o.SHA == sha })
		}
		return // a newer commit's file is the one that counts
	}
	s.inForce(f, sha, at)
	if c.Branch == s.DefaultBranch {
		s.follow(f, at)
	}
}

// knownAfter reports whether the file of a newer commit was read and is valid, or was
// found to be gone.
func (s *State) knownAfter(c *Candidate) bool {
	return slices.ContainsFunc(s.Candidates[s.position(c.SHA)+1:], func(o Candidate) bool {
		return o.ConfigRead && o.ConfigProblem == "" && o.ConfigHold == "" && o.Branch == c.Branch
	})
}

// inForce takes over a good file, and the end of one; a bad one changes nothing.
func (s *State) inForce(f ConfigRead, ref string, at time.Time) {
	if f.Problem != "" {
		return
	}
	s.Names = f.Names
	if !f.Found {
		s.Configured = false
		return
	}
	if !s.Configured {
		// What was pushed while there was no file was never to be deployed.
		s.Candidates = slices.DeleteFunc(s.Candidates, func(c Candidate) bool {
			return c.SHA != ref && c.ConfigRead && (s.ConfigRef == "" || len(c.Published) == 0 && len(c.Progress) == 0)
		})
	}
	old := s.Config
	s.Configured, s.Config, s.ConfigRef = true, f.Config, ref
	if f.Config.Prepare.apart() && !old.Prepare.apart() {
		s.separatePulls()
	}
	s.classesChanged(old)
	s.updateGreen(at)
}
