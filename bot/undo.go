package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What happens by itself when a stage did not take a release, or did not stay
// healthy with it.

// undo takes a stage back, or holds it, after something failed that has changed
// it; the candidate's passage says why. A failed release that changed nothing has
// left the old version running, and nothing is to be done. A rollback that failed
// is not followed by another one. Where nobody can see how the release on some app
// ended, what is right on the others is not known either.
func (s *State) undo(stage string, c *Candidate, promotion int, unseen string, at time.Time) {
	cfg, ok := s.Config.Stage(stage)
	st := s.Stages[stage]
	if !s.Configured || !ok || st.Rollback != nil {
		return // nobody says what to do, or somebody has said it already
	}
	pass := c.Passages[stage]
	order := RollbackOrder{Order: Order{At: at}, From: c.SHA, Promotion: promotion}
	failed := fmt.Sprintf("%s failed there", Short(c.SHA))
	past, good := st.target(order)
	switch same := good && past.Artifact == c.Artifact; {
	case cfg.OnFailure == FailureHold || cfg.Rehearse != nil: // a rehearsal serves nobody, and going back would take another copy
		pass.After = "held until somebody decides"
	case unseen != "":
		pass.After = "held, because nobody can see how the release on " + unseen + " ended"
	case !good:
		pass.After = "held, with nothing proved to go back to"
	case same:
		pass.After = "held, because what ran before is the same build"
	default:
		pass.After = "rolling back to " + Short(past.SHA)
		st.Rollback = &order
	}
	if l := st.lockedAt(at); l != nil && !l.Rollback {
		kept := *l // what a person has locked stays so, now until somebody unlocks it
		kept.Until = time.Time{}
		st.Lock = &kept
	} else {
		st.Lock = &Lock{Order: Order{At: at}, Reason: failed, Rollback: true}
	}
	st.RetryAt, st.Tries = time.Time{}, 0
	s.Stages[stage] = st
	put(&c.Passages, stage, pass)
	s.alert(stage, c, promotion)
}

// setAfter notes what was done about a candidate's failure at a stage.
func (s *State) setAfter(stage, sha, after string) {
	if c := s.candidate(sha); c != nil {
		pass := c.Passages[stage]
		pass.After = after
		put(&c.Passages, stage, pass)
	}
}

// undone tells the candidate that an automatic rollback was for how it ended.
func (s *State) undone(stage string, o *RollbackOrder, text string) {
	s.setAfter(stage, o.From, text)
	if c := s.candidate(o.From); c != nil {
		s.alert(stage, c, o.Promotion)
	}
}

// byPerson reports whether somebody asked for it, rather than a failure.
func (o Order) byPerson() bool { return o.By != "" }

// who names whoever gave an order.
func (o Order) who() string {
	if o.byPerson() {
		return "@" + o.By
	}
	return "Headstart"
}

// Alert is a comment of its own on a pull request, which GitHub mails to those it
// names: something failed that people should know of.
type Alert struct {
	Number    int
	Stage     string
	Promotion int
	ID        int64  // of the comment; 0: not written yet
	Text      string // what is to be said
	Said      string // what was said
	Refused   bool   // GitHub does not take it
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
	pass := c.Passages[stage]
	body := fmt.Sprintf("%s**`%s` failed on %s**: %s.\n\n%s.\n\n`/why %s` says more; `/unlock %s` lets promotions in again, and so does `/promote %s` of what is to go there.\n",
		s.concerned(c), Short(c.SHA), text(stage), text(strings.TrimSuffix(pass.Reason, ".")), text(capital(pass.After)), code(stage), code(stage), code(stage))
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

var loginWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)

// concerned names the people to tell: whose pull request it was, and who asked
// for its promotion. The author of a commit may be somebody's name, not a login.
func (s *State) concerned(c *Candidate) string {
	var list []string
	add := func(login string) {
		name := "@" + login
		if loginWord.MatchString(login) && !slices.Contains(list, name) {
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

func (WriteAlert) action() {}

// tellAlerts writes what is to be said of failures.
func (d *decision) tellAlerts() {
	for _, a := range d.s.Alerts {
		if a.Text != a.Said && !a.Refused {
			d.want(fmt.Sprintf("alert %s %d", a.Stage, a.Promotion), WriteAlert{Number: a.Number, Stage: a.Stage, Promotion: a.Promotion, ID: a.ID, Body: a.Text})
		}
	}
}

func (s *State) alertWritten(do WriteAlert, f Finished) {
	s.Alerts = slices.Clone(s.Alerts)
	for i := range s.Alerts {
		a := &s.Alerts[i]
		if a.Number != do.Number || a.Stage != do.Stage || a.Promotion != do.Promotion {
			continue
		}
		switch f.Outcome {
		case Done:
			a.Said = do.Body
			if fact, ok := f.Fact.(CommentWritten); ok {
				a.ID = fact.ID
			}
		case Refuse:
			a.Refused = true
		}
	}
}
