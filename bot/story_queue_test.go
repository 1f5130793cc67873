package bot_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// group N SHA [tree=TREE] [base=SHA] [into=BRANCH] [files=PATHS] [held]: the merge
// queue makes a group whose last pull request is N, and asks for its checks.
func (s *story) group(list []string, set map[string]string) error {
	n, err := strconv.Atoi(list[0])
	if err != nil || len(list) < 2 {
		return fmt.Errorf("group N SHA")
	}
	c := bottest.Commit{SHA: list[1], Tree: set["tree"], Title: "change " + list[1], Author: "ada", File: s.file, Pipelines: maps.Clone(s.multi)}
	c.Files = []string{or(set["files"], "app.go")}
	branch := or(set["into"], "main")
	pushed, requested := s.Group(branch, set["base"], n, c)
	s.groups[list[1]] = requested[1].(bot.MergeGroupChanged)
	if err := s.Deliver(pushed...); err != nil {
		return err
	}
	return s.receive("group "+list[1], list, requested...)
}

// destroyed SHA [merged|invalidated|dequeued] [held]: the group is gone. One that is
// merged moves its branch first; its push is held with it.
func (s *story) destroyed(list []string, _ map[string]string) error {
	g, ok := s.groups[list[0]]
	if !ok {
		return fmt.Errorf("no such group")
	}
	g.Destroyed = "dequeued"
	for _, why := range []string{"merged", "invalidated"} {
		if slices.Contains(list, why) {
			g.Destroyed = why
		}
	}
	if g.Destroyed == "merged" {
		facts := s.Push(g.Branch, *s.Commits[g.Head], false)
		if err := s.receive("push "+g.Head, list, facts...); err != nil {
			return err
		}
	}
	return s.receive("destroyed "+g.Head, list, s.Installed(), g)
}
