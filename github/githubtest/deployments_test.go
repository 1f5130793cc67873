package githubtest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func (w *world) deploy(request github.DeploymentRequest) (*github.Deployment, *github.Response, error) {
	w.t.Helper()
	if request.AutoMerge == nil {
		request.AutoMerge = github.Bool(false)
	}
	if request.RequiredContexts == nil {
		request.RequiredContexts = &[]string{}
	}
	return w.api.Repositories.CreateDeployment(w.ctx, "acme", "shop", &request)
}

func TestDeploymentsTellTheirStory(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	var ids []int64
	for _, environment := range []string{"staging", "staging", "production", "production"} {
		d, _, err := w.deploy(github.DeploymentRequest{Ref: &c.SHA, Environment: &environment, Description: github.String("by Headstart")})
		w.must(err)
		if d.GetSHA() != c.SHA || d.GetTask() != "deploy" {
			t.Errorf("deployment = %v", d)
		}
		ids = append(ids, d.GetID())
		for _, state := range []string{"in_progress", "success"} {
			_, _, err := w.api.Repositories.CreateDeploymentStatus(w.ctx, "acme", "shop", d.GetID(), &github.DeploymentStatusRequest{
				State: &state, EnvironmentURL: github.String("https://example.com"), LogURL: github.String("https://example.com/log"),
			})
			w.must(err)
		}
	}
	for i, want := range []string{"inactive", "success", "success", "success"} { // production is left alone
		statuses, _, err := w.api.Repositories.ListDeploymentStatuses(w.ctx, "acme", "shop", ids[i], nil)
		if err != nil || statuses[0].GetState() != want || w.shop.Deployments()[i].State() != want {
			t.Errorf("deployment %d ends %v, %v; want %s", i, statuses[0], err, want)
		}
	}
	found, _, err := w.api.Repositories.ListDeployments(w.ctx, "acme", "shop", &github.DeploymentsListOptions{SHA: c.SHA, Environment: "staging"})
	if err != nil || len(found) != 2 || found[0].GetID() != ids[1] {
		t.Errorf("deployments to staging = %v, %v", found, err)
	}
	if event := parse[github.DeploymentStatusEvent](t, w.last("deployment_status")); event.GetDeployment().GetID() != ids[3] {
		t.Errorf("the event is of deployment %d", event.GetDeployment().GetID())
	}
	for name, request := range map[string]github.DeploymentStatusRequest{
		"bad state":        {State: github.String("great")},
		"long description": {State: github.String("success"), Description: github.String(strings.Repeat("x", 141))},
	} {
		if _, resp, err := w.api.Repositories.CreateDeploymentStatus(w.ctx, "acme", "shop", ids[0], &request); err == nil || resp.StatusCode != 422 {
			t.Errorf("%s: %v, want 422", name, err)
		}
	}
	if _, resp, err := w.deploy(github.DeploymentRequest{Ref: github.String("gone")}); err == nil || resp.StatusCode != 422 {
		t.Errorf("an unknown ref answers %v, want 422", err)
	}
}

func TestADeploymentsDefaultsAreTraps(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	w.must(w.shop.SetStatus(c.SHA, githubtest.Status{Context: "headstart/build", State: "pending"}))
	_, resp, err := w.api.Repositories.CreateDeployment(w.ctx, "acme", "shop", &github.DeploymentRequest{Ref: &c.SHA})
	if err == nil || resp.StatusCode != 409 {
		t.Errorf("with a pending status the defaults answer %v, want 409", err)
	}
	_, err = w.shop.Push("topic", githubtest.Change{Files: map[string]string{"b": "1"}})
	w.must(err)
	w.commit("a", "2")
	before := w.shop.Head("topic")
	_, _, err = w.api.Repositories.CreateDeployment(w.ctx, "acme", "shop", &github.DeploymentRequest{Ref: github.String("topic")})
	if accepted := new(github.AcceptedError); !errors.As(err, &accepted) {
		t.Errorf("a branch that is behind answers %v, want 202", err)
	}
	if w.shop.Head("topic") == before || len(w.shop.Deployments()) != 0 {
		t.Error("the default is to merge main into the branch, and to deploy nothing")
	}
}

func TestComments(t *testing.T) {
	w := start(t)
	w.commit("a", "1")
	p := w.topic("topic", map[string]string{"b": "1"})
	said, err := w.shop.Comment(p.Number(), "ada", "/promote")
	w.must(err)
	event := parse[github.IssueCommentEvent](t, w.last("issue_comment"))
	if event.GetAction() != "created" || !event.GetIssue().IsPullRequest() || event.GetComment().GetBody() != "/promote" || event.GetSender().GetType() != "User" {
		t.Errorf("issue_comment = %v", event)
	}
	made, _, err := w.api.Issues.CreateComment(w.ctx, "acme", "shop", p.Number(), &github.IssueComment{Body: github.String("one")})
	w.must(err)
	if event := parse[github.IssueCommentEvent](t, w.last("issue_comment")); event.GetSender().GetType() != "Bot" || event.GetComment().GetUser().GetLogin() != "headstart[bot]" {
		t.Errorf("our own comment is by %s", event.GetComment().GetUser().GetLogin())
	}
	_, _, err = w.api.Issues.EditComment(w.ctx, "acme", "shop", made.GetID(), &github.IssueComment{Body: github.String("two")})
	w.must(err)
	if read, _, err := w.api.Issues.GetComment(w.ctx, "acme", "shop", made.GetID()); err != nil || read.GetBody() != "two" {
		t.Errorf("the comment reads %q, %v", read.GetBody(), err)
	}
	if all, _, err := w.api.Issues.ListComments(w.ctx, "acme", "shop", p.Number(), nil); err != nil || len(all) != 2 {
		t.Errorf("comments = %v, %v", all, err)
	}
	for range 2 {
		_, _, err = w.api.Reactions.CreateIssueCommentReaction(w.ctx, "acme", "shop", said.ID, "rocket")
		w.must(err)
	}
	if got := w.shop.Comments(p.Number())[0].Reactions; len(got) != 1 || got[0] != "headstart[bot] rocket" {
		t.Errorf("reactions = %q", got)
	}
	if reactions, _, err := w.api.Reactions.ListIssueCommentReactions(w.ctx, "acme", "shop", said.ID, nil); err != nil || len(reactions) != 1 {
		t.Errorf("reactions = %v, %v", reactions, err)
	}
	_, err = w.api.Issues.DeleteComment(w.ctx, "acme", "shop", made.GetID())
	w.must(err)
	w.must(w.shop.EditComment(said.ID, "ada", "/rollback"))
	w.must(w.shop.DeleteComment(said.ID, "ada"))
	if event := parse[github.IssueCommentEvent](t, w.last("issue_comment")); event.GetAction() != "deleted" {
		t.Errorf("the last event is %s, want deleted", event.GetAction())
	}
	if _, resp, err := w.api.Issues.GetComment(w.ctx, "acme", "shop", made.GetID()); err == nil || resp.StatusCode != 404 {
		t.Errorf("a deleted comment answers %v, want 404", err)
	}
	for _, body := range []string{"", strings.Repeat("x", 65537)} {
		if _, resp, err := w.api.Issues.CreateComment(w.ctx, "acme", "shop", p.Number(), &github.IssueComment{Body: &body}); err == nil || resp.StatusCode != 422 {
			t.Errorf("a comment of %d characters answers %v, want 422", len(body), err)
		}
	}
	number := w.shop.OpenIssue("A question", "ada")
	if _, err := w.shop.Comment(number, "ada", "/promote"); err != nil {
		t.Error(err)
	}
	if event := parse[github.IssueCommentEvent](t, w.last("issue_comment")); event.GetIssue().IsPullRequest() {
		t.Error("a plain issue looks like a pull request")
	}
}
