package githubtest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

var commitRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/commits", byToken, "contents:read", listCommits},
	{"GET", "/repos/{owner}/{repo}/commits/{ref...}", byToken, "contents:read", getCommit},
	{"GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", byToken, "contents:read", getGitCommit},
	{"GET", "/repos/{owner}/{repo}/git/ref/{ref...}", byToken, "contents:read", getRef},
}

var (
	hexadecimal = regexp.MustCompile(`^[0-9a-f]{4,40}$`)
	fullSHA     = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// resolve finds the commit that a SHA, branch, tag or full ref means.
func (r *Repo) resolve(ref string) (string, bool) {
	if ref == "" || ref == "HEAD" {
		ref = "refs/heads/" + r.defaultBranch
	}
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/", ""} {
		if sha := r.refs[prefix+ref]; sha != "" {
			return r.peel(sha)
		}
	}
	if _, known := r.commits[ref]; known {
		return ref, true
	}
	if number := 0; strings.Contains(ref, "pull/") {
		ref = "refs/" + strings.TrimPrefix(ref, "refs/")
		if n, _ := fmt.Sscanf(ref, "refs/pull/%d/merge", &number); n == 1 {
			if p := r.pull(number); p != nil {
				_ = p.computeMerge() // what cannot be merged has no such ref
			}
		}
		return r.peel(ref)
	}
	if !hexadecimal.MatchString(ref) {
		return "", false
	}
	return r.peel(ref)
}

// peel asks git for the commit behind a name.
func (r *Repo) peel(name string) (string, bool) {
	if _, known := r.commits[name]; known {
		return name, true
	}
	if at, err := r.readRefFile(name); err == nil {
		name = at
	}
	if _, err := r.object("commit", name); err == nil {
		return name, true
	}
	sha, err := r.s.git.run(r.dir, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil || !hexadecimal.MatchString(sha) {
		return "", false
	}
	return sha, true
}

// commit reads a commit that exists.
func (r *Repo) commit(sha string) (Commit, error) {
	if c, known := r.commits[sha]; known {
		return c, nil
	}
	if c, err := r.whole(sha); err == nil {
		r.commits[sha] = c
		return c, nil
	}
	commits, err := r.s.git.log(r.dir, "--max-count=1", sha)
	if err != nil {
		return Commit{}, err
	}
	if len(commits) != 1 {
		return Commit{}, fmt.Errorf("there is no commit %s", sha)
	}
	r.commits[commits[0].SHA] = commits[0]
	return commits[0], nil
}

// LookUp reads the commit that a SHA, branch, tag or ref (also
// pull/NUMBER/head and pull/NUMBER/merge) means.
func (r *Repo) LookUp(ref string) (Commit, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	sha, found := r.resolve(ref)
	if !found {
		return Commit{}, fmt.Errorf("there is no commit %s", ref)
	}
	return r.commit(sha)
}

func noCommit(ref string) answer {
	return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+ref)
}

func getCommit(c *call) answer {
	sha, found := c.repo.resolve(c.vars["ref"])
	if !found {
		return noCommit(c.vars["ref"])
	}
	commit, err := c.repo.commit(sha)
	if err != nil {
		return broken(err)
	}
	if strings.Contains(c.r.Header.Get("Accept"), "application/vnd.github.sha") {
		return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/vnd.github.sha; charset=utf-8"}}, body: []byte(sha)}
	}
	body := c.repo.commitJSON(commit)
	base := emptyTree
	if len(commit.Parents) > 0 {
		base = commit.Parents[0]
	}
	files, err := c.repo.diff(base, sha)
	if err != nil {
		return broken(err)
	}
	added, deleted := 0, 0
	for _, f := range files {
		added, deleted = added+f.added, deleted+f.deleted
	}
	some, header := page(c, files)
	body["files"] = c.repo.filesJSON(some, sha)
	body["stats"] = obj{"additions": added, "deletions": deleted, "total": added + deleted}
	return answer{status: http.StatusOK, header: header, body: body}
}

func listCommits(c *call) answer {
	r := c.repo
	ref := c.query.Get("sha")
	sha, found := r.resolve(ref)
	if !found {
		if ref == "" {
			return fail(http.StatusConflict, "Git Repository is empty.")
		}
		return notFound()
	}
	args := []string{sha}
	for parameter, option := range map[string]string{"since": "--since=", "until": "--until="} {
		if v := c.query.Get(parameter); v != "" {
			args = append([]string{option + v}, args...)
		}
	}
	if path := c.query.Get("path"); path != "" {
		args = append(args, "--", path)
	}
	commits, err := r.s.git.log(r.dir, args...)
	if err != nil {
		return broken(err)
	}
	return list(c, byAuthor(commits, c.query), r.commitJSON)
}

func getGitCommit(c *call) answer {
	sha, found := c.repo.resolve(c.vars["commit_sha"])
	if !found || sha != c.vars["commit_sha"] {
		return notFound()
	}
	commit, err := c.repo.commit(sha)
	if err != nil {
		return broken(err)
	}
	api := c.repo.api()
	return ok(obj{
		"sha": sha, "node_id": "C_" + sha, "url": api + "/git/commits/" + sha, "html_url": c.repo.html() + "/commit/" + sha,
		"author": commit.Author.json(), "committer": commit.Committer.json(), "message": commit.Message,
		"tree":    obj{"sha": commit.Tree, "url": api + "/git/trees/" + commit.Tree},
		"parents": c.repo.parentsJSON(commit, "/git/commits/"), "verification": c.repo.verification(sha),
	})
}

func getRef(c *call) answer {
	ref := "refs/" + c.vars["ref"]
	sha := c.repo.refs[ref]
	if strings.HasPrefix(ref, "refs/pull/") {
		sha, _ = c.repo.resolve(ref)
	}
	if sha == "" {
		return notFound()
	}
	kind := "commit"
	if _, err := c.repo.object(kind, sha); err != nil {
		if kind, err = c.repo.s.git.run(c.repo.dir, "cat-file", "-t", sha); err != nil {
			return broken(err)
		}
	}
	return ok(obj{
		"ref": ref, "node_id": "REF_" + ref, "url": c.repo.api() + "/git/" + ref,
		"object": obj{"sha": sha, "type": kind, "url": fmt.Sprintf("%s/git/%ss/%s", c.repo.api(), kind, sha)},
	})
}

func (g Signature) json() obj {
	return obj{"name": g.Name, "email": g.Email, "date": timestamp(g.When)}
}

func (r *Repo) parentsJSON(c Commit, path string) []any {
	parents := []any{}
	for _, p := range c.Parents {
		parents = append(parents, obj{"sha": p, "url": r.api() + path + p, "html_url": r.html() + "/commit/" + p})
	}
	return parents
}

// commitJSON is a commit as the commits API and status events show it.
func (r *Repo) commitJSON(c Commit) obj {
	user := func(g Signature) any {
		if login := g.login(); login != "" {
			return r.s.userJSON(login)
		}
		return nil
	}
	url := r.api() + "/commits/" + c.SHA
	return obj{
		"sha": c.SHA, "node_id": "C_" + c.SHA, "url": url, "html_url": r.html() + "/commit/" + c.SHA, "comments_url": url + "/comments",
		"commit": obj{
			"author": c.Author.json(), "committer": c.Committer.json(), "message": c.Message, "comment_count": 0,
			"tree": obj{"sha": c.Tree, "url": r.api() + "/git/trees/" + c.Tree},
			"url":  r.api() + "/git/commits/" + c.SHA, "verification": r.verification(c.SHA),
		},
		"author": user(c.Author), "committer": user(c.Committer), "parents": r.parentsJSON(c, "/commits/"),
	}
}
