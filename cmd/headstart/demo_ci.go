package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// demoCheck is the check that the demo's CI reports.
const demoCheck = "ci/test"

// demoCI is the CI of the demo: for each commit that is pushed it reports a check
// run, takes some seconds, runs the app's real tests on a checkout, and says how
// that went.
type demoCI struct {
	repo    *githubtest.Repo
	command string        // empty: the commit passes unless it says that it fails
	least   time.Duration // how long it takes at least
	changed func()        // called whenever a run began or ended

	commits chan string // pushed, not started yet
	mu      sync.Mutex
	runs    map[string]ciRun // by commit; guarded by mu
}

// ciRun is one commit's run.
type ciRun struct {
	began, ended time.Time // ended is zero while it runs
	passed       bool
}

func newDemoCI(repo *githubtest.Repo, command string, least time.Duration, changed func()) *demoCI {
	return &demoCI{repo: repo, command: command, least: least, changed: changed, commits: make(chan string, 100), runs: map[string]ciRun{}}
}

// take is told of every webhook, and starts on pushes. It must not block and
// must not call the stand-in.
func (ci *demoCI) take(d githubtest.Delivery) githubtest.Fate {
	if sha, ok := pushedTo(d, ""); ok {
		ci.commits <- sha
	}
	return githubtest.Deliver
}

// pushedTo reads the commit that a webhook says was pushed to a branch, or to
// any branch if none is named.
func pushedTo(d githubtest.Delivery, branch string) (sha string, ok bool) {
	var push struct {
		Ref, After string
		Deleted    bool
	}
	if d.Event != "push" || json.Unmarshal(d.Payload, &push) != nil || push.Deleted {
		return "", false
	}
	on, ok := strings.CutPrefix(push.Ref, "refs/heads/")
	return push.After, ok && (branch == "" || on == branch)
}

// work runs CI until ctx ends.
func (ci *demoCI) work(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case sha := <-ci.commits:
			group.Go(func() { ci.test(ctx, sha) })
		}
	}
}

// test runs CI for one commit.
func (ci *demoCI) test(ctx context.Context, sha string) {
	run, err := ci.repo.CheckRun(sha, demoCheck)
	if err != nil {
		return // the branch is gone again
	}
	r := ciRun{began: time.Now()}
	ci.set(sha, r)
	enough := time.NewTimer(ci.least)
	defer enough.Stop()
	passed := ci.passes(ctx, sha)
	select {
	case <-enough.C:
	case <-ctx.Done():
		return
	}
	conclusion := "success"
	if !passed {
		conclusion = "failure"
	}
	r.ended, r.passed = time.Now(), passed
	ci.set(sha, r)
	// Whoever watches sees the run's end; an error means that the demo is over.
	_ = run.Complete(conclusion)
}

// passes runs the tests on a fresh checkout of the commit.
func (ci *demoCI) passes(ctx context.Context, sha string) bool {
	git := func(args ...string) ([]byte, error) {
		return exec.CommandContext(ctx, "git", append([]string{"-C", ci.repo.Dir()}, args...)...).Output()
	}
	if ci.command == "" {
		out, err := git("show", sha+":.headstart-demo")
		return err != nil || !strings.Contains(string(out), "fails")
	}
	dir, err := os.MkdirTemp("", "headstart-ci-")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	if _, err := git("--work-tree="+dir, "-c", "core.bare=false", "-c", "core.logAllRefUpdates=false", "restore", "--source="+sha, "--worktree", "--", ":/"); err != nil {
		return false
	}
	// What is killed leaves its temporary files: they go with the checkout.
	tmp := filepath.Join(dir, ".headstart-tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return false
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", ci.command)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "TMPDIR="+tmp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd.Run() == nil
}

func (ci *demoCI) set(sha string, r ciRun) {
	ci.mu.Lock()
	ci.runs[sha] = r
	ci.mu.Unlock()
	ci.changed()
}

// run tells how CI fares with a commit; false before it began.
func (ci *demoCI) run(sha string) (ciRun, bool) {
	ci.mu.Lock()
	defer ci.mu.Unlock()
	r, ok := ci.runs[sha]
	return r, ok
}
