package github_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
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
		read(bot.ReadRules{Branch: "main"}),
		read(bot.ListPullRequests{}),
		read(bot.ReadPullRequest{Number: pull}),
		read(bot.FindPullRequest{SHA: sha}),
		read(bot.ReadActor{Comment: 1, Number: pull, User: "ana", Teams: []string{"releasers"}}),
		read(bot.ReadRights{People: []bot.Person{{Login: "ana", ID: 7}}, Teams: []string{"releasers"}}),
		read(bot.ReadChanges{Base: sha, Head: "main"}),
		act(bot.SetStatus{SHA: sha, Context: "headstart/build", Status: status}),
		act(bot.CreateDeployment{SHA: sha, Stage: "staging", Promotion: 1}),
		act(bot.SetDeploymentStatus{SHA: sha, Stage: "staging", ID: 9, Status: status}),
		act(bot.WriteComment{Number: pull, Body: "table"}),
		act(bot.WriteComment{Number: pull, ID: 5, Body: "table"}),
		act(bot.React{Comment: 5, Content: "eyes"}),
		act(bot.Reply{Number: pull, Comment: 5, Replace: 6, Body: "Because."}),
		act(bot.WriteAlert{Number: pull, Stage: "production", Promotion: 3, Body: "It failed."}),
		act(bot.WriteAlert{Number: pull, Stage: "production", Promotion: 3, ID: 5, Body: "It failed."}),
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
func record(t testing.TB) goodDay {
	day := goodDay{answers: map[string]said{}}
	var mu sync.Mutex
	var since []said // guarded by mu
	w := start(t, func(_ *githubtest.Options, o *github.Options) {
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

// lab is a client whose GitHub says what a test wants it to say.
type lab struct {
	goodDay
	client *github.Client
	target bot.Target
	logged bytes.Buffer
	now    time.Time
	answer func(*http.Request) (*http.Response, error)
}

func newLab(t testing.TB) *lab {
	l := &lab{goodDay: record(t), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	l.target = bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, Installation: 7}
	l.client = l.fresh(t)
	return l
}

// fresh makes a client that has no token yet.
func (l *lab) fresh(t testing.TB) *github.Client {
	t.Helper()
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"})
	c, err := github.New(github.Options{
		AppID: 1, PrivateKey: l.key, URL: "https://api.github.test", Now: func() time.Time { return l.now },
		Logger: zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(&l.logged)), zap.DebugLevel)),
		ParseConfig: func(_ bot.Repo, file []byte) (map[string]bot.Config, error) {
			return nil, fmt.Errorf("3:5: no such stage %s", file)
		},
		Transport: respond(func(r *http.Request) (*http.Response, error) { return l.answer(r) }),
		Pause:     func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	everyRequest = 255 // instead of the number of one
	forTheToken  = 254
)

// try performs a step of which one request is answered badly, and looks at what
// comes of it: nothing is asked without end, the error is of one of the three
// kinds, what is learned can be stored, and no secret comes out.
func (l *lab) try(t testing.TB, one step, nth uint8, bad said) {
	t.Helper()
	l.now = l.now.Add(2 * time.Hour) // no limit lasts from one case to the next
	l.logged.Reset()
	c := l.client
	if nth == forTheToken {
		c = l.fresh(t)
	}
	var mu sync.Mutex
	requests := 0
	l.answer = func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/access_tokens") {
			if nth == forTheToken {
				return bad.response(r), nil
			}
			return said{201, nil, []byte(`{"token":"` + planted + `","expires_at":"2099-01-01T00:00:00Z"}`)}.response(r), nil
		}
		if requests++; nth == everyRequest || requests == int(nth)+1 {
			return bad.response(r), nil
		}
		if known, ok := l.answers[r.Method+" "+r.URL.Path]; ok {
			return known.response(r), nil
		}
		return said{404, nil, []byte(`{"message":"Not Found"}`)}.response(r), nil
	}
	fact, err := one.do(c, l.target)

	switch k := kind(err); {
	case k == "of no kind":
		t.Errorf("%s: the error is of no kind: %v", one.name, err)
	case k == "unknown" && !one.write:
		t.Errorf("%s changes nothing, and yet its outcome is unknown: %v", one.name, err)
	case k == "unknown" && requests == 0:
		t.Errorf("%s: nothing was sent, and yet its outcome is unknown: %v", one.name, err)
	}
	if requests > 600 {
		t.Errorf("%s took %d requests", one.name, requests)
	}
	shows := func(text string) bool { return strings.Contains(text, planted[:24]) }
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v %#v", e, e, e); shows(text) {
			t.Errorf("%s: the error shows a token: %s", one.name, text)
		}
	}
	if shows(l.logged.String()) {
		t.Errorf("%s: the log shows a token: %s", one.name, l.logged.String())
	}
	if read, ok := fact.(bot.ConfigRead); ok && (shows(read.Problem) || strings.ContainsAny(read.Problem, "\r\n")) {
		t.Errorf("the problem with the file is one sentence without secrets, got %q", read.Problem)
	}
	if fact != nil {
		stored, err := json.Marshal(bot.Event{At: l.now, Fact: fact})
		if err != nil {
			t.Fatalf("%s: a fact that cannot be stored: %+v: %v", one.name, fact, err)
		}
		if err := json.Unmarshal(stored, new(bot.Event)); err != nil {
			t.Fatalf("%s: a fact that cannot be read again: %s: %v", one.name, stored, err)
		}
	}
	for who, a := range map[string]bot.Allowance{"the App": c.AppAllowance(), "the installation": c.Allowance(l.target.Installation)} {
		if a.Left < 0 || a.Limit < 0 || a.Reset.After(l.now.Add(time.Hour)) {
			t.Errorf("the allowance of %s makes no sense: %+v", who, a)
		}
	}
}

// Whatever GitHub answers, and whichever of a step's requests it answers so.
func FuzzGitHubsAnswers(f *testing.F) {
	l := newLab(f)
	for i := range l.steps {
		for _, bad := range badAnswers {
			for _, nth := range []uint8{everyRequest, forTheToken} {
				f.Add(uint8(i), nth, uint16(bad.status), bad.header, []byte(bad.body))
			}
		}
		for nth := range uint8(3) {
			f.Add(uint8(i), nth, uint16(200), "Link: <https://h/x?page=2>; rel=\"next\"", []byte(`[{"id":1,"body":"`+planted+`"}]`))
		}
		for nth, good := range l.bySteps[i] {
			f.Add(uint8(i), uint8(nth), uint16(good.status), "", good.body[:len(good.body)/2])
		}
	}
	f.Fuzz(func(t *testing.T, which, nth uint8, status uint16, header string, body []byte) {
		l.try(t, l.steps[int(which)%len(l.steps)], nth, said{100 + (int(status)+400)%500, headerOf(header), body})
	})
}

// badAnswers are what may come instead of what was asked for.
var badAnswers = []struct {
	status int
	header string
	body   string
}{
	{200, "", ""},
	{200, "", "null"},
	{200, "", "[]"},
	{200, "", "{}"},
	{200, "", `"` + planted + `"`},
	{200, "", `[null,{"id":1e99}]`},
	{200, "", `{"token":"` + planted + `"}`},
	{200, "", `{"id":`},
	{200, "Content-Type: text/html", html},
	{202, "", "{}"},
	{204, "", ""},
	{302, "Location: https://x:" + planted + "@h/?token=hush", ""},
	{304, "", ""},
	{401, "", `{"message":"Bad credentials"}`},
	{403, "Retry-After: 60", `{"message":"secondary rate limit ` + planted + `"}`},
	{403, "X-Accepted-GitHub-Permissions: " + planted, `{"message":"Resource not accessible by integration"}`},
	{404, "", `{"message":"Not Found"}`},
	{422, "", `{"message":"Validation Failed","errors":[{"field":"` + planted + `","code":"invalid"},"too long"]}`},
	{429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 99999999999999", html},
	{502, "", html},
	{503, "Retry-After: 30", planted},
}

// Every field of every answer in turn is missing, of another type, or beyond all
// bounds.
func TestEveryFieldOfEveryAnswerMayBeWrong(t *testing.T) {
	l := newLab(t)
	for i, one := range l.steps {
		seen := map[string]bool{} // entries of a list are alike
		for nth, good := range l.bySteps[i] {
			var answer any
			if json.Unmarshal(good.body, &answer) != nil {
				continue // a tarball's, which has none
			}
			change(answer, "", func(path string, set func(any)) {
				if seen[fmt.Sprint(nth, path)] || unread(path) {
					return
				}
				seen[fmt.Sprint(nth, path)] = true
				for _, wrong := range []any{nil, planted, json.Number("1e99"), map[string]any{"x": nil}} {
					set(wrong)
					body, err := json.Marshal(answer)
					if err != nil {
						t.Fatal(err)
					}
					l.try(t, one, uint8(nth), said{good.status, nil, body})
				}
			})
		}
	}
}

// unread reports whether a field is one of the many that nobody reads: with all
// of them the test takes a minute.
func unread(path string) bool {
	names := strings.Split(path, "/")
	name, of := names[len(names)-1], names[len(names)-2]
	switch of {
	case "permissions", "_links", "reactions":
		return true
	case "user", "owner", "author", "committer", "creator", "organization", "account", "app", "repo":
		return !slices.Contains([]string{"id", "login", "type", "name", "owner"}, name)
	}
	return len(names) > 6 || name == "node_id" || strings.HasSuffix(name, "url")
}

// change hands out every value inside v with the way to replace it, and puts it
// back afterwards. A path has the names of fields; entries of lists are [].
func change(v any, path string, each func(path string, set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for name, old := range v {
			each(path+"/"+name, func(to any) { v[name] = to })
			v[name] = old
			change(old, path+"/"+name, each)
		}
	case []any:
		for i, old := range v {
			each(path+"/[]", func(to any) { v[i] = to })
			v[i] = old
			change(old, path+"/[]", each)
		}
	}
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
