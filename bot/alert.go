package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
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

// keptAlerts is how many are remembered.
const keptAlerts = 20

// alert has those told who are concerned with a candidate that failed. Where no
// pull request is known, the statuses and deployments say it alone.
func (s *State) alert(stage string, c *Candidate, promotion int) {
	number := c.Pull
	if number == 0 {
		return
	}
	pass := c.Progress[stage]
	body := fmt.Sprintf("%s**%s failed on %s**: %s.\n\n%s.\n\n`/why %s` says more.%s\n",
		s.mentions(c), Short(c.SHA), text(stage), text(strings.TrimSuffix(pass.Reason, ".")), text(capital(pass.Consequence)), code(s.qualified(stage)), s.reopenHint(stage))
	s.Alerts = slices.Clone(s.Alerts)
	for i, a := range s.Alerts {
		if a.Number == number && a.Stage == stage && a.Promotion == promotion {
			s.Alerts[i].Text = body
			return
		}
	}
	s.Alerts = append(s.Alerts, Alert{Number: number, Stage: stage, Promotion: promotion, Text: body})
	s.Alerts = s.Alerts[max(0, len(s.Alerts)-keptAlerts):]
}

// reopenHint says, after other sentences, what lets promotions into a stage again in
// which something has failed; empty where nothing keeps them out any more.
func (s *State) reopenHint(stage string) string {
	switch st, name := s.Stages[stage], code(s.qualified(stage)); {
	case st.Lock == nil:
		return ""
	case st.Lock.Rollback:
		return fmt.Sprintf(" **Next:** `/unlock %s` removes the lock; `/promote %s` releases one commit despite it.", name, name)
	default:
		return fmt.Sprintf(" **Next:** `/unlock %s` removes the lock.", name)
	}
}

// mentions names the people to tell: whose pull request it was, and who asked
// for its promotion. The author of a commit may be somebody's name, not a login.
func (s *State) mentions(c *Candidate) string {
	var list []string
	add := func(login string) {
		name := "@" + login
		if isLogin(login) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	add(s.Pulls[c.Pull].Author)
	for _, r := range s.Requests {
		if r.Number == c.Pull && slices.ContainsFunc(r.Commands, func(k Command) bool { return k.Verb == VerbPromote }) {
			add(r.User)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, " ") + ": "
}

// WriteAlert writes an alert, or what has become of it. Answer: CommentWritten.
type WriteAlert struct {
	Number    int
	Stage     string
	Promotion int // with Stage it identifies the comment when looking for it
	ID        int64
	Body      string // Markdown, without the marker
}

func (do WriteAlert) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{CommentWritten{}}, Deadline: dayDeadline, Priority: PriorityPublish, Creates: do.ID == 0}
}

// publishAlerts writes what is to be said of failures.
func (d *decision) publishAlerts() {
	for _, a := range d.s.Alerts {
		if a.Text != a.Body && (!a.Refused || d.retryDue(a.Refusal)) {
			d.want(alertKey(a.Stage, a.Promotion), WriteAlert{Number: a.Number, Stage: a.Stage, Promotion: a.Promotion, ID: a.ID, Body: a.Text})
		}
	}
}

func (s *State) alertWritten(do WriteAlert, f Finished, at time.Time) {
	s.Alerts = slices.Clone(s.Alerts)
	for i := range s.Alerts {
		a := &s.Alerts[i]
		if a.Number != do.Number || a.Stage != do.Stage || a.Promotion != do.Promotion {
			continue
		}
		switch f.Outcome {
		case Done:
			a.Body, a.Refused, a.Refusal = do.Body, false, Refusal{}
			if fact, ok := f.Fact.(CommentWritten); ok {
				a.ID = fact.ID
			}
		case Refuse:
			a.Refused, a.Refusal = true, a.again(at)
		}
	}
}

// isLogin reports whether a name may be a login of GitHub, which git's names of
// authors stand in for where no account has their address.
func isLogin(name string) bool {
	name = strings.TrimSuffix(name, "[bot]")
	return name != "" && len(name) <= 39 && strings.IndexFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}
