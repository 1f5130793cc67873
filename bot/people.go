package bot

// Facts about who made the commits between two others. GitHub is asked for them only when
// somebody approves on a stage with four eyes.

// Account is a person or a bot on GitHub. The number stays when the login changes; 0:
// unknown.
type Account struct {
	ID    int64
	Login string
	Bot   bool
}

// ReadPeople reads who made the commits that Head has and Base lacks, and which of them
// merge pull requests into Branch. Empty Base: the whole history of Head. Answer:
// PeopleRead.
type ReadPeople struct{ Base, Head, Branch string }

// PeopleRead is who made the commits between two others.
type PeopleRead struct {
	Base, Head string
	Incomplete string         // why something may be missing, for people; empty: nothing is
	Commits    []CommitMakers // those that Head has and Base lacks, and those of squashed or rebased pull requests
	Merges     []MergedPull   // the pull requests that brought them to the branch
}

// CommitMakers is one commit, and who made it.
type CommitMakers struct {
	SHA          string
	Parents      []string
	By           []Maker
	Unattributed []string // names in it without an account, with their part, such as "the author Ada"
	Web          bool     // GitHub itself is its committer, as of merges and of edits in the browser
	Signed       bool     // a signature verified by GitHub proves its committer, who is a person
}

// Maker is a person or a bot that a commit names.
type Maker struct {
	Account
	As Part
}

// Part is what a maker did, by the commit's own words.
type Part string

// The parts that a commit names.
const (
	PartAuthor    Part = "author"
	PartCommitter Part = "committer"
	PartCoAuthor  Part = "co-author"
)

// MergedPull is a pull request that became part of the branch.
type MergedPull struct {
	SHA    string // the commit of the branch that GitHub says it was merged as
	Number int
	Head   string // the head that was merged
	Branch string // of the head; empty: it is in another repository
	Author Account
	// Exact says that GitHub itself made the merge and added nothing to the pull request.
	// The person who pressed Merge has made nothing.
	Exact   bool
	Parents int      // of SHA: two for a merge commit, one for a squash or a rebase
	Commits []string // of the pull request
}

// HeadPushed is a push to the branch of a pull request, as the pull request's event
// reports it.
type HeadPushed struct {
	Branch, Before, After string
	By                    Account
}

func (do ReadPeople) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{PeopleRead{}}, Deadline: briefDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.Head}}}
}

func (PeopleRead) fact() {}

func (HeadPushed) fact() {}
