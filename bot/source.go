package bot

// Two commits with the same files have the same source, unless a .gitattributes has
// export-subst. Then GitHub writes the commit into the source, and the builds of the two
// differ. So the source is read before an artifact serves another commit.

// ReadSource reads whether a commit's source is made of its tree's files alone. Answer:
// SourceRead.
type ReadSource struct{ SHA, Tree string }

// SourceRead says what the source of every commit with a tree is made of.
type SourceRead struct{ Of SourceOf }

func (do ReadSource) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{SourceRead{}}, Deadline: hoursDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.SHA}}}
}

func (SourceRead) fact() {}

// SourceOf says what a source is made of; empty: nobody knows.
type SourceOf string

// A source is made of a tree alone, or may have the commit in it.
const (
	SourceOfTree   SourceOf = "tree"
	SourceOfCommit SourceOf = "commit"
)
