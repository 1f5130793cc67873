package local

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeTarball makes a tar.gz file of entries as they are.
func writeTarball(t testing.TB, entries ...tar.Header) string {
	t.Helper()
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	out := tar.NewWriter(zip)
	for _, h := range entries {
		if h.Typeflag == tar.TypeReg {
			h.Size = 4
		}
		if err := out.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := out.Write([]byte("data")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(out.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "source.tar.gz")
	if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func reg(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode}
}

func link(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
}

func TestUnpackSource(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "src")
	err := (&processes{}).unpackSource(writeTarball(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "shop-1/", Mode: 0o755},
		reg("shop-1/bin/run", 0o775), reg("shop-1/a/b/README", 0o600), reg("shop-1/set", 0o4711),
		link("shop-1/a/up", "../bin/run"), link("shop-1/here", "."),
		tar.Header{Typeflag: tar.TypeLink, Name: "shop-1/hard", Linkname: "shop-1/a/b/README"},
		tar.Header{Typeflag: tar.TypeDir, Name: "shop-1/empty/", Mode: 0o700},
	), dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"bin/run": 0o755, "a/b/README": 0o644, "a/up": 0o755, "hard": 0o644,
		"empty": fs.ModeDir | 0o755, "set": 0o755, "here": fs.ModeDir | 0o700} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s is unpacked as %v (%v); it should be %v", name, info, err, mode)
		}
	}
}

func TestUnpackRefusesWhatReachesOut(t *testing.T) {
	for name, entries := range map[string][]tar.Header{
		"a name with ..":                   {reg("shop-1/../../evil", 0o644)},
		"a name with .. further in":        {reg("shop-1/a/../../evil", 0o644)},
		"an absolute name":                 {reg("shop-1//tmp/../../evil", 0o644)},
		"an absolute link":                 {link("shop-1/l", "/etc")},
		"a link upwards":                   {link("shop-1/a/l", "../../x")},
		"writing through links that climb": {link("shop-1/d/up", ".."), link("shop-1/l", "d/up/.."), reg("shop-1/l/evil", 0o644)},
		"a link through a link":            {link("shop-1/d/up", ".."), link("shop-1/l", "d/up/../secret")},
		"a chain of links":                 {link("shop-1/d/e/up", "../.."), link("shop-1/m", "d/e/up"), link("shop-1/n", "m/d/e"), link("shop-1/l", "n/up/../../secret")},
		"a folder behind a chain":          {link("shop-1/d/up", ".."), link("shop-1/Procfile", "d/up/..")},
		"a hard link upwards":              {{Typeflag: tar.TypeLink, Name: "shop-1/l", Linkname: "shop-1/../../secret"}},
		"a hard link to the outside":       {{Typeflag: tar.TypeLink, Name: "shop-1/l", Linkname: "/secret"}},
		"a device":                         {{Typeflag: tar.TypeChar, Name: "shop-1/null", Devmajor: 1, Devminor: 3}},
		"a pipe":                           {{Typeflag: tar.TypeFifo, Name: "shop-1/pipe"}},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			if err := os.WriteFile(filepath.Join(top, "secret"), []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(top, "work", "src")
			err := (&processes{}).unpackSource(writeTarball(t, entries...), dir)
			if err == nil {
				t.Error("it was unpacked")
			}
			checkInside(t, top)
		})
	}
}

// checkInside fails if anything appeared in the folder beside its work folder.
func checkInside(t testing.TB, top string) {
	t.Helper()
	for _, dir := range []string{top, filepath.Join(top, "work"), filepath.Dir(top)} {
		found, err := filepath.Glob(filepath.Join(dir, "evil*"))
		if err != nil || len(found) > 0 {
			t.Errorf("unpacking wrote outside of its folder: %v (%v)", found, err)
		}
	}
}

func FuzzUnpackSource(f *testing.F) {
	f.Add("shop/Procfile", "x", byte(tar.TypeReg))
	f.Add("shop/../../evil", "", byte(tar.TypeReg))
	f.Add("shop/l", "../../..", byte(tar.TypeSymlink))
	f.Add("l/evil", "/", byte(tar.TypeLink))
	f.Fuzz(func(t *testing.T, name, target string, kind byte) {
		h := tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o644}
		var buf bytes.Buffer
		if tar.NewWriter(&buf).WriteHeader(&h) != nil || kind == tar.TypeReg && strings.HasSuffix(name, "/") {
			t.Skip("not a header that tar can hold")
		}
		top := t.TempDir()
		through := reg(strings.TrimSuffix(name, "/")+"/evil", 0o644)
		if tar.NewWriter(&buf).WriteHeader(&through) != nil {
			through = reg("shop/fine", 0o644)
		}
		_ = (&processes{}).unpackSource(writeTarball(t, h, through), filepath.Join(top, "work", "src"))
		checkInside(t, top)
	})
}

func TestArtifactNamesDependOnContentAlone(t *testing.T) {
	p := New(Options{Dir: t.TempDir()})
	if err := os.MkdirAll(filepath.Join(p.opts.Dir, "artifacts"), 0o755); err != nil {
		t.Fatal(err)
	}
	keep := func(content string, mode fs.FileMode) string {
		t.Helper()
		dir := t.TempDir()
		err := errors.Join(os.Mkdir(filepath.Join(dir, "empty"), 0o755), os.Symlink("/usr/bin/env", filepath.Join(dir, "env")),
			os.WriteFile(filepath.Join(dir, "web"), []byte(content), 0o600), os.Chmod(filepath.Join(dir, "web"), mode))
		if err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		name, err := p.keepArtifact(root)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	first := keep("one", 0o700)
	if again := keep("one", 0o755); again != first {
		t.Error("the same files made two artifacts")
	}
	if keep("two", 0o700) == first || keep("one", 0o600) == first {
		t.Error("other content, or another executable bit, made the same artifact")
	}
	dir := filepath.Join(t.TempDir(), "out")
	if err := p.processes.unpackArtifact(p.artifactFile(first), dir); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "web")); err != nil || string(data) != "one" {
		t.Errorf("the artifact holds %q (%v)", data, err)
	}
	if target, err := os.Readlink(filepath.Join(dir, "env")); err != nil || target != "/usr/bin/env" {
		t.Errorf("the artifact's link leads to %q (%v); a build may link to the machine's programs", target, err)
	}
	if !isDir(filepath.Join(dir, "empty")) {
		t.Error("the artifact lacks the empty folder")
	}
}
