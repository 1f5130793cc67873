package simulation

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// People leave: whatever they have said by then lets nothing in any more.

// rightCounts is how long a reading of somebody's right may count, with how far the
// clocks may be apart.
const rightCounts = 35*time.Second + ahead + behind

// leave takes somebody's role away, or gives it back.
func (s *sim) leave() {
	user := among(s, "zoe", "walter")
	if s.Roles[user] == "" {
		s.Roles[user] = roles[user]
		delete(s.people.left, user)
		s.note("admin", "gives @%s the role %s again", user, roles[user])
		return
	}
	delete(s.Roles, user)
	if s.people.left == nil {
		s.people.left = map[string]time.Time{}
	}
	s.people.left[user] = s.Now
	s.note("admin", "takes @%s's role away", user)
}

// comeBack gives everybody the role of before.
func (s *sim) comeBack() {
	for user := range s.people.left {
		s.Roles[user] = roles[user]
	}
	s.people.left = nil
}

// approveAndLeave has somebody approve what waits for its checks, and leave before they
// have passed.
func (s *sim) approveAndLeave() {
	s.comeBack()
	s.push()
	sha := s.Heads["main"]
	s.waitFor(time.Minute)
	s.needPull()
	s.addComment(1, "walter", "/approve production "+sha)
	s.waitFor(10 * time.Second)
	if s.Roles["walter"] != "" {
		delete(s.Roles, "walter")
		s.people.left = map[string]time.Time{"walter": s.Now}
		s.note("admin", "takes @walter's role away")
	}
	s.waitFor(rightCounts + 10*time.Second)
	s.passChecks(sha)
	s.waitFor(2 * time.Minute)
}

// rightless says since when somebody had no right to give an order any more by which
// something was decided; empty: there was one, as of a reading that counts.
func (s *sim) rightless(o *order, decided time.Time) string {
	left, gone := s.people.left[o.written.User]
	if !gone || !decided.After(left.Add(rightCounts)) {
		return ""
	}
	return fmt.Sprintf("@%s, who said %s, has had the role %s since %s", o.written.User, o.verb, bot.RoleNone, left.Format(time.TimeOnly))
}
