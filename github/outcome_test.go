package github_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

const html = "<html><title>Unicorn!</title><body>token ghs_abcDEF123</body></html>"

// What GitHub does to a request decides the outcome, together with whether the
// request was to change something.
func TestOutcomes(t *testing.T) {
	json := func(status int, body string) githubtest.Fault {
		return githubtest.Fault{Status: status, Body: body, Times: -1}
	}
	for name, c := range map[string]struct {
		fault       githubtest.Fault
		read, write string
	}{
		"500":                        {json(500, `{"message":"Server Error"}`), "retry", "unknown"},
		"502 in HTML":                {json(502, html), "retry", "unknown"},
		"503 without a body":         {json(503, ""), "retry", "unknown"},
		"200 in HTML":                {json(200, html), "retry", "unknown"},
		"404 in HTML":                {json(404, html), "retry", "unknown"},
		"dropped before the effect":  {githubtest.Fault{Drop: true, Times: -1}, "retry", "unknown"},
		"dropped after the effect":   {githubtest.Fault{Drop: true, After: true, Times: -1}, "retry", "unknown"},
		"500 after the effect":       {githubtest.Fault{Status: 500, After: true}, "retry", "unknown"},
		"404":                        {json(404, `{"message":"Not Found"}`), "refused", "refused"},
		"410":                        {json(410, `{"message":"Gone"}`), "refused", "refused"},
		"422":                        {json(422, `{"message":"Validation Failed","errors":["too long"]}`), "refused", "refused"},
		"451":                        {json(451, `{"message":"Repository access blocked"}`), "refused", "refused"},
		"403":                        {json(403, `{"message":"Resource not accessible by integration"}`), "refused", "refused"},
		"401 for good":               {json(401, `{"message":"Bad credentials"}`), "refused", "refused"},
		"301 to somewhere else":      {githubtest.Fault{Status: 301, Header: http.Header{"Location": {"https://elsewhere.invalid/"}}, Body: `{"message":"Moved Permanently"}`}, "refused", "refused"},
		"403 rate limit":             {json(403, `{"message":"API rate limit exceeded for installation ID 1."}`), "limit", "limit"},
		"429":                        {json(429, `{"message":"Too many requests"}`), "limit", "limit"},
		"429 in HTML":                {json(429, "<html>Whoa there!</html>"), "limit", "limit"},
		"403 secondary, no time":     {githubtest.SecondaryLimit("", 0), "limit", "limit"},
		"403 secondary, with a time": {githubtest.SecondaryLimit("", 5*time.Second), "limit", "limit"},
		"too late":                   {githubtest.Fault{Delay: 10 * time.Second}, "retry", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(_ *githubtest.Options, o *github.Options) {
				if name == "too late" {
					o.Timeout = 300 * time.Millisecond
				}
			})
			commit := w.commit(map[string]string{"a": "1"})
			do[bot.Acknowledged](w, bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}})
			for match, step := range map[string]struct {
				action bot.Action
				want   string
			}{
				"GET *pulls":       {bot.FindPullRequest{SHA: commit.SHA}, c.read},
				"POST */statuses*": {bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusSuccess}}, c.write},
			} {
				w.clock.Advance(2 * time.Hour) // no limit lasts that long
				fault := c.fault
				fault.Match = match
				undo := w.Inject(fault)
				_, err := w.perform(bot.Effect{Do: step.action})
				undo()
				if got := kind(err); got != step.want {
					t.Errorf("%s should be %s, is %s: %v", bot.NameOf(step.action), step.want, got, err)
				}
				if err != nil && (strings.Contains(err.Error(), "ghs_") || strings.Contains(err.Error(), "<html")) {
					t.Errorf("the error shows what it must not: %v", err)
				}
			}
		})
	}
}

func TestAnUnreadableAnswerToAWriteIsUnknown(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	for _, body := range []string{html, "", "null", "{}", `{"id":`, "[]"} {
		w.Inject(githubtest.Fault{Match: "POST */deployments", Status: 201, Body: body})
		_, err := w.perform(bot.Effect{Do: bot.CreateDeployment{SHA: commit.SHA, Stage: "staging", Promotion: 1}})
		if kind(err) != "unknown" {
			t.Errorf("a deployment answered with %q may exist: expected unknown, got %v", body, err)
		}
	}
}

func TestAWriteThatWasNeverSentCanBeRepeated(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	status := bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}}

	// Nobody listens there any more.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.must(listener.Close())
	dead, err := github.New(github.Options{
		AppID: w.AppID(), PrivateKey: w.PrivateKeyPEM(), URL: "http://" + listener.Addr().String(), ParseConfig: parseConfig,
	})
	w.must(err)
	if _, err := dead.Perform(context.Background(), w.target, bot.Effect{Do: status}); kind(err) != "retry" {
		t.Errorf("nobody was reached: expected retry, got %v", err)
	}
	// The token comes, but the connection for the write cannot be made.
	transport := &http.Transport{DisableKeepAlives: true}
	dials := 0
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials++; dials > 1 {
			return nil, &net.OpError{Op: "dial", Err: errors.New("no route to host")}
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	cut, err := github.New(github.Options{
		AppID: w.AppID(), PrivateKey: w.PrivateKeyPEM(), URL: w.URL(), ParseConfig: parseConfig, Transport: transport,
	})
	w.must(err)
	if _, err := cut.Perform(context.Background(), w.target, bot.Effect{Do: status}); kind(err) != "retry" {
		t.Errorf("the write was never sent: expected retry, got %v", err)
	}
	// A transport that does not say how far it gets.
	silent, err := github.New(github.Options{
		AppID: w.AppID(), PrivateKey: w.PrivateKeyPEM(), URL: w.URL(), ParseConfig: parseConfig,
		Transport: respond(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "access_tokens") {
				return http.DefaultTransport.RoundTrip(r)
			}
			return nil, errors.New("something happened to Bearer abcdef")
		}),
	})
	w.must(err)
	if _, err := silent.Perform(context.Background(), w.target, bot.Effect{Do: status}); kind(err) != "unknown" {
		t.Errorf("nobody knows whether the write was sent: expected unknown, got %v", err)
	} else if strings.Contains(err.Error(), "abcdef") {
		t.Errorf("a secret is in the error: %v", err)
	}
	// A context that has ended.
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.client.Perform(ended, w.target, bot.Effect{Do: status}); kind(err) != "retry" || !errors.Is(err, context.Canceled) {
		t.Errorf("given up before it was sent: expected retry and context.Canceled, got %v", err)
	}
}

func TestTheCallersDeadline(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: commit.SHA})
	w.Inject(githubtest.Fault{Match: "*pulls", Delay: 10 * time.Second})
	w.Inject(githubtest.Fault{Match: "POST *", Delay: 10 * time.Second})
	for want, action := range map[string]bot.Action{
		"retry":   bot.FindPullRequest{SHA: commit.SHA},
		"unknown": bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		_, err := w.client.Perform(ctx, w.target, bot.Effect{Do: action})
		cancel()
		if kind(err) != want || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s beyond the deadline should be %s, got %v", bot.NameOf(action), want, err)
		}
	}
}

func TestTokens(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	find := bot.FindPullRequest{SHA: commit.SHA}
	status := bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}}
	tokens := func() int { return w.Count("POST /app/installations/*/access_tokens") }

	do[bot.PullRequestFound](w, find)
	do[bot.PullRequestFound](w, find)
	if tokens() != 1 {
		t.Errorf("one token serves an installation, %d were asked for", tokens())
	}
	w.ExpireTokens()
	do[bot.Acknowledged](w, status)
	do[bot.PullRequestFound](w, find)
	if tokens() != 2 {
		t.Errorf("a token that GitHub forgot is replaced once, %d were asked for", tokens())
	}
	if got := w.shop.Statuses(commit.SHA)["headstart/build"].State; got != "pending" {
		t.Errorf("the status that was sent again should have arrived, got %q", got)
	}

	w.must(w.Suspend("acme", true))
	if refused := w.refuse(find); !strings.Contains(refused.Reason, "suspended") {
		t.Errorf("a suspended installation should be told as such, got %q", refused.Reason)
	}
	w.must(w.Suspend("acme", false))

	for want, fault := range map[string]githubtest.Fault{
		"retry": {Status: 502, Body: html}, "limit": githubtest.SecondaryLimit("", time.Second),
		"refused": {Status: 404, Body: `{"message":"Not Found"}`},
	} {
		w.clock.Advance(2 * time.Hour)
		w.ExpireTokens()
		fault.Match, fault.Times = "POST */access_tokens", -1
		undo := w.Inject(fault)
		if _, err := w.perform(bot.Effect{Do: status}); kind(err) != want {
			t.Errorf("without a token for %d nothing was written: expected %s, got %v", fault.Status, want, err)
		}
		undo()
	}
	w.clock.Advance(2 * time.Hour)
	do[bot.Acknowledged](w, status)

	w.target.Installation = 4711
	for range 10 { // of the requests side by side each may be the one that is refused
		w.refuse(bot.ReadChecks{SHA: commit.SHA, Branch: "main", Required: true, Suites: true})
	}
	if refused := w.refuse(find); !errors.Is(refused, bot.ErrNotFound) || !strings.Contains(refused.Reason, "install") {
		t.Errorf("an installation that is gone should be told as such, got %v", refused)
	}
	w.target.Installation = 0
	w.refuse(find)
}

func TestAnswersWithoutATokenAreNone(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	status := bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}}
	for _, body := range []string{`null`, `{}`, ``, html, `{"token":"","expires_at":"2099-01-01T00:00:00Z"}`, `{"token":7,"expires_at":"2099-01-01T00:00:00Z"}`} {
		w.Inject(githubtest.Fault{Match: "POST */access_tokens", Status: 201, Body: body})
		if _, err := w.perform(bot.Effect{Do: status}); kind(err) != "retry" {
			t.Errorf("%q holds no token and nothing was written: expected retry, got %v", body, err)
		}
	}
	do[bot.Acknowledged](w, status)
}

func TestPlantedSecretsDoNotComeOut(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	status := bot.SetStatus{SHA: commit.SHA, Context: "ghs_planted1234", Status: bot.Status{State: bot.StatusPending}}
	do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: commit.SHA})
	planted := `{"message":"no: ghs_planted1234, Bearer planted1234","documentation_url":"https://me:planted1234@host/?token=planted1234",
		"errors":[{"message":"github_pat_planted1234"},{"field":"gho_planted1234","code":"invalid"}]}`
	check := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s should fail", what)
		}
		var refused *bot.Refused
		if errors.As(err, &refused) && strings.Contains(refused.Reason, "planted") {
			t.Errorf("%s: the reason for people shows a secret: %s", what, refused.Reason)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "planted") {
				t.Errorf("%s: the error shows a secret: %s", what, text)
			}
		}
	}
	for _, code := range []int{400, 403, 404, 409, 410, 422, 451, 500, 503} {
		for match, action := range map[string]bot.Action{"POST */statuses/*": status, "GET *pulls": bot.FindPullRequest{SHA: commit.SHA}} {
			undo := w.Inject(githubtest.Fault{Match: match, Status: code, Body: planted, Times: -1, Header: http.Header{"X-Accepted-Github-Permissions": {"ghs_planted1234"}}})
			_, err := w.perform(bot.Effect{Do: action})
			undo()
			check(fmt.Sprint(code, " for ", bot.NameOf(action)), err)
		}
		w.ExpireTokens()
		undo := w.Inject(githubtest.Fault{Match: "POST */access_tokens", Status: code, Body: planted, Times: -1})
		_, err := w.perform(bot.Effect{Do: status})
		undo()
		check(fmt.Sprint(code, " for a token"), err)
	}
	w.Inject(githubtest.Fault{Match: "GET *pulls", Status: 307, Body: planted, Header: http.Header{"Location": {"http://me:planted1234@elsewhere.invalid/?token=planted1234"}}})
	_, err := w.perform(bot.Effect{Do: bot.FindPullRequest{SHA: commit.SHA}})
	check("a redirect", err)
}

func TestAKnownLimitIsRespectedWithoutCalling(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	find := bot.Effect{Do: bot.FindPullRequest{SHA: commit.SHA}}
	other, err := w.CreateRepo("umbrella/shop", githubtest.RepoOptions{})
	w.must(err)
	theirs, err := other.Commit("main", map[string]string{"b": "1"})
	w.must(err)

	limit := func(err error) *bot.Retryable {
		t.Helper()
		var r *bot.Retryable
		if !errors.As(err, &r) || !r.Limit {
			t.Fatalf("expected a limit, got %v", err)
		}
		return r
	}
	for name, c := range map[string]struct {
		exhaust func()
		after   time.Duration
	}{
		"Retry-After in seconds": {func() { w.Inject(githubtest.SecondaryLimit("GET *", 42*time.Second)) }, 42 * time.Second},
		"429 with Retry-After": {func() {
			w.Inject(githubtest.Fault{Match: "GET *", Status: 429, Header: http.Header{"Retry-After": {"7"}}})
		}, 7 * time.Second},
		"Retry-After as a date": {func() {
			w.Inject(githubtest.Fault{Match: "GET *", Status: 429, Header: http.Header{"Retry-After": {w.clock.Now().Add(30 * time.Second).Format(http.TimeFormat)}}})
		}, 30 * time.Second},
		"no time":             {func() { w.Inject(githubtest.SecondaryLimit("GET *", 0)) }, time.Minute},
		"the hour is used up": {func() { w.must(w.SetRateLimit("acme", 5000, 0)) }, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w.clock.Advance(2 * time.Hour)
			c.exhaust()
			w.costs(1, func() {
				_, err := w.perform(find)
				if r := limit(err); r.After != c.after {
					t.Errorf("GitHub asked to wait %s, told was %s", c.after, r.After)
				}
			})
			w.clock.Advance(c.after / 2)
			w.costs(0, func() {
				_, err := w.perform(find)
				if r := limit(err); r.After != c.after-c.after/2 {
					t.Errorf("half of the time is left, told was %s", r.After)
				}
				_, err = w.client.Tarball(context.Background(), w.target, commit.SHA)
				limit(err)
			})
			elsewhere := w.target
			elsewhere.Pipeline.Repo.Owner, elsewhere.Installation, elsewhere.RepoID = "umbrella", w.InstallationID("umbrella"), other.ID()
			if _, err := w.client.Perform(context.Background(), elsewhere, bot.Effect{Do: bot.FindPullRequest{SHA: theirs.SHA}}); err != nil {
				t.Errorf("another installation has a limit of its own: %v", err)
			}
			w.clock.Advance(c.after - c.after/2)
			w.costs(1, func() { done[bot.PullRequestFound](w, find) })
		})
	}

	// The last request of the hour succeeds, and says that it was the last.
	w.clock.Advance(2 * time.Hour)
	w.must(w.SetRateLimit("acme", 5000, 1))
	done[bot.PullRequestFound](w, find)
	w.costs(0, func() { _, err := w.perform(find); limit(err) })
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	w := start(t, func(o *githubtest.Options, _ *github.Options) {
		o.Permissions = map[string]string{"metadata": "read", "contents": "read", "checks": "read", "statuses": "read"}
	})
	commit := w.commit(map[string]string{"a": "1"})
	for permission, action := range map[string]bot.Action{
		"Commit statuses: write": bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}},
		"Deployments: write":     bot.CreateDeployment{SHA: commit.SHA, Stage: "staging"},
		"Pull requests: read":    bot.ReadPullRequest{Number: 1},
	} {
		if refused := w.refuse(action); !strings.Contains(refused.Reason, permission) || !strings.HasSuffix(refused.Reason, ".") {
			t.Errorf("the refusal should be a sentence that names %q, got %q", permission, refused.Reason)
		}
	}
	w.Inject(githubtest.Fault{Match: "POST *statuses*", Status: 403, Header: http.Header{"X-Accepted-Github-Permissions": {"statuses=write"}},
		Body: `{"message":"Resource not accessible by integration"}`})
	if refused := w.refuse(bot.SetStatus{SHA: commit.SHA, Context: "c"}); !strings.Contains(refused.Reason, "statuses=write") {
		t.Errorf("what GitHub itself names is what is told, got %q", refused.Reason)
	}
	w.refuse(bot.WatchBuild{App: "shop", ID: "1"})
	w.refuse(nil)
	w.target.Pipeline.Repo.Name = "../../app"
	w.refuse(bot.FindPullRequest{SHA: commit.SHA})
}

func TestNoTokenGoesToAnotherHost(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	elsewhere := http.NewServeMux()
	var got []string
	elsewhere.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Get("Authorization")) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	server := &http.Server{Handler: elsewhere}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	for _, status := range []int{301, 302, 307, 308} {
		w.Inject(githubtest.Fault{Match: "GET *pulls", Status: status, Header: http.Header{"Location": {"http://" + listener.Addr().String() + "/"}}})
		if _, err := w.perform(bot.Effect{Do: bot.FindPullRequest{SHA: commit.SHA}}); err == nil {
			t.Errorf("a redirect (%d) to another host is no answer", status)
		}
	}
	w.must(server.Close())
	<-served
	if len(got) > 0 {
		t.Errorf("the other host was called with %q", got)
	}
}

func TestRenamedRepositoriesAreFollowed(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	status := bot.SetStatus{SHA: commit.SHA, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}}
	for match, code := range map[string]int{"GET /repos/acme/old/*": 301, "POST /repos/acme/old/*": 307} {
		undo := w.Inject(githubtest.Fault{Match: match, Times: -1, Status: code, Body: `{"message":"Moved Permanently"}`,
			Header: http.Header{"Location": {w.URL() + "/repos/acme/shop/" + map[int]string{301: "commits/" + commit.SHA + "/pulls", 307: "statuses/" + commit.SHA}[code]}}})
		defer undo()
	}
	w.target.Pipeline.Repo.Name = "old"
	do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: commit.SHA})
	do[bot.Acknowledged](w, status)
	if w.shop.Statuses(commit.SHA)["headstart/build"].State != "pending" {
		t.Error("the status should have followed the repository to its new name")
	}
}

func TestHugeAnswersAreRefused(t *testing.T) {
	w := start(t, func(_ *githubtest.Options, o *github.Options) {
		o.Transport = respond(func(r *http.Request) (*http.Response, error) {
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err == nil && strings.HasSuffix(r.URL.Path, "/pulls") {
				_ = resp.Body.Close()
				resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`[{"title":"`), endless{}))
			}
			return resp, err
		})
	})
	commit := w.commit(map[string]string{"a": "1"})
	w.refuse(bot.FindPullRequest{SHA: commit.SHA})
}

// endless is an answer that never ends.
type endless struct{}

func (endless) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = 'a'
	}
	return len(into), nil
}
