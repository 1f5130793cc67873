package local_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform/local"
)

// goBack rolls an app back and waits for the release's end.
func (m *machine) goBack(app, to string) (r bot.Release) {
	m.t.Helper()
	r, err := m.Rollback(m.t.Context(), app, to)
	if err != nil {
		m.t.Fatal(err)
	}
	m.until("the rollback ends", func() bool {
		if r, err = m.Release(m.t.Context(), app, r.ID); err != nil {
			m.t.Fatal(err)
		}
		return r.Status != bot.ReleasePending
	})
	return r
}

func (m *machine) sees(app, variable string) bool {
	m.t.Helper()
	_, out, _ := m.get(app+".localhost", "/environ")
	return strings.Contains(out, variable+"\n")
}

func TestRollbackBringsTheFileBackAsItWas(t *testing.T) {
	t.Parallel()
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	const old, next = "# the first\nCOLOR=red\nSECRET=hunter2\n", "COLOR=blue\n"
	m.configure("shop", old)
	m.live(m.good(sha(1)), "shop")
	m.configure("shop", next)
	m.live(m.good(sha(2)), "shop")

	r := m.goBack("shop", "v1")
	if r.Status != bot.ReleaseSucceeded || r.Version != 3 || r.Description != "Rollback to v1" || r.Commit != sha(1) {
		t.Errorf("the rollback is %+v", r)
	}
	env := filepath.Join(m.opts.Dir, "apps", "shop", "env")
	if data, err := os.ReadFile(env); err != nil || string(data) != old {
		t.Errorf("the app's file is %q (%v); it should be what it was, comments and all: %q", data, err, old)
	}
	if !m.sees("shop", "COLOR=red") || m.runs("shop") != sha(1) {
		t.Errorf("the app runs %s, sees COLOR=red: %v; it should be rolled back in both", m.runs("shop"), m.sees("shop", "COLOR=red"))
	}
	m.get("shop.localhost", "/exit")
	m.until("the app is back with the same config vars", func() bool {
		return m.runs("shop") == sha(1) && m.sees("shop", "COLOR=red")
	})

	// Secrets are for this user alone, and in nothing that is shown.
	private := append([]string{env}, glob(t, filepath.Join(m.opts.Dir, "apps", "shop", "vars", "*"))...)
	if len(private) != 4 {
		t.Errorf("%q are kept; it should be the file and a copy for each of three releases", private)
	}
	for _, file := range private {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is not for this user alone: %v (%v)", file, info.Mode(), err)
		}
	}
	shown := append(glob(t, filepath.Join(m.opts.Dir, "apps", "shop", "output", "*")), filepath.Join(m.opts.Dir, "apps", "shop", "state.json"))
	for _, file := range shown {
		if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data), "hunter2") {
			t.Errorf("%s holds a config var (%v):\n%s", file, err, data)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFailedRollbackLeavesTheConfigVars(t *testing.T) {
	t.Parallel()
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.configure("shop", "COLOR=red\n")
	m.live(m.good(sha(1)), "shop")
	m.configure("shop", "COLOR=blue\n")
	m.live(m.good(sha(2)), "shop")
	m.failNextRelease("shop")
	if r := m.goBack("shop", "v1"); r.Status != bot.ReleaseFailed {
		t.Errorf("the rollback is %q; its release line failed", r.Status)
	}
	if got := m.configVar("shop", "COLOR"); got != "blue" || m.runs("shop") != sha(2) {
		t.Errorf("after a rollback that failed COLOR is %s and the app runs %s; nothing should have changed", got, m.runs("shop"))
	}
}

func TestRollbackOfAnAppWithoutConfigVars(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	m.configure("shop", "COLOR=blue\n")
	m.live(m.good(sha(2)), "shop")
	if r := m.goBack("shop", "v1"); r.Status != bot.ReleaseSucceeded {
		t.Errorf("the rollback is %q (%s)", r.Status, r.Reason)
	}
	if m.sees("shop", "COLOR=blue") || m.configVar("shop", "COLOR") != "" {
		t.Error("v1 had no config vars, so the app should have none again")
	}
}

func TestRollbackWithoutKeptConfigVars(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	m.live(m.good(sha(2)), "shop")
	if err := os.Remove(filepath.Join(m.opts.Dir, "apps", "shop", "vars", "1")); err != nil {
		t.Fatal(err)
	}
	_, err := m.Rollback(t.Context(), "shop", "v1")
	var refused *bot.Refused
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "config vars") {
		t.Errorf("the config vars of v1 are gone, which the refusal should say: %v", err)
	}
}

func TestConfigVarsGoWithTheirRelease(t *testing.T) {
	t.Parallel()
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	b := m.good(sha(2))
	for range 2 {
		m.live(b, "shop")
	}
	bad := m.good(sha(3))
	for range 20 {
		m.failNextRelease("shop")
		m.release(bad, "shop")
	}
	m.until("the copy of v1 is removed with v1", func() bool {
		_, err := os.Stat(filepath.Join(m.opts.Dir, "apps", "shop", "vars", "1"))
		return errors.Is(err, fs.ErrNotExist)
	})
	if _, err := os.Stat(filepath.Join(m.opts.Dir, "apps", "shop", "vars", "3")); err != nil {
		t.Errorf("the copy of the live release is gone: %v", err)
	}
}
