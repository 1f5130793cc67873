package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"go.uber.org/zap"
)

// react puts a reaction on a comment. GitHub answers 201 for a new one, and 200 if the App has reacted so before.
func (r repository) react(ctx context.Context, do bot.React) (bot.Acknowledged, error) {
	a := ask{what: fmt.Sprintf("react to a comment in %s", r.repo), needs: "Issues: write", write: true}
	return bot.Acknowledged{}, a.do(ctx, func(ctx context.Context) error {
		_, _, err := r.api.Reactions.CreateIssueCommentReaction(ctx, r.repo.Owner, r.repo.Name, do.Comment, do.Content)
		return err
	})
}

// answerMarker identifies the answer to a comment. It differs from marker, which identifies the pipeline's one comment.
func answerMarker(pipeline string, comment int64) string {
	if pipeline == "" {
		return fmt.Sprintf("<!-- headstart answer %d -->", comment)
	}
	return fmt.Sprintf("<!-- headstart:%s answer %d -->", url.PathEscape(pipeline), comment)
}

// clocksApart is how far GitHub's clock may be from ours without an answer being missed.
const clocksApart = time.Hour

// reply answers a comment in a new comment, and then deletes the answer that this one replaces. An answer of an attempt
// with an unknown outcome is edited instead.
func (r repository) reply(ctx context.Context, do bot.Reply, e bot.Effect) (bot.Replied, error) {
	written, err := r.writeMarked(ctx, do.Number, answerMarker(r.pipeline, do.Comment), r.withDetails(do.Body), e)
	if err != nil {
		return bot.Replied{}, err
	}
	if do.Replace != 0 && do.Replace != written.ID {
		if err := r.deleteComment(ctx, do.Number, do.Replace); err != nil {
			return bot.Replied{}, err
		}
	}
	return bot.Replied{ID: written.ID}, nil
}

// alertMarker identifies the alert about a failed promotion.
func alertMarker(pipeline, stage string, promotion int) string {
	if pipeline == "" {
		return fmt.Sprintf("<!-- headstart alert %s %d -->", url.PathEscape(stage), promotion)
	}
	return fmt.Sprintf("<!-- headstart:%s alert %s %d -->", url.PathEscape(pipeline), url.PathEscape(stage), promotion)
}

// writeAlert writes a separate comment, or edits the existing one. GitHub mails a new comment to the people it
// mentions, but no edit.
func (r repository) writeAlert(ctx context.Context, do bot.WriteAlert, e bot.Effect) (bot.CommentWritten, error) {
	mark := alertMarker(r.pipeline, do.Stage, do.Promotion)
	if do.ID != 0 {
		written, err := r.editComment(ctx, do.Number, do.ID, fit(mark+"\n"+do.Body, maxComment))
		if !errors.Is(err, bot.ErrNotFound) {
			return written, err
		} // it was deleted: it is written anew
	}
	return r.writeMarked(ctx, do.Number, mark, do.Body, e)
}

// writeMarked writes the comment of a marker. A comment of an attempt with an unknown outcome is edited instead.
func (r repository) writeMarked(ctx context.Context, number int, mark, text string, e bot.Effect) (bot.CommentWritten, error) {
	body := fit(mark+"\n"+text, maxComment)
	var since time.Time // it was not written before the decision
	if !e.Since.IsZero() {
		since = e.Since.Add(-clocksApart)
	}
	known, err := r.findComment(ctx, number, mark, since)
	if err != nil {
		return bot.CommentWritten{}, err
	}
	switch {
	case known.ID == 0:
		if err := mayStillLand(e, "the answer"); err != nil {
			return bot.CommentWritten{}, err
		}
		return r.createComment(ctx, number, body)
	case unix(known.Body) != unix(body):
		return r.editComment(ctx, number, known.ID, body)
	}
	return bot.CommentWritten{ID: known.ID}, nil
}

// deleteComment deletes a comment of the bot. A missing one is fine. One that GitHub does not let it delete stays: the
// new answer is published in any case.
func (r repository) deleteComment(ctx context.Context, number int, id int64) error {
	a := ask{what: fmt.Sprintf("delete an old answer on pull request #%d of %s", number, r.repo), needs: "Issues: write", write: true}
	err := a.do(ctx, func(ctx context.Context) error {
		_, err := r.api.Issues.DeleteComment(ctx, r.repo.Owner, r.repo.Name, id)
		return err
	})
	var refused *bot.Refused
	if errors.As(err, &refused) {
		if !errors.Is(err, bot.ErrNotFound) {
			r.log.Warn("could not remove an old answer", zap.Stringer("repository", r.repo), zap.Int("pull_request", number), zap.Error(err))
		}
		return nil
	}
	return err
}

// findComment returns the ID of this App's comment that starts with a marker; 0: none. Other people's quotes of the
// marker do not count. With since, only comments changed since then are read.
func (r repository) findComment(ctx context.Context, number int, marker string, since time.Time) (comment, error) {
	a := ask{what: fmt.Sprintf("read the comments of pull request #%d of %s", number, r.repo), needs: "Pull requests: read"}
	var found comment
	err := eachPage(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]comment, *gh.Response, error) {
		path := query(fmt.Sprintf("issues/%d/comments", number), page)
		if !since.IsZero() {
			path += "&since=" + since.UTC().Format(time.RFC3339)
		}
		var some []comment
		resp, err := r.fetch(ctx, path, &some)
		return some, resp, err
	}, func(some []comment) bool {
		for _, c := range some {
			if c.App.ID == r.appID && strings.HasPrefix(c.Body, marker) {
				found = c
				return false
			}
		}
		return true
	})
	return found, err
}
