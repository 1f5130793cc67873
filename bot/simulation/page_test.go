package simulation

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/steer"
)

// People at pages: they look at what a command would do, and press its button at once, later, twice or never.

// look is a page that says what a command would do.
type look struct {
	bot.Asked
	at time.Time // when it was shown
}

// visit has somebody open the page of a command.
func (s *sim) visit() {
	sha := s.any()
	if sha == "" || s.store.version == 0 || !s.store.state.Configured {
		return
	}
	text := among(s, "/rollback production", "/rollback production", "/rollback staging", "/promote production SHA", "/promote staging SHA", "/lock production 10m a look",
		"/unlock production", "/unlock staging", "/approve production SHA", "/retry build SHA", "/retry production SHA", "/cancel SHA", "/promote production SHA --urgent the shop is down")
	if s.asks.brief { // nothing is ever locked for good
		text = "/lock production 10m a look"
	}
	l := s.show(among(s, "zoe", "zoe", "walter", "rita", "mallory"), strings.ReplaceAll(text, "SHA", sha))
	if s.once(1) {
		s.press(l)
	}
}

// show shows somebody what a command would do.
func (s *sim) show(user, text string) *look {
	f := bot.Asked{ID: -1 - int64(s.people.opened), Via: bot.ViaPage, User: user, UserID: s.Account(user).ID, Command: text}
	s.people.opened++
	_, pin := steer.Try(&s.store.state, f, s.Now)
	f.Seen = &pin
	l := &look{f, s.Now}
	s.people.looks = append(s.people.looks, l)
	return l
}

// pressLate has somebody press a button after another commit has been deployed since it was shown.
func (s *sim) pressLate() {
	s.deploy()
	s.deploy()
	if !s.store.state.Configured {
		return
	}
	l := s.show("zoe", among(s, "/rollback production", "/rollback production", "/rollback staging"))
	s.waitFor(time.Second)
	s.push()
	s.passChecks(s.Heads["main"])
	s.waitFor(among(s, 20*time.Second, time.Minute, 5*time.Minute))
	s.press(l)
	s.waitFor(time.Minute)
}

// pressSome has somebody press a button that is shown, perhaps once more.
func (s *sim) pressSome() {
	if n := len(s.people.looks); n > 0 {
		s.press(s.people.looks[max(0, n-1-s.pick(3))])
	}
}

// press sends a command to some instance.
func (s *sim) press(l *look) {
	if len(s.alive) == 0 {
		return
	}
	in := s.alive[s.pick(len(s.alive))]
	if in.busy {
		return
	}
	s.note(l.User, "presses %q, shown at %s", l.Command, l.at.Format(time.TimeOnly))
	if !slices.ContainsFunc(s.people.orders, func(o *order) bool { return o.written.ID == l.ID }) {
		s.orders(&bottest.UserComment{Commented: bot.Commented{ID: l.ID, User: l.User, At: s.Now}}, l.Command, 0, l.at)
	}
	s.by(in, func() {
		if err := in.engine.Ask(context.Background(), key, l.Asked); err != nil {
			s.note(in.name, "does not take it: %v", err)
		}
	})
}

// answeredAsked notes what became of the commands that are no comments.
func (s *sim) answeredAsked(state *pipeline.State) {
	for i := range state.Requests {
		r := &state.Requests[i]
		if r.Via == "" || r.Closed == "" {
			continue
		}
		for _, o := range s.people.orders {
			if o.written.ID == r.Comment && o.ended.IsZero() {
				o.ended, o.done = s.Now, !slices.ContainsFunc(r.Answers, func(a pipeline.Answer) bool { return !a.OK })
			}
		}
		mayNot := !mayCommand(r.User) || r.Actor == nil || r.Actor.Role == bot.RoleNone
		if mayNot && slices.ContainsFunc(r.Answers, func(a pipeline.Answer) bool { return a.OK }) && r.Commands[0].Verb != command.VerbHelp {
			s.breaks(gatesOpen, "@%s may not command anything, and by the page did: %s", r.User, r.Commands[0].Text)
		}
	}
}
