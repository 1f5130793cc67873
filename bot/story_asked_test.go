package bot_test

import (
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/steer"
)

// looks USER text="/…": somebody opens the page that says what a command would do. It is what USER confirms next.
func (s *story) looks(list []string, set map[string]string) error {
	if s.shown == nil {
		s.shown = map[string]bot.Asked{}
	}
	s.looked++
	f := bot.Asked{ID: -int64(s.looked), Via: bot.ViaPage, User: list[0], UserID: s.Account(list[0]).ID, Command: set["text"]}
	would, pin := steer.Try(&s.State, f, s.Now)
	f.Seen = &pin
	s.shown[list[0]] = f
	s.print("%s looks at %q: %s", list[0], f.Command, would.Text)
	return nil
}

// confirms USER [blindly]: somebody has done what was looked at; once more, it is the same command. Blindly: what was
// shown does not come with it, as from a script.
func (s *story) confirms(list []string, _ map[string]string) error {
	f, ok := s.shown[list[0]]
	if !ok {
		return fmt.Errorf("%s has not looked at anything", list[0])
	}
	if f.At.IsZero() {
		f.At = s.Now
		s.shown[list[0]] = f
	}
	if slices.Contains(list, "blindly") {
		f.Seen, f.Via = nil, bot.ViaAPI
	}
	return s.Deliver(f)
}

// answered shows the commands that did not come as comments, with their answers.
func (s *story) answered(_ []string, _ map[string]string) error {
	for _, r := range s.State.Requests {
		if r.Via == "" {
			continue
		}
		s.print("%s, by the %s, %q: %s", r.User, r.Via, r.Commands[0].Text, or(r.Closed, "open"))
		for _, a := range r.Answers {
			s.print("| %v %s", a.OK, a.Text)
		}
	}
	return nil
}
