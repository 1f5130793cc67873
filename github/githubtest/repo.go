package githubtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

var repoRoutes = []route{
	{"GET", "/repos/{owner}/{repo}", byToken, "metadata:read", func(c *call) answer { return ok(c.repo.fullJSON()) }},
}

// Repo is a repository: a bare git repository on disk, and all that GitHub
// keeps around it.
type Repo struct {
	s             *Server
	id            int64
	owner         *account
	name          string
	dir           string
	defaultBranch string
	public        bool
	notInstalled  bool
	parent        *Repo // of a fork
	created       time.Time
	pushed        time.Time

	young map[string]born // by what it is called: what the API may not know yet

	refs    map[string]string      // every ref but refs/pull/*, as it is known to have been announced
	commits map[string]Commit      // what was read of the object store, as are trees and blobs
	trees   map[string][]treeEntry // by SHA and path
	blobs   map[string][]byte
	roles   map[string]string // by lower-case login
	signed  map[string]bool   // commits whose signature GitHub verifies

	lastNumber  int // of issues and pull requests
	issues      map[int]*issue
	pulls       []*PullRequest
	comments    []*comment
	suites      []*CheckSuite
	statuses    []*commitStatus
	deployments []*deployment
	rules       map[string][]Rule // by branch
	protections map[string]*protection
}

// RepoOptions say what kind of repository to make.
type RepoOptions struct {
	DefaultBranch string // main if empty
	Public        bool
	NotInstalled  bool // the App may not look at it and gets no events of it
	User          bool // the owner is a person, if it is new; otherwise an organization
}

// CreateRepo makes an empty repository, named "owner/name". If the account is
// new, the App is installed on it.
func (s *Server) CreateRepo(fullName string, opts RepoOptions) (*Repo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.createRepo(fullName, opts)
}

func (s *Server) createRepo(fullName string, opts RepoOptions) (*Repo, error) {
	owner, name, ok := strings.Cut(fullName, "/")
	if !ok || !goodName(owner) || !goodName(name) {
		return nil, fmt.Errorf("create repository %q: want owner/name", fullName)
	}
	if s.repos[strings.ToLower(fullName)] != nil {
		return nil, fmt.Errorf("create repository %s: it exists", fullName)
	}
	kind := "Organization"
	if opts.User {
		kind = "User"
	}
	if opts.DefaultBranch == "" {
		opts.DefaultBranch = "main"
	}
	id := s.nextID()
	dir := filepath.Join(s.dir, "repos", owner, name+".git")
	if _, err := os.Stat(dir); err == nil { // of one that was renamed or deleted
		dir = filepath.Join(s.dir, "repos", owner, fmt.Sprintf("%s-%d.git", name, id))
	}
	r := &Repo{
		s: s, id: id, owner: s.account(owner, kind), name: name, dir: dir,
		defaultBranch: opts.DefaultBranch, public: opts.Public, notInstalled: opts.NotInstalled, created: s.now(), pushed: s.now(),
		refs: map[string]string{}, commits: map[string]Commit{}, trees: map[string][]treeEntry{}, blobs: map[string][]byte{}, roles: map[string]string{}, issues: map[int]*issue{},
		rules: map[string][]Rule{}, protections: map[string]*protection{},
	}
	if err := r.init(); err != nil {
		return nil, fmt.Errorf("create repository %s: %w", fullName, err)
	}
	s.repos[strings.ToLower(fullName)] = r
	delete(s.moved, strings.ToLower(fullName)) // nobody is redirected from here any more
	if opts.NotInstalled {
		return r, nil
	}
	if i, err := s.installationOf(owner); err == nil {
		s.emit(i, nil, "installation_repositories", "added", obj{
			"installation": s.installationEventJSON(i), "repository_selection": "all", "requester": nil,
			"repositories_added": []any{r.shortJSON()}, "repositories_removed": []any{},
		}, owner)
	} else {
		s.install(r.owner)
	}
	return r, nil
}

func goodName(s string) bool {
	return s != "" && s != "." && s != ".." && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}

// ImportRepo makes a repository of a local git repository's branches and tags,
// without a push event. The branch that is checked out there becomes the
// default one; a detached HEAD becomes main.
func (s *Server) ImportRepo(fullName, path string) (*Repo, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", fullName, err)
	}
	if _, err := s.git.run(path, "rev-parse", "--git-dir"); err != nil {
		return nil, fmt.Errorf("import %s: %s is no git repository: %w", fullName, path, err)
	}
	specs := []string{"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}
	branch, err := s.git.run(path, "symbolic-ref", "--quiet", "--short", "HEAD")
	if err != nil {
		branch, specs = "main", append(specs[1:], "+HEAD:refs/heads/main")
	}
	if _, err := s.git.run(path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"); err != nil {
		return nil, fmt.Errorf("import %s: %s has no commit yet", fullName, path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.createRepo(fullName, RepoOptions{DefaultBranch: branch})
	if err != nil {
		return nil, err
	}
	if _, err := s.git.run(r.dir, append([]string{"fetch", "--quiet", "--no-tags", "--update-shallow", path}, specs...)...); err != nil {
		return nil, errors.Join(fmt.Errorf("import %s: %w", fullName, err), s.forget(r))
	}
	r.refs, err = r.readRefs()
	return r, err
}

func (s *Server) forget(r *Repo) error {
	delete(s.repos, strings.ToLower(r.FullName()))
	return os.RemoveAll(r.dir)
}

// Fork makes a copy of the repository in another person's account, where the
// App is not installed.
func (r *Repo) Fork(login string) (*Repo, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	f, err := r.s.createRepo(login+"/"+r.name, RepoOptions{
		DefaultBranch: r.defaultBranch, Public: r.public, NotInstalled: true, User: true,
	})
	if err != nil {
		return nil, err
	}
	f.parent = r
	if _, err := r.s.git.run(f.dir, "fetch", "--quiet", "--no-tags", r.dir, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"); err != nil {
		return nil, fmt.Errorf("fork %s: %w", r.FullName(), err)
	}
	f.refs, err = f.readRefs()
	return f, err
}

// Repo finds a repository by its full name; nil if there is none.
func (s *Server) Repo(fullName string) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.repos[strings.ToLower(fullName)]
}

// reposOf lists what an installation reaches, by name.
func (s *Server) reposOf(i *Installation) []*Repo {
	var repos []*Repo
	for _, r := range s.repos {
		if i.reaches(r) {
			repos = append(repos, r)
		}
	}
	sort.Slice(repos, func(a, b int) bool { return repos[a].name < repos[b].name })
	return repos
}

// installation that the App sees the repository through; nil if none.
func (r *Repo) installation() *Installation {
	for _, i := range r.s.installations {
		if i.reaches(r) {
			return i
		}
	}
	return nil
}

// ID is the repository's number.
func (r *Repo) ID() int64 { return r.id }

// FullName is "owner/name".
func (r *Repo) FullName() string { return r.owner.login + "/" + r.name }

// DefaultBranch is where pushes normally go.
func (r *Repo) DefaultBranch() string { return r.defaultBranch }

// CloneURL is what `git clone` takes.
func (r *Repo) CloneURL() string { return r.s.url + "/" + r.FullName() + ".git" }

// Dir is the bare repository on disk.
func (r *Repo) Dir() string { return r.dir }

// Head is the commit at a branch's tip; "" if there is no such branch.
func (r *Repo) Head(branch string) string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.refs["refs/heads/"+branch]
}

// readRefs reads all refs but those of pull requests from disk.
func (r *Repo) readRefs() (map[string]string, error) {
	out, err := r.s.git.run(r.dir, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
	if err != nil {
		return nil, err
	}
	refs := map[string]string{}
	for _, line := range strings.Split(out, "\n") {
		if sha, ref, ok := strings.Cut(line, " "); ok {
			refs[ref] = sha
		}
	}
	return refs, nil
}

func (r *Repo) api() string  { return r.s.api + "/repos/" + r.FullName() }
func (r *Repo) html() string { return r.s.url + "/" + r.FullName() }

// shortJSON is how installation events name a repository.
func (r *Repo) shortJSON() obj {
	return obj{
		"id": r.id, "node_id": fmt.Sprintf("R_%d", r.id), "name": r.name, "full_name": r.FullName(), "private": !r.public,
	}
}

// json is the repository as most answers and events hold it.
func (r *Repo) json() obj {
	api := r.api()
	visibility := "private"
	if r.public {
		visibility = "public"
	}
	j := r.shortJSON()
	for name, suffix := range map[string]string{
		"forks": "/forks", "keys": "/keys{/key_id}", "collaborators": "/collaborators{/collaborator}", "teams": "/teams",
		"hooks": "/hooks", "issue_events": "/issues/events{/number}", "events": "/events", "assignees": "/assignees{/user}",
		"branches": "/branches{/branch}", "tags": "/tags", "blobs": "/git/blobs{/sha}", "git_tags": "/git/tags{/sha}",
		"git_refs": "/git/refs{/sha}", "trees": "/git/trees{/sha}", "statuses": "/statuses/{sha}", "languages": "/languages",
		"stargazers": "/stargazers", "contributors": "/contributors", "subscribers": "/subscribers", "subscription": "/subscription",
		"commits": "/commits{/sha}", "git_commits": "/git/commits{/sha}", "comments": "/comments{/number}",
		"issue_comment": "/issues/comments{/number}", "contents": "/contents/{+path}", "compare": "/compare/{base}...{head}",
		"merges": "/merges", "archive": "/{archive_format}{/ref}", "downloads": "/downloads", "issues": "/issues{/number}",
		"pulls": "/pulls{/number}", "milestones": "/milestones{/number}", "notifications": "/notifications{?since,all,participating}",
		"labels": "/labels{/name}", "releases": "/releases{/id}", "deployments": "/deployments",
	} {
		j[name+"_url"] = api + suffix
	}
	open := 0
	for _, p := range r.pulls {
		if p.state == "open" {
			open++
		}
	}
	for k, v := range (obj{
		"owner": r.s.userJSON(r.owner.login), "html_url": r.html(), "url": api, "description": nil, "fork": r.parent != nil,
		"created_at": timestamp(r.created), "updated_at": timestamp(r.pushed), "pushed_at": timestamp(r.pushed),
		"git_url": strings.Replace(r.CloneURL(), "http", "git", 1), "ssh_url": "git@127.0.0.1:" + r.FullName() + ".git",
		"clone_url": r.CloneURL(), "svn_url": r.html(), "homepage": nil, "size": 1, "stargazers_count": 0, "watchers_count": 0,
		"language": nil, "has_issues": true, "has_projects": true, "has_downloads": true, "has_wiki": true, "has_pages": false,
		"has_discussions": false, "forks_count": 0, "mirror_url": nil, "archived": false, "disabled": false,
		"open_issues_count": open, "license": nil, "allow_forking": true, "is_template": false, "topics": []string{},
		"web_commit_signoff_required": false, "visibility": visibility, "forks": 0, "open_issues": open, "watchers": 0,
		"default_branch": r.defaultBranch, "allow_merge_commit": true, "allow_squash_merge": true, "allow_rebase_merge": true,
		"delete_branch_on_merge": false,
	}) {
		j[k] = v
	}
	return j
}

func (r *Repo) fullJSON() obj {
	j := r.json()
	j["network_count"], j["subscribers_count"] = 0, 0
	if r.parent != nil {
		j["parent"], j["source"] = r.parent.json(), r.parent.json()
	}
	return j
}
