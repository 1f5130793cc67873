package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
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
		{"a repository without a Procfile", "Procfile", []string{"--port", free, "--repo", bare}},
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
