package webhooks

import (
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// commented returns a person's new comment on a pull request that may contain a command. All other comments have no
// fact: those on issues, edited and deleted ones, those of bots and Apps, and those without commands.
//
// The author is not taken from the sender, who may be another person. The author's rights are not taken from
// author_association, which does not contain them. Only the commands of the body are kept, without secrets.
func commented(p payload) (bot.Fact, error) {
	c, issue := p.Comment, p.Issue
	switch {
	case p.Action != "created", issue != nil && issue.PullRequest == nil:
		return nil, nil
	case c == nil || c.ID <= 0:
		return nil, wrong("issue_comment", "comment.id", "a number", "")
	case c.User == nil: // the account is gone
		return nil, nil
	case c.User.Type != "User", p.Sender.Type == "Bot", c.App != nil, len(c.lines) == 0:
		return nil, nil
	case issue == nil || issue.Number <= 0:
		return nil, wrong("issue_comment", "issue.number", "a number", "")
	case c.User.Login == "":
		return nil, wrong("issue_comment", "comment.user.login", "a name", "")
	}
	if err := oddTime("issue_comment", map[string]when{"comment.created_at": c.CreatedAt}); err != nil {
		return nil, err
	}
	return bot.Commented{ID: c.ID, Number: issue.Number, User: c.User.Login, UserID: c.User.ID, Body: strings.Join(c.lines, "\n"), At: c.CreatedAt.time}, nil
}

// commandLines returns the lines of a comment that may be commands, as the bot will quote them.
func commandLines(body string) []string {
	var lines []string
	for _, command := range command.ParseCommands(strings.Join(slashLines(body), "\n")) {
		lines = append(lines, command.Text)
	}
	return lines
}
