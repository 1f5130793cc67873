package bottest

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// UserComment is a comment of a person, and what became of it.
type UserComment struct {
	bot.Commented
	Reactions []string
}

// AddComment has a person comment on a pull request, and returns what webhooks tell.
func (w *World) AddComment(number int, user, body string) []bot.Fact {
	w.commentsMade++
	c := &UserComment{Commented: bot.Commented{ID: int64(w.commentsMade), Number: number, User: user, UserID: w.Account(user).ID, Body: body, At: w.Now.Truncate(time.Second)}}
	w.UserComments = append(w.UserComments, c)
	return []bot.Fact{w.Installed(), c.Commented}
}

// onSteering performs what answers people's comments; false for anything else.
func (w *World) onSteering(a bot.Action) (bot.Fact, error, bool) {
	switch do := a.(type) {
	case bot.ReadActor:
		w.Requests["ReadActor"]++ // permission
		read := bot.ActorRead{Comment: do.Comment, Role: bot.RoleNone}
		if role, ok := w.Roles[do.User]; ok {
			read.Role = role
		}
		if do.Brief && !slices.Contains([]bot.Role{bot.RoleWrite, bot.RoleMaintain, bot.RoleAdmin}, read.Role) {
			return read, nil, true
		}
		w.Requests["ReadActor"] += 2 // pull request, tree
		for _, team := range do.Teams {
			if slices.Contains(w.Teams[team], do.User) {
				read.Teams = append(read.Teams, team)
			}
		}
		p := w.Pulls[do.Number]
		if do.Number == 0 {
			return read, nil, true
		}
		if p == nil {
			return nil, &bot.Refused{Reason: fmt.Sprintf("there is no pull request #%d", do.Number)}, true
		}
		read.Pull = p.PullRequestChanged
		if c := w.Commits[p.Head]; c != nil {
			read.HeadTree = c.Tree
		}
		return read, nil, true
	case bot.ReadRights:
		w.Requests["ReadRights"] += len(do.People)
		var read bot.RightsRead
		for _, p := range do.People {
			who := bot.Membership{Person: p, Role: bot.RoleNone}
			if role, ok := w.Roles[p.Login]; ok {
				who.Role = role
			}
			for _, team := range do.Teams {
				if slices.Contains(w.Teams[team], p.Login) {
					who.Teams = append(who.Teams, team)
				}
			}
			read.People = append(read.People, who)
		}
		return read, nil, true
	case bot.React:
		w.Requests["React"]++
		for _, c := range w.UserComments {
			if c.ID == do.Comment && !slices.Contains(c.Reactions, do.Content) {
				c.Reactions = append(c.Reactions, do.Content)
			}
		}
		return bot.Acknowledged{}, nil, true
	case bot.Reply:
		w.Requests["Reply"]++
		for _, r := range w.Replies {
			if r.Do.Comment == do.Comment && r.Pipeline == w.asking {
				return bot.Replied{ID: r.ID}, nil, true
			}
		}
		w.Replies = slices.DeleteFunc(w.Replies, func(r Answered) bool { return do.Replace != 0 && r.ID == do.Replace })
		w.commentsMade++
		do.Body = words.WithDetails(do.Body, nil) // there are no pages
		w.Replies = append(w.Replies, Answered{ID: int64(w.commentsMade), Pipeline: w.asking, Do: do})
		return bot.Replied{ID: int64(w.commentsMade)}, nil, true
	case bot.ReadPeople:
		w.Requests["ReadPeople"] += 2
		return w.People(do), nil, true
	case bot.ReadChanges:
		w.Requests["ReadChanges"]++
		if w.Changes == nil {
			read := bot.ChangesRead{Base: do.Base, Head: do.Head, Relation: "ahead", Complete: true}
			read.Files, _ = w.between(do.Base, do.Head)
			return read, nil, true
		}
		return w.Changes(do), nil, true
	}
	return nil, nil, false
}

// Answered is a comment of the bot that answers a question.
type Answered struct {
	ID       int64
	Pipeline string
	Do       bot.Reply
}
