package local_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/local"
	"github.com/headstart-cd/headstart/platform/platformtest"
)

// The test binary is also the app that the tests build and release, and the
// predecessors that crash or are killed: which of them it is, this variable says.
const roleVar = "LOCAL_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case "web":
		serveSample()
	case "predecessor":
		runPredecessor()
	case "worker":
		runWorker()
	default:
		os.Exit(m.Run())
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, func(t *testing.T) platformtest.Harness {
		m := newMachine(t, local.Options{})
		return platformtest.Harness{
			Platform: m,
			Prepare:  "shop-prepare", Staging: "shop-staging", Production: "shop-production",
			Source:          m.source,
			Until:           m.until,
			FailNextBuild:   m.failNextBuild,
			HoldNextBuild:   m.holdNextBuild,
			FailNextRelease: m.failNextRelease,
			HoldNextRelease: m.holdNextRelease,
			SetConfig:       func(app, name, value string) { m.configure(app, name+"="+value+"\n") },
			Config:          m.configVar,
			Expire:          m.expire,
			Runs:            m.runs,
			GiveDatabase:    m.giveDatabase,
			CopyCommand:     m.copyCommand(),
			HasCopy:         func(app string) bool { return m.has(app, "copy/database") },
			HasDatabase:     func(app string) bool { return m.has(app, "database") },
			FailNextCopy:    func() { m.flag(filepath.Join(m.flags, "fail-copy")) },
			HoldNextCopy:    func() func() { return m.flag(filepath.Join(m.flags, "hold-copy")) },
			Closed:          m.closed,
			UnknownApp:      "Not_an_app",
		}
	})
}

// machine is a platform under test with a server of sources beside it.
type machine struct {
	*local.Platform
	t       *testing.T
	opts    local.Options
	flags   string // a folder where files switch the sample's behaviour
	forge   *httptest.Server
	changed chan struct{} // gets a value, if it has room, whenever something ended

	mu      sync.Mutex
	command string                                      // guarded by mu; the next build's own command
	broken  bool                                        // guarded by mu; the next download fails
	sources map[string]func(commit string) []sampleFile // guarded by mu; by commit, where it is not the sample
}

type sampleFile struct {
	name, content string
	mode          int64
	link          string // the target, of a symbolic link
}

func newMachine(t *testing.T, o local.Options) *machine {
	t.Helper()
	m := &machine{t: t, flags: t.TempDir(), changed: make(chan struct{}, 1), sources: map[string]func(string) []sampleFile{}}
	m.forge = httptest.NewServer(http.HandlerFunc(m.serveTarball))
	t.Cleanup(m.forge.Close)
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Logger == nil {
		o.Logger = zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))
	}
	o.Addr = "127.0.0.1:0"
	tell := o.OnChange
	o.OnChange = func(app string) {
		select {
		case m.changed <- struct{}{}:
		default:
		}
		if tell != nil {
			tell(app)
		}
	}
	m.opts = o
	m.start()
	return m
}

// start starts a platform, the first one or a successor.
func (m *machine) start() {
	m.t.Helper()
	m.Platform = local.New(m.opts)
	if err := m.Start(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	p := m.Platform
	m.t.Cleanup(func() { m.stop(p) })
}

func (m *machine) stop(p *local.Platform) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		m.t.Errorf("the platform does not stop cleanly: %v", err)
	}
}

func (m *machine) until(what string, condition func() bool) {
	m.t.Helper()
	m.untilWithin(20*time.Second, what, condition)
}

func (m *machine) untilWithin(limit time.Duration, what string, condition func() bool) {
	m.t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(limit)
	for !condition() {
		select {
		case <-m.changed:
		case <-poll.C:
		case <-deadline:
			m.t.Fatalf("%v have passed, but not: %s", limit, what)
		}
	}
}

func (m *machine) source(commit string) bot.Source {
	return bot.Source{Commit: commit, URL: m.forge.URL + "/" + commit + ".tar.gz?token=secret", Command: "sh ./build.sh"}
}

// set makes a commit of files of its own.
func (m *machine) set(commit string, files ...sampleFile) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sources[commit] = func(string) []sampleFile { return files }
}

func (m *machine) serveTarball(w http.ResponseWriter, r *http.Request) {
	commit := strings.TrimSuffix(filepath.Base(r.URL.Path), ".tar.gz")
	m.mu.Lock()
	files := m.sources[commit]
	command, broken := m.command, m.broken
	m.command, m.broken = "", false
	m.mu.Unlock()
	if broken {
		http.Error(w, "the link has expired", http.StatusForbidden)
		return
	}
	if strings.HasSuffix(commit, ".html") {
		_, _ = io.WriteString(w, "<h1>Sign in</h1>")
		return
	}
	if files == nil {
		files = func(string) []sampleFile { return m.sample(command) }
	}
	_, _ = w.Write(tarball("shop-"+commit[:7]+"/", files(commit)))
}

// sample is the source of an app that says which commit it was built from. The
// command is run by its build.
func (m *machine) sample(command string) []sampleFile {
	self, err := os.Executable()
	if err != nil {
		m.t.Fatal(err)
	}
	release := fmt.Sprintf(`cd %q; while [ -e hold-$HEADSTART_APP ]; do sleep 0.02; done; `+
		`if [ -e fail-$HEADSTART_APP ]; then rm fail-$HEADSTART_APP; echo "the migration failed"; exit 3; fi`, m.flags)
	// GORACE: under the race detector a process would take a second to exit.
	return []sampleFile{
		{name: "Procfile", content: fmt.Sprintf("# how it runs\nrelease: %s\nweb: GORACE=atexit_sleep_ms=0 %s=web exec %q\n", release, roleVar, self)},
		{name: "build.sh", content: command + "\nmkdir -p bin && echo $SOURCE_VERSION > bin/revision\n"},
	}
}

func tarball(top string, files []sampleFile) []byte {
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	out := tar.NewWriter(zip)
	must(out.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "a commit"}}))
	must(out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: top, Mode: 0o755}))
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: top + f.name, Mode: f.mode, Size: int64(len(f.content))}
		if f.mode == 0 {
			h.Mode = 0o644
		}
		if f.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
		}
		must(out.WriteHeader(h))
		_, err := io.WriteString(out, f.content)
		must(err)
	}
	must(out.Close())
	must(zip.Close())
	return buf.Bytes()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (m *machine) nextBuild(command string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.command = command
}

func (m *machine) failNextBuild(_ string, status bot.BuildStatus) {
	if status == bot.BuildFailed {
		m.nextBuild("echo main.go:3: undefined: total >&2; exit 1")
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = true
}

func (m *machine) holdNextBuild(app string) (letGo func()) {
	file := filepath.Join(m.flags, "build-"+app)
	m.nextBuild(fmt.Sprintf("while [ -e %q ]; do sleep 0.02; done", file))
	return m.flag(file)
}

func (m *machine) failNextRelease(app string) { m.flag(filepath.Join(m.flags, "fail-"+app)) }

func (m *machine) holdNextRelease(app string) (letGo func()) {
	return m.flag(filepath.Join(m.flags, "hold-"+app))
}

func (m *machine) flag(file string) (remove func()) {
	m.t.Helper()
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		m.t.Fatal(err)
	}
	return func() { _ = os.Remove(file) }
}

// get asks an app through the router.
func (m *machine) get(host, path string) (status int, body string, header http.Header) {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, "http://"+m.RouterAddr()+path, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatalf("ask %s%s: %v", host, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		m.t.Fatalf("ask %s%s: %v", host, path, err)
	}
	return res.StatusCode, string(b), res.Header
}

func (m *machine) runs(app string) string {
	m.t.Helper()
	status, body, _ := m.get(app+".localhost", "/")
	if status != http.StatusOK {
		return ""
	}
	return strings.TrimSpace(body)
}

// giveDatabase gives an app what copyCommand copies.
func (m *machine) giveDatabase(app string) {
	m.t.Helper()
	dir := filepath.Join(m.opts.Dir, "apps", app)
	must(os.MkdirAll(dir, 0o755))
	must(os.WriteFile(filepath.Join(dir, "database"), []byte("customers of "+app), 0o600))
}

func (m *machine) copyCommand() string {
	return fmt.Sprintf(`while [ -e %[1]q/hold-copy ]; do sleep 0.02; done; if [ -e %[1]q/fail-copy ]; then rm %[1]q/fail-copy; echo "no room for it"; exit 3; fi; `+
		`cp "$COPY_FROM_DIR/database" "$COPY_TO_DIR/"`, m.flags)
}

func (m *machine) has(app, file string) bool {
	_, err := os.Stat(filepath.Join(m.opts.Dir, "apps", app, file))
	return err == nil
}

// closed reports whether the router answers in the app's place.
func (m *machine) closed(app string) bool {
	m.t.Helper()
	status, body, header := m.get(app+".localhost", "/")
	return status == http.StatusServiceUnavailable && strings.Contains(body, "maintenance mode") && header.Get("Retry-After") != ""
}

// build builds a commit and waits for its end.
func (m *machine) build(app, commit string) (b bot.Build) {
	m.t.Helper()
	return m.buildSource(app, m.source(commit))
}

func (m *machine) buildSource(app string, src bot.Source) (b bot.Build) {
	m.t.Helper()
	b, err := m.StartBuild(m.t.Context(), app, src)
	if err != nil {
		m.t.Fatal(err)
	}
	m.until("the build ends", func() bool {
		if b, err = m.Build(m.t.Context(), app, b.ID); err != nil {
			m.t.Fatal(err)
		}
		return b.Status.Ended()
	})
	return b
}

// good builds a commit that has to succeed.
func (m *machine) good(commit string) bot.Build {
	m.t.Helper()
	b := m.build("shop-prepare", commit)
	if b.Status != bot.BuildSucceeded {
		m.t.Fatalf("the build ended as %q: %s", b.Status, b.Reason)
	}
	return b
}

// release promotes a build and waits for the release's end.
func (m *machine) release(b bot.Build, app string) (r bot.Release) {
	m.t.Helper()
	r, err := m.Promote(m.t.Context(), platform.Promotion{Artifact: b.Artifact, Commit: b.Commit, From: b.App, To: app})
	if err != nil {
		m.t.Fatal(err)
	}
	m.until("the release ends", func() bool {
		if r, err = m.Release(m.t.Context(), app, r.ID); err != nil {
			m.t.Fatal(err)
		}
		return r.Status != bot.ReleasePending
	})
	return r
}

// live promotes a build that has to become live.
func (m *machine) live(b bot.Build, app string) bot.Release {
	m.t.Helper()
	r := m.release(b, app)
	if r.Status != bot.ReleaseSucceeded {
		m.t.Fatalf("the release ended as %q: %s", r.Status, r.Reason)
	}
	return r
}

func sha(n int) string { return fmt.Sprintf("%040x", 0xabc000+n) }
