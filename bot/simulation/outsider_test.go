package simulation

import (
	"time"
)

// People without write ask much, and get a few answers.

// mostInAnHour is how many comments of one of them the bot may take up within any hour:
// one of its hours may end where another begins, and clocks differ.
const mostInAnHour = 10

// flood has somebody without write ask more than is answered.
func (s *sim) flood() {
	s.needPull()
	user := among(s, "rita", "mallory")
	for range 12 {
		s.addComment(1+s.pick(len(s.Pulls)), user, among(s, "/status", "/why", "/lock production"))
	}
	s.waitFor(among(s, 5*time.Second, time.Minute))
}

// takesUp notes that the bot decides to take a comment up, and holds that against what people
// without write get. They may see so hours later, when GitHub answers again.
func (s *sim) takesUp(comment int64) {
	by := ""
	for _, c := range s.UserComments {
		if c.ID == comment {
			by = c.User
		}
	}
	if by != "rita" && by != "mallory" {
		return
	}
	if s.people.seen == nil {
		s.people.seen = map[int64]time.Time{}
	}
	if _, again := s.people.seen[comment]; again {
		return
	}
	s.people.seen[comment] = s.Now
	n := 0
	for _, c := range s.UserComments {
		if at, seen := s.people.seen[c.ID]; seen && c.User == by && s.Now.Sub(at) < time.Hour-behind {
			n++
		}
	}
	if n > mostInAnHour {
		s.breaks(everythingArrives, "@%s, who has no write, gets %d answers within an hour", by, n)
	}
}
