package simulation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// Four eyes: people push in another's name, onto others' pull requests, and under others'
// commits, and approve then.

// forge draws who pushes a commit that says it is another's, and who helped.
func (s *sim) forge(c *bottest.Commit) {
	if !s.asks.fourEyes || s.Commits[c.SHA] != nil {
		return
	}
	c.Pusher = among(s, "", "", "", "zoe", "walter")
	if s.once(3) {
		c.CoAuthors = []string{among(s, "zoe", "walter")}
	}
	if s.once(4) {
		c.Author = "Somebody Else"
	}
}

// pushers notes who pushed to the branch. Whoever pressed Merge has pushed nothing.
func (s *sim) pushers(p bot.Pushed) {
	if s.truth.pushers == nil {
		s.truth.pushers = map[string][]string{}
	}
	if !s.merged(p.After) {
		s.truth.pushers[p.After] = append(s.truth.pushers[p.After], p.By.Login)
	}
}

// merged reports whether a commit is what a pull request was merged as.
func (s *sim) merged(sha string) bool {
	p := s.Pulls[s.Commits[sha].Pull]
	return p != nil && p.Merged && p.MergeSHA == sha
}

// opened gives a new pull request its author's account, and its branch.
func (s *sim) opened(p *bottest.Pull) {
	p.AuthorID, p.Branch = s.Account(p.Author).ID, fmt.Sprintf("pull-%d", p.Number)
}

// headPushed pushes the head of a pull request: mostly bob does, but anybody can, in his
// name.
func (s *sim) headPushed(p *bottest.Pull) []bot.Fact {
	c := bottest.Commit{SHA: p.Head, Author: "bob"}
	if n := len(p.Made); n > 0 {
		c.Parent = p.Made[n-1].SHA
	}
	if s.asks.fourEyes {
		c.Pusher = among(s, "", "", "zoe", "walter")
	}
	facts := s.PushHead(p, c)
	s.note(p.Made[len(p.Made)-1].Pusher, "is who pushed it (bob, if nobody)")
	return facts
}

// madeBy says what somebody has made, or may have made, of what would go live with a
// commit; empty: nothing.
// What lies between is known where all apps of the stage run one commit that it comes
// after; else only the commit itself is looked at.
func (s *sim) madeBy(user, sha string, stage bot.Stage) string {
	between := []string{sha}
	if base := s.liveEverywhere(stage); base != "" {
		var list []string
		at := sha
		for ; at != "" && at != base && s.Commits[at] != nil; at = s.Commits[at].Parent {
			list = append(list, at)
		}
		if at == base {
			between = list
		}
	}
	for _, sha := range between {
		c := s.Commits[sha]
		switch {
		case strings.EqualFold(c.Author, user):
			return "is the author of " + sha
		case s.Account(c.Author).ID == 0:
			return "cannot know who is the author of " + sha
		case slices.Contains(c.CoAuthors, user):
			return "is a co-author of " + sha
		case slices.Contains(s.truth.pushers[sha], user):
			return "pushed " + sha
		case !s.merged(sha):
			continue
		}
		p := s.Pulls[c.Pull]
		for _, own := range p.Made {
			if own.Pusher == user {
				return fmt.Sprintf("pushed %s to #%d", own.SHA, p.Number)
			}
		}
	}
	return ""
}

// liveEverywhere is the commit that all apps of a stage run, by a release of the bot's;
// empty: there is none.
func (s *sim) liveEverywhere(stage bot.Stage) (commit string) {
	for i, app := range stage.Apps {
		now := s.App(app).Current()
		if now == nil || s.truth.byHand[now] || i > 0 && now.Commit != commit || s.Commits[now.Commit] == nil {
			return ""
		}
		commit = now.Commit
	}
	return commit
}
