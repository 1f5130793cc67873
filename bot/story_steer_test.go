package bot_test

import (
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// role USER ROLE [team|left]: what somebody may do; with team, ROLE is a team's slug,
// and with left somebody leaves it.
func (s *story) role(list []string, _ map[string]string) error {
	if len(list) == 3 && list[2] == "left" {
		s.Teams[list[1]] = slices.DeleteFunc(s.Teams[list[1]], func(user string) bool { return user == list[0] })
		return nil
	}
	if len(list) == 3 && list[2] == "team" {
		if s.Teams == nil {
			s.Teams = map[string][]string{}
		}
		s.Teams[list[1]] = append(s.Teams[list[1]], list[0])
		return nil
	}
	if s.Roles == nil {
		s.Roles = map[string]bot.Role{}
	}
	s.Roles[list[0]] = bot.Role(list[1])
	return nil
}

// say N USER text=… [held]: somebody comments on a pull request; ; is a new line.
func (s *story) addComment(list []string, set map[string]string) error {
	n, err := strconv.Atoi(list[0])
	if err != nil {
		return err
	}
	return s.receive("say "+list[0], list, s.AddComment(n, list[1], strings.ReplaceAll(set["text"], ";", "\n"))...)
}

// again: the delivery of the last comment arrives once more.
func (s *story) redeliverComment(_ []string, _ map[string]string) error {
	last := s.UserComments[len(s.UserComments)-1]
	return s.Deliver(s.Installed(), last.Commented)
}

// answers shows the reactions on every comment, and the answers to questions.
func (s *story) answers(_ []string, _ map[string]string) error {
	for _, c := range s.UserComments {
		s.print("#%d %s %q: %s", c.Number, c.User, c.Body, strings.Join(c.Reactions, " "))
	}
	for _, r := range s.Replies {
		for line := range strings.Lines(r.Do.Body) {
			if line = strings.TrimRight(line, "\n"); line != "" {
				s.print("| %s", line)
			}
		}
	}
	return nil
}

// gone ARTIFACT: the platform has destroyed an artifact.
func (s *story) gone(list []string, _ map[string]string) error {
	if s.Gone == nil {
		s.Gone = map[string]bool{}
	}
	s.Gone[list[0]] = true
	return nil
}
