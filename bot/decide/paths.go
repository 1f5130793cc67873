package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// toCompare reports whether c is to be compared with before, the previous candidate that the pipeline took on. It is
// when c was never compared, or when a push in between was seen or taken on since. Compared with before, c may revert
// something.
func toCompare(s *pipeline.State, c, before *pipeline.Candidate) bool {
	if s.Affects(c) != bot.AffectedNo {
		return s.Affects(c) == ""
	}
	to := s.Position(c.AffectedSince)
	return c.AffectedSince == pipeline.SinceAdoption || to >= 0 && to < s.Position(before.SHA)
}

// readAffected reads which candidates and which pull requests affect the pipeline. A candidate is compared with the
// previous one that the pipeline took on. So everything between the two is compared again, and an earlier mistake never
// causes a skip. The file must have been read first: it contains the paths.
func (d *decision) readAffected() {
	if len(d.State.Config.Paths) == 0 || !d.ConfigSettled() {
		return
	}
	for i := range d.State.Candidates {
		c := &d.State.Candidates[i]
		if d.State.Affects(c) == bot.AffectedYes || d.OnOtherBranch(c) || !c.ConfigRead {
			continue
		}
		before := d.State.TakenBefore(c)
		if before == nil && c.Affected == "" && d.State.First(c) {
			d.readDiffs(c, adoptedBases(d.State))
		}
		if before != nil && toCompare(d.State, c, before) {
			d.want(pipeline.AffectedKey(c.SHA), bot.ReadFiles{Base: before.SHA, Head: c.SHA, Affects: bot.AffectedPush})
			return // the next candidate is compared with this one, if this one is taken on
		}
	}
	for _, n := range pipeline.SortedKeys(d.State.Pulls) {
		p := d.State.Pulls[n]
		if !p.Open || p.Base != d.State.Branch() || p.AffectedOf == p.Head {
			continue
		}
		base := p.Base
		if n := len(d.State.Candidates); n > 0 {
			base = d.State.Candidates[n-1].SHA
		}
		// For a pull request: what its head has changed since it left the branch.
		d.want(pipeline.PullAffectedKey(p), bot.ReadChanges{Base: base, Head: p.Head, Affects: bot.AffectedPull})
	}
}
