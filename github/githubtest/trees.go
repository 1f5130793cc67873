package githubtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

var treeRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", byToken, "contents:read", getTree},
	{"GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", byToken, "contents:read", getBlob},
}

// getTree lists a folder, and with recursive, whatever that says, all that is below it.
func getTree(c *call) answer {
	r, sha := c.repo, c.vars["tree_sha"]
	entries, err := r.listTree(sha, "", c.query.Get("recursive") != "")
	if err != nil {
		return notFound()
	}
	list := []any{}
	for _, e := range entries {
		o := obj{"path": e.path, "mode": e.mode, "type": e.kind, "sha": e.sha, "url": fmt.Sprintf("%s/git/%ss/%s", r.api(), e.kind, e.sha)}
		if e.kind == "blob" {
			o["size"] = e.size
		}
		list = append(list, o)
	}
	return ok(obj{"sha": sha, "url": r.api() + "/git/trees/" + sha, "tree": list, "truncated": false})
}

// listTree lists a folder with the sizes of its files, by the git objects where they are
// files, else by git.
func (r *Repo) listTree(sha, prefix string, below bool) (all []treeEntry, err error) {
	entries, err := r.readTree(sha)
	if err != nil {
		return r.lsTreeOf(sha, prefix, below)
	}
	for _, e := range entries {
		place := prefix + e.path
		if e.kind == "blob" {
			content, err := r.blob(e.sha)
			if err != nil {
				return nil, err
			}
			e.size = int64(len(content))
		}
		inside := e.sha
		e.path = place
		all = append(all, e)
		if e.kind == "tree" && below {
			in, err := r.listTree(inside, place+"/", true)
			if err != nil {
				return nil, err
			}
			all = append(all, in...)
		}
	}
	return all, nil
}

func (r *Repo) lsTreeOf(sha, prefix string, below bool) (all []treeEntry, err error) {
	if !hexadecimal.MatchString(sha) {
		return nil, errUseGit
	}
	args := []string{"ls-tree", "-z", "-l", "-t", "--full-tree"}
	if below {
		args = append(args, "-r")
	}
	out, err := r.s.git.runWith(r.dir, nil, nil, append(args, sha)...)
	for _, line := range strings.Split(out, "\x00") {
		meta, name, ok := strings.Cut(line, "\t")
		if f := strings.Fields(meta); ok && len(f) == 4 {
			size, _ := strconv.ParseInt(f[3], 10, 64) // "-" of folders is 0
			all = append(all, treeEntry{f[0], f[1], f[2], prefix + name, size})
		}
	}
	return all, err
}

func getBlob(c *call) answer {
	r, sha := c.repo, c.vars["file_sha"]
	content, err := r.blob(sha)
	if err != nil {
		return notFound()
	}
	if accept := c.r.Header.Get("Accept"); strings.Contains(accept, "raw") {
		return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/vnd.github.raw+json; charset=utf-8"}}, body: content}
	}
	return ok(obj{
		"sha": sha, "node_id": "B_" + sha, "size": len(content), "url": r.api() + "/git/blobs/" + sha,
		"content": lines(base64.StdEncoding.EncodeToString(content), 60), "encoding": "base64",
	})
}
