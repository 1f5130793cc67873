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

// A state that cannot be right is told with its file, and left as it is: nothing
// is guessed.
func TestDamagedStateIsToldNotGuessed(t *testing.T) {
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.live(m.good(sha(1)), "shop")
	m.live(m.good(sha(2)), "shop")
	m.stop(m.Platform)
	file := filepath.Join(m.opts.Dir, "apps", "shop", "state.json")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, new string) string {
		t.Helper()
		changed := strings.Replace(string(good), old, new, 1)
		if changed == string(good) {
			t.Fatalf("the state has changed its form, %q is not in it: %s", old, good)
		}
		return changed
	}
	for name, text := range map[string]string{
		"empty":                     "",
		"zeros":                     strings.Repeat("\x00", len(good)),
		"cut off":                   string(good[:len(good)/2]),
		"without its end":           string(good[:len(good)-2]),
		"something behind it":       string(good) + "}",
		"null":                      "null",
		"nothing in it":             "{}",
		"a list":                    "[]",
		"live is not there":         swap(`"live": 2`, `"live": 7`),
		"a number is given again":   swap(`"next_release": 3`, `"next_release": 2`),
		"a number is there twice":   swap(`"version": 1`, `"version": 2`),
		"a status nobody knows":     swap(`"succeeded"`, `"succeeded?"`),
		"live did not succeed":      strings.ReplaceAll(string(good), `"succeeded"`, `"failed"`),
		"an artifact leads outside": swap(`"artifact": "`, `"artifact": "../../`),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := local.New(m.opts).Start(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the file "+file+" is damaged") {
			t.Errorf("a state that is damaged (%s): %v; starting should fail and name %s", name, err, file)
		}
		if left, err := os.ReadFile(file); err != nil || string(left) != text {
			t.Errorf("a state that is damaged (%s) was not left as it is (%v)", name, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := local.New(m.opts).Start(t.Context()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a state that is gone although the app has releases: %v; starting should fail and name %s", err, file)
	}
	if err := os.WriteFile(file, []byte(swap(`"format": 1`, `"format": 2`)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := local.New(m.opts).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "its format is 2") || strings.Contains(err.Error(), "damaged") {
		t.Errorf("a state of a later version: %v; it should not be called damaged", err)
	}
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	m.start()
	m.until("the app is back with its state", func() bool { return m.runs("shop") == sha(2) })
}

// An artifact that does not hold what its name says is never run.
func TestDamagedArtifactIsNotRun(t *testing.T) {
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	first, second := m.good(sha(1)), m.good(sha(2))
	m.live(first, "shop")
	file := func(b bot.Build) string { return filepath.Join(m.opts.Dir, "artifacts", b.Artifact+".tar.gz") }
	data, err := os.ReadFile(file(first))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(file(second))
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), other...)
	flipped[len(flipped)/2] ^= 0x55
	for name, text := range map[string][]byte{
		"another one": data, "cut off": other[:len(other)/2], "without its end": other[:len(other)-1], "empty": nil, "a bit flipped": flipped,
	} {
		if err := os.WriteFile(file(second), text, 0o600); err != nil {
			t.Fatal(err)
		}
		r := m.release(second, "shop")
		if r.Status != bot.ReleaseErrored || r.Reason == "" {
			t.Errorf("a release of an artifact that is damaged (%s) ended as %s (%s)", name, r.Status, r.Reason)
		}
		if got := m.runs("shop"); got != sha(1) {
			t.Fatalf("after a release of an artifact that is damaged (%s) the app runs %q", name, got)
		}
	}
	if err := os.WriteFile(file(second), other, 0o600); err != nil {
		t.Fatal(err)
	}
	m.live(second, "shop")
}

// After a loss of power the files of the release that was live may be empty or
// cut off, though their folder is there.
func TestLiveFilesAreUnpackedAnew(t *testing.T) {
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.live(m.good(sha(1)), "shop")
	m.stop(m.Platform)
	dir := filepath.Join(m.opts.Dir, "apps", "shop")
	for _, file := range []string{"releases/1/bin/revision", "releases/1/Procfile"} {
		if err := os.Truncate(filepath.Join(dir, file), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"state.json.tmp", "env.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte("half of"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.start()
	m.until("the app is back as it was", func() bool { return m.runs("shop") == sha(1) })
	if left := glob(t, filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("files whose writing was cut off are left: %q", left)
	}
}

// A crash between writing back the config vars of a rollback and recording that
// it is live leaves the old release live, with the config vars that it had.
func TestCrashInARollback(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status, edited, want string
	}{
		"before it was live":                     {"pending", "", "blue"},
		"before it was live, and edited since":   {"pending", "COLOR=green\n", "green"},
		"after it was live":                      {"succeeded", "", "red"},
		"before it was known to have gone wrong": {"errored", "", "blue"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, local.Options{Logger: zap.NewNop()})
			m.configure("shop", "COLOR=red\n")
			m.live(m.good(sha(1)), "shop")
			m.configure("shop", "COLOR=blue\n")
			m.live(m.good(sha(2)), "shop")
			if r := m.goBack("shop", "v1"); r.Status != bot.ReleaseSucceeded {
				t.Fatalf("the rollback is %+v", r)
			}
			m.stop(m.Platform)

			// The disk as it is in the middle of the rollback.
			dir := filepath.Join(m.opts.Dir, "apps", "shop")
			if err := os.WriteFile(filepath.Join(dir, "vars", "3.replaced"), []byte("COLOR=blue\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			want := sha(1)
			if c.status != "succeeded" {
				want = sha(2)
				m.rewrite("shop", `"live": 3`, `"live": 2`)
				m.rewriteLast("shop", `"status": "succeeded"`, `"status": "`+c.status+`"`)
			}
			if c.edited != "" {
				m.configure("shop", c.edited)
			}
			m.start()
			m.until("the app is back", func() bool { return m.runs("shop") == want })
			if got := m.configVar("shop", "COLOR"); got != c.want || !m.sees("shop", "COLOR="+c.want) {
				t.Errorf("COLOR is %s in the file; the file and the app should have %s", got, c.want)
			}
			if left := glob(t, filepath.Join(dir, "vars", "*.replaced")); len(left) > 0 {
				t.Errorf("%q is left", left)
			}
		})
	}
}

// rewrite changes the state file of an app, rewriteLast where the text is last.
func (m *machine) rewrite(app, old, new string) {
	m.t.Helper()
	m.edit(app, func(s string) string { return strings.Replace(s, old, new, 1) })
}

func (m *machine) rewriteLast(app, old, new string) {
	m.t.Helper()
	m.edit(app, func(s string) string {
		i := strings.LastIndex(s, old)
		return s[:i] + new + s[i+len(old):]
	})
}

func (m *machine) edit(app string, change func(string) string) {
	m.t.Helper()
	file := filepath.Join(m.opts.Dir, "apps", app, "state.json")
	data, err := os.ReadFile(file)
	if err != nil {
		m.t.Fatal(err)
	}
	changed := change(string(data))
	if changed == string(data) {
		m.t.Fatalf("the state has changed its form: %s", data)
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// What an app says when it dies is a reason that people see, and never holds the
// app's config vars or what looks like a secret.
func TestReasonsHoldNoSecrets(t *testing.T) {
	m := newMachine(t, local.Options{Logger: zap.NewNop()})
	m.configure("shop", "DATABASE_URL=postgres://shop:hunter2hunter2@db.internal/shop\nSTRIPE=rk-live-51H8\n")
	for i, c := range []struct{ release, want string }{
		{`echo "cannot connect to $DATABASE_URL as $STRIPE"`, "cannot connect to [redacted] as [redacted]"},
		{`echo "password authentication failed: postgres://shop:hunter2hunter2@other/shop"`, "failed: postgres://[redacted]@other/shop"},
		{`echo "401 for Authorization: Bearer abc.def"`, "401 for Authorization: Bearer [redacted]"},
		{`printf '\033[31mghs_0123456789abcdef is no good\033[0m\n\n'`, "[redacted] is no good"},
		{`head -c 9000 /dev/zero | tr '\0' x; printf "$STRIPE the end"`, "the end"},
		{`printf '%03990d %s' 1 "$STRIPE" | tail -c 4099`, "ended with exit status 3"},
	} {
		commit := sha(10 + i)
		m.set(commit, sampleFile{name: "Procfile", content: "release: " + c.release + "; exit 3\nweb: true\n"}, sampleFile{name: "build.sh", content: "true\n"})
		r := m.release(m.good(commit), "shop")
		if r.Status != bot.ReleaseFailed || !strings.Contains(r.Reason, c.want) {
			t.Errorf("the release that says %s failed with %q; want %q in it", c.release, r.Reason, c.want)
		}
		for _, secret := range []string{"hunter2", "rk-live", "ghs_", "\x1b"} {
			if strings.Contains(r.Reason, secret) {
				t.Errorf("the reason %q gives a secret away", r.Reason)
			}
		}
	}
}
