package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/internal/clocktest"
)

// process is `headstart serve` as a real process, by the machine's clock.
type process struct {
	cmd    *exec.Cmd
	url    string
	apps   string // address of the embedded platform's router
	ended  chan error
	mu     sync.Mutex
	output bytes.Buffer // guarded by mu
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// startProcess starts this binary as Headstart's own command and waits until it
// is ready.
func startProcess(t *testing.T, gh *githubtest.Server, dir string) *process {
	t.Helper()
	return startProcessAs(t, gh, dir, exec.Command(os.Args[0], "serve"))
}

// startProcessAs runs a command that serves. more returns variables besides the usual ones,
// over which it wins.
func startProcessAs(t *testing.T, gh *githubtest.Server, dir string, cmd *exec.Cmd, more ...func(url string) []string) *process {
	t.Helper()
	addr := freeAddress(t)
	p := &process{cmd: cmd, url: "http://" + addr, apps: freeAddress(t), ended: make(chan error, 1)}
	p.cmd.Env = []string{
		roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "PATH=" + os.Getenv("PATH"),
		"HEADSTART_ADDR=" + addr, "HEADSTART_ALLOW=" + shopRepo + "=shop-*",
		"DATABASE_URL=sqlite:" + filepath.Join(dir, "headstart.db"),
		"HEADSTART_LOCAL=true", "HEADSTART_LOCAL_DIR=" + filepath.Join(dir, "apps"), "HEADSTART_LOCAL_ADDR=" + p.apps,
		fmt.Sprintf("GITHUB_APP_ID=%d", gh.AppID()), "GITHUB_PRIVATE_KEY=" + string(gh.PrivateKeyPEM()),
		"GITHUB_WEBHOOK_SECRET=" + webhookSecret, "GITHUB_API_URL=" + gh.URL(),
	}
	for _, variables := range more {
		p.cmd.Env = append(p.cmd.Env, variables(p.url)...)
	}
	p.start(t)
	return p
}

// stop ends the process by SIGTERM.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-p.ended; err != nil {
		t.Fatalf("the process should exit with 0 after SIGTERM: %v", err)
	}
}

// databaseURL is where the process keeps its state.
func (p *process) databaseURL() string {
	for _, v := range p.cmd.Env {
		if value, ok := strings.CutPrefix(v, "DATABASE_URL="); ok {
			return value
		}
	}
	return ""
}

// again ends the process by SIGTERM, and starts it once more as it was.
func (p *process) again(t *testing.T) *process {
	t.Helper()
	p.stop(t)
	next := &process{cmd: exec.Command(p.cmd.Path, p.cmd.Args[1:]...), url: p.url, apps: p.apps, ended: make(chan error, 1)}
	next.cmd.Env = p.cmd.Env
	next.start(t)
	return next
}

// start starts the process, waits until it is ready, and kills it when the test ends.
func (p *process) start(t *testing.T) {
	t.Helper()
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended in most tests
		if t.Failed() {
			t.Logf("the process said:\n%s", p.said())
		}
	})
	eventually(t, "the process is ready", func() bool {
		res, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// eventually waits for what happens in another process.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	late := time.After(patience)
	for !holds() {
		select {
		case <-poll.C:
		case <-late:
			t.Fatalf("expected within %s: %s", patience, what)
		}
	}
}

// outside is a GitHub with a repository for the embedded platform, without a bot.
func outside(t *testing.T) (*bed, *localPlace) {
	t.Helper()
	b := &bed{t: t, clock: clocktest.New()}
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	b.gh = gh
	if b.shop, err = gh.CreateRepo(shopRepo, githubtest.RepoOptions{}); err != nil {
		t.Fatal(err)
	}
	p := newLocalPlace(b).(*localPlace)
	t.Cleanup(p.close)
	files := p.files()
	files[config.Path] = p.head() + pipeline
	b.push(files)
	return b, p
}

// SIGTERM drains, and the process exits with 0 within ten seconds, its apps gone.
func TestSigtermDrains(t *testing.T) {
	t.Parallel()
	b, _ := outside(t)
	p := startProcess(t, b.gh, t.TempDir())
	b.gh.SetWebhook(p.url+"/webhooks/github", webhookSecret)
	c := b.push(change("a"))
	b.report(c.SHA, "success")
	eventually(t, "the commit is live on production", b.hasStatus(c.SHA, "headstart/production", "success"))
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("the process should exit with 0 after SIGTERM: %v", err)
		}
		t.Logf("it took %s to stop", time.Since(began).Round(time.Millisecond))
	case <-time.After(10 * time.Second):
		t.Fatal("the process should exit within ten seconds after SIGTERM")
	}
	for _, secret := range []string{webhookSecret, strings.Split(string(b.gh.PrivateKeyPEM()), "\n")[1]} {
		if strings.Contains(p.said(), secret) {
			t.Error("no secret should be in the log")
		}
	}
}

// A process that is killed in the middle of a build leaves everything so that
// its successor brings the commit live.
func TestSuccessorOfAKilledProcess(t *testing.T) {
	t.Parallel()
	b, place := outside(t)
	dir := t.TempDir()
	p := startProcess(t, b.gh, dir)
	b.gh.SetWebhook(p.url+"/webhooks/github", webhookSecret)
	place.buildTakes(prepareApp, time.Hour)
	c := b.push(change("a"))
	b.report(c.SHA, "success")
	eventually(t, "the build is under way", func() bool { return place.blocked("build " + prepareApp) })
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	place.buildTakes(prepareApp, 0)
	next := startProcess(t, b.gh, dir)
	b.gh.SetWebhook(next.url+"/webhooks/github", webhookSecret)
	eventually(t, "the commit is live after all", b.hasStatus(c.SHA, "headstart/production", "success"))
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+next.apps, nil)
	b.must(err)
	req.Host = productionApp + ".localhost"
	if _, body := b.do(req); body != c.SHA {
		t.Errorf("production should answer as %s, it answers %q", c.SHA, body)
	}
	b.must(next.cmd.Process.Signal(syscall.SIGTERM))
	if err := <-next.ended; err != nil {
		t.Errorf("the process should exit with 0 after SIGTERM: %v", err)
	}
}
