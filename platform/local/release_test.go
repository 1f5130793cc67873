package local_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/local"
)

// configure writes an app's config vars.
func (m *machine) configure(app, vars string) {
	m.t.Helper()
	dir := filepath.Join(m.opts.Dir, "apps", app)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "env"), []byte(vars), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// configVar reads one of an app's config vars from its file.
func (m *machine) configVar(app, name string) string {
	m.t.Helper()
	data, err := os.ReadFile(filepath.Join(m.opts.Dir, "apps", app, "env"))
	if err != nil {
		m.t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(line, name+"="); ok {
			return strings.TrimSuffix(v, "\n")
		}
	}
	return ""
}

// expire removes a release's artifact, as it goes when nothing names it any more.
func (m *machine) expire(_ string, r bot.Release) {
	m.t.Helper()
	if err := os.Remove(filepath.Join(m.opts.Dir, "artifacts", r.Artifact+".tar.gz")); err != nil {
		m.t.Fatal(err)
	}
}

// TestNoRequestIsLost switches versions again and again under a load of 200
// requests a second, of apps that exit at once when they are told to stop.
func TestNoRequestIsLost(t *testing.T) {
	const (
		every    = 5 * time.Millisecond
		lasts    = 4 * time.Second
		versions = 2
	)
	m := newMachine(t, local.Options{})
	var built [versions]bot.Build
	for i := range built {
		built[i] = m.good(sha(i))
	}
	m.live(built[0], "shop")

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		seen  = map[string]int{}
		lost  []string
		worst time.Duration
	)
	ask := func(n int) {
		var body io.Reader
		method := http.MethodGet
		if n%4 == 0 { // one that nobody may repeat
			method, body = http.MethodPost, io.MultiReader(strings.NewReader(" order"))
		}
		req, err := http.NewRequest(method, "http://"+m.RouterAddr()+"/", body)
		if err != nil {
			panic(err)
		}
		req.Host = "shop.localhost"
		begin := time.Now()
		res, err := client.Do(req)
		answer := fmt.Sprint(err)
		if err == nil {
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			answer = fmt.Sprint(res.StatusCode, " ", strings.Join(strings.Fields(strings.TrimSuffix(string(b), " order")), " "), err)
		}
		mu.Lock()
		defer mu.Unlock()
		worst = max(worst, time.Since(begin))
		seen[answer]++
		if !strings.HasPrefix(answer, "200 "+sha(0)) && !strings.HasPrefix(answer, "200 "+sha(1)) {
			lost = append(lost, answer)
		}
	}
	stop := make(chan struct{})
	asked := 0
	wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				n := asked
				asked++
				wg.Go(func() { ask(n) })
			case <-stop:
				return
			}
		}
	})
	switches := 0
	for begin := time.Now(); time.Since(begin) < lasts; {
		switches++
		m.live(built[switches%versions], "shop")
	}
	close(stop)
	wg.Wait()

	t.Logf("%d requests over %d switches, slowest %v: %v", asked, switches, worst.Round(time.Millisecond), seen)
	if len(lost) > 0 {
		t.Errorf("%d of %d requests were lost over %d switches, the first: %s", len(lost), asked, switches, lost[0])
	}
	if switches < 3 || len(seen) < versions {
		t.Errorf("%d switches with answers %v show nothing", switches, seen)
	}
}

// TestSlowRequestOutlivesItsVersion begins a request before a switch and ends it
// afterwards.
func TestSlowRequestOutlivesItsVersion(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	finish := filepath.Join(m.flags, "finish")

	req, err := http.NewRequest(http.MethodGet, "http://"+m.RouterAddr()+"/until?file="+finish, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "shop.localhost"
	res, err := http.DefaultClient.Do(req) // returns when the answer has begun
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	m.live(m.good(sha(2)), "shop")
	if got := m.runs("shop"); got != sha(2) {
		t.Errorf("while a request of the old version lasts, new ones see %q", got)
	}
	m.flag(finish)
	body, err := io.ReadAll(res.Body)
	if want := "begin " + sha(1); err != nil || strings.TrimSpace(string(body)) != want {
		t.Errorf("the request that outlived its version got %q (%v); it should get %q", body, err, want)
	}
}

func TestOldVersionStopsAfterTheDrainLimit(t *testing.T) {
	m := newMachine(t, local.Options{DrainLimit: 50 * time.Millisecond, Logger: zap.NewNop()})
	m.live(m.good(sha(1)), "shop")
	_, text, _ := m.get("shop.localhost", "/pid")
	pid, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		req, _ := http.NewRequest(http.MethodGet, "http://"+m.RouterAddr()+"/until?file=/never", nil)
		req.Host = "shop.localhost"
		if res, err := http.DefaultClient.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}()
	m.live(m.good(sha(2)), "shop")
	m.until("the old version is gone", func() bool { return gone(pid) })
	<-ended
}

// A web process that is up without hope is given up long before ReadyLimit. On a Mac nobody
// knows where it listens.
func TestReleaseThatIsAstray(t *testing.T) {
	t.Parallel()
	elsewhere := freePort(t)
	for vars, reason := range map[string]string{
		"SICK=1\n":                              "The web process is not ready: it answers 500.",
		fmt.Sprintf("OWN_PORT=%d\n", elsewhere): fmt.Sprintf("The web process is not ready: it listens on %d, not on PORT.", elsewhere),
	} {
		if strings.HasPrefix(vars, "OWN_PORT") && runtime.GOOS != "linux" {
			continue
		}
		t.Run(strings.TrimSpace(vars), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, local.Options{AstrayLimit: time.Millisecond})
			m.live(m.good(sha(1)), "shop")
			m.configure("shop", vars)
			if r := m.release(m.good(sha(2)), "shop"); r.Status != bot.ReleaseFailed || r.Reason != reason {
				t.Errorf("the release is %s: %s\nit should be failed: %s", r.Status, r.Reason, reason)
			}
		})
	}
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestReleaseSaysWhyItFailed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, vars, reason string
		failPhase          bool
	}{
		{"the release line fails", "", "The release command ended with exit status 3: the migration failed", true},
		{"the web process ends", "REFUSE=1\n", "The web process ended (exit status 7) before it answered: no database", false},
		{"the web process is sick", "SICK=1\n", "The web process was not ready within 4s: it answers 500.", false},
		{"the config vars are wrong", "# fine\nREFUSE 1\n", "Line 2 of the app's config vars is not KEY=VALUE.", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := local.Options{}
			if strings.Contains(c.vars, "SICK") {
				o.ReadyLimit = 4 * time.Second // a busy machine takes a while to start a process
			}
			m := newMachine(t, o)
			m.live(m.good(sha(1)), "shop")
			m.configure("shop", c.vars)
			if c.failPhase {
				m.failNextRelease("shop")
			}
			r := m.release(m.good(sha(2)), "shop")
			if r.Status != bot.ReleaseFailed || r.Reason != c.reason {
				t.Errorf("the release is %s: %s\nit should be failed: %s", r.Status, r.Reason, c.reason)
			}
			if out := m.output(r.OutputURL); !strings.Contains(out, c.reason) {
				t.Errorf("the release's output does not tell the reason:\n%s", out)
			}
			if got := m.runs("shop"); got != sha(1) {
				t.Errorf("after a failed release the app runs %q", got)
			}
		})
	}
}

func TestRunEnvironment(t *testing.T) {
	m := newMachine(t, local.Options{Environ: []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC", "DATABASE_URL=hunter2", "GITHUB_TOKEN=hunter2"}})
	m.configure("shop", "# the shop's\nDATABASE_URL=sqlite:shop.db?a=b # not a comment\n\nTZ=America/Toronto\nHEADSTART_REVISION=mine\nHEADSTART_COMMIT=mine\nPORT=1\n")
	m.live(m.good(sha(1)), "shop")
	_, out, _ := m.get("shop.localhost", "/environ")
	for _, want := range []string{"DATABASE_URL=sqlite:shop.db?a=b # not a comment", "TZ=America/Toronto", "HEADSTART_APP=shop",
		"HEADSTART_COMMIT=" + sha(1), "HEADSTART_REVISION=" + sha(1), "HEROKU_BUILD_COMMIT=" + sha(1), "HEADSTART_RELEASE=v1", "HEROKU_RELEASE_VERSION=v1"} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("the web process does not see %s:\n%s", want, out)
		}
	}
	if strings.Contains(out, "hunter2") || strings.Contains(out, "PORT=1\n") {
		t.Errorf("the web process sees what it should not:\n%s", out)
	}
}

func TestDeadWebProcessIsStartedAgain(t *testing.T) {
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.live(m.good(sha(1)), "shop")
	for range 2 {
		m.get("shop.localhost", "/exit")
		m.until("the router sees that the app is down", func() bool {
			status, body, _ := m.get("shop.localhost", "/")
			return status == http.StatusServiceUnavailable && strings.Contains(body, "shop is down")
		})
		m.until("the app is back", func() bool { return m.runs("shop") == sha(1) })
	}
	if _, list, _ := m.get("localhost", "/"); !strings.Contains(list, "started again 2 times") {
		t.Errorf("the list of apps does not tell of the restarts:\n%s", list)
	}
	m.live(m.good(sha(2)), "shop")
	if got := m.runs("shop"); got != sha(2) {
		t.Errorf("after a restart and a release the app runs %q", got)
	}
}

func TestReleaseOverADeadProcess(t *testing.T) {
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.live(m.good(sha(1)), "shop")
	m.configure("shop", "REFUSE=1\n") // so that it does not come back
	m.get("shop.localhost", "/exit")
	m.until("the app is down", func() bool { status, _, _ := m.get("shop.localhost", "/"); return status == 503 })
	m.configure("shop", "")
	m.live(m.good(sha(2)), "shop")
	if got := m.runs("shop"); got != sha(2) {
		t.Errorf("the app runs %q", got)
	}
}

func TestOldReleasesGo(t *testing.T) {
	t.Parallel()
	m := newMachine(t, local.Options{})
	b := m.good(sha(1))
	m.live(b, "shop")
	bad := m.good(sha(2))
	for range 21 {
		m.failNextRelease("shop")
		m.release(bad, "shop")
	}
	var list []bot.Release
	m.until("the last 20 releases are kept, and the one that is live", func() bool {
		var err error
		if list, err = m.Releases(t.Context(), "shop"); err != nil {
			t.Fatal(err)
		}
		return len(list) == 21
	})
	if last := list[20]; last.Version != 1 || !last.Current || last.Status != bot.ReleaseSucceeded {
		t.Errorf("the oldest that is kept is %+v; it should be v1, which is live", last)
	}
	m.until("only the live release has files", func() bool {
		folders, _ := filepath.Glob(filepath.Join(m.opts.Dir, "apps", "shop", "releases", "*"))
		return len(folders) == 1 && filepath.Base(folders[0]) == "1"
	})
}

func TestReleaseWithoutItsArtifactIsExpired(t *testing.T) {
	m := newMachine(t, local.Options{})
	b := m.good(sha(1))
	r := m.live(b, "shop")
	if err := os.Remove(filepath.Join(m.opts.Dir, "artifacts", b.Artifact+".tar.gz")); err != nil {
		t.Fatal(err)
	}
	if r, err := m.Release(t.Context(), "shop", r.ID); err != nil || r.Status != bot.ReleaseExpired || !r.Current {
		t.Errorf("a release whose artifact is gone is %q, current: %v (%v)", r.Status, r.Current, err)
	}
}

func TestOnChangeTellsOfEveryEnd(t *testing.T) {
	told := make(chan string, 10)
	m := newMachine(t, local.Options{OnChange: func(app string) { told <- app }})
	next := func(want string) {
		t.Helper()
		select {
		case app := <-told:
			if app != want {
				t.Errorf("OnChange was told of %s; it should be %s", app, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("OnChange was not told of %s", want)
		}
	}
	b, err := m.StartBuild(t.Context(), "shop-prepare", m.source(sha(1)))
	if err != nil {
		t.Fatal(err)
	}
	next("shop-prepare")
	if b, err = m.Build(t.Context(), b.App, b.ID); err != nil || b.Status != bot.BuildSucceeded {
		t.Fatalf("when OnChange is called the build is %q (%v); it should have ended", b.Status, err)
	}
	for _, status := range []bot.ReleaseStatus{bot.ReleaseSucceeded, bot.ReleaseFailed} {
		if status == bot.ReleaseFailed {
			m.failNextRelease("shop")
		}
		r, err := m.Promote(t.Context(), platform.Promotion{Artifact: b.Artifact, Commit: b.Commit, To: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		next("shop")
		if r, err = m.Release(t.Context(), "shop", r.ID); err != nil || r.Status != status {
			t.Errorf("when OnChange is called the release is %q (%v); it should be %q", r.Status, err, status)
		}
	}
}
