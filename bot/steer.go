package bot

import "time"

// Facts and actions by which people steer: their comments, their rights, and the answers.

// Commented is a new comment of a person on a pull request; at least one line may be a
// command. It never is a comment of a bot, an edit or a comment on an issue.
type Commented struct {
	ID     int64
	Number int // of the pull request
	User   string
	UserID int64     // 0: not known
	Body   string    // the lines that people see, at least those that are commands; nothing that Markdown hides
	At     time.Time // by GitHub's clock
}

// Role is a person's role in a repository, by GitHub's names.
type Role string

// The roles, lowest first.
const (
	RoleNone     Role = "none"
	RoleRead     Role = "read"
	RoleTriage   Role = "triage"
	RoleWrite    Role = "write"
	RoleMaintain Role = "maintain"
	RoleAdmin    Role = "admin"
)

// ReadActor reads who commented, and the pull request as it is now. A command is about the
// head of this reading. Answer: ActorRead.
type ReadActor struct {
	Comment int64
	Number  int // 0: there is none; only the rights are read
	User    string
	UserID  int64 // as Person.ID
	// Brief says that nobody answers a user without write. For such a user only the role
	// is read, and the answer has no Pull.
	Brief bool
	Teams []string // slugs of the organization's teams that are searched for the user
}

// ActorRead is who commented, and the pull request at that moment.
type ActorRead struct {
	Comment  int64
	Role     Role     // RoleNone for a stranger
	Teams    []string // those of ReadActor.Teams in which the user is active
	Pull     PullRequestChanged
	HeadTree string // git tree of the pull request's head
	// Ahead is how far, at least, GitHub's clock is ahead of ours; negative if it is
	// behind.
	Ahead time.Duration
	// Unread is why GitHub does not answer, and leaves everything else empty; empty: it
	// does.
	Unread string
}

// React puts a reaction on a comment. Repeating it changes nothing. Answer: Acknowledged.
type React struct {
	Comment int64
	Content string // eyes, rocket or -1
}

// Reply answers a question in a comment of its own, which replaces an earlier answer.
// Answer: Replied.
type Reply struct {
	Number  int
	Comment int64   // the comment that asked; the answer carries its number, to be found again
	Also    []int64 // other comments whose questions it answers
	Replace int64   // an earlier answer to delete; 0: none
	Body    string  // Markdown, without the marker
}

// Replied is an answer that was written.
type Replied struct{ ID int64 }

// ReadChanges compares two commits. Answer: ChangesRead.
type ReadChanges struct {
	Base, Head string
	Comment    int64 // the comment that asked; 0: none
	Number     int   // the pull request whose comment shows it; 0: none
	Affects    AffectedOf
}

// ChangesRead is the difference between two commits.
type ChangesRead struct {
	Base, Head string
	// Relation of Head to Base by GitHub's names: ahead, behind, diverged or identical.
	Relation string
	Commits  []ChangedBy // oldest first; those that GitHub listed
	Total    int         // commits, listed or not
	Files    []string    // paths that differ, old names of renamed files included
	Complete bool        // every file is listed
}

// ChangedBy is one commit between two others.
type ChangedBy struct{ SHA, Title, Author string }

func (Commented) fact() {}

func (ActorRead) fact() {}

func (Replied) fact() {}

func (ChangesRead) fact() {}

func (do ReadActor) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{ActorRead{}}, Deadline: dayDeadline, Priority: PriorityDeploy, About: About{Comment: do.Comment}}
}

func (do React) traits() Traits {
	t := Traits{To: ToGitHub, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityPublish, About: About{Comment: do.Comment}}
	if do.Content == "eyes" { // the commenter waits to see that it was read
		t.Priority = PriorityDeploy
	}
	return t
}

func (do Reply) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{Replied{}}, Deadline: dayDeadline, Priority: PriorityPublish, About: About{Comment: do.Comment}, Creates: true}
}

func (do ReadChanges) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{ChangesRead{}}, Deadline: hoursDeadline, Priority: PriorityWatch, About: About{Commits: []string{do.Head}, Comment: do.Comment}}
}

// RoleRank orders the roles.
var RoleRank = map[Role]int{RoleNone: 0, RoleRead: 1, RoleTriage: 2, RoleWrite: 3, RoleMaintain: 4, RoleAdmin: 5}
