package pipeline

import (
	"cmp"
	"time"
)

// A stage may ask for an approval: of everybody with `promote: approval`, of some
// classes of change with `hold:`. Whoever approves says yes to one artifact in the
// place of what is live at that moment. If either moves, the approval lapses.

// Approval is somebody's yes to a candidate at a stage.
type Approval struct {
	Order
	Artifact string // that was approved; empty: the stage's own app builds it
	Unbuilt  bool   // it was given to the commit, before anything was built of it: the first build is meant
	Live     string // the commit that the stage ran; empty: none
	Alone    string // why it is good in spite of four eyes; empty: it is not meant to be
	// Promotion is the one that it let in; 0: none yet. Used says that the candidate
	// has been live by it.
	Promotion int
	Used      bool
	Lapsed    string // why it is not good any more; empty: it is
	LapsedAt  time.Time
}

// Good reports whether the approval lets the candidate in.
func (a Approval) Good() bool { return a.By != "" && !a.Used && a.Lapsed == "" }

// ArtifactOf is what a candidate would promote; empty: nothing is built yet.
func (s *State) ArtifactOf(c *Candidate) string {
	if c.Artifact != "" {
		return c.Artifact
	}
	r, _ := s.RunOf(c)
	return r.Artifact
}

// ApprovedText says who approved what is live on a stage by a promotion; empty:
// nobody had to.
func (c *Candidate) ApprovedText(stage string, promotion int) string {
	if a := c.Approvals[stage]; a.Promotion != 0 && a.Promotion == promotion {
		return ", " + cmp.Or(AloneOf(c, stage), "approved by @"+a.By)
	}
	return ""
}
