package github_test

import (
	"errors"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// GitHub's webhooks tell of commits before its API knows them. A refusal that says so
// is told from the others, which another try would not change.
func TestARefusalTellsWhetherGitHubKnowsWhatWasNamed(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		missing bool
	}{
		"404":                        {404, `{"message":"Not Found"}`, true},
		"404 for a ref":              {404, `{"message":"No commit found for the ref 8d1c8b6"}`, true},
		"409 in an empty repository": {409, `{"message":"Git Repository is empty."}`, true},
		"422 for a commit":           {422, `{"message":"No commit found for SHA: 8d1c8b6"}`, true},
		"422 for a deployment's ref": {422, `{"message":"No ref found for: 8d1c8b6"}`, true},
		"422 with GitHub's code":     {422, `{"message":"Validation Failed","errors":[{"resource":"Status","code":"missing","field":"sha"}]}`, true},
		"422 for the field":          {422, `{"message":"Validation Failed","errors":[{"resource":"Deployment","code":"invalid","field":"ref"}]}`, true},
		"401":                        {401, `{"message":"Bad credentials"}`, true},
		"422 for a text":             {422, `{"message":"Validation Failed","errors":[{"resource":"Status","code":"custom","field":"description","message":"description is too long (maximum is 140 characters)"}]}`, false},
		"422 for a missing field":    {422, `{"message":"Validation Failed","errors":[{"resource":"Status","code":"missing_field","field":"state"}]}`, false},
		"410":                        {410, `{"message":"Gone"}`, false},
		"403":                        {403, `{"message":"Resource not accessible by integration"}`, false},
		"451":                        {451, `{"message":"Repository access blocked"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t)
			commit := w.commit(map[string]string{"a": "1"})
			for match, action := range map[string]bot.Action{
				"GET */pulls":      bot.FindPullRequest{SHA: commit.SHA},
				"POST */statuses*": bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}},
			} {
				undo := w.Inject(githubtest.Fault{Match: match, Status: c.status, Body: c.body, Times: -1})
				_, err := w.perform(bot.Effect{Do: action})
				undo()
				var refused *bot.Refused
				if !errors.As(err, &refused) || refused.Missing != c.missing {
					t.Errorf("%s: expected a refusal with missing %t, got %#v", bot.NameOf(action), c.missing, err)
				}
				if f := bot.Conclude(bot.Effect{Do: action}, nil, err); f.Outcome != bot.Refuse || f.Missing != c.missing {
					t.Errorf("%s: the outcome should say missing %t, got %+v", bot.NameOf(action), c.missing, f)
				}
			}
		})
	}
}

// The source of a build is asked for right after the push, too.
func TestASourceThatGitHubDoesNotKnowIsMissing(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	w.Inject(githubtest.Fault{Match: "GET */tarball/*", Status: 404, Body: `{"message":"Not Found"}`})
	_, err := w.client.Tarball(t.Context(), w.target, commit.SHA)
	var refused *bot.Refused
	if !errors.As(err, &refused) || !refused.Missing || refused.Platform {
		t.Errorf("a source that is not there yet is missing, and not the platform's fault; got %#v", err)
	}
}
