package bot

import (
	"slices"
	"strings"
)

// Somebody's word lets a candidate into a stage: an approval, an urgent order, an order
// that passes the lock of a rollback, or one for the head of an open pull request. The
// word ends with its giver's right to give it. So the right is read once more when
// everything else is open, and the stage is entered on that reading alone.

// ReadRights reads what people may do at this moment. Answer: RightsRead.
type ReadRights struct {
	Comment    int64  // that one of them has written; 0: they let something in
	SHA, Stage string // what they let in, and where
	People     []Person
	Teams      []string // slugs of teams of the repository's organization to look them up in
}

// Person is somebody on GitHub.
type Person struct {
	Login string
	ID    int64 // whoever has the login now is somebody else if the id differs; 0: not known
}

// RightsRead is what people may do, in the order in which they were asked about.
type RightsRead struct{ People []Membership }

// Membership is what somebody may do in the repository.
type Membership struct {
	Person
	Role  Role     // RoleNone for a stranger, and where the login is somebody else's now
	Teams []string // those of ReadRights.Teams that the person is an active member of
}

func (RightsRead) fact() {}

func (ReadRights) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{RightsRead{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

// Is reports whether an entry of `allow:` names a person or a team, and whether
// somebody is that person, or in that team.
func (who Membership) Is(entry string) (named, byName bool) {
	if team, ok := strings.CutPrefix(entry, AllowTeam); ok {
		return slices.Contains(who.Teams, team), true
	}
	if user, ok := strings.CutPrefix(entry, AllowPerson); ok {
		return strings.EqualFold(user, who.Login), true
	}
	return false, false
}
