package bot

// The facts about who made what lies between two commits. They are read from GitHub
// only where a stage has four eyes, when somebody approves there.

// Account is a person or a bot on GitHub. The number stays when the login changes; 0: it
// is not known who that is.
type Account struct {
	ID    int64
	Login string
	Bot   bool
}

// ReadPeople reads who made the commits that Head has and Base lacks, and which of them
// are merges of pull requests into Branch. An empty Base asks for the whole history of
// Head. Answer: PeopleRead.
type ReadPeople struct{ Base, Head, Branch string }

// PeopleRead is who made what lies between two commits.
type PeopleRead struct {
	Base, Head string
	Incomplete string         // why something may be missing here, for people; empty: nothing is
	Commits    []CommitMakers // those that Head has and Base lacks, and those of the pull requests that were squashed or rebased
	Merges     []MergedPull   // pull requests that the branch got them by
}

// CommitMakers is one commit, and whose it is.
type CommitMakers struct {
	SHA          string
	Parents      []string
	By           []Maker
	Unattributed []string // names in it that belong to no account, with what they are, such as "the author Ada"
	Web          bool     // it says that GitHub itself is its committer, as of merges and of edits in the browser
	Signed       bool     // a signature that GitHub has verified proves its committer, who is a person
}

// Maker is somebody who is named in a commit.
type Maker struct {
	Account
	As Part
}

// Part is what somebody has done about a commit, as it says itself.
type Part string

// What a commit says of people.
const (
	PartAuthor    Part = "author"
	PartCommitter Part = "committer"
	PartCoAuthor  Part = "co-author"
)

// MergedPull is a pull request that became part of the branch.
type MergedPull struct {
	SHA    string // of the branch, that GitHub says it was merged as
	Number int
	Head   string // that was merged
	Branch string // of the head; empty: it is in another repository
	Author Account
	// Exact says that GitHub itself made the merge, and put nothing into it that is not
	// in the pull request: whoever pressed Merge has made nothing.
	Exact   bool
	Parents int      // of SHA: two for a merge commit, one for a squash or a rebase
	Commits []string // of the pull request
}

// HeadPushed is a push to the branch of a pull request, as an event of the pull request
// tells it.
type HeadPushed struct {
	Branch, Before, After string
	By                    Account
}

func (do ReadPeople) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{PeopleRead{}}, Deadline: briefDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.Head}}}
}

func (PeopleRead) fact() {}

func (HeadPushed) fact() {}
