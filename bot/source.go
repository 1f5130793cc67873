package bot

// Two commits with the same files have the same source, unless a .gitattributes has
// export-subst: then GitHub writes the commit into the source, and what was built of one
// of them is not what the other would become. That is found out before an artifact
// serves another commit than its own.

// ReadSource reads whether the source of a commit is made of the files of its tree alone.
// Answer: SourceRead.
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
