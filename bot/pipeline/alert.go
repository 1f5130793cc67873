package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/words"
)

// Alert is a separate comment on a pull request about a failure. GitHub mails it to the
// people that it names.
type Alert struct {
	Number    int
	Stage     string
	Promotion int
	ID        int64  // of the comment; 0: not written yet
	Text      string // the text to be written
	Body      string // the text as last written
	Refused   bool   // GitHub does not accept it, for now
	Refusal          // with Refused
}

// KeptAlerts is how many alerts are remembered.
const KeptAlerts = 20

// ReopenHint says, after other sentences, what opens a stage again in which something
// failed; empty if the stage is open.
func (s *State) ReopenHint(stage string) string {
	switch st, name := s.Stage(stage), words.Code(s.Qualified(stage)); {
	case st.Lock == nil:
		return ""
	case st.Lock.Rollback:
		return fmt.Sprintf(" **Next:** `/unlock %s` removes the lock; `/promote %s` releases one commit despite it.", name, name)
	default:
		return fmt.Sprintf(" **Next:** `/unlock %s` removes the lock.", name)
	}
}

// Mentions names the people to notify: the author of the pull request, and the person who
// asked for the promotion. A commit's author may be a name that is no login.
func (s *State) Mentions(c *Candidate) string {
	var list []string
	add := func(login string) {
		name := "@" + login
		if words.IsLogin(login) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	add(s.Pulls[c.Pull].Author)
	for _, r := range s.Requests {
		if r.Number == c.Pull && slices.ContainsFunc(r.Commands, func(k command.Command) bool { return k.Verb == command.VerbPromote }) {
			add(r.User)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, " ") + ": "
}
