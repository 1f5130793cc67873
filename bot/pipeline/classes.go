package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// What a candidate changes decides what a stage asks of it. It is read once for
// each commit that is live where it matters, while the candidate is built, and
// kept as the classes that it comes to.

// Difference is what differs between a commit that is live and a candidate.
type Difference struct {
	Classes  []string     // of which a file differs, in the file's order
	Others   bool         // a file that differs is in no class
	Complete bool         // there are no other files
	Listed   bool         // GitHub listed some
	Refused  string       // why GitHub does not tell; empty if it does
	Relation bot.Relation // of the candidate to the commit that is live; empty: not known
	Same     bool         // both have the same tree
	Touches  bool         // a file that differs is one of the pipeline's own
	ReadAt   time.Time
	Readings int
}

const fileReadings = 3

// Final reports whether reading it once more would tell nothing new.
func (f Difference) Final() bool {
	return f.Complete || f.Listed || f.Refused != "" || f.Readings >= fileReadings ||
		f.Relation == bot.RelationBehind || f.Relation == bot.RelationDiverged
}

// Bases lists the commits that a candidate for a stage is to be compared with: what
// is live there, and what is being released.
func (s *State) Bases(stage string) (list []string) {
	st := s.Stage(stage)
	list = st.Live.Commits()
	if st.Promoting != nil && st.Promoting.SHA != st.Live.SHA && IsCommit(st.Promoting.SHA) {
		list = append(list, st.Promoting.SHA)
	}
	return list
}

// DiffTo is what differs between a commit and a candidate. Where that cannot be told,
// why says it.
func (c *Candidate) DiffTo(base string) (diff Difference, why string) {
	if base == c.SHA {
		return Difference{Complete: true}, ""
	}
	diff, read := c.Diffs[base]
	switch {
	case diff.Complete:
		return diff, ""
	case !read || !diff.Final():
		return diff, "which files differ from " + bot.Short(base) + " has not been read yet"
	case diff.Refused != "":
		return diff, "GitHub does not tell which files differ from " + bot.Short(base) + words.Because(diff.Refused)
	case diff.Listed:
		return diff, "GitHub does not list all files that differ from " + bot.Short(base)
	}
	return diff, "GitHub does not tell which files differ from " + bot.Short(base)
}
