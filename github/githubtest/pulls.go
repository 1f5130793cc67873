package githubtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// issue is what pull requests and plain issues share.
type issue struct {
	number                   int
	title, body, user, state string
	created, updated, closed time.Time
	pull                     *PullRequest // nil for a plain issue
}

// PullRequest is a pull request, from a branch of its own repository or of a
// fork.
type PullRequest struct {
	*issue
	repo, from *Repo
	id         int64
	base, head string // branches
	baseSHA    string // the base's tip when last looked at
	headSHA    string
	draft      bool

	merged      bool
	mergedAt    time.Time
	mergedBy    string
	mergeCommit string // after the merge what landed, before it the test merge

	mergeable *bool // nil: not computed since head or base moved
	unknown   int   // how many more reads answer null
	nameless  bool  // answers do not name the test merge
}

// PullOptions say what pull request to open.
type PullOptions struct {
	Head  string // branch
	From  *Repo  // the fork that the branch is in; nil for the same repository
	Base  string // branch, the default one if empty
	Title string
	Body  string
	User  string // login, DefaultUser if empty
	Draft bool
}

// OpenPull opens a pull request.
func (r *Repo) OpenPull(opts PullOptions) (*PullRequest, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.openPull(opts)
}

func (r *Repo) openPull(opts PullOptions) (*PullRequest, error) {
	if opts.From == nil {
		opts.From = r
	}
	if opts.Base == "" {
		opts.Base = r.defaultBranch
	}
	if opts.User == "" {
		opts.User = DefaultUser
	}
	if opts.Title == "" {
		opts.Title = "Change " + opts.Head
	}
	base, head := r.refs["refs/heads/"+opts.Base], opts.From.refs["refs/heads/"+opts.Head]
	if base == "" || head == "" {
		return nil, fmt.Errorf("open a pull request from %s into %s: there is no such branch", opts.Head, opts.Base)
	}
	for _, p := range r.pulls {
		if p.state == "open" && p.from == opts.From && p.head == opts.Head && p.base == opts.Base {
			return nil, fmt.Errorf("open a pull request from %s into %s: there is one, #%d", opts.Head, opts.Base, p.number)
		}
	}
	p := &PullRequest{
		issue: r.newIssue(opts.Title, opts.Body, opts.User), repo: r, from: opts.From, id: r.s.nextID(),
		base: opts.Base, head: opts.Head, baseSHA: base, draft: opts.Draft,
	}
	p.issue.pull = p
	r.pulls = append(r.pulls, p)
	r.arrived(fmt.Sprint("#", p.number), "")
	if err := p.setHead(head); err != nil {
		return nil, err
	}
	p.emit("opened", nil, opts.User)
	return p, nil
}

func (r *Repo) newIssue(title, body, user string) *issue {
	r.lastNumber++
	r.s.account(user, "User")
	i := &issue{number: r.lastNumber, title: title, body: body, user: user, state: "open", created: r.s.now(), updated: r.s.now()}
	r.issues[i.number] = i
	return i
}

// OpenIssue opens a plain issue and returns its number.
func (r *Repo) OpenIssue(title, user string) int {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.newIssue(title, "", user).number
}

// Pull finds a pull request; nil if there is none of that number.
func (r *Repo) Pull(number int) *PullRequest {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.pull(number)
}

func (r *Repo) pull(number int) *PullRequest {
	if i := r.issues[number]; i != nil {
		return i.pull
	}
	return nil
}

// Number is the pull request's.
func (p *PullRequest) Number() int { return p.number }

// HoldTestMerge has answers say, until it is let go, that the pull request merges, but
// not as which commit: GitHub is late with the test merge.
func (p *PullRequest) HoldTestMerge(hold bool) {
	p.repo.s.mu.Lock()
	defer p.repo.s.mu.Unlock()
	p.nameless = hold
}

// HeadSHA is the commit that would be merged.
func (p *PullRequest) HeadSHA() string {
	p.repo.s.mu.Lock()
	defer p.repo.s.mu.Unlock()
	return p.headSHA
}

// State is open or closed, and whether it is merged.
func (p *PullRequest) State() (state string, merged bool) {
	p.repo.s.mu.Lock()
	defer p.repo.s.mu.Unlock()
	return p.state, p.merged
}

// setHead takes a new head over: refs/pull/N/head follows it, and the test
// merge has to be computed again.
func (p *PullRequest) setHead(sha string) error {
	if p.from != p.repo {
		if _, err := p.repo.s.git.run(p.repo.dir, "fetch", "--quiet", "--no-tags", p.from.dir, "+refs/heads/"+p.head+":"+p.ref("head")); err != nil {
			return fmt.Errorf("take the head of #%d over: %w", p.number, err)
		}
	} else if err := p.repo.setRefFile(p.ref("head"), sha); err != nil {
		return fmt.Errorf("take the head of #%d over: %w", p.number, err)
	}
	p.headSHA, p.updated = sha, p.repo.s.now()
	p.outdate()
	return nil
}

func (p *PullRequest) ref(name string) string { return fmt.Sprintf("refs/pull/%d/%s", p.number, name) }

// outdate has the test merge computed anew, but not before some reads.
func (p *PullRequest) outdate() {
	p.mergeable, p.unknown = nil, p.repo.s.opts.MergeableReads
}

// branchMoved tells pull requests of a branch's new tip.
func (r *Repo) branchMoved(branch string, c refChange, by string) error {
	for _, base := range r.s.repos {
		for _, p := range base.pulls {
			if p.state != "open" {
				continue
			}
			var err error
			switch {
			case p.from == r && p.head == branch && c.after == "":
				p.close(by)
			case p.from == r && p.head == branch && c.after != p.headSHA:
				if err = p.setHead(c.after); err == nil {
					p.emit("synchronize", obj{"before": shaOrZero(c.before), "after": c.after}, by)
				}
			case p.repo == r && p.base == branch && c.after != "":
				err = p.baseMoved(c.after, by)
			}
			if err != nil {
				return err
			}
		}
	}
	i := r.installation()
	if i != nil && i.permissions["checks"] == "write" && c.after != "" {
		// GitHub opens a suite for every App that may write checks.
		if _, err := r.checkSuite(c.after, r.s.app.slug); err != nil {
			return err
		}
	}
	return nil
}

// baseMoved notices that the head has landed by a push, which merges the pull
// request.
func (p *PullRequest) baseMoved(sha, by string) error {
	p.baseSHA = sha
	p.outdate()
	landed, err := p.repo.contains(p.headSHA, sha)
	if err != nil || !landed {
		return err
	}
	p.setMerged(sha, by)
	return nil
}

func (p *PullRequest) setMerged(sha, by string) {
	p.merged, p.mergedAt, p.mergedBy, p.mergeCommit = true, p.repo.s.now(), by, sha
	p.close(by)
}

// Close closes the pull request without merging it.
func (p *PullRequest) Close() error {
	p.repo.s.mu.Lock()
	defer p.repo.s.mu.Unlock()
	if p.state != "open" {
		return fmt.Errorf("close #%d: it is closed", p.number)
	}
	p.close(DefaultUser)
	return nil
}

func (p *PullRequest) close(by string) {
	p.state, p.closed, p.updated = "closed", p.repo.s.now(), p.repo.s.now()
	p.emit("closed", nil, by)
}

// Reopen opens a closed pull request again.
func (p *PullRequest) Reopen() error {
	p.repo.s.mu.Lock()
	defer p.repo.s.mu.Unlock()
	sha := p.from.refs["refs/heads/"+p.head]
	if p.state == "open" || p.merged || sha == "" {
		return fmt.Errorf("reopen #%d: it is open, merged, or its branch is gone", p.number)
	}
	p.state, p.closed, p.updated = "open", time.Time{}, p.repo.s.now()
	if err := p.setHead(sha); err != nil {
		return err
	}
	p.emit("reopened", nil, DefaultUser)
	return nil
}

func (p *PullRequest) emit(action string, more obj, by string) {
	i := p.repo.installation()
	if i == nil {
		return
	}
	payload := obj{"number": p.number, "pull_request": p.fullJSON()}
	for k, v := range more {
		payload[k] = v
	}
	p.repo.s.emit(i, p.repo, "pull_request", action, payload, by)
}

// pullsAt lists pull requests of this repository's own branches whose head a
// commit is; forks' are never among them.
func (r *Repo) pullsAt(sha string) []*PullRequest {
	var at []*PullRequest
	for _, p := range r.pulls {
		if p.from == r && p.state == "open" && p.headSHA == sha {
			at = append(at, p)
		}
	}
	return at
}

// pullsAtJSON is the short list in check suites and runs.
func (r *Repo) pullsAtJSON(sha string) []any {
	all := []any{}
	for _, p := range r.pullsAt(sha) {
		repo := obj{"id": r.id, "url": r.api(), "name": r.name}
		all = append(all, obj{
			"id": p.id, "number": p.number, "url": p.api(), "head": obj{"ref": p.head, "sha": p.headSHA, "repo": repo},
			"base": obj{"ref": p.base, "sha": p.baseSHA, "repo": repo},
		})
	}
	return all
}

func (p *PullRequest) api() string  { return fmt.Sprintf("%s/pulls/%d", p.repo.api(), p.number) }
func (p *PullRequest) html() string { return fmt.Sprintf("%s/pull/%d", p.repo.html(), p.number) }

// json is a pull request as lists show it.
func (p *PullRequest) json() obj {
	r := p.repo
	issueURL := fmt.Sprintf("%s/issues/%d", r.api(), p.number)
	side := func(repo *Repo, branch, sha string) obj {
		return obj{
			"label": repo.owner.login + ":" + branch, "ref": branch, "sha": sha, "repo": repo.json(), "user": r.s.userJSON(repo.owner.login),
		}
	}
	statuses := r.api() + "/statuses/" + p.headSHA
	links := obj{}
	for name, href := range map[string]string{
		"self": p.api(), "html": p.html(), "issue": issueURL, "comments": issueURL + "/comments", "review_comments": p.api() + "/comments",
		"review_comment": r.api() + "/pulls/comments{/number}", "commits": p.api() + "/commits", "statuses": statuses,
	} {
		links[name] = obj{"href": href}
	}
	return obj{
		"url": p.api(), "id": p.id, "node_id": fmt.Sprintf("PR_%d", p.id), "html_url": p.html(), "diff_url": p.html() + ".diff",
		"patch_url": p.html() + ".patch", "issue_url": issueURL, "commits_url": p.api() + "/commits",
		"review_comments_url": p.api() + "/comments", "review_comment_url": r.api() + "/pulls/comments{/number}",
		"comments_url": issueURL + "/comments", "statuses_url": statuses, "number": p.number, "state": p.state, "locked": false,
		"title": p.title, "user": r.s.userJSON(p.user), "body": orNull(p.body), "labels": []any{}, "milestone": nil,
		"created_at": timestamp(p.created), "updated_at": timestamp(p.updated), "closed_at": timestamp(p.closed),
		"merged_at": timestamp(p.mergedAt), "merge_commit_sha": orNull(p.mergeCommit), "assignee": nil, "assignees": []any{},
		"requested_reviewers": []any{}, "requested_teams": []any{}, "draft": p.draft, "auto_merge": nil, "active_lock_reason": nil,
		"head": side(p.from, p.head, p.headSHA), "base": side(r, p.base, p.baseSHA), "_links": links,
		"author_association": r.association(p.user),
	}
}

// fullJSON is a pull request as it is answered alone, and in events.
func (p *PullRequest) fullJSON() obj {
	j := p.json()
	state := "unknown"
	var mergeable, mergedBy any
	switch {
	case p.merged:
	case p.mergeable == nil:
		j["merge_commit_sha"] = nil
	case *p.mergeable:
		mergeable, state = true, "clean"
		if p.nameless {
			j["merge_commit_sha"] = nil
		}
	default:
		mergeable, state = false, "dirty"
		j["merge_commit_sha"] = nil
	}
	if p.mergedBy != "" {
		mergedBy = p.repo.s.userJSON(p.mergedBy)
	}
	commits, files := p.size()
	added, deleted := 0, 0
	for _, f := range files {
		added, deleted = added+f.added, deleted+f.deleted
	}
	comments := 0
	for _, c := range p.repo.comments {
		if c.issue == p.issue {
			comments++
		}
	}
	for k, v := range (obj{
		"merged": p.merged, "mergeable": mergeable, "rebaseable": mergeable, "mergeable_state": state, "merged_by": mergedBy,
		"comments": comments, "review_comments": 0, "maintainer_can_modify": false, "commits": commits, "additions": added,
		"deletions": deleted, "changed_files": len(files),
	}) {
		j[k] = v
	}
	return j
}

// size counts a pull request's commits and lists its files; none when the two
// sides have nothing in common.
func (p *PullRequest) size() (int, []changedFile) {
	r := p.repo
	base, err := r.mergeBase(p.baseSHA, p.headSHA)
	if err != nil {
		return 0, nil
	}
	if own, err := r.line(p.headSHA, base); err == nil {
		files, err := r.diff(base, p.headSHA)
		if err != nil {
			return 0, nil
		}
		return len(own), files
	}
	commits, err := r.s.git.run(r.dir, "rev-list", p.headSHA, "^"+base)
	if err != nil {
		return 0, nil
	}
	files, err := r.diff(base, p.headSHA)
	if err != nil {
		return 0, nil
	}
	return len(strings.Fields(commits)), files
}

// byNumber sorts newest first, as GitHub lists pull requests.
func byNumber(pulls []*PullRequest) []*PullRequest {
	pulls = slices.Clone(pulls)
	slices.SortFunc(pulls, func(a, b *PullRequest) int { return b.number - a.number })
	return pulls
}
