package local_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/local"
)

// runWorker is a process that builds, releases and rolls back without end, and
// says before and after each step what it does, until it is killed.
func runWorker() {
	ctx := context.Background()
	changed := make(chan struct{}, 100)
	p := local.New(local.Options{Dir: os.Getenv("DIR"), Addr: "127.0.0.1:0", OnChange: func(string) { changed <- struct{}{} }})
	must(p.Start(ctx))
	say := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	ended := func(r bot.Release, err error) bot.Release {
		must(err)
		for r.Status == bot.ReleasePending {
			<-changed
			r, err = p.Release(ctx, "shop", r.ID)
			must(err)
		}
		say("ended %s %s", r.ID, r.Status)
		return r
	}
	list, err := p.Releases(ctx, "shop")
	must(err)
	n := 0
	if len(list) > 0 {
		n = list[0].Version
	}
	for {
		n++
		b, err := p.StartBuild(ctx, "shop-prepare", bot.Source{Commit: sha(n), URL: os.Getenv("SOURCE") + "/" + sha(n) + ".tar.gz", Command: "sh ./build.sh"})
		must(err)
		for !b.Status.Ended() {
			<-changed
			b, err = p.Build(ctx, "shop-prepare", b.ID)
			must(err)
		}
		mustBe(b.Status == bot.BuildSucceeded, b.Reason)
		say("writes color-%d", n)
		file := filepath.Join(os.Getenv("DIR"), "apps", "shop", "env")
		must(os.MkdirAll(filepath.Dir(file), 0o755))
		must(os.WriteFile(file+".mine", fmt.Appendf(nil, "COLOR=color-%d\n", n), 0o600))
		must(os.Rename(file+".mine", file))
		say("wrote color-%d", n)
		first := ended(p.Promote(ctx, platform.Promotion{Artifact: b.Artifact, Commit: sha(n), To: "shop"}))
		mustBe(first.Status == bot.ReleaseSucceeded, first.Reason)
		if list, err = p.Releases(ctx, "shop"); len(list) < 3 {
			continue
		}
		must(err)
		to := list[1] // what ran before
		if to.Status != bot.ReleaseSucceeded {
			continue
		}
		say("goes back to %s", to.ID)
		back := ended(p.Rollback(ctx, "shop", to.ID))
		mustBe(back.Status == bot.ReleaseSucceeded, back.Reason)
	}
}

func mustBe(well bool, why string) {
	if !well {
		panic(why)
	}
}

// worker is what its killer knows of it.
type worker struct {
	colors map[string]string // what COLOR was for a release that ended, by id
	color  string            // what was written last
	next   string            // what was about to be written; empty if it was
	back   string            // the release that it was going back to; empty if it is done
	live   string            // the last release that it said was live
}

// hear takes in a line.
func (w *worker) hear(line string) {
	words := strings.Fields(line)
	switch words[0] {
	case "writes":
		w.next = words[1]
	case "wrote":
		w.color, w.next = words[1], ""
	case "goes":
		w.back = words[3]
	case "ended":
		if words[2] != string(bot.ReleaseSucceeded) {
			return
		}
		if w.back != "" {
			w.color, w.back = w.colors[w.back], ""
		}
		w.live, w.colors[words[1]] = words[1], w.color
	}
}

// Killed at any moment of builds, releases and rollbacks, a platform leaves what
// its successor brings back: the last release that was live, with the config vars
// that it had, and nothing pending.
func TestKilledAtAnyMoment(t *testing.T) {
	const kills = 10
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.stop(m.Platform)
	t.Cleanup(func() { // should the test end early: what was killed leaves its apps running
		if last := local.New(m.opts); last.Start(context.Background()) == nil {
			m.stop(last)
		}
	})
	w := &worker{colors: map[string]string{}}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range kills {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), roleVar+"=worker", "DIR="+m.opts.Dir, "SOURCE="+m.forge.URL)
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(rand.IntN(600)) * time.Millisecond
		lines := bufio.NewScanner(stdout)
		for killing := false; lines.Scan(); {
			w.hear(lines.Text())
			if w.live != "" && !killing {
				killing = true
				timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
				defer timer.Stop()
			}
		}
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the worker ended by itself: %v", err)
		}
		m.start()
		m.holdAgainst(w, after)
		m.stop(m.Platform)
		if t.Failed() {
			return
		}
	}
}

// holdAgainst holds a successor against what is known of a platform that was
// killed.
func (m *machine) holdAgainst(w *worker, after time.Duration) {
	m.t.Helper()
	releases, err := m.Releases(m.t.Context(), "shop")
	if err != nil {
		m.t.Fatal(err)
	}
	builds, err := m.Builds(m.t.Context(), "shop-prepare")
	if err != nil {
		m.t.Fatal(err)
	}
	for _, b := range builds {
		if b.Status == bot.BuildPending {
			m.t.Errorf("build %s is still pending", b.ID)
		}
	}
	var live bot.Release
	for i, r := range releases {
		if i > 0 && r.Version != releases[i-1].Version-1 {
			m.t.Errorf("v%d comes before v%d", r.Version, releases[i-1].Version)
		}
		if r.Status == bot.ReleasePending {
			m.t.Errorf("release %s is still pending", r.ID)
		}
		if r.Current {
			live = r
		}
	}
	// The last that was said to be live, or the next one, of which it could not be
	// said any more.
	unsaid := live.ID == releases[0].ID && live.ID != w.live && live.Status == bot.ReleaseSucceeded
	if live.ID != w.live && !unsaid {
		m.t.Errorf("%v after it began, the platform was killed; %q is live, and %q was the last that was said to be", after, live.ID, w.live)
	}
	colors := []string{w.color, w.next}
	if unsaid && w.back != "" {
		colors = []string{w.colors[w.back]}
	}
	m.until("the app is back", func() bool { return m.runs("shop") == live.Commit })
	color := m.configVar("shop", "COLOR")
	if (color != colors[0] && color != colors[len(colors)-1]) || color == "" || !m.sees("shop", "COLOR="+color) {
		m.t.Errorf("%v after it began, the platform was killed going back to %q; COLOR is %q, and should be one of %q; %+v is live", after, w.back, color, colors, live)
	}
	if left := glob(m.t, filepath.Join(m.opts.Dir, "apps", "*", "*.tmp")); len(left) > 0 {
		m.t.Errorf("%q is left", left)
	}
	// What could not be said is known from now on.
	w.color, w.next, w.back, w.live = color, "", "", live.ID
	if unsaid {
		w.colors[live.ID] = color
	}
}
