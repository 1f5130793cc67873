package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/local"
)

var rehearsal = platform.Copy{Name: "acme/shop rehearsal 1", App: "shop-rehearsal", From: "shop"}

// copied makes a copy with a command, and waits for its end.
func (m *machine) copied(c platform.Copy) (seen bot.CopySeen, err error) {
	m.t.Helper()
	if seen, err = m.MakeCopy(m.t.Context(), c); err != nil {
		return seen, err
	}
	m.until("the copy ends", func() bool {
		seen, err = m.Copy(m.t.Context(), c)
		return err != nil || seen.Ready
	})
	return seen, err
}

// The command is told where the original and the copy are, runs in the app's
// folder with its config vars, and sees no secret of Headstart's. The releases
// that follow find the copy.
func TestCopyCommand(t *testing.T) {
	m := newMachine(t, local.Options{Environ: []string{"PATH=" + os.Getenv("PATH"), "GITHUB_TOKEN=hunter2"}})
	m.giveDatabase("shop")
	m.configure("shop-rehearsal", "COLOR=red\n")
	c := rehearsal
	c.Command = `env | sort > "$COPY_TO_DIR/env"; pwd > "$COPY_TO_DIR/pwd"; cp "$COPY_FROM_DIR/database" "$COPY_TO_DIR/"`
	if _, err := m.copied(c); err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(m.opts.Dir, "apps", "shop-rehearsal")
	read := func(file string) string {
		b, err := os.ReadFile(filepath.Join(app, "copy", file))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	env := read("env")
	for _, want := range []string{"COPY_FROM=shop\n", "COPY_TO=shop-rehearsal\n", "COPY_FROM_DIR=" + filepath.Join(m.opts.Dir, "apps", "shop") + "\n",
		"COPY_TO_DIR=" + filepath.Join(app, "copy") + "\n", "COLOR=red\n"} {
		if !strings.Contains(env, want) {
			t.Errorf("the command does not see %q:\n%s", want, env)
		}
	}
	if strings.Contains(env, "hunter2") || strings.TrimSpace(read("pwd")) != app || read("database") != "customers of shop" {
		t.Errorf("the command ran in %s with\n%s", read("pwd"), env)
	}
	m.live(m.good(sha(1)), "shop-rehearsal")
	if !m.sees("shop-rehearsal", "HEADSTART_COPY_DIR="+filepath.Join(app, "copy")) {
		t.Error("the release does not find the copy")
	}
	if err := m.RemoveCopy(t.Context(), c); err != nil || m.has("shop-rehearsal", "copy") {
		t.Errorf("the folder of the copy is still there (%v)", err)
	}
	m.live(m.good(sha(2)), "shop-rehearsal")
	if m.sees("shop-rehearsal", "HEADSTART_COPY_DIR="+filepath.Join(app, "copy")) {
		t.Error("a release is told of a copy that was removed")
	}
}

// What is wrong with the command is said, without the config vars' values.
func TestCopyFails(t *testing.T) {
	for name, c := range map[string]struct {
		command, reason string
		limit           time.Duration
	}{
		"no command":        {"", "rehearse.command", 0},
		"it fails":          {"echo no room for $SECRET; exit 3", "The copy command ended with exit status 3: no room for", 0},
		"it takes too long": {"sleep 300", "The copy command ran longer than 50ms.", 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, local.Options{CopyLimit: c.limit})
			m.configure("shop-rehearsal", "SECRET=s3cr3t-of-the-shop\n")
			do := rehearsal
			do.Command = c.command
			_, err := m.copied(do)
			if err == nil || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("it is refused with %v, which should say %q and no secret", err, c.reason)
			}
		})
	}
}

// A copy that was being made when Headstart stopped has failed, one that was ready
// is still there; either is removed.
func TestCopyAfterARestart(t *testing.T) {
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	ready, pending := rehearsal, rehearsal
	ready.App, ready.Command = "shop-other", `touch "$COPY_TO_DIR/database"`
	pending.Command = "sleep 300"
	if _, err := m.copied(ready); err != nil {
		t.Fatal(err)
	}
	if _, err := m.MakeCopy(t.Context(), pending); err != nil {
		t.Fatal(err)
	}
	m.stop(m.Platform)
	m.start()
	if seen, err := m.Copy(t.Context(), ready); err != nil || !seen.Ready {
		t.Errorf("a copy that was ready is %+v (%v) after a restart", seen, err)
	}
	if _, err := m.Copy(t.Context(), pending); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("a copy that was being made is told with %v after a restart", err)
	}
	for _, c := range []platform.Copy{ready, pending} {
		if err := m.RemoveCopy(t.Context(), c); err != nil || m.has(c.App, "copy") {
			t.Errorf("the copy of %s is still there (%v)", c.App, err)
		}
	}
}
