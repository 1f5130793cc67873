package webhooks_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/webhooks"
)

// comment is the real payload of a comment on an issue, made one on a pull
// request that asks for a promotion, and then changed: the keys are paths, nil
// is JSON's null.
func comment(t testing.TB, change map[string]any) []byte {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(payload(t, "issue_comment.created"), &p); err != nil {
		t.Fatal(err)
	}
	set := func(path string, value any) {
		at, keys := p, strings.Split(path, ".")
		for _, key := range keys[:len(keys)-1] {
			at = at[key].(map[string]any)
		}
		at[keys[len(keys)-1]] = value
	}
	set("issue.pull_request", map[string]any{"url": "https://api.github.com/repos/Codertocat/Hello-World/pulls/1", "merged_at": nil})
	set("comment.body", "Looks good.\r\n/promote production\r\n")
	set("comment.performed_via_github_app", nil)
	set("installation", map[string]any{"id": 1})
	for path, value := range change {
		set(path, value)
	}
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestDecodeACommand(t *testing.T) {
	d, err := webhooks.Decode("issue_comment", comment(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []bot.Fact{
		bot.Installed{RepoID: 186853002, Installation: 1, DefaultBranch: "master", Visibility: bot.Public},
		bot.Commented{ID: 492700400, Number: 1, User: "Codertocat", UserID: 21031067, Body: "/promote production", At: at("2019-05-15T15:20:21Z")},
	}
	if !reflect.DeepEqual(d.Facts, want) {
		t.Errorf("a command in a comment on a pull request has the facts\n%+v\nwanted\n%+v", d.Facts, want)
	}
}

// What somebody wrote by mistake, the bot does not keep: of the text only the
// commands, and of those no secrets.
func TestDecodeKeepsNoSecretsOfComments(t *testing.T) {
	d := decodeOne(t, "issue_comment", comment(t, map[string]any{"comment.body": "My token is ghp_hush0123456789.\r\n```\r\n/cancel\r\n```\r\n" +
		"  /lock   production because ghp_hush0123456789 leaked  \r\n-----BEGIN PRIVATE KEY-----\r\nhush\r\n/promte https://me:hush@h/\r\n/status"}))
	want := "/lock production because [redacted] leaked\n/promte https://[redacted]@h/\n/status"
	if got, ok := d.(bot.Commented); !ok || got.Body != want {
		t.Errorf("of this comment the commands %q should be kept, without secrets, got %+v", want, d)
	}
}

func TestDecodeIgnoresOtherComments(t *testing.T) {
	for what, change := range map[string]map[string]any{
		"a comment on an issue":                          {"issue.pull_request": nil},
		"an edited comment":                              {"action": "edited"},
		"a deleted comment":                              {"action": "deleted"},
		"a comment without a command":                    {"comment.body": "Shall we /promote this?"},
		"an empty comment":                               {"comment.body": ""},
		"a comment without a body":                       {"comment.body": nil},
		"a quoted command":                               {"comment.body": "> /promote"},
		"a command in a code block":                      {"comment.body": "```\n/promote\n```"},
		"a bot's comment":                                {"comment.user.type": "Bot"},
		"an organization's comment":                      {"comment.user.type": "Organization"},
		"a comment of an account that is gone":           {"comment.user": nil},
		"a comment that a bot sent":                      {"sender.type": "Bot"},
		"a comment that an App wrote in somebody's name": {"comment.performed_via_github_app": map[string]any{"id": 7, "slug": "helper"}},
	} {
		if fact := decodeOne(t, "issue_comment", comment(t, change)); fact != nil {
			t.Errorf("%s must do nothing, got %+v", what, fact)
		}
	}
}

func TestDecodeExplainsComments(t *testing.T) {
	for _, tt := range []struct {
		path  string
		value any
		want  string
	}{
		{"comment", nil, "issue_comment: comment.id: expected a number, found nothing"},
		{"comment.id", "x", "issue_comment: comment.id: expected a number, found string"},
		{"comment.user.login", "", "issue_comment: comment.user.login: expected a name, found nothing"},
		{"comment.created_at", "noon", `issue_comment: comment.created_at: expected a time, found "\"noon\""`},
		{"issue", nil, "issue_comment: issue.number: expected a number, found nothing"},
		{"issue.number", 0, "issue_comment: issue.number: expected a number, found nothing"},
		{"issue.pull_request", "yes", "issue_comment: issue.pull_request: expected an object, found string"},
	} {
		if _, err := webhooks.Decode("issue_comment", comment(t, map[string]any{tt.path: tt.value})); err == nil || err.Error() != tt.want {
			t.Errorf("a comment with %s = %v: got the error\n%v\nwanted\n%s", tt.path, tt.value, err, tt.want)
		}
	}
}
