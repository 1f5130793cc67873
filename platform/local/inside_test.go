package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sourceIn makes a folder with a secret beside it.
func sourceIn(t *testing.T) (top, dir string) {
	t.Helper()
	top = t.TempDir()
	dir = filepath.Join(top, "work", "src")
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "d", "e"), 0o755), os.WriteFile(filepath.Join(top, "secret"), []byte("web: a secret"), 0o600),
		os.WriteFile(filepath.Join(top, "work", "secret"), []byte("web: a secret"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return top, dir
}

// What a build leaves in the Procfile's place is read inside of the source or not at
// all.
func TestTheProcfileIsReadInsideOfTheSource(t *testing.T) {
	symlinks := func(pairs ...string) func(dir string) error {
		return func(dir string) (err error) {
			for i := 0; i < len(pairs); i += 2 {
				err = errors.Join(err, os.Symlink(pairs[i+1], filepath.Join(dir, pairs[i])))
			}
			return err
		}
	}
	long := func(dir string) error { // longer than anybody follows by hand
		err := os.Symlink("../secret", filepath.Join(dir, "l0"))
		for i := range 30 {
			err = errors.Join(err, os.Symlink(fmt.Sprintf("l%d", i), filepath.Join(dir, fmt.Sprintf("l%d", i+1))))
		}
		return errors.Join(err, os.Symlink("l30", filepath.Join(dir, "Procfile")))
	}
	for name, c := range map[string]struct {
		put  func(dir string) error
		want string // in the sentence
	}{
		"a link upwards":   {symlinks("Procfile", "../secret"), "leads out of the source"},
		"an absolute link": {symlinks("Procfile", "/etc/passwd"), "leads out of the source"},
		"a chain of links": {symlinks("d/up", "..", "m", "d/up/d", "Procfile", "m/up/../secret"), "leads out of the source"},
		"a long chain":     {long, "leads through too many others"},
		"a link to itself": {symlinks("Procfile", "Procfile"), "leads through too many others"},
		"a folder":         {func(dir string) error { return os.Mkdir(filepath.Join(dir, "Procfile"), 0o755) }, "is no file"},
		"a pipe":           {func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "Procfile"), 0o644) }, "is no file"},
		"a large file": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "Procfile"), make([]byte, 1<<20), 0o644)
		}, "is larger than 64 kB"},
		"nothing":                          {func(string) error { return nil }, "There is no Procfile"},
		"a link that leads nowhere inside": {symlinks("Procfile", "d/none"), "There is no Procfile"},
	} {
		t.Run(name, func(t *testing.T) {
			_, dir := sourceIn(t)
			if err := c.put(dir); err != nil {
				t.Fatal(err)
			}
			lines, err := procfileOf(dir)
			if said := sentence(""); !errors.As(err, &said) || !strings.Contains(string(said), c.want) {
				t.Errorf("the Procfile should be refused with a sentence that says %q; got %v and %v", c.want, lines, err)
			}
		})
	}
	_, dir := sourceIn(t)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "d", "e", "P"), []byte("web: run"), 0o600), symlinks("m", "d/e", "Procfile", "m/P")(dir)); err != nil {
		t.Fatal(err)
	}
	if lines, err := procfileOf(dir); err != nil || lines["web"] != "run" {
		t.Errorf("a link inside of the source is followed; got %v and %v", lines, err)
	}
}

// A process that outlives its build, or the build itself, may put something else in
// the source's place: what was opened before is kept, and nothing else.
func TestAnArtifactIsOfTheSourceThatWasUnpacked(t *testing.T) {
	top, dir := sourceIn(t)
	p := New(Options{Dir: filepath.Join(top, "kept")})
	if err := errors.Join(os.MkdirAll(filepath.Join(p.opts.Dir, "artifacts"), 0o700), os.WriteFile(filepath.Join(dir, "web"), []byte("web"), 0o644)); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := errors.Join(os.Rename(dir, dir+".away"), os.Symlink(top, dir)); err != nil {
		t.Fatal(err)
	}
	name, err := p.keepArtifact(root)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := p.processes.unpackArtifact(p.artifactFile(name), out); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(out, "web")); err != nil {
		t.Errorf("the artifact should hold what was unpacked: %v", err)
	}
	if _, err := os.Stat(filepath.Join(out, "secret")); err == nil {
		t.Error("the artifact holds what lies beside the source")
	}
}

func TestFoldersAreClosedToOtherUsers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "apps-of-before")
	for _, name := range []string{"apps/shop/output", "apps/shop/releases", "artifacts", "work", "cache"} { // as earlier versions left them
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(dir, 0o755), makeFolders(dir), makeFolders(filepath.Join(dir, "new"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "apps", "apps/shop", "apps/shop/output", "apps/shop/releases", "artifacts", "work", "cache", "new", "new/apps"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the folder %q is open to other users: %v (%v)", name, info, err)
		}
	}
}
