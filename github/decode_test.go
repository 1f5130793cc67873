package github

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
)

const (
	shaA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	shaB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func TestRulesOfEveryKind(t *testing.T) {
	got, err := parseRules([]byte(`[
		{"type":"creation"},
		{"type":"merge_queue","parameters":{"merge_method":"SQUASH"}},
		{"type":"a_rule_of_tomorrow","parameters":["surprise"]},
		{"type":"required_status_checks","parameters":{"required_status_checks":[
			{"context":"test","integration_id":15368},{"context":"lint","integration_id":null},{"context":"any"},{"context":""}]}},
		{"type":"required_status_checks","parameters":{"required_status_checks":[]}}]`))
	want := []bot.RequiredCheck{{Name: "test", AppID: 15368}, {Name: "lint"}, {Name: "any"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("required by these rules: got %+v, %v; want %+v", got, err, want)
	}
}

func TestRepositoriesWithoutRulesets(t *testing.T) {
	answered := func(status int, message string) error {
		return &gh.ErrorResponse{Response: &http.Response{StatusCode: status, Request: &http.Request{Method: "GET", URL: &url.URL{}}}, Message: message}
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"a plan without them":      {answered(403, "Upgrade to GitHub Pro"), true},
		"a version without them":   {answered(404, "Not Found"), true},
		"a missing permission":     {answered(403, "Resource not accessible by integration"), false},
		"something between us":     {answered(404, ""), false},
		"trouble":                  {answered(500, "Server Error"), false},
		"a token that was refused": {&url.Error{Err: &tokenless{answered(404, "Not Found")}}, false},
		"nothing":                  {nil, false},
	} {
		if got := noRulesets(c.err); got != c.want {
			t.Errorf("%s: expected %v, got %v", name, c.want, got)
		}
	}
}

func TestClassicProtectionInBothForms(t *testing.T) {
	branch := func(protection string) []byte {
		return []byte(`{"name":"main","commit":{"sha":"` + shaA + `","author":null,"commit":{"message":"\n Title \r\n\nMore","author":{"name":"Ana Lima"},"tree":{"sha":"` + shaB + `"}}}` + protection + `}`)
	}
	for protection, want := range map[string][]bot.RequiredCheck{
		``:                   nil,
		`,"protection":null`: nil,
		`,"protection":{"enabled":false,"required_status_checks":{"enforcement_level":"off","contexts":[],"checks":[]}}`:                                                          nil,
		`,"protection":{"required_status_checks":{"contexts":["old"]}}`:                                                                                                           {{Name: "old"}},
		`,"protection":{"required_status_checks":{"contexts":["a","b","c","d"],"checks":[{"context":"a","app_id":7},{"context":"b","app_id":null},{"context":"c","app_id":-1}]}}`: {{Name: "a", AppID: 7}, {Name: "b"}, {Name: "c"}, {Name: "d"}},
	} {
		head, got, err := parseBranch(branch(protection))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("required by %s: got %+v, %v; want %+v", protection, got, err, want)
		}
		if want := (bot.Head{SHA: shaA, Tree: shaB, Title: "Title", Author: "Ana Lima"}); head != want {
			t.Errorf("the head: got %+v, want %+v", head, want)
		}
	}
	for _, answer := range []string{`{}`, `[]`, `null`, `{"commit":{"sha":"x"}}`, `{"commit":{"sha":"` + shaA + `"}}`} {
		if _, _, err := parseBranch([]byte(answer)); err == nil {
			t.Errorf("%s is no branch", answer)
		}
	}
}

// Whatever arrives, nothing crashes, and what is read is usable.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`[{"type":"required_status_checks","parameters":{"required_status_checks":[{"context":"a","integration_id":1}]}}]`))
	f.Add([]byte(`{"commit":{"sha":"` + shaA + `","commit":{"tree":{"sha":"` + shaB + `"}}},"protection":{"required_status_checks":{"contexts":["a"],"checks":[{"context":"a","app_id":-1}]}}}`))
	f.Add([]byte("two\nlines ghs_abc -----BEGIN RSA PRIVATE KEY----- \xff"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		rules, err := parseRules(answer)
		if err != nil && rules != nil {
			t.Error("rules and an error at once")
		}
		head, checks, err := parseBranch(answer)
		if err == nil && (!isSHA(head.SHA) || !isSHA(head.Tree)) {
			t.Errorf("a head that is none: %+v", head)
		}
		for _, c := range merge(rules, checks) {
			if c.Name == "" || c.AppID < 0 {
				t.Errorf("a required check that is none: %+v", c)
			}
		}
		if text := description(string(answer)); utf8.RuneCountInString(text) > maxDescription || strings.ContainsAny(text, "\n\r") || !utf8.ValidString(text) {
			t.Errorf("no description: %q", text)
		}
		if text := fit(string(answer), 300); utf8.RuneCountInString(text) > 300 || !utf8.ValidString(text) {
			t.Errorf("no comment: %q", text)
		}
	})
}

func TestConclusions(t *testing.T) {
	for conclusion, want := range map[string]bot.CheckState{
		"success": bot.CheckPassed, "neutral": bot.CheckPassed, "skipped": bot.CheckPassed,
		"failure": bot.CheckFailed, "cancelled": bot.CheckFailed, "timed_out": bot.CheckFailed, "action_required": bot.CheckFailed,
		"stale": bot.CheckFailed, "startup_failure": bot.CheckFailed, "a_word_of_tomorrow": bot.CheckFailed, "": bot.CheckFailed,
	} {
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		got := checkRun{Name: "test", Status: "completed", Conclusion: conclusion, CompletedAt: at}.check()
		if got.State != want || got.Conclusion != conclusion || !got.At.Equal(at) {
			t.Errorf("a run that ended as %q should have %s, got %+v", conclusion, want, got)
		}
	}
	for _, status := range []string{"queued", "in_progress", "waiting", "requested", "pending", "a_word_of_tomorrow"} {
		if got := (checkRun{Status: status, Conclusion: "success"}).check(); got.State != bot.CheckPending || got.Conclusion != "" {
			t.Errorf("a run that is %s has not ended, got %+v", status, got)
		}
	}
}

func TestDeploymentsOfOthersHaveNoMark(t *testing.T) {
	ours := payload{}
	ours.Headstart.Pipeline, ours.Headstart.Promotion = "api", 3
	for text, want := range map[string]payload{
		`{"headstart":{"pipeline":"api","promotion":3}}`:           ours,
		`"{\"headstart\":{\"pipeline\":\"api\",\"promotion\":3}}"`: ours,
		``: {}, `null`: {}, `""`: {}, `"deploy"`: {}, `[]`: {}, `{"headstart":"no"}`: {}, `{"promotion":3}`: {},
	} {
		if got := markOf(&gh.Deployment{Payload: []byte(text)}); got != want {
			t.Errorf("the mark of %s: got %+v, want %+v", text, got, want)
		}
	}
}

func TestProblemsNameTheirPosition(t *testing.T) {
	for text, want := range map[string]string{
		".github/headstart.yml:3:5: no such stage\nand more": ".github/headstart.yml:3:5: no such stage",
		"3:5: no such stage":           ".github/headstart.yml:3:5: no such stage",
		"[3:5] no such stage\n> 3 | x": ".github/headstart.yml:3:5: no such stage",
		"3: no such stage":             ".github/headstart.yml:3: no such stage",
		"  no such stage ":             ".github/headstart.yml: no such stage",
		"":                             ".github/headstart.yml is not valid",
	} {
		if got := problemOf(textError(text)); got != want {
			t.Errorf("the problem of %q: got %q, want %q", text, got, want)
		}
	}
}

type textError string

func (e textError) Error() string { return string(e) }

func TestLongMarkdownIsCutWhereItDoesNotHurt(t *testing.T) {
	for body, ends := range map[string]string{
		strings.Repeat("line\n", 200):                                     "line" + shortened,
		"```\n" + strings.Repeat("line\n", 200):                           "line\n```" + shortened,
		"<details>\n" + strings.Repeat("line\n", 200):                     "line\n</details>" + shortened,
		"<!-- " + strings.Repeat("line\n", 200):                           "line -->" + shortened,
		strings.Repeat("ü", 1000):                                         "ü" + shortened,
		"```\n```\n<details></details>\n" + strings.Repeat("line\n", 200): "line" + shortened,
	} {
		got := fit(body, 600)
		if !strings.HasSuffix(got, ends) || utf8.RuneCountInString(got) > 600 {
			t.Errorf("%.20q… should end with %q, ends with %q", body, ends, got[max(0, len(got)-100):])
		}
	}
	if got := fit("short", 600); got != "short" {
		t.Errorf("what fits stays, got %q", got)
	}
}
