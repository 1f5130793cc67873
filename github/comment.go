package github

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// maxComment is GitHub's limit for a comment, in characters.
const maxComment = 65536

// comment has the needed fields of a comment; go-github drops the App.
type comment struct {
	ID   int64
	URL  string `json:"html_url"`
	Body string
	App  struct{ ID int64 } `json:"performed_via_github_app"`
}

// writeComment writes the bot's one comment on a pull request. It edits the known comment, else the one it finds, else
// it creates one. Looking first also covers a lost answer.
func (r repository) writeComment(ctx context.Context, do bot.WriteComment, effect bot.Effect) (bot.CommentWritten, error) {
	body := fit(bot.Marker+"\n"+strings.TrimPrefix(r.withDetails(do.Body), bot.Marker+"\n"), maxComment)
	if do.ID != 0 {
		written, err := r.editComment(ctx, do.Number, do.ID, body)
		if !errors.Is(err, bot.ErrNotFound) {
			return written, err
		}
		// It was deleted.
	}
	known, err := r.findComment(ctx, do.Number, bot.Marker, time.Time{})
	switch {
	case err != nil:
		return bot.CommentWritten{}, err
	case known.ID == 0 || known.ID == do.ID:
		if err := mayStillLand(effect, "the comment"); err != nil {
			return bot.CommentWritten{}, err
		}
		return r.createComment(ctx, do.Number, body)
	case unix(known.Body) == unix(body):
		return bot.CommentWritten{ID: known.ID, URL: known.URL}, nil
	}
	return r.editComment(ctx, do.Number, known.ID, body)
}

func (r repository) createComment(ctx context.Context, number int, body string) (bot.CommentWritten, error) {
	a := ask{what: fmt.Sprintf("comment on pull request #%d of %s", number, r.repo), needs: "Pull requests: write", write: true}
	return a.comment(ctx, func(ctx context.Context) (*gh.IssueComment, *gh.Response, error) {
		return r.api.Issues.CreateComment(ctx, r.repo.Owner, r.repo.Name, number, &gh.IssueComment{Body: &body})
	})
}

func (r repository) editComment(ctx context.Context, number int, id int64, body string) (bot.CommentWritten, error) {
	a := ask{what: fmt.Sprintf("edit the comment on pull request #%d of %s", number, r.repo), needs: "Pull requests: write", write: true}
	return a.comment(ctx, func(ctx context.Context) (*gh.IssueComment, *gh.Response, error) {
		return r.api.Issues.EditComment(ctx, r.repo.Owner, r.repo.Name, id, &gh.IssueComment{Body: &body})
	})
}

func (a ask) comment(ctx context.Context, write func(context.Context) (*gh.IssueComment, *gh.Response, error)) (bot.CommentWritten, error) {
	var c *gh.IssueComment
	err := a.do(ctx, func(ctx context.Context) (err error) {
		c, _, err = write(ctx)
		return err
	})
	if err == nil && c.GetID() == 0 {
		err = a.unreadable("the comment has no id")
	}
	if err != nil {
		return bot.CommentWritten{}, err
	}
	return bot.CommentWritten{ID: c.GetID(), URL: c.GetHTMLURL()}, nil
}

// unix normalizes line endings that GitHub may have changed.
func unix(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

const shortened = "\n\n*The rest is missing: GitHub takes no longer comments.*\n"

// fit shortens Markdown to at most n characters, with open blocks closed and a note. It cuts at a nearby line end if
// there is one.
func fit(body string, n int) string {
	body = redact.Redact(body) // its parts were redacted on arrival: this covers omissions
	body = strings.ToValidUTF8(body, "\uFFFD")
	if utf8.RuneCountInString(body) <= n {
		return body
	}
	const room = 200 // for the closing marks and the note
	kept := string([]rune(body)[:n-room])
	if end := strings.LastIndexByte(kept, '\n'); end > len(kept)-4096 && end > 0 {
		kept = kept[:end]
	}
	if strings.LastIndex(kept, "<!--") > strings.LastIndex(kept, "-->") {
		kept += " -->"
	}
	if strings.Count("\n"+kept, "\n```")%2 == 1 {
		kept += "\n```"
	}
	open := strings.Count(kept, "<details") - strings.Count(kept, "</details")
	for range min(max(open, 0), 8) {
		kept += "\n</details>"
	}
	return kept + shortened
}
