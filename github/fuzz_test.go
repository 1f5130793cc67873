package github_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// planted is the token that GitHub gives out here, and that its answers hold
// where a fuzzer leaves it alone.
var planted = "ghs_" + strings.Repeat("aB3_.-", 60)

// step is one thing that the client does, in one or more requests.
type step struct {
	name  string
	write bool // it changes something
	do    func(*github.Client, bot.Target) (bot.Fact, error)
}

// steps are all that the client does, about the commit and pull request given.
// Fuzzers call them by their number: new ones go to the end.
func steps(sha string, pull int) []step {
	perform := func(write bool, e bot.Effect) step {
		return step{bot.NameOf(e.Do), write, func(c *github.Client, target bot.Target) (bot.Fact, error) {
			return c.Perform(context.Background(), target, e)
		}}
	}
	act := func(do bot.Action) step { return perform(true, bot.Effect{Do: do, Unsure: true}) }
	read := func(do bot.Action) step { return perform(false, bot.Effect{Do: do}) }
	status := bot.Status{State: bot.StatusPending, Text: "building"}
	return []step{
		{"App", false, func(c *github.Client, _ bot.Target) (bot.Fact, error) {
			_, err := c.App(context.Background())
			return nil, err
		}},
		{"Installations", false, func(c *github.Client, _ bot.Target) (bot.Fact, error) {
			_, err := c.Installations(context.Background())
			return nil, err
		}},
		{"FailedDeliveries", false, func(c *github.Client, _ bot.Target) (bot.Fact, error) {
			_, err := c.FailedDeliveries(context.Background(), time.Time{})
			return nil, err
		}},
		{"Redeliver", true, func(c *github.Client, _ bot.Target) (bot.Fact, error) {
			return nil, c.Redeliver(context.Background(), 7)
		}},
		{"Tarball", false, func(c *github.Client, target bot.Target) (bot.Fact, error) {
			_, err := c.Tarball(context.Background(), target, sha)
			return nil, err
		}},
		read(bot.ReadConfig{Ref: sha}),
		read(bot.ReadConfig{Ref: "main"}),
		read(bot.ReadChecks{SHA: sha, Branch: "main", Required: true, Suites: true}),
		read(bot.ReadHead{Branch: "main"}),
		read(bot.ReadPullRequest{Number: pull}),
		read(bot.FindPullRequest{SHA: sha}),
		read(bot.ReadCommander{Comment: 1, Number: pull, User: "ana", Teams: []string{"releasers"}}),
		read(bot.ReadChanges{Base: sha, Head: "main"}),
		act(bot.SetStatus{SHA: sha, Context: "headstart/build", Status: status}),
		act(bot.CreateDeployment{SHA: sha, Stage: "staging", Promotion: 1}),
		act(bot.SetDeploymentStatus{SHA: sha, Stage: "staging", ID: 9, Status: status}),
		act(bot.WriteComment{Number: pull, Body: "table"}),
		act(bot.WriteComment{Number: pull, ID: 5, Body: "table"}),
		act(bot.React{Comment: 5, Content: "eyes"}),
		act(bot.Reply{Number: pull, Comment: 5, Replace: 6, Body: "Because."}),
	}
}

// said is one answer of GitHub's.
type said struct {
	status int
	header http.Header
	body   []byte
}

func (s said) response(r *http.Request) *http.Response {
	return &http.Response{
		Status: fmt.Sprint(s.status), StatusCode: s.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: s.header.Clone(), Body: io.NopCloser(bytes.NewReader(s.body)), ContentLength: int64(len(s.body)), Request: r,
	}
}

// goodDay is what GitHub says to every step when all is well.
type goodDay struct {
	steps   []step
	answers map[string]said // by method and path
	bySteps [][]said
	key     []byte // of the App
}

// record has the stand-in answer every step.
func record(f *testing.F) goodDay {
	day := goodDay{answers: map[string]said{}}
	var mu sync.Mutex
	var since []said // guarded by mu
	w := start(f, func(_ *githubtest.Options, o *github.Options) {
		o.Transport = respond(func(r *http.Request) (*http.Response, error) {
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return nil, err
			}
			one := said{resp.StatusCode, resp.Header, body}
			mu.Lock()
			defer mu.Unlock()
			day.answers[r.Method+" "+r.URL.Path], since = one, append(since, one)
			return one.response(r), nil
		})
	})
	p := w.propose("ana")
	c := w.commit(map[string]string{".github/headstart.yml": "staging\n"})
	w.must(w.shop.Check(c.SHA, "ci/test", "success"))
	w.must(w.shop.SetStatus(c.SHA, githubtest.Status{Context: "ci/lint", State: "success"}))
	w.must(w.shop.SetRole("ana", "maintain"))
	w.receive(500)
	day.steps, day.key = steps(c.SHA, p.Number()), w.PrivateKeyPEM()
	for _, s := range day.steps {
		since = nil
		_, _ = s.do(w.client, w.target) // refusals are answers too
		day.bySteps = append(day.bySteps, since)
	}
	return day
}

// Whatever GitHub answers, and whichever of a step's requests it answers so:
// nothing panics or asks without end, the error is of one of the three kinds,
// what is learned can be stored, and no secret comes out.
func FuzzGitHubsAnswers(f *testing.F) {
	day := record(f)
	all, good := day.steps, day.answers
	const everyRequest = 255
	for i := range all {
		for _, bad := range []struct {
			status int
			header string
			body   string
		}{
			{200, "", ""}, {200, "", "null"}, {200, "", "[]"}, {200, "", "{}"}, {200, "", `"` + planted + `"`}, {200, "", `[null,{"id":1e99}]`}, {200, "", `{"id":`},
			{200, "Content-Type: text/html", html}, {202, "", "{}"}, {204, "", ""}, {302, "Location: https://x:" + planted + "@h/?token=hush", ""}, {304, "", ""},
			{401, "", `{"message":"Bad credentials"}`}, {403, "Retry-After: 60", `{"message":"secondary rate limit ` + planted + `"}`},
			{403, "X-Accepted-GitHub-Permissions: " + planted, `{"message":"Resource not accessible by integration"}`},
			{404, "", `{"message":"Not Found"}`}, {422, "", `{"message":"Validation Failed","errors":[{"field":"` + planted + `","code":"invalid"},"too long"]}`},
			{429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 99999999999999", html}, {502, "", html}, {503, "Retry-After: 30", planted},
		} {
			f.Add(uint8(i), uint8(everyRequest), uint16(bad.status-100), bad.header, []byte(bad.body))
		}
	}
	for i := range all {
		for nth := range uint8(3) {
			f.Add(uint8(i), nth, uint16(100), "Link: <https://h/x?page=2>; rel=\"next\"", []byte(`[{"id":1,"body":"`+planted+`"}]`))
		}
	}
	for i, answers := range day.bySteps {
		for nth, one := range answers {
			f.Add(uint8(i), uint8(nth), uint16(one.status-100), "", one.body)
			f.Add(uint8(i), uint8(nth), uint16(one.status-100), "", one.body[:len(one.body)/2])
		}
	}

	var logged bytes.Buffer
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), zapcore.Lock(zapcore.AddSync(&logged)), zap.DebugLevel))
	var (
		answer func(*http.Request) (*http.Response, error)
		now    = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	)
	fresh := func(t testing.TB) *github.Client {
		c, err := github.New(github.Options{
			AppID: 1, PrivateKey: day.key, URL: "https://api.github.test", Logger: logger, Now: func() time.Time { return now },
			ParseConfig: func(_ bot.Repo, file []byte) (bot.Config, error) {
				return bot.Config{}, fmt.Errorf("3:5: no such stage %s", file)
			},
			Transport: respond(func(r *http.Request) (*http.Response, error) { return answer(r) }),
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	client := fresh(f)
	target := bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, Installation: 7}
	token := said{201, http.Header{}, []byte(`{"token":"` + planted + `","expires_at":"2099-01-01T00:00:00Z"}`)}
	isToken := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/access_tokens") }

	f.Fuzz(func(t *testing.T, which, nth uint8, status uint16, header string, body []byte) {
		now = now.Add(2 * time.Hour) // no limit lasts from one case to the next
		logged.Reset()
		one, c := all[int(which)%len(all)], client
		bad := said{int(status%500) + 100, headerOf(header), body}
		tokens := int(which)/len(all)%3 == 2 && one.name != "App" // it is the token that is answered so
		if tokens {
			c = fresh(t)
		}
		var mu sync.Mutex
		requests := 0
		answer = func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			if isToken(r) && !tokens {
				return token.response(r), nil
			}
			if isToken(r) == tokens {
				requests++
				if nth == everyRequest || requests == int(nth)+1 || tokens {
					return bad.response(r), nil
				}
			}
			if known, ok := good[r.Method+" "+r.URL.Path]; ok {
				return known.response(r), nil
			}
			return said{404, http.Header{}, []byte(`{"message":"Not Found"}`)}.response(r), nil
		}
		fact, err := one.do(c, target)

		switch k := kind(err); {
		case k == "of no kind":
			t.Errorf("%s: the error is of no kind: %v", one.name, err)
		case k == "unknown" && !one.write:
			t.Errorf("%s changes nothing, and yet its outcome is unknown: %v", one.name, err)
		case k == "unknown" && tokens && requests > 0 && bad.status/100 != 2:
			t.Errorf("%s: nothing can have happened without a token: %v", one.name, err)
		}
		if requests > 600 {
			t.Errorf("%s took %d requests", one.name, requests)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, planted[:24]) {
				t.Errorf("%s: the error shows a token: %s", one.name, text)
			}
		}
		if text := logged.String(); strings.Contains(text, planted[:24]) {
			t.Errorf("%s: the log shows a token: %s", one.name, text)
		}
		if read, ok := fact.(bot.ConfigRead); ok && (strings.Contains(read.Problem, planted[:24]) || strings.ContainsAny(read.Problem, "\r\n")) {
			t.Errorf("the problem with the file is one sentence without secrets, got %q", read.Problem)
		}
		if fact != nil {
			stored, err := json.Marshal(bot.Event{At: now, Fact: fact})
			if err != nil {
				t.Fatalf("%s: a fact that cannot be stored: %+v: %v", one.name, fact, err)
			}
			if err := json.Unmarshal(stored, new(bot.Event)); err != nil {
				t.Fatalf("%s: a fact that cannot be read again: %s: %v", one.name, stored, err)
			}
		}
		for who, a := range map[string]bot.Allowance{"the App": c.AppAllowance(), "the installation": c.Allowance(target.Installation)} {
			if a.Left < 0 || a.Limit < 0 || a.Reset.After(now.Add(time.Hour)) {
				t.Errorf("the allowance of %s makes no sense: %+v", who, a)
			}
		}
	})
}

// headerOf reads lines of "Name: value"; others are dropped.
func headerOf(text string) http.Header {
	h := http.Header{}
	for _, line := range strings.Split(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h.Add(name, value)
		}
	}
	return h
}
