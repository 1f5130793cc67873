package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// What a candidate changes decides what a stage requires of it. While the candidate is
// built, the change is read against each live commit where it matters. It is kept as a
// list of classes.

// Difference is what differs between a live commit and a candidate.
type Difference struct {
	Classes  []string     // classes of the files that differ, in the file's order
	Others   bool         // a file that differs is in no class
	Complete bool         // no file that differs is missing
	Listed   bool         // GitHub listed some
	Refused  string       // why GitHub does not list them; empty if it does
	Relation bot.Relation // of the candidate to the live commit; empty: unknown
	Same     bool         // both have the same tree
	Touches  bool         // a file that differs is one of the pipeline's own
	ReadAt   time.Time
	Readings int
}

const fileReadings = 3

// Final reports whether another reading would bring nothing new.
func (f Difference) Final() bool {
	return f.Complete || f.Listed || f.Refused != "" || f.Readings >= fileReadings ||
		f.Relation == bot.RelationBehind || f.Relation == bot.RelationDiverged
}

// Bases lists the commits that a candidate for a stage is compared with: what is live
// there, and what is being released.
func (s *State) Bases(stage string) (list []string) {
	st := s.Stage(stage)
	list = st.Live.Commits()
	if st.Promoting != nil && st.Promoting.SHA != st.Live.SHA && IsCommit(st.Promoting.SHA) {
		list = append(list, st.Promoting.SHA)
	}
	return list
}

// DiffTo returns the difference between a commit and a candidate; if it is unknown, why
// says the reason.
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
