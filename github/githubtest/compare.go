package githubtest

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

var compareRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/compare/{basehead...}", byToken, "contents:read", compare},
}

// emptyTree is what a first commit is compared with; git knows it without it
// being stored.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// maxCompareFiles is how many files a comparison tells of, on its first page.
const maxCompareFiles = 300

// changedFile is one file of a difference.
type changedFile struct {
	status, path, previous, blob string
	added, deleted               int
}

// between lists, oldest first, the commits that a branch has and another one, from
// which it parted at base, has not.
func (r *Repo) between(other, branch, base string) ([]Commit, error) {
	if list, err := r.line(branch, base); err == nil {
		return list, nil
	}
	return r.s.git.log(r.dir, "--reverse", branch, "^"+other)
}

// diff lists the files that differ between two commits or trees.
func (r *Repo) diff(from, to string) ([]changedFile, error) {
	if files, err := r.plainDiff(from, to); err == nil {
		return files, nil
	}
	out, err := r.s.git.run(r.dir, "diff-tree", "-r", "-z", "-M", "--raw", "--numstat", "--no-abbrev", from, to)
	if err != nil {
		return nil, err
	}
	var files []changedFile
	at := map[string]int{}
	fields := strings.Split(out, "\x00")
	next := func() (f string) {
		if len(fields) > 0 {
			f, fields = fields[0], fields[1:]
		}
		return f
	}
	for len(fields) > 0 {
		f := next()
		if raw, isRaw := strings.CutPrefix(f, ":"); isRaw { // mode mode sha sha status
			parts := strings.Fields(raw)
			file := changedFile{path: next(), blob: parts[3]}
			switch parts[4][0] {
			case 'A':
				file.status = "added"
			case 'D':
				file.status, file.blob = "removed", parts[2]
			case 'R':
				file.status, file.previous, file.path = "renamed", file.path, next()
			default:
				file.status = "modified"
			}
			at[file.path] = len(files)
			files = append(files, file)
			continue
		}
		parts := strings.SplitN(f, "\t", 3) // added deleted path; a rename's paths follow
		if len(parts) != 3 {
			continue
		}
		path := parts[2]
		if path == "" {
			next()
			path = next()
		}
		if i, known := at[path]; known {
			files[i].added, _ = strconv.Atoi(parts[0]) // "-" of binary files is 0
			files[i].deleted, _ = strconv.Atoi(parts[1])
		}
	}
	return files, nil
}

// plainDiff is diff where files were only added. Lines that changed, and what was
// renamed, git finds.
func (r *Repo) plainDiff(from, to string) ([]changedFile, error) {
	trees := [2]string{from, to}
	for n, sha := range trees {
		if sha == emptyTree {
			continue
		}
		c, err := r.readCommit(sha)
		if err != nil {
			return nil, err
		}
		trees[n] = c.Tree
	}
	list, err := r.changes(trees[0], trees[1], "")
	if err != nil {
		return nil, err
	}
	var files []changedFile
	for _, f := range list {
		if f.was != nil || f.is.kind != "blob" {
			return nil, errUseGit
		}
		content, err := r.object("blob", f.is.sha)
		if err != nil {
			return nil, err
		}
		files = append(files, changedFile{status: "added", path: f.path, blob: f.is.sha, added: linesOf(content)})
	}
	return files, nil
}

// linesOf counts a file's lines as git does: 0 of binary files.
func linesOf(content []byte) int {
	if bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
		return 0
	}
	n := bytes.Count(content, []byte("\n"))
	if len(content) > 0 && content[len(content)-1] != '\n' {
		n++
	}
	return n
}

func (r *Repo) filesJSON(files []changedFile, sha string) []any {
	all := []any{}
	for _, f := range files {
		j := obj{
			"sha": f.blob, "filename": f.path, "status": f.status, "additions": f.added, "deletions": f.deleted,
			"changes": f.added + f.deleted, "blob_url": r.html() + "/blob/" + sha + "/" + escapePath(f.path),
			"raw_url":      r.html() + "/raw/" + sha + "/" + escapePath(f.path),
			"contents_url": r.api() + "/contents/" + escapePath(f.path) + "?ref=" + sha,
		}
		if f.previous != "" {
			j["previous_filename"] = f.previous
		}
		all = append(all, j)
	}
	return all
}

// compare answers BASE...HEAD: three dots, so the files are those that changed
// since the merge base.
func compare(c *call) answer {
	r := c.repo
	base, head, found := strings.Cut(c.vars["basehead"], "...")
	if !found {
		return notFound()
	}
	var sha [2]string
	for i, ref := range []string{base, head} {
		if _, own, fork := strings.Cut(ref, ":"); fork { // OWNER:REF of the same network
			ref = own
		}
		if sha[i], found = r.resolve(ref); !found {
			return notFound()
		}
	}
	mergeBase, err := r.mergeBase(sha[0], sha[1])
	if exitCode(err) == 1 {
		return fail(http.StatusNotFound, "No common ancestor between "+base+" and "+head+".")
	}
	if err != nil {
		return broken(err)
	}
	ahead, err := r.between(sha[0], sha[1], mergeBase)
	if err != nil {
		return broken(err)
	}
	behind, err := r.between(sha[1], sha[0], mergeBase)
	if err != nil {
		return broken(err)
	}
	files, err := r.diff(mergeBase, sha[1])
	if err != nil {
		return broken(err)
	}
	if c.query.Get("page") != "" && c.query.Get("page") != "1" {
		files = nil // only the first page has them
	}
	if len(files) > maxCompareFiles {
		files = files[:maxCompareFiles]
	}
	baseCommit, err := r.commit(sha[0])
	if err != nil {
		return broken(err)
	}
	baseOfMerge, err := r.commit(mergeBase)
	if err != nil {
		return broken(err)
	}
	status := map[[2]bool]string{
		{true, true}: "diverged", {true, false}: "ahead", {false, true}: "behind", {false, false}: "identical",
	}[[2]bool{len(ahead) > 0, len(behind) > 0}]
	some, header := ahead, http.Header{}
	if c.query.Has("page") || c.query.Has("per_page") {
		some, header = page(c, ahead)
	} else if len(some) > 250 {
		some = some[len(some)-250:]
	}
	commits := []any{}
	for _, commit := range some {
		commits = append(commits, r.commitJSON(commit))
	}
	html := r.html() + "/compare/" + base + "..." + head
	return answer{status: http.StatusOK, header: header, body: obj{
		"url": r.api() + "/compare/" + base + "..." + head, "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch",
		"permalink_url": r.html() + "/compare/" + sha[0] + "..." + sha[1], "base_commit": r.commitJSON(baseCommit),
		"merge_base_commit": r.commitJSON(baseOfMerge), "status": status, "ahead_by": len(ahead), "behind_by": len(behind),
		"total_commits": len(ahead), "commits": commits, "files": r.filesJSON(files, sha[1]),
	}}
}
