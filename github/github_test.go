package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/github/githubtest/contract"
	"github.com/headstart-cd/headstart/internal/clocktest"
	"github.com/prometheus/client_golang/prometheus"
)

// world is a GitHub with one repository, and the client under test.
type world struct {
	*githubtest.Server
	t        testing.TB
	clock    *clocktest.Clock
	shop     *githubtest.Repo
	client   *github.Client
	registry *prometheus.Registry
	target   bot.Target

	pausing sync.Mutex
	paused  []time.Duration // guarded by pausing: how long the client waited for a young token
}

// pause lets the time pass for which the client waits.
func (w *world) pause(ctx context.Context, d time.Duration) error {
	w.pausing.Lock()
	defer w.pausing.Unlock()
	w.paused = append(w.paused, d)
	w.clock.Advance(d)
	return ctx.Err()
}

// start makes a world whose every request and answer is held to GitHub's own
// description of its API.
func start(t testing.TB, change ...func(*githubtest.Options, *github.Options)) *world {
	t.Helper()
	doc, err := contract.Load("githubtest/testdata/github-openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: clocktest.New(), registry: prometheus.NewRegistry()}
	there := githubtest.Options{Dir: t.TempDir(), Clock: w.clock.Now, Contract: doc}
	here := github.Options{ParseConfig: parseConfig, Now: w.clock.Now, Metrics: w.registry, Pause: w.pause}
	for _, f := range change {
		f(&there, &here)
	}
	if w.Server, err = githubtest.New(there); err != nil {
		t.Fatal(err)
	}
	here.AppID, here.PrivateKey, here.URL = w.AppID(), w.PrivateKeyPEM(), w.URL()
	if w.client, err = github.New(here); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.client.Close()
		for name := range w.metrics() {
			if strings.Contains(name, " other") {
				t.Errorf("an endpoint without a name in the metrics was asked for: %s", name)
			}
		}
		for _, err := range w.ContractErrors() {
			t.Errorf("GitHub's contract is broken: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if w.shop, err = w.CreateRepo("acme/shop", githubtest.RepoOptions{}); err != nil {
		t.Fatal(err)
	}
	w.target = bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, RepoID: w.shop.ID(), Installation: w.InstallationID("acme")}
	return w
}

// parseConfig reads files of one line: the name of a stage.
// parseConfig reads the name of the only stage, or, with colons, those of one stage
// each of several pipelines: api:production web:production.
func parseConfig(_ bot.Repo, file []byte) (map[string]bot.Config, error) {
	name := strings.TrimSpace(string(file))
	if strings.Contains(name, ":") {
		several := map[string]bot.Config{}
		for _, word := range strings.Fields(name) {
			pipeline, stage, _ := strings.Cut(word, ":")
			several[pipeline] = bot.Config{Stages: []bot.Stage{{Name: stage, Apps: []string{"shop-" + pipeline}}}}
		}
		return several, nil
	}
	if strings.Contains(name, " ") {
		return nil, fmt.Errorf(".github/headstart.yml:1:%d: a name has no spaces\n.github/headstart.yml:2:1: and more", strings.Index(name, " ")+1)
	}
	return map[string]bot.Config{"": {Stages: []bot.Stage{{Name: name, Apps: []string{"shop"}}}}}, nil
}

func (w *world) perform(e bot.Effect) (bot.Fact, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if e.At.IsZero() {
		e.At = w.clock.Now()
	}
	return w.client.Perform(ctx, w.target, e)
}

// do performs an action that must succeed.
func do[F bot.Fact](w *world, action bot.Action) F {
	w.t.Helper()
	return done[F](w, bot.Effect{Do: action})
}

func done[F bot.Fact](w *world, e bot.Effect) F {
	w.t.Helper()
	fact, err := w.perform(e)
	if err != nil {
		w.t.Fatalf("%s should have succeeded: %v", bot.NameOf(e.Do), err)
	}
	f, ok := fact.(F)
	if !ok {
		var want F
		w.t.Fatalf("%s should be answered with %T, got %T", bot.NameOf(e.Do), want, fact)
	}
	return f
}

// refuse performs an action that must be refused.
func (w *world) refuse(action bot.Action) *bot.Refused {
	w.t.Helper()
	_, err := w.perform(bot.Effect{Do: action})
	var refused *bot.Refused
	if !errors.As(err, &refused) {
		w.t.Fatalf("%s should be refused, got %v", bot.NameOf(action), err)
	}
	return refused
}

// kind names the outcome of an error.
func kind(err error) string {
	var (
		refused   *bot.Refused
		retryable *bot.Retryable
		unknown   *bot.Unknown
	)
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &refused):
		return "refused"
	case errors.As(err, &retryable) && retryable.Limit:
		return "limit"
	case errors.As(err, &retryable):
		return "retry"
	case errors.As(err, &unknown):
		return "unknown"
	}
	return "of no kind"
}

// commit puts files on main.
func (w *world) commit(files map[string]string) githubtest.Commit {
	w.t.Helper()
	c, err := w.shop.Commit("main", files)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// must ends the test if something about the stand-in failed.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// costs checks how many requests a step took, tokens not counted.
func (w *world) costs(want int, step func()) {
	w.t.Helper()
	count := func() int { return w.Count("*") - w.Count("* /app/installations/*/access_tokens") }
	before := count()
	step()
	if got := count() - before; got != want {
		var log []string
		for _, r := range w.Requests() {
			log = append(log, r.Method+" "+r.Path+"?"+r.Query)
		}
		w.t.Errorf("this should take %d requests, it took %d; all so far:\n%s", want, got, strings.Join(log, "\n"))
	}
}

// metrics are counters and gauges, as "name label label".
func (w *world) metrics() map[string]float64 {
	w.t.Helper()
	families, err := w.registry.Gather()
	w.must(err)
	found := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			found[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return found
}

// respond answers every request with the same thing, as something between us
// and GitHub might.
type respond func(*http.Request) (*http.Response, error)

func (f respond) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
