package bot

import "slices"

// Two commits with the same files have the same source, unless a .gitattributes has
// export-subst. Then GitHub writes the commit into the source, and the builds of the two
// differ. So the source is read before an artifact serves another commit.

// ReadSource reads whether a commit's source is made of its tree's files alone. Answer:
// SourceRead.
type ReadSource struct{ SHA, Tree string }

// SourceRead says what the source of every commit with a tree is made of, and what of the tree it lacks.
type SourceRead struct {
	Of     SourceOf
	Absent *Absent // nil: nothing, as far as GitHub tells
}

// Absent is what a source lacks though its commit has it: GitHub's tarball has an empty folder for a submodule, and a
// pointer for a file in Git LFS. The build sees neither as an error. Never changed in place.
type Absent struct {
	Submodules []string // paths, sorted; at most MostAbsent
	LFS        []string // patterns of .gitattributes that match files, sorted; at most MostAbsent
}

// MostAbsent bounds each list of an Absent.
const MostAbsent = 10

// Same reports whether two sources lack the same. nil lacks nothing.
func (a *Absent) Same(b *Absent) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.Equal(a.Submodules, b.Submodules) && slices.Equal(a.LFS, b.LFS)
}

func (do ReadSource) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{SourceRead{}}, Deadline: hoursDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.SHA}}}
}

func (SourceRead) fact() {}

// SourceOf says what a source is made of; empty: unknown.
type SourceOf string

// A source is made of a tree alone, or may have the commit in it.
const (
	SourceOfTree   SourceOf = "tree"
	SourceOfCommit SourceOf = "commit"
)
