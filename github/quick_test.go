package github_test

import (
	"errors"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// A limit on what people are shown passes, whatever status GitHub gives it. It holds
// back nothing else.
func TestWhatComesTooQuicklyIsWrittenLater(t *testing.T) {
	w := start(t)
	pull := w.propose("ana")
	write := bot.Effect{Do: bot.WriteComment{Number: pull.Number(), Body: "table"}}
	comment := githubtest.SubmittedTooQuickly()
	for name, fault := range map[string]githubtest.Fault{
		"422 as GitHub says it":    comment,
		"422 in the message":       {Match: comment.Match, Status: 422, Body: `{"message":"Comment was submitted too quickly"}`},
		"422 for abuse":            {Match: comment.Match, Status: 422, Body: `{"message":"Validation Failed","errors":[{"message":"You have exceeded the number of comments. Please try again later."}]}`},
		"403 without a rate limit": {Match: comment.Match, Status: 403, Body: `{"message":"You have exceeded the number of comments"}`},
	} {
		w.Inject(fault)
		_, err := w.perform(write)
		var later *bot.Retryable
		if !errors.As(err, &later) || !later.Limit || later.After < time.Second || later.After > time.Minute {
			t.Errorf("%s: expected a limit that passes within a minute, got %v", name, err)
		}
		do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: pull.HeadSHA()})
	}
	do[bot.CommentWritten](w, write.Do)
	w.Inject(githubtest.Fault{Match: "POST */statuses/*", Status: 422, Body: `{"message":"Validation Failed","errors":[{"resource":"Status","code":"custom","message":"This SHA and context has reached the maximum number of statuses."}]}`})
	if refused := w.refuse(bot.SetStatus{SHA: pull.HeadSHA(), Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}}); refused.Missing {
		t.Errorf("a thousand statuses are no matter of time, got %v", refused)
	}
}
