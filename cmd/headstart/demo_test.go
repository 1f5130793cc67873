package main

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The demo itself takes half a minute and is run by CI as people run it; here is
// what it says when it cannot begin, and what it leaves behind.

func TestDemoSaysWhyItCannotBegin(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, taken, _ := net.SplitHostPort(l.Addr().String())
	_, free, _ := net.SplitHostPort(freeAddress(t))
	bare := t.TempDir()
	for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "Nothing"}} {
		if out, err := exec.Command("git", append([]string{"-C", bare}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, k := range []struct {
		what, want string
		args       []string
	}{
		{"a taken port", "port " + taken, []string{"--port", taken}},
		{"a repository without a Procfile", "no Procfile", []string{"--port", free, "--repo", bare}},
		{"a folder that is no repository", "no git repository", []string{"--port", free, "--repo", t.TempDir()}},
	} {
		_, _, err := headstart(t, append([]string{"demo"}, k.args...)...)
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s should be said plainly, with %q; the demo said: %v", k.what, k.want, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, _, err := headstart(t, "demo", "--port", free); err == nil || !strings.Contains(err.Error(), "install") || !strings.Contains(err.Error(), "git") {
		t.Errorf("that git is missing should be said plainly; the demo said: %v", err)
	}
	expectEmpty(t, tmp)
}

// stopper ends a context as soon as a word was written.
type stopper struct {
	word string
	stop context.CancelFunc
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (s *stopper) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(b)
	if strings.Contains(s.text.String(), s.word) {
		s.stop()
	}
	return len(b), nil
}

// Ctrl-C in the middle cleans everything up.
func TestDemoCleansUp(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	_, port, _ := net.SplitHostPort(freeAddress(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &stopper{word: "build       started", stop: cancel}
	if err := run(ctx, []string{"demo", "--port", port}, out, out); err != nil {
		t.Errorf("being stopped is no error, the demo said: %v", err)
	}
	if text := out.text.String(); !strings.Contains(text, "cleaned up") {
		t.Errorf("the demo should say that it has cleaned up, it said:\n%s", text)
	}
	expectEmpty(t, tmp)
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	if err := freePort(n); err != nil {
		t.Errorf("the port should be free again: %v", err)
	}
}

// A demo whose terminal or pipe is closed cleans up, too.
func TestDemoEndsWithItsReader(t *testing.T) {
	t.Parallel()
	for what, leave := range map[string]func(*exec.Cmd, *os.File){
		"the terminal is closed": func(cmd *exec.Cmd, _ *os.File) { _ = cmd.Process.Signal(syscall.SIGHUP) }, // it runs: it has just spoken
		"the pipe is closed":     func(_ *exec.Cmd, said *os.File) { said.Close() },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			tmp := t.TempDir()
			_, port, _ := net.SplitHostPort(freeAddress(t))
			cmd := exec.CommandContext(t.Context(), os.Args[0], "demo", "--port", port)
			cmd.Env = append(os.Environ(), roleVar+"=headstart", "GORACE=atexit_sleep_ms=0", "TMPDIR="+tmp)
			said, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer said.Close()
			var problem bytes.Buffer
			cmd.Stdout, cmd.Stderr = write, &problem
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			write.Close()
			lines := bufio.NewScanner(said)
			for lines.Scan() && !strings.Contains(lines.Text(), "build       started") {
			}
			leave(cmd, said)
			if err := cmd.Wait(); err != nil || problem.Len() > 0 {
				t.Errorf("the demo should end without a word, it ended with %v: %s", err, &problem)
			}
			expectEmpty(t, tmp)
			n, _ := strconv.Atoi(port)
			if err := freePort(n); err != nil {
				t.Errorf("the port should be free again: %v", err)
			}
		})
	}
}

func expectEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("nothing should be left behind, there is %s", filepath.Join(dir, e.Name()))
	}
}

// hearer tells what a demo says as soon as it says it.
type hearer struct {
	heard chan struct{} // gets a value when there is more
	mu    sync.Mutex
	text  bytes.Buffer // guarded by mu
}

func (h *hearer) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(b)
	select {
	case h.heard <- struct{}{}:
	default:
	}
	return len(b), nil
}

// find waits until the demo has said something.
func (h *hearer) find(t *testing.T, what *regexp.Regexp) string {
	t.Helper()
	late := time.After(time.Minute)
	for {
		h.mu.Lock()
		found, said := what.FindString(h.text.String()), h.text.String()
		h.mu.Unlock()
		if found != "" {
			return found
		}
		select {
		case <-h.heard:
		case <-late:
			t.Fatalf("the demo should say %s, it says:\n%s", what, said)
		}
	}
}

// The demo's link signs one browser in as "you", by a button: looking at its page, as previews do, changes nothing. Then
// the pipeline's page moves under the viewer's eyes. Nobody signs in otherwise.
func TestDemoShowsItsPages(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	_, port, _ := net.SplitHostPort(freeAddress(t))
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := &hearer{heard: make(chan struct{}, 1)}, make(chan error, 1)
	go func() { ended <- run(ctx, []string{"demo", "--port", port, "--ci", "0s"}, out, out) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("being stopped is no error, the demo said: %v", err)
		}
	}()
	link := out.find(t, regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/session/[A-Z2-7]+`))
	out.find(t, regexp.MustCompile("build       started"))

	you, other := newBrowser(t, link), newBrowser(t, link)
	for range 2 {
		if status, _, body := other.get(""); status != http.StatusOK || !strings.Contains(body, "<button autofocus>Sign in as you</button>") {
			t.Errorf("the link should lead to a button, and do nothing by itself, got %d:\n%s", status, body)
		}
	}
	status, at, body := you.press("")
	if status != http.StatusOK || at != "/p/acme/demo" || !strings.Contains(body, "<summary>you</summary>") {
		t.Fatalf("the button should lead to the pipeline's page, as you, got %d at %s:\n%s", status, at, body)
	}
	if status, at, _ := you.get(""); status != http.StatusOK || at != "/p/acme/demo" {
		t.Errorf("the link should lead the same browser to the page again, got %d at %s", status, at)
	}
	if status, _, body := other.press(""); status != http.StatusGone || strings.Contains(body, "<form") {
		t.Errorf("the link should be good once, got %d:\n%s", status, body)
	}

	github := regexp.MustCompile(`href="(http://[^"]+/acme/demo)"`).FindStringSubmatch(body)
	if github == nil {
		t.Fatalf("the page should lead to the repository at GitHub:\n%s", body)
	}
	if res, err := you.client.Get(github[1]); err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Errorf("%s should be a page for people: %v, %v", github[1], res, err)
	} else {
		res.Body.Close()
	}

	page := regexp.MustCompile(`data-live="([^"]+)" data-seen="([^"]+)"`).FindStringSubmatch(body)
	if page == nil {
		t.Fatalf("the page should be followed:\n%s", body)
	}
	res, err := you.client.Get(link) // which leads to the pages
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	pages := res.Request.URL
	res, err = you.client.Get("http://" + pages.Host + page[1] + "?seen=" + page[2])
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	events := bufio.NewScanner(res.Body)
	events.Buffer(nil, 1<<20)
	moved := false
	for !moved && events.Scan() {
		moved = strings.Contains(events.Text(), "is live on production")
	}
	if !moved {
		t.Errorf("the page should move until the commit is live: %v", events.Err())
	}

	other.url = "http://" + pages.Host
	for _, path := range []string{"/p/acme/demo", "/login?to=/p/acme/demo"} {
		if status, _, body := other.get(path); status != http.StatusForbidden || strings.Contains(body, "login=") {
			t.Errorf("nobody else should be signed in by %s, got %d:\n%s", path, status, body)
		}
	}
}
