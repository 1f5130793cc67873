package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/words"
)

// Alert is a comment of its own on a pull request, which GitHub mails to those it
// names: something failed that people should know of.
type Alert struct {
	Number    int
	Stage     string
	Promotion int
	ID        int64  // of the comment; 0: not written yet
	Text      string // what is to be said
	Body      string // what was said
	Refused   bool   // GitHub does not take it, for now
	Refusal          // with Refused
}

// KeptAlerts is how many are remembered.
const KeptAlerts = 20

// ReopenHint says, after other sentences, what lets promotions into a stage again in
// which something has failed; empty where nothing keeps them out any more.
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

// Mentions names the people to tell: whose pull request it was, and who asked
// for its promotion. The author of a commit may be somebody's name, not a login.
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
