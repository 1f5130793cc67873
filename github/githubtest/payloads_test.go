package githubtest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// TestEventsHaveTheShapeOfRealOnes holds each event against a real payload:
// every field of the real one must be there, with a value of the same kind.
func TestEventsHaveTheShapeOfRealOnes(t *testing.T) {
	w := start(t, func(o *githubtest.Options) {
		o.Permissions = githubtest.DefaultPermissions()
		o.Permissions["checks"] = "write"
	})
	first := w.commit("a", "1")
	w.must(w.shop.Tag("v1", "main"))
	p := w.topic("changes", map[string]string{"b": "1"})
	w.must(w.shop.Check(p.HeadSHA(), "ci", "success"))
	w.must(w.shop.SetStatus(first.SHA, githubtest.Status{Context: "ci", State: "success"}))
	said, err := w.shop.Comment(p.Number(), "ada", "x")
	w.must(err)
	w.must(w.shop.EditComment(said.ID, "ada", "y"))
	w.must(w.shop.DeleteComment(said.ID, "ada"))
	d, _, err := w.deploy(github.DeploymentRequest{Ref: &first.SHA})
	w.must(err)
	_, _, err = w.api.Repositories.CreateDeploymentStatus(w.ctx, "acme", "shop", d.GetID(), &github.DeploymentStatusRequest{State: github.String("success")})
	w.must(err)
	_, err = w.shop.Enqueue(githubtest.QueueOptions{}, p)
	w.must(err)
	w.must(p.Close())
	w.must(w.shop.DeleteBranch("changes"))
	if _, err := w.CreateRepo("acme/second", githubtest.RepoOptions{}); err != nil {
		t.Fatal(err)
	}
	w.flush()

	deleted := func(h hook) bool { return h.payload["deleted"] == true }
	for file, pick := range map[string]func(hook) bool{
		"push.branch": func(h hook) bool { return h.payload["ref"] == "refs/heads/main" }, "push.deleted": deleted,
		"push.tag_created":      func(h hook) bool { return strings.HasPrefix(fmt.Sprint(h.payload["ref"]), "refs/tags/") },
		"check_suite.requested": nil, "check_suite.completed": nil, "check_run.created": nil, "check_run.completed": nil, "status": nil,
		"pull_request.opened": nil, "pull_request.closed": nil, "issue_comment.created": nil, "issue_comment.edited": nil,
		"issue_comment.deleted": nil, "merge_group.checks_requested": nil, "deployment.created": nil, "deployment_status.created": nil, "installation.created": nil,
		"installation_repositories.added": nil,
	} {
		event, action, _ := strings.Cut(file, ".")
		if pick == nil {
			pick = func(h hook) bool { return action == "" || h.payload["action"] == action }
		}
		all := w.inbox.of(event)
		i := slices.IndexFunc(all, pick)
		if i < 0 {
			t.Errorf("no %s arrived", file)
			continue
		}
		raw, err := os.ReadFile("testdata/payloads/" + file + ".json")
		w.must(err)
		var real map[string]any
		w.must(json.Unmarshal(raw, &real))
		compareShape(t, file, "", real, all[i].payload)
	}
}

// absent are fields of the real payloads that ours may lack.
var absent = map[string]bool{
	"owner/email": true, "owner/name": true, // an old form of pushes
	"custom_properties": true, "organization": true, "enterprise": true, // an organization's or enterprise's own
	"permissions": true, "events": true, // the App's choice
	"check_run/deployment": true, // of Actions jobs with an environment
}

// compareShape walks the real payload. Null and any value are of one kind.
func compareShape(t *testing.T, file, path string, real, ours any) {
	t.Helper()
	switch want := real.(type) {
	case map[string]any:
		have, same := ours.(map[string]any)
		if !same {
			if ours != nil {
				t.Errorf("%s: %s is %T, want an object", file, path, ours)
			}
			return
		}
		for name, value := range want {
			parts := strings.Split(path, "/")
			if absent[name] || absent[parts[len(parts)-1]+"/"+name] {
				continue
			}
			mine, there := have[name]
			if !there {
				t.Errorf("%s: %s/%s is missing", file, path, name)
				continue
			}
			compareShape(t, file, path+"/"+name, value, mine)
		}
	case []any:
		have, same := ours.([]any)
		if !same && ours != nil {
			t.Errorf("%s: %s is %T, want a list", file, path, ours)
		}
		if len(want) > 0 && len(have) > 0 {
			compareShape(t, file, path+"/0", want[0], have[0])
		}
	case nil:
	default:
		if ours != nil && fmt.Sprintf("%T", ours) != fmt.Sprintf("%T", real) {
			t.Errorf("%s: %s is %T, want %T", file, path, ours, real)
		}
	}
}
