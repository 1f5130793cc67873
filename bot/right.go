package bot

import (
	"slices"
	"strings"
)

// A person's word lets a candidate into a stage: an approval, an urgent order, an order
// despite a rollback's lock, an order for an open pull request's head. The word ends with
// the person's right to give it. So the right is read once more when every other gate is
// open. The candidate enters on that reading alone.

// ReadRights reads what people may do at this moment. Answer: RightsRead.
type ReadRights struct {
	Comment    int64  // the comment that one of them wrote; 0: they let a candidate in
	SHA, Stage string // the candidate that they let in, and the stage
	People     []Person
	Teams      []string // slugs of the organization's teams that are searched for them
}

// Person is somebody on GitHub.
type Person struct {
	Login string
	ID    int64 // a login with another ID has a new owner; 0: unknown
}

// RightsRead is what people may do, in the order of the question.
type RightsRead struct{ People []Membership }

// Membership is what a person may do in the repository.
type Membership struct {
	Person
	Role  Role     // RoleNone for a stranger, and if the login has a new owner
	Teams []string // those of ReadRights.Teams in which the person is active
}

func (RightsRead) fact() {}

func (ReadRights) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{RightsRead{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

// Is reports whether an entry of `allow:` names this person or a team of theirs (named),
// and whether it names a person or a team at all (byName).
func (who Membership) Is(entry string) (named, byName bool) {
	if team, ok := strings.CutPrefix(entry, AllowTeam); ok {
		return slices.Contains(who.Teams, team), true
	}
	if user, ok := strings.CutPrefix(entry, AllowPerson); ok {
		return strings.EqualFold(user, who.Login), true
	}
	return false, false
}
