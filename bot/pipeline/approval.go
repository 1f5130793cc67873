package pipeline

import (
	"cmp"
	"time"
)

// A stage may require an approval: of every candidate (`promote: approval`), or of some
// classes of change (`hold:`). An approval is for one artifact, in place of what is live
// at that moment. If either changes, the approval lapses.

// Approval is a person's approval of a candidate at a stage.
type Approval struct {
	Order
	Artifact string // the approved artifact; empty: the stage's own app builds it
	Unbuilt  bool   // the commit was approved before it was built: its first build is meant
	Live     string // the commit that the stage ran; empty: none
	// Ran is [Live.AdoptedArtifacts] of that: an app that is added later may go back to what another app ran. Never
	// changed in place.
	Ran   map[string]string
	Alone string // why it is good despite four eyes; empty: it is not meant to be
	// Promotion is the promotion that it let in; 0: none yet. Used says that this
	// promotion went live.
	Promotion int
	Used      bool
	Lapsed    string // why it is no longer good; empty: it is
	LapsedAt  time.Time
}

// Good reports whether the approval lets the candidate in.
func (a Approval) Good() bool { return a.By != "" && !a.Used && a.Lapsed == "" }

// ArtifactOf is what a candidate would promote; empty: it is not built yet.
func (s *State) ArtifactOf(c *Candidate) string {
	if c.Artifact != "" {
		return c.Artifact
	}
	r, _ := s.RunOf(c)
	return r.Artifact
}

// ApprovedText says who approved what is live on a stage by a promotion; empty: no
// approval was needed.
func (c *Candidate) ApprovedText(stage string, promotion int) string {
	if a := c.Approvals[stage]; a.Promotion != 0 && a.Promotion == promotion {
		return ", " + cmp.Or(AloneOf(c, stage), "approved by @"+a.By)
	}
	return ""
}
