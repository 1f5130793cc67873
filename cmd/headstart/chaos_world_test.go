package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// chaosWorld is several teams that deploy through one Headstart while somebody
// pulls its plug again and again. Both stand-ins live in the test's process; the
// bot is a process of its own, or two.
type chaosWorld struct {
	t       testing.TB
	random  *rand.Rand // of the test's goroutine
	gh      *githubtest.Server
	heroku  *herokutest.Server
	teams   []*team
	thief   *githubtest.Repo // its file names an app that it may not use
	own     *herokutest.App  // that the thief may use
	foreign *herokutest.App  // that nobody may use
	allow   string           // HEADSTART_ALLOW
}

// team is one repository with a pipeline of two stages.
type team struct {
	*githubtest.Repo
	name    string // of the repository, and how its apps' names begin
	pulls   bool   // it works with pull requests
	prepare *herokutest.App
	stages  []*herokutest.App // in the pipeline's order

	mu    sync.Mutex
	green map[string]time.Time // by commit of main: when its last check passed; guarded by mu
	opens []int                // its pull requests; guarded by mu
}

var (
	chaosTeams   = inShort(4, 8)
	chaosDeploys = inShort(6, 50)
)

const (
	chaosBuild    = time.Second
	chaosRelease  = 500 * time.Millisecond
	chaosTransfer = 100 * time.Millisecond // of a slug from app to app
)

// chaosChecks are the checks that every team's pipeline waits for.
var chaosChecks = []string{"ci/test", "lint"}

// newChaosWorld makes teams in four organisations, whose builds and releases take
// their time, and a repository that reaches for somebody else's app.
func newChaosWorld(t testing.TB, seed uint64, teams int, platform herokutest.Options) *chaosWorld {
	t.Helper()
	w := &chaosWorld{t: t, random: rand.New(rand.NewPCG(seed, 4))}
	var err error
	if w.gh, err = githubtest.New(githubtest.Options{Dir: t.TempDir(), HookTimeout: 3 * time.Second}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.gh.Close(); err != nil {
			t.Errorf("close the stand-in for GitHub: %v", err)
		}
	})
	platform.RateLimit = 100_000 // how often the account's limit is reached is another test's subject
	if w.heroku, err = herokutest.New(platform); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.heroku.Close)
	w.foreign, w.own = w.heroku.AddApp("payroll-production"), w.heroku.AddApp("thief-staging")
	both := w.heroku.AddPipeline("thief")
	both.Couple(w.own, "staging")
	both.Couple(w.foreign, "production")
	var allow []string
	for n := range teams {
		owner, name := []string{"acme", "bolt", "crane", "delta"}[n%4], fmt.Sprint("shop-", n)
		t := w.newTeam(owner, name, chaosChecks)
		t.pulls = n%2 == 0
		w.teams = append(w.teams, t)
		allow = append(allow, fmt.Sprintf("%s/%s=%s-%s-*", owner, name, owner, name))
	}
	w.thief = w.newRepo("acme/thief", pipelineOf(chaosChecks, "", w.own.Name(), w.foreign.Name()))
	w.allow = strings.Join(append(allow, "acme/thief=thief-*"), " ")
	return w
}

func (w *chaosWorld) newTeam(owner, name string, checks []string) *team {
	prefix := owner + "-" + name
	pipe := w.heroku.AddPipeline(prefix)
	app := func(role, stage string) *herokutest.App {
		a := w.heroku.AddApp(prefix + "-" + role)
		a.BuildTakes(chaosBuild)
		a.ReleaseTakes(chaosRelease)
		a.PromotionTakes(chaosTransfer)
		pipe.Couple(a, stage)
		return a
	}
	t := &team{
		name: prefix, prepare: app("prepare", "development"),
		stages: []*herokutest.App{app("staging", "staging"), app("production", "production")},
		green:  map[string]time.Time{},
	}
	t.Repo = w.newRepo(owner+"/"+name, pipelineOf(checks, t.prepare.Name(), t.stages[0].Name(), t.stages[1].Name()))
	return t
}

// apps are those of all of its stages, the one that builds first.
func (t *team) apps() []*herokutest.App { return append([]*herokutest.App{t.prepare}, t.stages...) }

func (w *chaosWorld) newRepo(fullName, pipeline string) *githubtest.Repo {
	w.t.Helper()
	r, err := w.gh.CreateRepo(fullName, githubtest.RepoOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := r.Commit("main", map[string]string{"Procfile": "web: ./shop\n", config.Path: pipeline}); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// pipelineOf is a pipeline's file; without prepare its first stage builds.
func pipelineOf(checks []string, prepare, staging, production string) string {
	s := fmt.Sprintf("checks: [%s]\n", strings.Join(checks, ", "))
	if prepare != "" {
		s += "prepare: " + prepare + "\n"
	}
	return s + fmt.Sprintf("stages:\n  - name: staging\n    app: %s\n  - name: production\n    app: %s\n", staging, production)
}

// work is what a team does: one commit that gets to main, and its checks.
type work struct {
	at     time.Duration // since the beginning
	team   *team
	name   string
	checks []checkPlan
	merge  time.Duration // after the pull request was opened
}

// checkPlan is one check of a commit.
type checkPlan struct {
	name  string
	takes time.Duration
	ends  []string // its conclusion, and those of the runs after it
}

// plan spreads the deploys over a time at random. A few more commits never turn
// green; the last one of each team does. A deploy is a commit that turns green.
func (w *chaosWorld) plan(over time.Duration) []work {
	var list []work
	spread := func(least, most time.Duration) time.Duration {
		return least + time.Duration(w.random.Int64N(int64(most-least)))
	}
	for i := range chaosDeploys + chaosDeploys/10 {
		x := work{at: spread(0, over), team: w.teams[i%len(w.teams)], name: fmt.Sprint("change-", i), merge: spread(300*time.Millisecond, 3*time.Second)}
		for _, name := range chaosChecks {
			c := checkPlan{name: name, takes: spread(200*time.Millisecond, 4*time.Second), ends: []string{"success"}}
			switch {
			case i >= chaosDeploys && name == chaosChecks[0]:
				c.ends = []string{"failure"}
			case w.random.IntN(10) == 0: // it flaps
				c.ends = []string{"failure", "success"}
			}
			x.checks = append(x.checks, c)
		}
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b work) int { return int(a.at - b.at) })
	return list
}

// live does the work, each at its time, and returns when all is done or ctx has
// ended.
func (w *chaosWorld) live(ctx context.Context, plan []work) {
	began := time.Now()
	var all sync.WaitGroup
	for _, x := range plan {
		if !pause(ctx, time.Until(began.Add(x.at))) {
			break
		}
		all.Go(func() { w.do(ctx, x) })
	}
	all.Wait()
}

func (w *chaosWorld) do(ctx context.Context, x work) {
	files := map[string]string{"src/" + x.name + ".txt": x.name + "\n"}
	if !x.team.pulls {
		c, err := x.team.Commit("main", files)
		if w.must(err) {
			w.check(ctx, x, c.SHA)
		}
		return
	}
	head, err := x.team.Commit(x.name, files)
	if !w.must(err) {
		return
	}
	pull, err := x.team.OpenPull(githubtest.PullOptions{Head: x.name})
	if !w.must(err) {
		return
	}
	x.team.mu.Lock()
	x.team.opens = append(x.team.opens, pull.Number())
	x.team.mu.Unlock()
	var checked sync.WaitGroup
	defer checked.Wait()
	checked.Go(func() { w.check(ctx, x, head.SHA) })
	if !pause(ctx, x.merge) {
		return
	}
	if c, err := pull.Merge(githubtest.MergeOptions{}); w.must(err) {
		w.check(ctx, x, c.SHA)
	}
}

// check has CI work on a commit, side by side. What is noted as green is noted
// no later than GitHub tells it.
func (w *chaosWorld) check(ctx context.Context, x work, sha string) {
	passed := make([]time.Time, len(x.checks))
	var all sync.WaitGroup
	for n, c := range x.checks {
		all.Go(func() {
			run, err := x.team.CheckRun(sha, c.name)
			for i, end := range c.ends {
				if i > 0 {
					run = run.Rerun()
				}
				if !w.must(err) || !pause(ctx, c.takes) {
					return
				}
				now := time.Now()
				if err = run.Complete(end); end == "success" {
					passed[n] = now
				}
			}
			w.must(err)
		})
	}
	all.Wait()
	if slices.ContainsFunc(passed, time.Time.IsZero) {
		return
	}
	x.team.mu.Lock()
	defer x.team.mu.Unlock()
	x.team.green[sha] = slices.MaxFunc(passed, time.Time.Compare)
}

// steal has the thief's repository push a commit whose checks pass.
func (w *chaosWorld) steal() {
	c, err := w.thief.Commit("main", map[string]string{"src/loot.txt": time.Now().String()})
	if !w.must(err) {
		return
	}
	for _, name := range chaosChecks {
		w.must(w.thief.Check(c.SHA, name, "success"))
	}
}

// must reports an error of the stand-ins.
func (w *chaosWorld) must(err error) bool {
	if err != nil {
		w.t.Errorf("the world of the test: %v", err)
	}
	return err == nil
}

// pause waits, and reports whether ctx is still alive then.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
