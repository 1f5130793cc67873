package githubtest

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" // #nosec: it is what git names objects by
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Git's objects, read and written without a process of git. Most of what tests do
// is simple: a commit on a branch's tip, and looks at it. A process of git takes
// longer than all the rest of that, so the simple cases are done here. Everything
// else is left to git itself, which works on the same repository.

// errUseGit is returned for whatever is not simple.
var errUseGit = errors.New("this is left to git")

// object reads an object that is a file of its own, which those that git has
// packed are not.
func (r *Repo) object(kind, sha string) ([]byte, error) {
	if kind == "tree" && sha == emptyTree {
		return nil, nil
	}
	if !fullSHA.MatchString(sha) {
		return nil, errUseGit
	}
	f, err := os.Open(filepath.Join(r.dir, "objects", sha[:2], sha[2:]))
	if err != nil {
		return nil, errUseGit
	}
	defer f.Close()
	z, err := zlib.NewReader(f)
	if err != nil {
		return nil, errUseGit
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, errUseGit
	}
	head, content, _ := bytes.Cut(raw, []byte{0})
	if string(head) != fmt.Sprintf("%s %d", kind, len(content)) {
		return nil, errUseGit
	}
	return content, nil
}

// write stores an object and returns its SHA.
func (r *Repo) write(kind string, content []byte) (string, error) {
	raw := append(fmt.Appendf(nil, "%s %d\x00", kind, len(content)), content...)
	sum := sha1.Sum(raw) // #nosec
	sha := hex.EncodeToString(sum[:])
	dir := filepath.Join(r.dir, "objects", sha[:2])
	file := filepath.Join(dir, sha[2:])
	if _, err := os.Stat(file); err == nil {
		return sha, nil
	}
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	if err == nil {
		_, err = z.Write(raw)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// A process of git may look for it at any time and must find all of it.
	unfinished := file + ".new"
	if err := os.WriteFile(unfinished, packed.Bytes(), 0o644); err != nil {
		return "", err
	}
	return sha, os.Rename(unfinished, file)
}

// readTree lists what one folder holds, in git's order; paths are names.
func (r *Repo) readTree(sha string) ([]treeEntry, error) {
	content, err := r.object("tree", sha)
	if err != nil {
		return nil, err
	}
	var entries []treeEntry
	for len(content) > 0 {
		head, rest, _ := bytes.Cut(content, []byte{0})
		mode, name, ok := strings.Cut(string(head), " ")
		if !ok || len(rest) < sha1.Size {
			return nil, errUseGit
		}
		e := treeEntry{mode: strings.Repeat("0", max(0, 6-len(mode))) + mode, kind: "blob", path: name, sha: hex.EncodeToString(rest[:sha1.Size])}
		switch e.mode {
		case modeTree:
			e.kind = "tree"
		case "160000":
			e.kind = "commit"
		}
		entries = append(entries, e)
		content = rest[sha1.Size:]
	}
	return entries, nil
}

const modeTree = "040000"

// writeTree stores a folder and returns its SHA.
func (r *Repo) writeTree(entries []treeEntry) (string, error) {
	slices.SortFunc(entries, inGitsOrder)
	var content []byte
	for _, e := range entries {
		sum, err := hex.DecodeString(e.sha)
		if err != nil {
			return "", err
		}
		content = fmt.Appendf(content, "%s %s\x00", strings.TrimLeft(e.mode, "0"), e.path)
		content = append(content, sum...)
	}
	return r.write("tree", content)
}

// inGitsOrder compares the entries of a folder as git sorts them: as if the names
// of folders ended with a slash.
func inGitsOrder(a, b treeEntry) int { return strings.Compare(a.sortedAs(), b.sortedAs()) }

func (e treeEntry) sortedAs() string {
	if e.kind == "tree" {
		return e.path + "/"
	}
	return e.path
}

// graft returns a tree with files put in place or, where the entry is nil, taken
// away; the files' blobs are stored already.
func (r *Repo) graft(tree string, edits map[string]*treeEntry) (string, error) {
	entries, err := r.readTree(tree)
	if err != nil {
		return "", err
	}
	below := map[string]map[string]*treeEntry{}
	for path, e := range edits {
		name, rest, deeper := strings.Cut(path, "/")
		if name == "" || name == "." || name == ".." || strings.EqualFold(name, ".git") {
			return "", errUseGit // it says what is wrong with such a path
		}
		if deeper {
			if below[name] == nil {
				below[name] = map[string]*treeEntry{}
			}
			below[name][rest] = e
			continue
		}
		entries = slices.DeleteFunc(entries, func(old treeEntry) bool { return old.path == name })
		if e != nil {
			entries = append(entries, treeEntry{mode: e.mode, kind: e.kind, sha: e.sha, path: name})
		}
	}
	for name, edits := range below {
		folder := emptyTree
		at := slices.IndexFunc(entries, func(e treeEntry) bool { return e.path == name })
		if at >= 0 && entries[at].kind == "tree" {
			folder = entries[at].sha
		}
		sha, err := r.graft(folder, edits)
		if err != nil {
			return "", err
		}
		if sha == folder && at >= 0 || sha == emptyTree && at < 0 {
			continue
		}
		entries = slices.DeleteFunc(entries, func(old treeEntry) bool { return old.path == name })
		if sha != emptyTree {
			entries = append(entries, treeEntry{mode: modeTree, kind: "tree", sha: sha, path: name})
		}
	}
	return r.writeTree(entries)
}

// writeCommit stores a commit and returns its SHA.
func (r *Repo) writeCommit(tree, message string, author, committer Signature, parents ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", tree)
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	fmt.Fprintf(&b, "author %s\ncommitter %s\n\n%s", author, committer, message)
	return r.write("commit", []byte(b.String()))
}

// readCommit reads a commit without what it changed.
func (r *Repo) readCommit(sha string) (Commit, error) {
	content, err := r.object("commit", sha)
	if err != nil {
		return Commit{}, err
	}
	c := Commit{SHA: sha, Parents: []string{}}
	head, message, _ := strings.Cut(string(content), "\n\n")
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "tree":
			c.Tree = value
		case "parent":
			c.Parents = append(c.Parents, value)
		case "author":
			c.Author, err = parseSignature(value)
		case "committer":
			c.Committer, err = parseSignature(value)
		default: // a signature, an encoding
			err = errUseGit
		}
		if err != nil {
			return Commit{}, err
		}
	}
	c.Message = strings.TrimRight(message, "\n")
	return c, nil
}

func parseSignature(s string) (Signature, error) {
	name, rest, ok := strings.Cut(s, " <")
	email, when, ok2 := strings.Cut(rest, "> ")
	seconds, zone, _ := strings.Cut(when, " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if !ok || !ok2 || err != nil || zone == "" {
		return Signature{}, errUseGit
	}
	return Signature{Name: name, Email: email, When: time.Unix(n, 0).UTC()}, nil
}

// init makes an empty bare repository, as `git init` does.
func (r *Repo) init() error {
	for _, dir := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags"} {
		if err := os.MkdirAll(filepath.Join(r.dir, dir), 0o755); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(r.dir, "config"), []byte("[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"), 0o644),
		os.WriteFile(filepath.Join(r.dir, "HEAD"), []byte("ref: refs/heads/"+r.defaultBranch+"\n"), 0o644))
}
