package githubtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"testing"
	"time"
)

// What is done without git is what git does: two repositories get the same commits,
// and in one of them everything is packed each time, so that it is left to git.
// HEADSTART_TEST=long tries more of them.
func TestWithoutGit(t *testing.T) {
	seeds := uint64(1)
	if os.Getenv("HEADSTART_TEST") == "long" {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			newTwins(t, seed).live()
		})
	}
}

// twins are two repositories that should be alike.
type twins struct {
	*testing.T
	random      *rand.Rand
	plain, pack *Repo
	shas        []string // of commits
	branches    []string
	clock       time.Time
}

func newTwins(t *testing.T, seed uint64) *twins {
	w := &twins{T: t, random: rand.New(rand.NewPCG(seed, 7)), clock: time.Unix(1_700_000_000, 0), branches: []string{"main"}}
	for _, r := range []**Repo{&w.plain, &w.pack} {
		s, err := New(Options{Dir: t.TempDir(), Clock: func() time.Time { return w.clock }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if *r, err = s.CreateRepo("acme/shop", RepoOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *twins) live() {
	for n := range 20 {
		w.clock = w.clock.Add(time.Minute)
		branch, c := w.branch(), w.change()
		w.both("push", func(r *Repo) (any, error) { return r.Push(branch, c) })
		w.packUp()
		if n%4 == 3 {
			w.compare()
		}
	}
	for n, branch := range w.branches[1:] {
		method := []string{"merge", "squash", "rebase"}[n%3]
		w.clock = w.clock.Add(time.Minute)
		w.both(method, func(r *Repo) (any, error) {
			p, err := r.OpenPull(PullOptions{Head: branch})
			if err != nil {
				return nil, err
			}
			commits, files := p.size()
			c, err := p.Merge(MergeOptions{Method: method, DeleteBranch: true})
			if errors.Is(err, errConflict) {
				return "a conflict", nil
			}
			return []any{commits, files, c}, err
		})
		w.packUp()
		w.compare()
	}
	for _, r := range []*Repo{w.plain, w.pack} {
		if out, err := r.s.git.run(r.dir, "fsck", "--strict", "--full"); err != nil {
			w.Errorf("git should find nothing wrong: %v\n%s", err, out)
		}
		refs, err := r.readRefs()
		if err != nil || !maps.Equal(refs, r.refs) {
			w.Errorf("git should know the refs %v, it knows %v (%v)", r.refs, refs, err)
		}
	}
}

// branch draws where to push.
func (w *twins) branch() string {
	if len(w.shas) > 0 && w.random.IntN(4) == 0 {
		w.branches = append(w.branches, fmt.Sprint("feature/", len(w.branches)))
		return w.branches[len(w.branches)-1]
	}
	return w.branches[w.random.IntN(len(w.branches))]
}

// change draws files to add, change and delete, also where folders were.
func (w *twins) change() Change {
	paths := []string{"a", "a.txt", "a-b", "a/b", "a/b/c", "lib/x.go", "lib/y.go", "lib/deep/z.go", "größe.txt", "run.sh"}
	c := Change{Files: map[string]string{}, Author: []string{"mona", "zoe"}[w.random.IntN(2)], Message: []string{"", "One line", "Two\n\nlines\n"}[w.random.IntN(3)]}
	switch w.random.IntN(3) {
	case 0:
		c.Files[fmt.Sprintf("new/%d.txt", w.random.IntN(1000))] = fmt.Sprint("line\n", w.random.IntN(100))
	case 1:
		c.Files[paths[w.random.IntN(len(paths))]] = fmt.Sprintf("%d\n\x00"[:3+w.random.IntN(2)], w.random.IntN(5))
	default:
		c.Delete = []string{paths[w.random.IntN(len(paths))]}
		c.Executable = map[string]string{"bin/" + fmt.Sprint(w.random.IntN(3)): "#!/bin/sh\n"}
	}
	return c
}

// both has something done to both, with the same outcome.
func (w *twins) both(what string, do func(*Repo) (any, error)) {
	w.Helper()
	plain, err := do(w.plain)
	packed, err2 := do(w.pack)
	if err != nil || err2 != nil {
		w.Fatalf("%s: %v, and through git: %v", what, err, err2)
	}
	if !reflect.DeepEqual(plain, packed) {
		w.Fatalf("%s should be as git does it: %+v, it is %+v", what, packed, plain)
	}
	if c, ok := plain.(Commit); ok {
		w.shas = append(w.shas, c.SHA)
	}
}

// packUp leaves no object and no ref in a file of its own, and nothing in memory.
func (w *twins) packUp() {
	w.Helper()
	for _, args := range [][]string{{"repack", "-a", "-d", "-q"}, {"pack-refs", "--all"}} {
		if _, err := w.pack.s.git.run(w.pack.dir, args...); err != nil {
			w.Fatal(err)
		}
	}
	for _, r := range []*Repo{w.plain, w.pack} {
		clear(r.commits)
		clear(r.trees)
		clear(r.blobs)
	}
}

// compare asks both the same.
func (w *twins) compare() {
	w.Helper()
	a, b := w.shas[w.random.IntN(len(w.shas))], w.shas[w.random.IntN(len(w.shas))]
	w.both("read "+a, func(r *Repo) (any, error) {
		c, err := r.commit(a)
		return []any{c}, err
	})
	w.both("contains", func(r *Repo) (any, error) { return r.contains(a, b) })
	w.both("merge-base", func(r *Repo) (any, error) { return r.mergeBase(a, b) })
	w.both("merge", func(r *Repo) (any, error) {
		tree, err := r.mergeTrees(a, b)
		if errors.Is(err, errConflict) {
			return "a conflict", nil
		}
		return tree, err
	})
	w.both("between", func(r *Repo) (any, error) {
		base, err := r.mergeBase(a, b)
		if err != nil {
			return nil, err
		}
		list, err := r.between(a, b, base)
		return fmt.Sprintf("%+v", list), err
	})
	w.both("diff", func(r *Repo) (any, error) {
		files, err := r.diff(a, b)
		return fmt.Sprintf("%+v", files), err
	})
	for _, path := range []string{"", "a", "a/", "lib", "lib/", "lib/deep/", "new", "bin/1", "none/", "a/b/c"} {
		w.both("list "+path, func(r *Repo) (any, error) {
			entries, err := r.lsTree(a, path)
			return fmt.Sprintf("%+v", entries), err
		})
	}
	if got, want := unpack(w.T, w.plain.archive, a), unpack(w.T, w.pack.gitArchive, a); !slices.Equal(got, want) {
		w.Errorf("the archive should be %q, it is %q", want, got)
	}
}

func (r *Repo) gitArchive(sha, folder string) ([]byte, error) {
	cmd := exec.Command(r.s.git.bin, "archive", "--format=tar.gz", "--prefix="+folder+"/", sha)
	cmd.Dir, cmd.Env = r.dir, r.s.git.env
	return cmd.Output()
}

// unpack lists what is in an archive.
func unpack(t *testing.T, of func(sha, folder string) ([]byte, error), sha string) (list []string) {
	t.Helper()
	packed, err := of(sha, "shop")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%c %s %o %d %s %v %q", h.Typeflag, h.Name, h.Mode, h.ModTime.Unix(), h.Linkname, h.PAXRecords["comment"], text))
	}
}
