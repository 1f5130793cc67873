package local_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/local"
)

// runPredecessor is a process that runs a platform and dies of SIGKILL. It
// makes a release live, says so, waits for a line, and begins a release and a
// build that do not end.
func runPredecessor() {
	ctx := context.Background()
	changed := make(chan struct{}, 100)
	p := local.New(local.Options{Dir: os.Getenv("DIR"), Addr: "127.0.0.1:0", OnChange: func(string) { changed <- struct{}{} }})
	must(p.Start(ctx))
	src := bot.Source{Commit: sha(1), URL: os.Getenv("SOURCE"), Command: "sh ./build.sh"}
	b, err := p.StartBuild(ctx, "shop-prepare", src)
	must(err)
	<-changed
	b, err = p.Build(ctx, "shop-prepare", b.ID)
	must(err)
	promotion := platform.Promotion{Artifact: b.Artifact, Commit: sha(1), To: "shop"}
	_, err = p.Promote(ctx, promotion)
	must(err)
	<-changed
	fmt.Println(p.RouterAddr())

	_, err = bufio.NewReader(os.Stdin).ReadString('\n')
	must(err)
	promotion.Commit = sha(2)
	_, err = p.Promote(ctx, promotion)
	must(err)
	src.Command = "echo $$ > " + os.Getenv("PIDFILE") + "; sleep 300"
	_, err = p.StartBuild(ctx, "shop-prepare", src)
	must(err)
	fmt.Println("busy")
	select {}
}

func TestCrash(t *testing.T) {
	// The successor's machine is made first, for its server of sources.
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.stop(m.Platform)

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pidFile := filepath.Join(m.flags, "build-pid")
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVar+"=predecessor", "DIR="+m.opts.Dir, "SOURCE="+m.source(sha(1)).URL, "PIDFILE="+pidFile)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	next := func() string {
		if !lines.Scan() {
			t.Fatalf("the predecessor says no more: %v", lines.Err())
		}
		return lines.Text()
	}

	router := next()
	web := askPID(t, router)
	second := local.New(m.opts)
	if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "another Headstart is using") {
		t.Errorf("a second platform on the same folder starts: %v", err)
	}
	m.holdNextRelease("shop")
	if _, err := io.WriteString(stdin, "go on\n"); err != nil {
		t.Fatal(err)
	}
	next()
	var build int
	m.until("the build runs", func() bool {
		text, err := os.ReadFile(pidFile)
		build, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil && build > 0
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if gone(web) {
		t.Fatal("the web process ended with its platform; it should have outlived it, for this test to show anything")
	}

	m.start()
	if !gone(web) || !gone(build) {
		t.Errorf("after the successor started: web process gone: %v, build gone: %v; both belong to the crashed one", gone(web), gone(build))
	}
	m.until("the app is back", func() bool { return m.runs("shop") == sha(1) })
	builds, err := m.Builds(t.Context(), "shop-prepare")
	if err != nil || len(builds) != 2 {
		t.Fatalf("%d builds are remembered (%v); it should be 2", len(builds), err)
	}
	if b := builds[0]; b.Status != bot.BuildErrored || b.FinishedAt.IsZero() || b.Reason != "The machine or Headstart stopped during the build." {
		t.Errorf("the build that was pending is %+v; it should be errored", b)
	}
	releases, err := m.Releases(t.Context(), "shop")
	if err != nil || len(releases) != 2 {
		t.Fatalf("%d releases are remembered (%v); it should be 2", len(releases), err)
	}
	if r := releases[0]; r.Status != bot.ReleaseErrored || r.Current {
		t.Errorf("the release that was pending is %+v; it should be errored, because nothing is wrong with its artifact", r)
	}
	if r := releases[1]; r.Status != bot.ReleaseSucceeded || !r.Current {
		t.Errorf("the release that was live is %+v; it should be current", r)
	}
	_ = os.Remove(filepath.Join(m.flags, "hold-shop"))
	if r := m.live(m.good(sha(3)), "shop"); r.Version != 3 {
		t.Errorf("the next release is v%d", r.Version)
	}
}

func askPID(t *testing.T, router string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+router+"/pid", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "shop.localhost"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestStopAndStart(t *testing.T) {
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.live(m.good(sha(1)), "shop")
	_, text, _ := m.get("shop.localhost", "/pid")
	pid, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	next := m.good(sha(2))
	m.holdNextRelease("shop")
	if _, err := m.Promote(t.Context(), platform.Promotion{Artifact: next.Artifact, Commit: next.Commit, To: "shop"}); err != nil {
		t.Fatal(err)
	}
	m.holdNextBuild("shop-prepare")
	if _, err := m.StartBuild(t.Context(), "shop-prepare", m.source(sha(3))); err != nil {
		t.Fatal(err)
	}
	m.stop(m.Platform)
	if !gone(pid) {
		t.Error("the web process outlived its platform")
	}

	m.start()
	m.until("the app is back", func() bool { return m.runs("shop") == sha(1) })
	builds, err := m.Builds(t.Context(), "shop-prepare")
	if err != nil || builds[0].Status != bot.BuildErrored || builds[0].Reason != "Headstart was stopped during the build." {
		t.Errorf("the build that was pending is %+v (%v)", builds[0], err)
	}
	releases, err := m.Releases(t.Context(), "shop")
	if err != nil || releases[0].Status != bot.ReleaseErrored || releases[0].Reason != "Headstart was stopped during the release." {
		t.Errorf("the release that was pending is %+v (%v)", releases[0], err)
	}
}

// A process that has the number of one of ours, but is another one, is left
// alone.
func TestStrangersAreLeftAlone(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	m.stop(m.Platform)
	stranger := exec.Command("sleep", "300")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stranger.Process.Kill(); _ = stranger.Wait() })

	file := filepath.Join(m.opts.Dir, "apps", "shop", "state.json")
	state, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.Replace(string(state), `"live": 1,`,
		fmt.Sprintf(`"live": 1, "processes": {"web v1": {"pid": %d, "started": "long ago"}},`, stranger.Process.Pid), 1)
	if forged == string(state) {
		t.Fatalf("the state has changed its form: %s", state)
	}
	if err := os.WriteFile(file, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	m.start()
	m.until("the app is back", func() bool { return m.runs("shop") == sha(1) })
	if gone(stranger.Process.Pid) {
		t.Error("a process was ended that only has the number of one of ours")
	}
}

func TestUnreadableStateIsToldNotLost(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	m.stop(m.Platform)
	file := filepath.Join(m.opts.Dir, "apps", "shop", "state.json")
	if err := os.WriteFile(file, []byte(`{"format": 1, "bui`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := local.New(m.opts).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("starting on a damaged state: %v; it should fail and name %s", err, file)
	}
}
