package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// instance is `headstart serve` on one address, by the machine's clock. Its
// process can be killed and started again any number of times.
type instance struct {
	binary, addr string
	env          []string
	fronts       []*front // what it takes for GitHub and Heroku
	log          tail     // what all of its processes said
	cmd          *exec.Cmd
	ended        chan error
	ready        []time.Duration // that its processes took from start to ready
	deaths       []time.Time     // by kill
}

// newInstance is an instance between the two stand-ins that is not started yet.
func newInstance(tb testing.TB, gh *githubtest.Server, hk *herokutest.Server, database, allow string) *instance {
	tb.Helper()
	toGitHub, toHeroku := newFront(tb, gh), newFront(tb, hk)
	i := &instance{binary: binaries.path(tb, "."), addr: freeAddress(tb), fronts: []*front{toGitHub, toHeroku}}
	i.env = []string{
		"PATH=" + os.Getenv("PATH"), "HEADSTART_ADDR=" + i.addr, "HEADSTART_ALLOW=" + allow, "DATABASE_URL=" + database,
		fmt.Sprintf("GITHUB_APP_ID=%d", gh.AppID()), "GITHUB_PRIVATE_KEY=" + string(gh.PrivateKeyPEM()),
		"GITHUB_WEBHOOK_SECRET=" + webhookSecret, "GITHUB_API_URL=" + toGitHub.url,
		"HEROKU_API_KEY=" + hk.Token(), "HEROKU_API_URL=" + toHeroku.url, "HEADSTART_SWEEP=10s",
	}
	tb.Cleanup(i.kill)
	return i
}

// givenOut are the ports that freeAddress has returned.
var givenOut sync.Map

// freeAddress is an address that stays free while nobody serves it: its port is
// none of those that systems give to whoever asks for any (from 32768 on Linux,
// from 49152 elsewhere), and none of those that the embedded platform gives to web
// processes (below 30000), so no other test gets it while a process is dead.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", 30_000+rand.IntN(2_700))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue // taken
		}
		l.Close()
		if _, taken := givenOut.LoadOrStore(addr, true); !taken {
			return addr
		}
	}
	tb.Fatal("no port from 30000 to 32700 is free")
	return ""
}

func (i *instance) url() string { return "http://" + i.addr }

// start starts a process and does not wait for it.
func (i *instance) start() error {
	i.cmd = exec.Command(i.binary, "serve")
	i.cmd.Env, i.cmd.Stdout, i.cmd.Stderr = i.env, &i.log, &i.log
	if err := i.cmd.Start(); err != nil {
		return err
	}
	cmd, ended := i.cmd, make(chan error, 1)
	i.ended = ended
	go func() { ended <- cmd.Wait() }()
	return nil
}

// readyWithin bounds how long a process may take on a machine that is busy with
// other things.
const readyWithin = 20 * time.Second

// startAndWait starts a process and waits until it is ready.
func (i *instance) startAndWait() error {
	began := time.Now()
	if err := i.start(); err != nil {
		return err
	}
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for time.Since(began) < readyWithin {
		if res, err := http.Get(i.url() + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				i.ready = append(i.ready, time.Since(began))
				return nil
			}
		}
		select {
		case err := <-i.ended:
			i.cmd = nil
			return fmt.Errorf("the process ended by itself: %w; it said:\n%s", errors.Join(err), i.log.last())
		case <-poll.C:
		}
	}
	return fmt.Errorf("the process is not ready after %s; it said:\n%s", readyWithin, i.log.last())
}

// kill ends the process as a power cut does, and returns when it is gone.
func (i *instance) kill() {
	if i.cmd == nil {
		return
	}
	_ = i.cmd.Process.Kill() // it may have ended by itself
	<-i.ended
	i.cmd = nil
	i.deaths = append(i.deaths, time.Now())
}

// stop asks the process to end, and waits for it.
func (i *instance) stop() error {
	if err := i.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-i.ended:
		i.cmd = nil
		return err
	case <-time.After(12 * time.Second):
		i.kill()
		return errors.New("the process did not end within 12 seconds after SIGTERM")
	}
}

// tail keeps the last that was written to it, and whether one of some words ever
// was.
type tail struct {
	mu    sync.Mutex
	kept  []byte   // guarded by mu
	words []string // guarded by mu
	found []string // guarded by mu: of words
}

const tailSize = 256 << 10

var _ io.Writer = (*tail)(nil)

// listen has the tail remember which of the words are written.
func (t *tail) listen(words ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.words = words
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.words {
		if bytes.Contains(b, []byte(w)) {
			t.found = append(t.found, w)
		}
	}
	t.kept = append(t.kept, b...)
	if len(t.kept) > 2*tailSize {
		t.kept = append([]byte(nil), t.kept[len(t.kept)-tailSize:]...)
	}
	return len(b), nil
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// written lists the words that were written.
func (t *tail) written() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.found, ", ")
}

// warnings are the lines of a warning or worse among the last that were written.
func (t *tail) warnings() string {
	var list []string
	for line := range strings.Lines(t.last()) {
		if !strings.Contains(line, `"level":"info"`) && !strings.Contains(line, `"level":"debug"`) {
			list = append(list, line)
		}
	}
	return strings.Join(list[max(0, len(list)-60):], "")
}
