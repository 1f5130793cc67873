package bot

// GitHub may tell of a push without its commit. Then its tree, by which builds are
// shared, is still to be read: at the branch's head, as long as it is there.

// treeUnread reports whether a candidate is not to be built yet, because its tree is being
// read. That does not last: what GitHub does not tell in time, or has left behind, is
// built by its commit.
func (d *view) treeUnread(c *Candidate) bool {
	if c.Tree != "" || c.FromPull || c.Artifact != "" || d.s.position(c.SHA) != len(d.s.Candidates)-1 {
		return false
	}
	if _, begun := d.s.runOf(c); begun {
		return false
	}
	return !d.due(c.SeenAt.Add(notYetFor))
}

// treeGate is where a candidate waits for its tree.
func (d *view) treeGate(c *Candidate) Gate {
	text := "GitHub told of this push without its commit; reading the head of " + d.s.Branch()
	return Gate{Name: GateBuild, State: GateWaiting, Since: c.SeenAt, Until: c.SeenAt.Add(notYetFor), Who: "GitHub", Text: text + because(d.s.Pending[headKey].Reason)}
}

// readTrees reads the branch's head for the newest candidate. The answer may lag
// behind the push: then it is asked for again.
func (d *decision) readTrees() {
	n := len(d.s.Candidates)
	if n == 0 || !d.treeUnread(&d.s.Candidates[n-1]) {
		return
	}
	c := &d.s.Candidates[n-1]
	pause := max(notYetPause, d.s.HeadAt.Sub(c.SeenAt)/4)
	if d.s.HeadAt.Before(c.SeenAt) || d.due(d.s.HeadAt.Add(pause)) {
		d.want(headKey, ReadHead{Branch: d.s.Branch()})
	}
}

// learnCommit fills in what a push did not tell of its commit. What a build has begun
// under stays as it is.
func (s *State) learnCommit(c *Candidate, tree, title, author string) {
	if _, begun := s.Builds[s.keyOf(c)]; c.Tree == "" && !begun {
		c.Tree = tree
	}
	if c.Title == "" {
		c.Title, c.Author = title, author
	}
}
