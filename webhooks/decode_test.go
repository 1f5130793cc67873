package webhooks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/webhooks"
)

func payload(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "payloads", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

const (
	first  = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
	second = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
	zero   = "0000000000000000000000000000000000000000"
)

// codertocat is who did everything in the real payloads.
var codertocat = bot.Account{ID: 21031067, Login: "Codertocat"}

// A push to the head of a pull request is told by its event, too; of forks by nothing else.
func TestDecodeWhoPushedAHead(t *testing.T) {
	moved := func(change map[string]any) []bot.Fact {
		var p map[string]any
		if err := json.Unmarshal(payload(t, "pull_request.opened"), &p); err != nil {
			t.Fatal(err)
		}
		p["action"], p["before"], p["after"] = "synchronize", first, second
		for k, v := range change {
			p[k] = v
		}
		body, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "pull_request", body)
		d, err := webhooks.Decode("pull_request", body)
		if err != nil {
			t.Fatal(err)
		}
		return d.Facts
	}
	want := bot.HeadPushed{Branch: "changes", Before: first, After: second, By: codertocat}
	if facts := moved(nil); !slices.Contains(facts, bot.Fact(want)) {
		t.Errorf("a push to the head of a pull request should say who pushed, it says %+v", facts)
	}
	for name, change := range map[string]map[string]any{
		"another action": {"action": "edited"}, "no commit before": {"before": nil}, "another commit": {"after": first}, "nobody": {"sender": nil},
	} {
		facts := moved(change)
		if i := slices.IndexFunc(facts, func(f bot.Fact) bool { _, is := f.(bot.HeadPushed); return is }); i >= 0 && name != "nobody" {
			t.Errorf("%s: this is no push, it says %+v", name, facts[i])
		} else if name == "nobody" && (i < 0 || facts[i].(bot.HeadPushed).By != bot.Account{}) {
			t.Errorf("who pushed is not known, and that there was a push is: %+v", facts)
		}
	}
}

func TestDecodeRealPayloads(t *testing.T) {
	hello := bot.Repo{Owner: "Codertocat", Name: "Hello-World"}
	installed := bot.Installed{RepoID: 186853002, Installation: 1, DefaultBranch: "master", Visibility: bot.Public}
	pr := bot.PullRequestChanged{
		Number: 2, Title: "Update the README with new information.", Author: "Codertocat", AuthorID: 21031067, Head: second, Branch: "changes", Base: "master",
		Open: true, UpdatedAt: at("2019-05-15T15:20:33Z"),
	}
	closed := pr
	closed.Open, closed.UpdatedAt = false, at("2019-05-15T15:21:18Z")
	linter := bot.Check{
		Kind: bot.CheckRun, Name: "Octocoders-linter", AppID: 29310, App: "github-actions", Suite: 118578147, State: bot.CheckFailed, Conclusion: "failure",
		URL: "https://octocoders.io", At: at("2019-05-15T15:21:12Z"),
	}
	for _, tt := range []struct {
		file  string
		facts []bot.Fact
	}{
		{"push.branch", []bot.Fact{installed, bot.Pushed{
			Branch: "master", Before: zero, After: first, Tree: "31b122c26a97cf9af023e9ddab94a82c6e77b0ea",
			Title: "Initial commit", Author: "Codertocat", PushedAt: at("2019-05-15T15:20:57Z"), By: codertocat,
		}}},
		{"push.deleted", nil},
		{"push.tag_created", nil},
		{"pull_request.opened", []bot.Fact{pr}},
		{"pull_request.closed", []bot.Fact{installed, closed}},
		{"check_run.completed", []bot.Fact{bot.CheckReported{SHA: second, Check: linter}}},
		{"check_suite.completed", []bot.Fact{bot.ChecksMoved{SHA: second, Completed: true, Suite: 118578147}}},
		{"status", []bot.Fact{bot.CheckReported{SHA: first, Check: bot.Check{
			Kind: bot.CommitStatus, Name: "default", State: bot.CheckPassed, Conclusion: "success", At: at("2019-05-15T15:20:55Z"),
		}}}},
		{"installation.created", nil},
		{"issue_comment.created", nil},
		{"merge_group.checks_requested", []bot.Fact{
			bot.Installed{RepoID: 17273051, Installation: 1, DefaultBranch: "main", Visibility: bot.Private}, bot.MergeGroupChanged{
				Head: "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d", Tree: "31b122c26a97cf9af023e9ddab94a82c6e77b0ea", Branch: "main",
				Title: "Merge pull request #2048 from octo-repo/update-readme", Base: "380387fbc80638b734a49e1be1c4dfec1c01b33c", Pull: 104,
				MadeAt: at("2019-05-15T15:20:30Z"),
			},
		}},
		{"ping", nil},
	} {
		event, _, _ := strings.Cut(tt.file, ".")
		d, err := webhooks.Decode(event, payload(t, tt.file))
		if err != nil {
			t.Errorf("%s: %v", tt.file, err)
			continue
		}
		if !reflect.DeepEqual(d.Facts, tt.facts) {
			t.Errorf("%s has the facts\n%+v\nwanted\n%+v", tt.file, d.Facts, tt.facts)
		}
		about := hello
		if event == "merge_group" {
			about = bot.Repo{Owner: "octo-org", Name: "octo-repo"}
		}
		if len(tt.facts) > 0 && d.Repo != about {
			t.Errorf("%s is about %s, wanted %s", tt.file, d.Repo, about)
		}
	}
}

// edit changes one field of a real payload; a nil value is JSON's null.
func edit(t *testing.T, file, path string, value any) []byte {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(payload(t, file), &p); err != nil {
		t.Fatal(err)
	}
	at, keys := p, strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		at = at[key].(map[string]any)
	}
	at[keys[len(keys)-1]] = value
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func decodeOne(t *testing.T, event string, body []byte) bot.Fact {
	t.Helper()
	d, err := webhooks.Decode(event, body)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Facts) == 0 {
		return nil
	}
	return d.Facts[len(d.Facts)-1]
}

func TestDecodeVariants(t *testing.T) {
	for _, tt := range []struct {
		what, file, path string
		value            any
		want             func(bot.Fact) bool
	}{
		{"a deleted branch has no facts", "push.branch", "deleted", true, func(f bot.Fact) bool { return f == nil }},
		{"a push to nothing has no facts", "push.branch", "after", zero, func(f bot.Fact) bool { return f == nil }},
		{"a push may come without its commit", "push.branch", "head_commit", nil, func(f bot.Fact) bool {
			return f == bot.Pushed{Branch: "master", Before: zero, After: first, PushedAt: at("2019-05-15T15:20:57Z"), By: codertocat}
		}},
		{"a push says whether it brought anything new", "push.branch", "commits", []any{map[string]any{"distinct": false}, map[string]any{"distinct": true}}, func(f bot.Fact) bool { return !f.(bot.Pushed).Nothing }},
		{"a new branch at an old commit brings nothing", "push.branch", "commits", []any{}, func(f bot.Fact) bool { return f.(bot.Pushed).Nothing }},
		{"a branch that moves to commits of others brings nothing", "push.branch", "commits", []any{map[string]any{"distinct": false}}, func(f bot.Fact) bool { return f.(bot.Pushed).Nothing }},
		{"a push that lists no commits may bring some", "push.branch", "commits", nil, func(f bot.Fact) bool { return !f.(bot.Pushed).Nothing }},
		{"a bot may push", "push.branch", "sender.type", "Bot", func(f bot.Fact) bool { return f.(bot.Pushed).By.Bot }},
		{"nobody knows who pushed", "push.branch", "sender", nil, func(f bot.Fact) bool { return f.(bot.Pushed).By == bot.Account{} }},
		{"a push may come without the tree of its commit", "push.branch", "head_commit.tree_id", nil, func(f bot.Fact) bool { return f.(bot.Pushed).Tree == "" && f.(bot.Pushed).Title == "Initial commit" }},
		{"a push may come with nothing of its commit", "push.branch", "head_commit", map[string]any{}, func(f bot.Fact) bool { return f.(bot.Pushed).After == first }},
		{"a push may come without who wrote its commit", "push.branch", "head_commit.author", nil, func(f bot.Fact) bool { return f.(bot.Pushed).Author == "" }},
		{"a branch's name may have slashes", "push.branch", "ref", "refs/heads/a/b", func(f bot.Fact) bool { return f.(bot.Pushed).Branch == "a/b" }},
		{"a title is the first line", "push.branch", "head_commit.message", "One\r\n\r\nTwo", func(f bot.Fact) bool { return f.(bot.Pushed).Title == "One" }},
		{"a title is kept as far as people read it", "push.branch", "head_commit.message", strings.Repeat("ü", 1<<20), func(f bot.Fact) bool { return f.(bot.Pushed).Title == strings.Repeat("ü", 255)+"…" }},
		{"a title holds no secret", "push.branch", "head_commit.message", strings.Repeat("x", 230) + " https://me:" + strings.Repeat("hush", 9) + "@h/", func(f bot.Fact) bool { return strings.HasSuffix(f.(bot.Pushed).Title, "x https://[redacted]@h/") }},
		{"a pull request's title holds no secret", "pull_request.opened", "pull_request.title", "Use ghp_hush0123456789", func(f bot.Fact) bool { return f.(bot.PullRequestChanged).Title == "Use [redacted]" }},
		{"a name holds no secret", "push.branch", "head_commit.author", map[string]any{"name": "ghp_hush0123456789"}, func(f bot.Fact) bool { return f.(bot.Pushed).Author == "[redacted]" }},
		{"an author without a login has a name", "push.branch", "head_commit.author", map[string]any{"name": "Ada"}, func(f bot.Fact) bool { return f.(bot.Pushed).Author == "Ada" }},
		{"a force push says so", "push.branch", "forced", true, func(f bot.Fact) bool { return f.(bot.Pushed).Forced }},
		{"a push time may be text", "push.branch", "repository.pushed_at", "2019-05-15T15:20:57Z", func(f bot.Fact) bool { return f.(bot.Pushed).PushedAt.Equal(at("2019-05-15T15:20:57Z")) }},
		{"a head in another repository is a fork", "pull_request.opened", "pull_request.head.repo.full_name", "eve/Hello-World", func(f bot.Fact) bool { return f.(bot.PullRequestChanged).Fork }},
		{"a head whose repository is gone is a fork", "pull_request.opened", "pull_request.head.repo", nil, func(f bot.Fact) bool { return f.(bot.PullRequestChanged).Fork }},
		{"a ghost may have opened it", "pull_request.opened", "pull_request.user", nil, func(f bot.Fact) bool { return f.(bot.PullRequestChanged).Author == "" }},
		{"the test merge is no merge", "pull_request.opened", "pull_request.merge_commit_sha", first, func(f bot.Fact) bool { return f.(bot.PullRequestChanged).MergeSHA == "" }},
		{"a merge is known by its commit", "pull_request.closed", "pull_request.merged", true, func(f bot.Fact) bool {
			p := f.(bot.PullRequestChanged)
			return p.Merged && p.MergeSHA == "c4295bd74fb0f4fda03689c3df3f2803b658fd85"
		}},
		{"neutral passes", "check_run.completed", "check_run.conclusion", "neutral", passed},
		{"skipped passes", "check_run.completed", "check_run.conclusion", "skipped", passed},
		{"success passes", "check_run.completed", "check_run.conclusion", "success", passed},
		{"timed out fails", "check_run.completed", "check_run.conclusion", "timed_out", failed},
		{"stale fails", "check_run.completed", "check_run.conclusion", "stale", failed},
		{"in progress is pending", "check_run.created", "check_run.status", "in_progress", pending},
		{"waiting is pending", "check_run.created", "check_run.status", "waiting", pending},
		{"an old conclusion does not count when it is asked for again", "check_run.completed", "action", "rerequested", func(f bot.Fact) bool { return f == bot.ChecksMoved{SHA: second} }},
		{"a button that was pressed is no report", "check_run.completed", "action", "requested_action", func(f bot.Fact) bool { return f == bot.ChecksMoved{SHA: second} }},
		{"a check run may have no app", "check_run.completed", "check_run.app", nil, func(f bot.Fact) bool { return f.(bot.CheckReported).Check.AppID == 0 }},
		{"an error of a status fails", "status", "state", "error", failed},
		{"a status can be pending", "status", "state", "pending", pending},
		{"a status of ours is dropped", "status", "context", "Headstart/build", func(f bot.Fact) bool { return f == nil }},
		{"a suite without runs shows nothing", "check_suite.completed", "check_suite.latest_check_runs_count", 0, func(f bot.Fact) bool { return f == bot.ChecksMoved{SHA: second, Completed: true} }},
		{"a suite that is requested means look again", "check_suite.completed", "action", "requested", func(f bot.Fact) bool { return f == bot.ChecksMoved{SHA: second} }},
	} {
		event, _, _ := strings.Cut(tt.file, ".")
		if fact := decodeOne(t, event, edit(t, tt.file, tt.path, tt.value)); !tt.want(fact) {
			t.Errorf("%s, got %+v", tt.what, fact)
		}
	}
}

func passed(f bot.Fact) bool  { return f.(bot.CheckReported).Check.State == bot.CheckPassed }
func failed(f bot.Fact) bool  { return f.(bot.CheckReported).Check.State == bot.CheckFailed }
func pending(f bot.Fact) bool { return f.(bot.CheckReported).Check.State == bot.CheckPending }

func TestDecodeExplains(t *testing.T) {
	for _, tt := range []struct {
		file, path string
		value      any
		want       string
	}{
		{"push.branch", "ref", 7, "push: ref: expected a string, found number"},
		{"push.branch", "ref", nil, "push: ref: expected the full name of a branch or tag, found nothing"},
		{"push.branch", "after", "main", `push: after: expected a full SHA, found "main"`},
		{"push.branch", "before", strings.ToUpper(second), `push: before: expected a full SHA, found "` + strings.ToUpper(second) + `"`},
		{"push.branch", "head_commit.tree_id", "main", `push: head_commit.tree_id: expected a full SHA, found "main"`},
		{"push.branch", "repository.full_name", "shop", `push: repository.full_name: expected OWNER/NAME, found "shop"`},
		{"push.branch", "repository.pushed_at", "noon", `push: repository.pushed_at: expected a time, found "\"noon\""`},
		{"push.branch", "repository.pushed_at", 1 << 60, `push: repository.pushed_at: expected a time, found "1152921504606846976"`},
		{"pull_request.opened", "pull_request", nil, "pull_request: pull_request.number: expected a number, found nothing"},
		{"pull_request.opened", "pull_request.head", []any{}, "pull_request: pull_request.head: expected an object, found array"},
		{"pull_request.opened", "pull_request.base.ref", "", "pull_request: pull_request.base.ref: expected the name of a branch, found nothing"},
		{"check_run.completed", "check_run.conclusion", nil, "check_run: check_run.conclusion: expected a conclusion, because it is completed, found nothing"},
		{"check_run.completed", "check_run.name", "", "check_run: check_run.name: expected a name, found nothing"},
		{"check_suite.completed", "check_suite", nil, "check_suite: check_suite.head_sha: expected a full SHA, found nothing"},
		{"status", "state", "green", `status: state: expected success, pending, failure or error, found "green"`},
	} {
		event, _, _ := strings.Cut(tt.file, ".")
		if _, err := webhooks.Decode(event, edit(t, tt.file, tt.path, tt.value)); err == nil || err.Error() != tt.want {
			t.Errorf("%s with %s = %v: got the error\n%v\nwanted\n%s", tt.file, tt.path, tt.value, err, tt.want)
		}
	}
	if _, err := webhooks.Decode("push", []byte("{")); err == nil || !strings.HasPrefix(err.Error(), "push: expected JSON") {
		t.Errorf("half an object is no JSON, got: %v", err)
	}
}

func TestDecodeHeroku(t *testing.T) {
	body := `{"id":"w1","action":"update","resource":"release","data":{"app":{"id":"1","name":"shop-staging"}},
		"webhook_metadata":{"event":{"id":"e1","include":"api:release"}}}`
	d, err := webhooks.Decode(webhooks.Heroku, []byte(body))
	want := []bot.Fact{bot.PlatformMoved{Platform: "heroku", App: "shop-staging"}}
	if err != nil || !reflect.DeepEqual(d.Facts, want) {
		t.Errorf("a release of an app means look again: got %+v, %v", d, err)
	}
	if _, app, guid, err := webhooks.DecodeHeroku([]byte(strings.Replace(body, `"release"`, `"dyno"`, 1))); err != nil || app != "" || guid != "e1" {
		t.Errorf("a dyno is of no interest: got app %q, event %q, %v", app, guid, err)
	}
	if _, err := webhooks.Decode(webhooks.Heroku, []byte(`{"resource":"build","data":{"app":7}}`)); err == nil || !strings.Contains(err.Error(), "heroku: data.app: expected an object") {
		t.Errorf("the error names the field, got: %v", err)
	}
}
