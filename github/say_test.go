package github_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func TestStatusesAreSet(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	set := bot.SetStatus{SHA: c.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusSuccess, Text: "Built in 12 s.", URL: "https://example.com/b/1"}}
	w.costs(1, func() { do[bot.Acknowledged](w, set) })
	got := w.shop.Statuses(c.SHA)["headstart/build"]
	if got.State != "success" || got.Description != "Built in 12 s." || got.TargetURL != "https://example.com/b/1" {
		t.Errorf("the status should say what was asked for, got %+v", got)
	}
	// Whatever text arrives, GitHub takes it.
	for _, text := range []string{
		strings.Repeat("ü", 300), "🚀 " + strings.Repeat("🎉", 200), "two\nlines\tand \x00 more", "", "broken \xff utf-8",
		strings.Repeat("word ", 40),
	} {
		set.Status.Text = text
		do[bot.Acknowledged](w, set)
		got := w.shop.Statuses(c.SHA)["headstart/build"].Description
		if n := utf8.RuneCountInString(got); n > 140 || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\x00🚀") {
			t.Errorf("%.20q… should fit into one line of 140 plain characters, got %d: %q", text, n, got)
		}
		if len(text) > 300 && strings.HasPrefix(text, "ü") && !strings.HasSuffix(got, "ü…") {
			t.Errorf("a text that was cut ends with an ellipsis, got %q", got)
		}
	}
	// After a lost answer the same is said again.
	w.Inject(githubtest.Fault{Match: "POST */statuses/*", Drop: true, After: true})
	set.Status = bot.Status{State: bot.StatusFailure, Text: "no"}
	if _, err := w.perform(bot.Effect{Do: set}); kind(err) != "unknown" {
		t.Errorf("the answer was lost: expected unknown, got %v", err)
	}
	done[bot.Acknowledged](w, bot.Effect{Do: set, Unsure: true})
	if got := w.shop.Statuses(c.SHA)["headstart/build"]; got.State != "failure" {
		t.Errorf("the status should be a failure, got %+v", got)
	}
}

func TestDeployments(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	// A pending status of our own must not stand in the way.
	do[bot.Acknowledged](w, bot.SetStatus{SHA: c.SHA, Context: "headstart/production", Status: bot.Status{State: bot.StatusPending}})
	create := bot.CreateDeployment{SHA: c.SHA, Stage: "production", Promotion: 3, Production: true, Text: "🚀 Promoting " + strings.Repeat("x", 200)}
	var made bot.DeploymentCreated
	w.costs(1, func() { made = do[bot.DeploymentCreated](w, create) })

	all := w.shop.Deployments()
	if len(all) != 1 || all[0].ID != made.ID || all[0].SHA != c.SHA || all[0].Environment != "production" || utf8.RuneCountInString(all[0].Description) != 140 {
		t.Fatalf("there should be one deployment of %s to production, got %+v", c.SHA, all)
	}
	var sent struct {
		AutoMerge        *bool     `json:"auto_merge"`
		RequiredContexts *[]string `json:"required_contexts"`
		Production       *bool     `json:"production_environment"`
		Transient        *bool     `json:"transient_environment"`
	}
	requests := w.Requests()
	w.must(json.Unmarshal([]byte(requests[len(requests)-1].Body), &sent))
	if sent.AutoMerge == nil || *sent.AutoMerge || sent.RequiredContexts == nil || len(*sent.RequiredContexts) != 0 || sent.Production == nil || !*sent.Production || sent.Transient == nil || *sent.Transient {
		t.Errorf("GitHub's dangerous defaults should be switched off in %s", requests[len(requests)-1].Body)
	}

	for _, state := range []bot.StatusState{bot.DeploymentInProgress, bot.StatusSuccess, bot.DeploymentInactive} {
		w.costs(1, func() {
			do[bot.Acknowledged](w, bot.SetDeploymentStatus{SHA: c.SHA, Stage: "production", ID: made.ID, AppURL: "https://shop.example.com",
				Status: bot.Status{State: state, Text: strings.Repeat("y", 200), URL: "https://example.com/log"}})
		})
		d := w.shop.Deployments()[0]
		last := d.Statuses[len(d.Statuses)-1]
		if d.State() != string(state) || last.EnvironmentURL != "https://shop.example.com" || last.LogURL != "https://example.com/log" || utf8.RuneCountInString(last.Description) != 140 {
			t.Errorf("the deployment should be %s with its links, got %+v", state, last)
		}
	}
	w.refuse(bot.SetDeploymentStatus{Stage: "production", ID: 4711, Status: bot.Status{State: bot.StatusSuccess}})
}

func TestADeploymentWhoseAnswerWasLostIsFound(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	effect := bot.Effect{Do: bot.CreateDeployment{SHA: c.SHA, Stage: "staging", Promotion: 7}, Since: w.clock.Now()}

	w.Inject(githubtest.Fault{Match: "POST */deployments", Drop: true, After: true})
	if _, err := w.perform(effect); kind(err) != "unknown" {
		t.Fatalf("the answer was lost: expected unknown, got %v", err)
	}
	w.clock.Advance(time.Minute)
	effect.Unsure = true
	var made bot.DeploymentCreated
	w.costs(1, func() { made = done[bot.DeploymentCreated](w, effect) })
	if all := w.shop.Deployments(); len(all) != 1 || all[0].ID != made.ID {
		t.Errorf("the deployment exists already and should be adopted, got %+v and %d", all, made.ID)
	}

	// Others of the same commit and stage are not ours: another promotion, another
	// pipeline, an older life of the bot.
	different := effect
	different.Do = bot.CreateDeployment{SHA: c.SHA, Stage: "staging", Promotion: 8}
	if got := done[bot.DeploymentCreated](w, different); got == made {
		t.Error("promotion 8 should have a deployment of its own")
	}
	w.target.Pipeline.Name = "api"
	if got := done[bot.DeploymentCreated](w, effect); got == made {
		t.Error("the pipeline api should have a deployment of its own")
	}
	w.target.Pipeline.Name = ""
	w.clock.Advance(time.Hour)
	effect.Since = w.clock.Now()
	if got := done[bot.DeploymentCreated](w, effect); got == made {
		t.Error("what was made an hour before the first attempt is not its trace")
	}

	// Not sent, so not there: it is made.
	w.Inject(githubtest.Fault{Match: "POST */deployments", Drop: true})
	effect.Do = bot.CreateDeployment{SHA: c.SHA, Stage: "canary", Promotion: 1}
	if _, err := w.perform(effect); kind(err) != "unknown" {
		t.Fatalf("the connection was dropped: expected unknown, got %v", err)
	}
	w.costs(2, func() { done[bot.DeploymentCreated](w, effect) })
}

func TestTheCommentIsOneAndEdited(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	_, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	n := w.open(githubtest.PullOptions{Head: "feature"}).Number()
	for i := range 105 {
		if _, err := w.shop.Comment(n, "ana", fmt.Sprintf("<!-- headstart -->\nI quote it %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	ours := func() []githubtest.Comment {
		var all []githubtest.Comment
		for _, c := range w.shop.Comments(n) {
			if c.User == "headstart[bot]" {
				all = append(all, c)
			}
		}
		return all
	}
	var made bot.CommentWritten
	w.costs(3, func() { made = do[bot.CommentWritten](w, bot.WriteComment{Number: n, Body: "building"}) })
	if all := ours(); len(all) != 1 || all[0].ID != made.ID || all[0].Body != "<!-- headstart -->\nbuilding" || made.URL == "" {
		t.Fatalf("the comment should stand there with its marker, got %+v and %+v", all, made)
	}
	w.costs(1, func() {
		if got := do[bot.CommentWritten](w, bot.WriteComment{Number: n, ID: made.ID, Body: "live"}); got != made {
			t.Errorf("the known comment should be edited, got %+v", got)
		}
	})
	w.costs(3, func() {
		if got := do[bot.CommentWritten](w, bot.WriteComment{Number: n, Body: "found"}); got != made {
			t.Errorf("the comment should be found and edited, got %+v", got)
		}
	})
	w.costs(2, func() { do[bot.CommentWritten](w, bot.WriteComment{Number: n, Body: "found"}) }) // says so already
	if all := ours(); len(all) != 1 || all[0].Body != "<!-- headstart -->\nfound" {
		t.Errorf("there should be one comment that says found, got %+v", all)
	}

	w.must(w.shop.DeleteComment(made.ID, "ana"))
	var anew bot.CommentWritten
	w.costs(4, func() { anew = do[bot.CommentWritten](w, bot.WriteComment{Number: n, ID: made.ID, Body: "again"}) })
	if all := ours(); len(all) != 1 || all[0].ID != anew.ID || anew.ID == made.ID {
		t.Errorf("a deleted comment is written anew, got %+v", all)
	}

	w.Inject(githubtest.Fault{Match: "POST */comments", Drop: true, After: true})
	w.must(w.shop.DeleteComment(anew.ID, "ana"))
	if _, err := w.perform(bot.Effect{Do: bot.WriteComment{Number: n, Body: "lost"}}); kind(err) != "unknown" {
		t.Errorf("the answer was lost: expected unknown, got %v", err)
	}
	done[bot.CommentWritten](w, bot.Effect{Unsure: true, Do: bot.WriteComment{Number: n, Body: "lost"}})
	if all := ours(); len(all) != 1 {
		t.Errorf("after a lost answer there is still one comment, got %d", len(all))
	}

	w.refuse(bot.WriteComment{Number: 999, Body: "nobody hears this"})
}

func TestLongCommentsAreCut(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	_, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	n := w.open(githubtest.PullOptions{Head: "feature"}).Number()
	do[bot.CommentWritten](w, bot.WriteComment{Number: n, Body: "<details>\n\n```\n" + strings.Repeat("a line of output with ünicode 🎉\n", 4000) + "```\n</details>"})
	comments := w.shop.Comments(n)
	body := comments[len(comments)-1].Body
	if utf8.RuneCountInString(body) > 65536 || !strings.Contains(body, "The rest is missing") || strings.Count(body, "```") != 2 || strings.Count(body, "</details>") != 1 {
		t.Errorf("a comment that is too long should be cut, closed and say so; it ends with %q", body[len(body)-200:])
	}
}
