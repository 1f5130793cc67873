package bot_test

import (
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// madeBy reads who made a commit beside its author: pusher=LOGIN, with=COAUTHORS, signed.
func madeBy(c *bottest.Commit, list []string, set map[string]string) {
	c.Pusher, c.Signed = set["pusher"], slices.Contains(list, "signed")
	if set["with"] != "" {
		c.CoAuthors = strings.Split(set["with"], ",")
	}
}

// pushHead pushes the new head of a pull request: by=PUSHER (who opened it) author=NAME
// (who pushes). What is unseen no webhook tells.
func (s *story) pushHead(p *bottest.Pull, list []string, set map[string]string) []bot.Fact {
	if set["head"] == "" {
		return nil
	}
	c := bottest.Commit{SHA: p.Head, Pusher: or(set["by"], p.Author)}
	madeBy(&c, list, set)
	c.Pusher = or(set["by"], p.Author)
	c.Author = or(set["author"], c.Pusher)
	if n := len(p.Made); n > 0 {
		c.Parent = p.Made[n-1].SHA
	}
	facts := s.PushHead(p, c)
	if slices.Contains(list, "unseen") {
		return nil
	}
	return facts
}

// rename OLD NEW: somebody gets another login.
func (s *story) rename(list []string, _ map[string]string) error {
	s.Rename(list[0], list[1])
	return nil
}

// commits N: GitHub lists so many commits of a comparison, and no more; 0: all.
func (s *story) commits(list []string, _ map[string]string) (err error) {
	s.MostCommits, err = strconv.Atoi(list[0])
	return err
}
