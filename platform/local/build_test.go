package local_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/local"
)

// output reads what a build or a release wrote, where its OutputURL says.
func (m *machine) output(outputURL string) string {
	m.t.Helper()
	u, err := url.Parse(outputURL)
	if err != nil {
		m.t.Fatal(err)
	}
	status, body, header := m.get(u.Host, u.Path)
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
		m.t.Fatalf("%s answers %d, %s: %s", outputURL, status, header.Get("Content-Type"), body)
	}
	return body
}

func TestSameFilesAreTheSameArtifact(t *testing.T) {
	m := newMachine(t, local.Options{})
	files := m.sample("")
	src := func(n int) bot.Source {
		m.set(sha(n), files...)
		s := m.source(sha(n))
		s.Command = "mkdir bin && echo same > bin/revision"
		return s
	}
	a, b := m.buildSource("one", src(1)), m.buildSource("two", src(2))
	if a.Artifact == "" || a.Artifact != b.Artifact {
		t.Errorf("two builds of the same files left artifacts %q and %q; they should be the same", a.Artifact, b.Artifact)
	}
}

func TestBuildWithoutCommand(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.set(sha(1), append(m.sample(""), sampleFile{name: "bin/revision", content: sha(1)})...)
	b := m.buildSource("shop", bot.Source{Commit: sha(1), URL: m.source(sha(1)).URL})
	if b.Status != bot.BuildSucceeded {
		t.Fatalf("a source that needs no build ended as %q: %s", b.Status, b.Reason)
	}
	m.live(b, "shop")
	if got := m.runs("shop"); got != sha(1) {
		t.Errorf("the app runs %q", got)
	}
}

func TestBuildSaysWhyItFailed(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  []sampleFile
		change func(*bot.Source)
		limit  time.Duration
		status bot.BuildStatus
		reason string
	}{
		{"the command fails", nil, func(s *bot.Source) { s.Command = `printf 'all well\n\033[31mtotal is undefined\033[0m\n\n'; exit 2` }, 0,
			bot.BuildFailed, "The build command ended with exit status 2: total is undefined"},
		{"the command says nothing", nil, func(s *bot.Source) { s.Command = "exit 2" }, 0,
			bot.BuildFailed, "The build command ended with exit status 2."},
		{"the command is killed", nil, func(s *bot.Source) { s.Command = "kill -9 $$" }, 0,
			bot.BuildFailed, "The build command ended with signal: killed."},
		{"the command takes too long", nil, func(s *bot.Source) { s.Command = "sleep 60" }, 50 * time.Millisecond,
			bot.BuildFailed, "The build command did not end within 50ms."},
		{"there is no Procfile", []sampleFile{{name: "README", content: "hello"}}, func(s *bot.Source) { s.Command = "" }, 0,
			bot.BuildFailed, "There is no Procfile: add one with a line like `web: bin/web`."},
		{"there is no web line", []sampleFile{{name: "Procfile", content: "worker: bin/work\n"}}, func(s *bot.Source) { s.Command = "" }, 0,
			bot.BuildFailed, "The Procfile has no web line: add one like `web: bin/web`."},
		{"a link leads out", []sampleFile{{name: "etc/passwords", link: "../../../../etc/passwd"}}, func(*bot.Source) {}, 0,
			bot.BuildFailed, "The source has a symbolic link that leads out of it: etc/passwords."},
		{"the address is no URL", nil, func(s *bot.Source) { s.URL = "file:///etc/passwd" }, 0,
			bot.BuildErrored, "The build could not be made here: the source's address is no http or https URL."},
		{"the tarball is none", nil, func(s *bot.Source) { s.URL = strings.Replace(s.URL, ".tar.gz", ".html", 1) }, 0,
			bot.BuildErrored, "The build could not be made here: unzip: gzip: invalid header."},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t, local.Options{BuildLimit: c.limit})
			if c.files != nil {
				m.set(sha(1), c.files...)
			}
			src := m.source(sha(1))
			c.change(&src)
			b := m.buildSource("shop", src)
			if b.Status != c.status || b.Reason != c.reason {
				t.Errorf("the build is %s: %s\nit should be %s: %s", b.Status, b.Reason, c.status, c.reason)
			}
			if out := m.output(b.OutputURL); !strings.Contains(out, c.reason) {
				t.Errorf("the build's output does not end with the reason:\n%s", out)
			}
		})
	}
}

// An address of a source may be signed: it is a secret.
func TestErrorsDoNotTellTheSourcesAddress(t *testing.T) {
	m := newMachine(t, local.Options{})
	src := m.source(sha(1))
	m.forge.Close()
	b := m.buildSource("shop", src)
	if b.Status != bot.BuildErrored || !strings.Contains(b.Reason, "127.0.0.1") {
		t.Errorf("a source whose server is gone ended as %q: %s", b.Status, b.Reason)
	}
	if text := b.Reason + m.output(b.OutputURL); strings.Contains(text, "secret") || strings.Contains(text, sha(1)) {
		t.Errorf("the source's address is told: %s", text)
	}
}

func TestFetchTriesAgain(t *testing.T) {
	var asked atomic.Int32
	m := newMachine(t, local.Options{})
	serve := m.forge.Config.Handler
	m.forge.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		serve.ServeHTTP(w, r)
	})
	m.good(sha(1))
}

func TestBuildEnvironment(t *testing.T) {
	path := "/opt/go@1.26/bin:" + os.Getenv("PATH") // a folder, and no password before an @
	m := newMachine(t, local.Options{Environ: []string{
		"PATH=" + path, "HOME=/home/ada", "GOFLAGS=-trimpath", "GOCACHE=/var/cache/go",
		"GOPROXY=https://ada:hunter2@proxy.example.com,direct", "HTTPS_PROXY=ada:hunter2@proxy.example.com:3128",
		"GITHUB_WEBHOOK_SECRET=hunter2", "GITHUB_PRIVATE_KEY=hunter2", "HEROKU_API_KEY=hunter2", "HEADSTART_URL=hunter2",
		"DATABASE_URL=postgres://hunter2", "AWS_SECRET_ACCESS_KEY=hunter2",
	}})
	src := m.source(sha(1))
	src.Command = "env; " + src.Command
	out := m.output(m.buildSource("shop", src).OutputURL)
	for _, want := range []string{"PATH=" + path, "SOURCE_VERSION=" + sha(1), "GOFLAGS=-trimpath", "GOCACHE=/var/cache/go",
		"GOMODCACHE=/home/ada/go/pkg/mod", "npm_config_cache=/home/ada/.npm"} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("the build does not see %s", want)
		}
	}
	for _, secret := range []string{"hunter2", "HOME=/home/ada\n"} {
		if strings.Contains(out, secret) {
			t.Errorf("the build sees %q, which is none of its business:\n%s", secret, out)
		}
	}
}

func TestOutputIsBounded(t *testing.T) {
	m := newMachine(t, local.Options{})
	src := m.source(sha(1))
	src.Command = "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo the end; exit 1"
	b := m.buildSource("shop", src)
	if want := "The build command ended with exit status 1: the end"; b.Reason != want {
		t.Errorf("the reason is %q; it should be %q also when the output was cut", b.Reason, want)
	}
	out := m.output(b.OutputURL)
	if len(out) > 8<<20+100 || !strings.Contains(out, "Headstart keeps no more") {
		t.Errorf("%d bytes of output are kept; it should be cut at 8 MB and say so", len(out))
	}
}

func TestCancelEndsTheWholeProcessGroup(t *testing.T) {
	m := newMachine(t, local.Options{})
	file := filepath.Join(m.flags, "child")
	src := m.source(sha(1))
	src.Command = fmt.Sprintf("sleep 300 & echo $! > %q.new; mv %q.new %q; wait", file, file, file)
	b, err := m.StartBuild(t.Context(), "shop", src)
	if err != nil {
		t.Fatal(err)
	}
	var child int
	m.until("the build's child runs", func() bool {
		text, err := os.ReadFile(file)
		child, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	if err := m.CancelBuild(t.Context(), "shop", b.ID); err != nil {
		t.Fatal(err)
	}
	if b, err = m.Build(t.Context(), "shop", b.ID); err != nil || b.Status != bot.BuildCancelled {
		t.Errorf("right after CancelBuild the build is %q (%v)", b.Status, err)
	}
	m.until("the build's child is gone", func() bool { return gone(child) })
}

// gone reports whether a process has ended; one that nobody waits for counts.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestOldBuildsAndTheirArtifactsGo(t *testing.T) {
	t.Parallel()
	m := newMachine(t, local.Options{})
	first := m.good(sha(0))
	m.live(first, "shop")
	for n := 1; n <= 51; n++ {
		m.good(sha(n))
	}
	m.until("50 builds are kept, with their artifacts, and the one that is live", func() bool {
		list, err := m.Builds(t.Context(), "shop-prepare")
		if err != nil {
			t.Fatal(err)
		}
		kept, err := filepath.Glob(filepath.Join(m.opts.Dir, "artifacts", "*.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		return len(list) == 50 && len(kept) == 51
	})
	m.live(first, "shop-eu") // what is live can still be promoted
	_, err := m.Promote(t.Context(), platform.Promotion{Artifact: strings.Repeat("0", 64), To: "shop"})
	if !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("promoting what is gone: %v", err)
	}
}

func TestNotRunning(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.stop(m.Platform)
	m.stop(m.Platform) // once more is fine
	_, err := m.StartBuild(context.Background(), "shop", m.source(sha(1)))
	if !errors.As(err, new(*bot.Retryable)) {
		t.Errorf("a build on a platform that was stopped: %v; it should be retryable", err)
	}
}
