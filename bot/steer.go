package bot

import "time"

// The facts and the actions by which people steer: what they ask in comments,
// who they are, and how they are answered.

// Commented is a new comment of a person on a pull request that holds at least
// one line which may be a command. Comments of bots, edits and comments on
// issues never become one.
type Commented struct {
	ID     int64
	Number int // of the pull request
	User   string
	UserID int64     // 0: not known
	Body   string    // of its lines as people read them, at least those that are commands; nothing that Markdown hides
	At     time.Time // by GitHub's clock
}

// Role is what somebody may do in a repository, by GitHub's names.
type Role string

// The roles, from nothing to everything.
const (
	RoleNone     Role = "none"
	RoleRead     Role = "read"
	RoleTriage   Role = "triage"
	RoleWrite    Role = "write"
	RoleMaintain Role = "maintain"
	RoleAdmin    Role = "admin"
)

// ReadActor reads who commented, and the pull request as it is now: a
// command is about the head that was there when it was read. Answer: ActorRead.
type ReadActor struct {
	Comment int64
	Number  int
	User    string
	UserID  int64 // as Person.ID
	// Brief says that nobody answers if the user has no write: then nothing but the role
	// is read, and the answer has no Pull.
	Brief bool
	Teams []string // slugs of teams of the repository's organization to look the user up in
}

// ActorRead is who commented, and the pull request at that moment.
type ActorRead struct {
	Comment  int64
	Role     Role     // RoleNone for a stranger
	Teams    []string // those of ReadActor.Teams that the user is an active member of
	Pull     PullRequestChanged
	HeadTree string // git tree of the pull request's head
	// Ahead is how far GitHub's clock is ahead of ours, at least; negative if it is behind.
	Ahead time.Duration
	// Unread is why GitHub does not tell, which leaves everything else empty; empty: it does.
	Unread string
}

// React puts a reaction on a comment. Doing it twice is doing it once. Answer: Acknowledged.
type React struct {
	Comment int64
	Content string // eyes, rocket or -1
}

// Reply answers a question in a comment of its own, which takes the place of an
// earlier answer. Answer: Replied.
type Reply struct {
	Number  int
	Comment int64   // that asked; the answer carries it, so that it is found again
	Also    []int64 // other comments whose questions it answers
	Replace int64   // an earlier answer, which is deleted; 0: none
	Body    string  // Markdown, without the marker
}

// Replied is an answer that was written.
type Replied struct{ ID int64 }

// ReadChanges compares two commits. Answer: ChangesRead.
type ReadChanges struct {
	Base, Head string
	Comment    int64 // that asked; 0: no comment did
	Number     int   // of the pull request whose comment shows it; 0: none
	Affects    AffectedOf
}

// ChangesRead is what lies between two commits.
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
