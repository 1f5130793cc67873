package github_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// asked is a comment of somebody on a new pull request.
func (w *world) asked(body string) githubtest.Comment {
	w.t.Helper()
	c, err := w.shop.Comment(w.propose("ana").Number(), "ana", body)
	w.must(err)
	return c
}

func TestReactionsAreGivenOnce(t *testing.T) {
	w := start(t)
	c := w.asked("/promote")
	for _, content := range []string{"eyes", "rocket", "-1", "eyes"} {
		w.costs(1, func() { do[bot.Acknowledged](w, bot.React{Comment: c.ID, Content: content}) })
	}
	want := []string{"headstart[bot] eyes", "headstart[bot] rocket", "headstart[bot] -1"}
	if got := w.shop.Comments(c.Number)[0].Reactions; !slices.Equal(got, want) {
		t.Errorf("the comment should have %q, got %q", want, got)
	}
	if refused := w.refuse(bot.React{Comment: 999, Content: "eyes"}); !errors.Is(refused, bot.ErrNotFound) {
		t.Errorf("there is no such comment, got %v", refused)
	}
	w.Inject(githubtest.Fault{Match: "POST */reactions", Drop: true, After: true, Times: -1})
	if _, err := w.perform(bot.Effect{Do: bot.React{Comment: c.ID, Content: "heart"}}); kind(err) != "unknown" {
		t.Errorf("the answer was lost: expected unknown, got %v", err)
	}
}

func TestAnAnswerTakesThePlaceOfTheLast(t *testing.T) {
	w := start(t)
	c := w.asked("/why")
	first := do[bot.Replied](w, bot.Reply{Number: c.Number, Comment: c.ID, Body: "Because."})
	again, err := w.shop.Comment(c.Number, "ana", "/why\n")
	w.must(err)
	var second bot.Replied
	w.costs(3, func() {
		second = do[bot.Replied](w, bot.Reply{Number: c.Number, Comment: again.ID, Replace: first.ID, Body: "Because of that."})
	})
	all := w.shop.Comments(c.Number)
	if len(all) != 3 || all[2].ID != second.ID || all[2].User != "headstart[bot]" {
		t.Fatalf("one answer should stand after the two questions, got %+v", all)
	}
	if !strings.HasPrefix(all[2].Body, "<!-- headstart answer ") || !strings.HasSuffix(all[2].Body, "-->\nBecause of that.") {
		t.Errorf("the answer begins with its mark, got %q", all[2].Body)
	}
	// Somebody deleted the last answer meanwhile.
	do[bot.Replied](w, bot.Reply{Number: c.Number, Comment: c.ID, Replace: first.ID, Body: "x"})
	// The status comment and the answers are not mistaken for one another.
	status := do[bot.CommentWritten](w, bot.WriteComment{Number: c.Number, Body: "table"})
	if status.ID == second.ID {
		t.Error("the bot's comment took the place of an answer")
	}
	if third := do[bot.Replied](w, bot.Reply{Number: c.Number, Comment: status.ID, Body: "x"}); third.ID == status.ID {
		t.Error("an answer took the place of the bot's comment")
	}
}

func TestAnAlertIsWrittenOnce(t *testing.T) {
	w := start(t)
	c := w.asked("/promote")
	alert := bot.WriteAlert{Number: c.Number, Stage: "production", Promotion: 3, Body: "@ana: it failed."}
	e := bot.Effect{Do: alert, Since: w.clock.Now()}
	undo := w.Inject(githubtest.Fault{Match: "POST */comments", Drop: true, After: true, Times: -1})
	if _, err := w.perform(e); kind(err) != "unknown" {
		t.Fatalf("the answer was lost: expected unknown, got %v", err)
	}
	undo()
	w.clock.Advance(time.Minute)
	e.Attempt, e.Unsure = 2, true
	found := done[bot.CommentWritten](w, e)
	alert.ID, alert.Body = found.ID, "@ana: it failed, and was rolled back."
	w.costs(1, func() { do[bot.CommentWritten](w, alert) })
	all := w.shop.Comments(c.Number)
	if len(all) != 2 || all[1].ID != found.ID || !strings.HasPrefix(all[1].Body, "<!-- headstart alert production 3 -->\n@ana: it failed, and") {
		t.Fatalf("one alert should stand after the command, got %+v", all)
	}
	alert.ID = 424242 // somebody deleted it meanwhile
	if again := do[bot.CommentWritten](w, alert); again.ID != found.ID {
		t.Errorf("it is looked for, expected %d, got %d", found.ID, again.ID)
	}
	if other := do[bot.CommentWritten](w, bot.WriteAlert{Number: c.Number, Stage: "production", Promotion: 4, Body: "x"}); other.ID == found.ID {
		t.Error("every promotion that failed has an alert of its own")
	}
}

func TestAnAnswerThatWasLostIsFound(t *testing.T) {
	w := start(t)
	c := w.asked("/status")
	reply := bot.Effect{Do: bot.Reply{Number: c.Number, Comment: c.ID, Body: "All is well."}, Since: w.clock.Now()}
	undo := w.Inject(githubtest.Fault{Match: "POST */comments", Drop: true, After: true, Times: -1})
	if _, err := w.perform(reply); kind(err) != "unknown" {
		t.Fatalf("the answer was lost: expected unknown, got %v", err)
	}
	undo()
	w.clock.Advance(time.Minute)
	reply.Attempt, reply.Unsure = 2, true
	var found bot.Replied
	w.costs(1, func() { found = done[bot.Replied](w, reply) })
	reply.Do = bot.Reply{Number: c.Number, Comment: c.ID, Body: "All is well again."}
	if edited := done[bot.Replied](w, reply); edited != found {
		t.Errorf("the answer is edited in place: %+v became %+v", found, edited)
	}
	all := w.shop.Comments(c.Number)
	if len(all) != 2 || all[1].ID != found.ID || !strings.HasSuffix(all[1].Body, "well again.") {
		t.Errorf("the question should have one answer, got %+v", all)
	}
	w.target.Pipeline.Name = "api"
	if other := done[bot.Replied](w, reply); other == found {
		t.Error("every pipeline of a repository answers for itself")
	}
	// What others write does not count as an answer.
	_, err := w.shop.Comment(c.Number, "eve", "<!-- headstart answer 77 -->\nAll is lost.")
	w.must(err)
	w.target.Pipeline.Name = ""
	before := len(w.shop.Comments(c.Number))
	do[bot.Replied](w, bot.Reply{Number: c.Number, Comment: 77, Body: "x"})
	if got := len(w.shop.Comments(c.Number)); got != before+1 {
		t.Errorf("somebody else's comment was taken for an answer: there are %d comments, expected %d", got, before+1)
	}
}

func TestAnOldAnswerThatCannotBeDeleted(t *testing.T) {
	w := start(t)
	c := w.asked("/why")
	first := do[bot.Replied](w, bot.Reply{Number: c.Number, Comment: c.ID, Body: "1"})
	reply := bot.Reply{Number: c.Number, Comment: c.ID + 1000, Replace: first.ID, Body: "2"}
	w.clock.Advance(time.Minute) // the token is known by now, with what it may
	w.Inject(githubtest.Fault{Match: "DELETE */comments/*", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
	do[bot.Replied](w, reply)
	undo := w.Inject(githubtest.Fault{Match: "DELETE */comments/*", Status: 502, Body: html, Times: -1})
	if _, err := w.perform(bot.Effect{Do: reply}); kind(err) != "unknown" {
		t.Errorf("nobody knows whether it was deleted: expected unknown, got %v", err)
	}
	undo()
	w.costs(2, func() { do[bot.Replied](w, reply) })
	if all := w.shop.Comments(c.Number); len(all) != 2 {
		t.Errorf("the question and one answer should stand, got %+v", all)
	}
}
