package githubtest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

var contentRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/contents/{path...}", byToken, "contents:read", getContents},
	{"GET", "/repos/{owner}/{repo}/contents", byToken, "contents:read", getContents},
	{"GET", "/repos/{owner}/{repo}/tarball/{ref...}", byToken, "contents:read", getTarball},
	{"GET", "/repos/{owner}/{repo}/tarball", byToken, "contents:read", getTarball},
	{"GET", "/_codeload/{owner}/{repo}/legacy.tar.gz/{ref...}", byAnybody, "", download},
	{"GET", "/_raw/{owner}/{repo}/{sha}/{path...}", byAnybody, "", downloadFile},
}

// archiveLife is how long the location of a private repository's tarball works.
const archiveLife = 5 * time.Minute

// archiveTicket lets whoever has it download one commit, for a while.
type archiveTicket struct {
	repo    *Repo
	sha     string
	expires time.Time
}

// treeEntry is one file or folder.
type treeEntry struct {
	mode, kind, sha, path string
	size                  int64
}

// lsTree lists a path of a commit; with a slash at its end, what the folder
// holds.
func (r *Repo) lsTree(sha, path string) ([]treeEntry, error) {
	place := sha + ":" + path
	if entries, known := r.trees[place]; known {
		return entries, nil
	}
	if entries, err := r.look(sha, path); err == nil {
		r.trees[place] = entries
		return entries, nil
	}
	args := []string{"ls-tree", "-z", "-l", "--full-tree", sha}
	if path != "" && path != "/" {
		args = append(args, "--", path)
	}
	out, err := r.s.git.runWith(r.dir, nil, []string{"GIT_LITERAL_PATHSPECS=1"}, args...)
	if err != nil {
		return nil, err
	}
	var entries []treeEntry
	for _, line := range strings.Split(out, "\x00") {
		meta, name, ok := strings.Cut(line, "\t")
		if f := strings.Fields(meta); ok && len(f) == 4 {
			size, _ := strconv.ParseInt(f[3], 10, 64) // "-" of folders is 0
			entries = append(entries, treeEntry{f[0], f[1], f[2], name, size})
		}
	}
	if fullSHA.MatchString(sha) {
		r.trees[place] = entries
	}
	return entries, nil
}

// look is lsTree where nothing on the way is packed.
func (r *Repo) look(sha, path string) ([]treeEntry, error) {
	c, err := r.readCommit(sha)
	if err != nil {
		return nil, err
	}
	entries, err := r.readTree(c.Tree)
	prefix, inside := "", path == "" || path == "/"
	for rest := path; !inside && err == nil; {
		name, below, deeper := strings.Cut(rest, "/")
		at := slices.IndexFunc(entries, func(e treeEntry) bool { return e.path == name })
		if at < 0 || deeper && entries[at].kind != "tree" {
			return nil, nil
		}
		if !deeper {
			entries = entries[at : at+1]
			break
		}
		entries, err = r.readTree(entries[at].sha)
		prefix, rest, inside = prefix+name+"/", below, below == ""
	}
	if err != nil {
		return nil, err
	}
	for n := range entries {
		e := &entries[n]
		e.path = prefix + e.path
		if e.kind == "blob" {
			content, err := r.object("blob", e.sha)
			if err != nil {
				return nil, err
			}
			e.size = int64(len(content))
		}
	}
	return entries, nil
}

// File reads a file of a commit. Whoever asks for it by the API next is answered
// without a process of git, which is much of what the stand-in takes for that.
func (r *Repo) File(sha, path string) ([]byte, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	entries, err := r.lsTree(sha, path)
	if err != nil {
		return nil, err
	}
	if len(entries) != 1 || entries[0].kind != "blob" {
		return nil, fmt.Errorf("there is no file %s in %s", path, sha)
	}
	return r.blob(entries[0].sha)
}

func getContents(c *call) answer {
	r := c.repo
	file := strings.Trim(c.vars["path"], "/")
	sha, found := r.resolve(c.query.Get("ref"))
	if !found {
		if c.query.Get("ref") == "" {
			return fail(http.StatusNotFound, "This repository is empty.")
		}
		return fail(http.StatusNotFound, "No commit found for the ref "+c.query.Get("ref"))
	}
	if file != "" && path.Clean(file) != file {
		return notFound()
	}
	entries, err := r.lsTree(sha, file)
	if err != nil {
		return broken(err)
	}
	if file != "" && len(entries) == 0 {
		return notFound()
	}
	if file == "" || entries[0].kind == "tree" {
		if file != "" {
			if entries, err = r.lsTree(sha, file+"/"); err != nil {
				return broken(err)
			}
		}
		all := []any{}
		for _, e := range entries {
			all = append(all, r.entryJSON(e, c.query.Get("ref"), sha))
		}
		return ok(all)
	}
	e := entries[0]
	body := r.entryJSON(e, c.query.Get("ref"), sha)
	if e.kind != "blob" {
		return ok(body)
	}
	content, err := r.blob(e.sha)
	if err != nil {
		return broken(err)
	}
	if accept := c.r.Header.Get("Accept"); strings.Contains(accept, "github.raw") || strings.Contains(accept, "github.v3.raw") {
		return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/vnd.github.raw+json; charset=utf-8"}}, body: content}
	}
	if e.size > 1<<20 { // larger ones come raw only
		body["content"], body["encoding"] = "", "none"
		return ok(body)
	}
	body["content"], body["encoding"] = lines(base64.StdEncoding.EncodeToString(content), 60), "base64"
	return ok(body)
}

// blob reads a file. It does not go through run, which trims what git prints.
func (r *Repo) blob(sha string) ([]byte, error) {
	if content, known := r.blobs[sha]; known {
		return content, nil
	}
	content, err := r.object("blob", sha)
	if err != nil {
		if content, err = r.s.git.command(r.dir, "cat-file", "blob", sha).Output(); err != nil {
			return nil, fmt.Errorf("git cat-file: %w", err)
		}
	}
	r.blobs[sha] = content
	return content, nil
}

// lines breaks text as GitHub breaks base64.
func lines(text string, width int) string {
	var b strings.Builder
	for ; len(text) > width; text = text[width:] {
		b.WriteString(text[:width] + "\n")
	}
	if text != "" {
		b.WriteString(text + "\n")
	}
	return b.String()
}

func (r *Repo) entryJSON(e treeEntry, ref, sha string) obj {
	kind := map[string]string{"blob": "file", "tree": "dir", "commit": "submodule"}[e.kind]
	if ref == "" {
		ref = r.defaultBranch
	}
	self := r.api() + "/contents/" + escapePath(e.path) + "?ref=" + url.QueryEscape(ref)
	gitURL, html := fmt.Sprintf("%s/git/%ss/%s", r.api(), e.kind, e.sha), r.html()+"/blob/"+ref+"/"+escapePath(e.path)
	var downloadURL any
	if kind == "file" {
		downloadURL = fmt.Sprintf("%s/_raw/%s/%s/%s", r.s.url, r.FullName(), sha, escapePath(e.path))
	}
	return obj{
		"type": kind, "size": e.size, "name": path.Base(e.path), "path": e.path, "sha": e.sha, "url": self, "git_url": gitURL,
		"html_url": html, "download_url": downloadURL, "_links": obj{"self": self, "git": gitURL, "html": html},
	}
}

// escapePath makes a path fit for a URL and keeps its slashes.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

func getTarball(c *call) answer {
	sha, found := c.repo.resolve(c.vars["ref"])
	if !found {
		return notFound()
	}
	random := make([]byte, 15)
	if _, err := rand.Read(random); err != nil {
		return broken(err)
	}
	ticket := strings.ToUpper(hex.EncodeToString(random))
	c.archives[ticket] = archiveTicket{repo: c.repo, sha: sha, expires: c.now().Add(archiveLife)}
	ref := c.vars["ref"]
	if ref == "" {
		ref = c.repo.defaultBranch
	}
	location := fmt.Sprintf("%s/_codeload/%s/legacy.tar.gz/%s?token=%s", c.url, c.repo.FullName(), escapePath(ref), ticket)
	return answer{status: http.StatusFound, header: http.Header{"Location": {location}}}
}

// download is codeload.github.com: one folder OWNER-REPO-SHORTSHA, made by git.
func download(c *call) answer {
	t, known := c.archives[c.query.Get("token")]
	if !known || !c.now().Before(t.expires) || !strings.EqualFold(t.repo.FullName(), c.vars["owner"]+"/"+c.vars["repo"]) {
		return answer{status: http.StatusNotFound, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte("404: Not Found")}
	}
	folder := fmt.Sprintf("%s-%s-%.7s", t.repo.owner.login, t.repo.name, t.sha)
	return answer{
		status: http.StatusOK,
		header: http.Header{
			"Content-Type":        {"application/x-gzip"},
			"Content-Disposition": {"attachment; filename=" + folder + ".tar.gz"},
		},
		stream: func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				return
			}
			if text, err := t.repo.archive(t.sha, folder); err == nil {
				_, _ = w.Write(text) // whoever asked may be gone
				return
			}
			cmd := c.git.command(t.repo.dir, "archive", "--format=tar.gz", "--prefix="+folder+"/", t.sha)
			cmd.Stdout = w
			if err := cmd.Run(); err != nil {
				panic(http.ErrAbortHandler) // half an archive must not look like a whole one
			}
		},
	}
}

func downloadFile(c *call) answer {
	r := c.repos[strings.ToLower(c.vars["owner"]+"/"+c.vars["repo"])]
	if r == nil || !hexadecimal.MatchString(c.vars["sha"]) {
		return notFound()
	}
	entries, err := r.lsTree(c.vars["sha"], c.vars["path"])
	if err != nil || len(entries) != 1 || entries[0].kind != "blob" {
		return notFound()
	}
	content, err := r.blob(entries[0].sha)
	if err != nil {
		return broken(err)
	}
	return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: content}
}
