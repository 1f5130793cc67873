package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// Rights is what is known of the rights of those whose word lets a candidate into a stage.
type Rights struct {
	Until  time.Time // until when the newest reading counts; zero: there was none
	Unread string    // why GitHub does not answer; empty: it does, or was not asked yet
	Since  time.Time // with Unread: since when
	AskAt  time.Time // with Unread: when to ask again
}

// LostRight names the right that the person behind an order no longer has; empty: none.
// Without it, the order does not let the candidate in.
func (s *State) LostRight(c *Candidate, stage bot.Stage, o Order, now bot.Membership) string {
	if !Allows(stage.Allow, now) {
		return fmt.Sprintf("%s takes %s, and by now %s", stage.Name, WhoMayCommand(stage.Allow), Lacks(stage.Allow, now))
	}
	if a := c.Approvals[stage.Name]; a.Alone != "" && a.Comment == o.Comment && now.Role != bot.RoleAdmin {
		return fmt.Sprintf("%s takes the role admin, and by now @%s has the role %s", command.AloneWord, o.By, now.Role)
	}
	if o.Urgent && bot.RoleRank[now.Role] < bot.RoleRank[bot.RoleMaintain] {
		return fmt.Sprintf("--urgent takes maintain or admin, and by now @%s has the role %s", o.By, now.Role)
	}
	return ""
}

// TeamsOf lists the teams that a stage's `allow:` names.
func TeamsOf(allow []string) (list []string) {
	for _, entry := range allow {
		if team, ok := strings.CutPrefix(entry, bot.AllowTeam); ok {
			list = append(list, team)
		}
	}
	return list
}

// orWrite is a stage's `allow:`, or its default.
func orWrite(allow []string) []string {
	if len(allow) == 0 {
		return []string{string(bot.RoleWrite)}
	}
	return allow
}

// WhoMayCommand says who may command a stage by its `allow:`.
func WhoMayCommand(allow []string) string { return strings.Join(orWrite(allow), " or ") }

// Allows reports whether any entry of a stage's `allow:` lets a person command it. Another
// person may get a login or a team at any time, so an entry by name also needs write.
func Allows(allow []string, who bot.Membership) bool {
	return slices.ContainsFunc(orWrite(allow), func(entry string) bool {
		least, is := bot.RoleRank[bot.Role(entry)]
		if named, byName := who.Is(entry); byName {
			least, is = bot.RoleRank[bot.RoleWrite], named
		}
		return is && bot.RoleRank[who.Role] >= least
	})
}

// Lacks says what a person lacks for a stage's `allow:`.
func Lacks(allow []string, who bot.Membership) string {
	text := fmt.Sprintf("@%s has the role %s", who.Login, who.Role)
	if slices.ContainsFunc(allow, func(entry string) bool { named, _ := who.Is(entry); return named }) {
		text += ": a person or team that is named needs write, too"
	}
	return text
}
