package githubtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What can be read off a short history without a process of git. Everything here
// returns errUseGit for what git had better find out itself.

// longWalk is how many commits are looked at before git is asked.
const longWalk = 500

// change is a file that differs between two trees; was or is nil where there is none.
type treeChange struct {
	path    string
	was, is *treeEntry
}

// changes lists the files that differ between two trees, in git's order.
func (r *Repo) changes(from, to, prefix string) (list []treeChange, err error) {
	if from == to {
		return nil, nil
	}
	var sides [2][]treeEntry
	for n, sha := range []string{from, to} {
		if sides[n], err = r.readTree(sha); err != nil {
			return nil, err
		}
	}
	// add tells of an entry that is on one side alone, or on both.
	add := func(was, is *treeEntry) error {
		e := is
		if e == nil {
			e = was
		}
		path := prefix + e.path
		if e.kind != "tree" {
			if was == nil || is == nil || was.sha != is.sha || was.mode != is.mode {
				list = append(list, treeChange{path, was, is})
			}
			return nil
		}
		before, after := emptyTree, emptyTree
		if was != nil {
			before = was.sha
		}
		if is != nil {
			after = is.sha
		}
		below, err := r.changes(before, after, path+"/")
		list = append(list, below...)
		return err
	}
	was, is := sides[0], sides[1]
	for (len(was) > 0 || len(is) > 0) && err == nil {
		switch {
		case len(is) == 0 || len(was) > 0 && inGitsOrder(was[0], is[0]) < 0:
			err = add(&was[0], nil)
			was = was[1:]
		case len(was) == 0 || inGitsOrder(was[0], is[0]) > 0:
			err = add(nil, &is[0])
			is = is[1:]
		default:
			err = add(&was[0], &is[0])
			was, is = was[1:], is[1:]
		}
	}
	return list, err
}

// whole is a commit with what it changed.
func (r *Repo) whole(sha string) (Commit, error) {
	c, err := r.readCommit(sha)
	if err != nil {
		return Commit{}, err
	}
	from := emptyTree
	if len(c.Parents) > 0 {
		parent, err := r.readCommit(c.Parents[0])
		if err != nil {
			return Commit{}, err
		}
		from = parent.Tree
	}
	list, err := r.changes(from, c.Tree, "")
	for _, f := range list {
		switch {
		case f.was == nil:
			c.Added = append(c.Added, f.path)
		case f.is == nil:
			c.Removed = append(c.Removed, f.path)
		default:
			c.Modified = append(c.Modified, f.path)
		}
	}
	return c, err
}

// line lists, oldest first, the commits from one back to where any of some others,
// or the beginning, is met. It has no merge among them.
func (r *Repo) line(tip string, until ...string) ([]Commit, error) {
	var list []Commit
	for at := tip; !slices.Contains(until, at); {
		c, known := r.commits[at]
		if !known {
			var err error
			if c, err = r.whole(at); err != nil {
				return nil, err
			}
			r.commits[at] = c
		}
		list = append(list, c)
		if len(c.Parents) == 0 && len(until) == 0 {
			break
		}
		if len(c.Parents) != 1 || len(list) > longWalk {
			return nil, errUseGit
		}
		at = c.Parents[0]
	}
	slices.Reverse(list)
	return list, nil
}

// ancestors are a commit and all that came before it.
func (r *Repo) ancestors(sha string) (map[string]bool, error) {
	seen, next := map[string]bool{sha: true}, []string{sha}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		c, known := r.commits[at]
		if !known {
			var err error
			if c, err = r.readCommit(at); err != nil {
				return nil, err
			}
		}
		for _, p := range c.Parents {
			if !seen[p] {
				seen[p], next = true, append(next, p)
			}
		}
		if len(seen) > longWalk {
			return nil, errUseGit
		}
	}
	return seen, nil
}

// contains says whether the history of b contains a.
func (r *Repo) contains(a, b string) (bool, error) {
	if fullSHA.MatchString(a) {
		if before, err := r.ancestors(b); err == nil {
			return before[a], nil
		}
	}
	return r.s.git.isAncestor(r.dir, a, b)
}

// base is the merge base of two commits, if one of them contains the other or they
// parted in one place.
func (r *Repo) base(a, b string) (string, error) {
	ofA, err := r.ancestors(a)
	if err != nil {
		return "", err
	}
	ofB, err := r.ancestors(b)
	if err != nil {
		return "", err
	}
	// From b back, the first that a has, too. A history in which b's has two parents
	// is left to git.
	for at := b; ; {
		if ofA[at] {
			return at, nil
		}
		c, err := r.readCommit(at)
		if err != nil {
			return "", err
		}
		if ofB[a] {
			return a, nil
		}
		if len(c.Parents) != 1 {
			return "", errUseGit
		}
		at = c.Parents[0]
	}
}

// mergeBase is the merge base of two commits; the error has git's exit code 1 where
// there is none.
func (r *Repo) mergeBase(a, b string) (string, error) {
	if base, err := r.base(a, b); err == nil {
		return base, nil
	}
	return r.s.git.run(r.dir, "merge-base", a, b)
}

// mergedTree is what a merge of two commits makes where no file was touched by both
// and none was taken away, which could be a file that was renamed.
func (r *Repo) mergedTree(ours, theirs string) (string, error) {
	base, err := r.base(ours, theirs)
	if err != nil {
		return "", err
	}
	var trees [3]string
	for n, sha := range []string{base, ours, theirs} {
		c, err := r.readCommit(sha)
		if err != nil {
			return "", err
		}
		trees[n] = c.Tree
	}
	mine, err := r.changes(trees[0], trees[1], "")
	if err != nil || len(mine) == 0 {
		return trees[2], err
	}
	edits, err := r.changes(trees[0], trees[2], "")
	if err != nil || len(edits) == 0 {
		return trees[1], err
	}
	all := slices.Concat(mine, edits)
	for n, x := range all {
		for _, y := range all[:n] {
			if x.path == y.path || strings.HasPrefix(x.path, y.path+"/") || strings.HasPrefix(y.path, x.path+"/") {
				return "", errUseGit
			}
		}
		if x.is == nil {
			return "", errUseGit
		}
	}
	into := map[string]*treeEntry{}
	for _, e := range edits {
		into[e.path] = e.is
	}
	return r.graft(trees[1], into)
}

// setRefFile points a ref at a commit on disk; "" deletes it.
func (r *Repo) setRefFile(ref, sha string) error {
	file := filepath.Join(r.dir, filepath.FromSlash(ref))
	if _, err := os.Stat(filepath.Join(r.dir, "packed-refs")); err == nil || !plainRef(ref) {
		args := []string{"update-ref", ref, sha}
		if sha == "" {
			args = []string{"update-ref", "-d", ref}
		}
		_, err := r.s.git.run(r.dir, args...)
		return err
	}
	if sha == "" {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		// Its folders are in the way of a ref of the folder's name.
		for dir := filepath.Dir(file); strings.Count(dir, string(filepath.Separator)) > strings.Count(r.dir, string(filepath.Separator))+2; dir = filepath.Dir(dir) {
			if os.Remove(dir) != nil {
				break // others are in it
			}
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("set %s: %w", ref, err)
	}
	if err := os.WriteFile(file+".lock", []byte(sha+"\n"), 0o644); err != nil {
		return fmt.Errorf("set %s: %w", ref, err)
	}
	return os.Rename(file+".lock", file)
}

// plainRef reports whether a ref has a name about which git has nothing to say.
func plainRef(ref string) bool {
	for part := range strings.SplitSeq(ref, "/") {
		if part == "" || part[0] == '.' || part[0] == '-' || strings.HasSuffix(part, ".lock") || strings.HasSuffix(part, ".") || strings.Contains(part, "..") ||
			strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
			return false
		}
	}
	return true
}

// readRefFile reads where a ref points, of refs that are files of their own.
func (r *Repo) readRefFile(ref string) (string, error) {
	if !strings.HasPrefix(ref, "refs/") || !plainRef(ref) {
		return "", errUseGit
	}
	text, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(ref)))
	if err != nil {
		return "", errUseGit
	}
	return strings.TrimSpace(string(text)), nil
}
