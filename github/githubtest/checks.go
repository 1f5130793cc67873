package githubtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ActionsApp is the slug of GitHub Actions, the App that most checks come from.
const ActionsApp = "github-actions"

// CheckSuite is what one App has to say about one commit.
type CheckSuite struct {
	repo             *Repo
	id               int64
	app              string // slug
	sha, branch      string // branch is "" for a fork's commit
	before           string
	status           string
	conclusion       string
	created, updated time.Time
	runs             []*CheckRun
}

// CheckRun is one check of a suite.
type CheckRun struct {
	suite              *CheckSuite
	id                 int64
	name               string
	status             string
	conclusion         string
	started, completed time.Time
	detailsURL         string
	externalID         string
	title, summary     string
	text               string
	actions            []any
}

// CheckSuite opens a suite of an App on a commit. One that never gets a run
// stays queued for ever.
func (r *Repo) CheckSuite(sha, app string) (*CheckSuite, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.checkSuite(sha, app)
}

func (r *Repo) checkSuite(sha, app string) (*CheckSuite, error) {
	commit, err := r.known(sha)
	if err != nil {
		return nil, fmt.Errorf("open a check suite: %w", err)
	}
	s := &CheckSuite{
		repo: r, id: r.s.nextID(), app: app, sha: commit.SHA, branch: r.branchAt(commit.SHA), status: "queued",
		before: zeroSHA, created: r.s.now(), updated: r.s.now(),
	}
	if len(commit.Parents) > 0 {
		s.before = commit.Parents[0]
	}
	r.suites = append(r.suites, s)
	if app == r.s.app.slug {
		s.emit("requested") // others' requests go to them alone
	}
	return s, nil
}

// known reads the commit that a ref means.
func (r *Repo) known(ref string) (Commit, error) {
	sha, found := r.resolve(ref)
	if !found {
		return Commit{}, fmt.Errorf("there is no commit %s in %s", ref, r.FullName())
	}
	return r.commit(sha)
}

// branchAt is the branch whose tip a commit is, the default one if there are
// several; "" if none.
func (r *Repo) branchAt(sha string) string {
	if r.refs["refs/heads/"+r.defaultBranch] == sha {
		return r.defaultBranch
	}
	var at []string
	for ref, tip := range r.refs {
		if branch, isBranch := strings.CutPrefix(ref, "refs/heads/"); isBranch && tip == sha {
			at = append(at, branch)
		}
	}
	slices.Sort(at)
	return append(at, "")[0]
}

// CheckRun queues a check of GitHub Actions on a commit, in the suite that is
// there or in a new one.
func (r *Repo) CheckRun(sha, name string) (*CheckRun, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	commit, err := r.known(sha)
	if err != nil {
		return nil, fmt.Errorf("queue check %s: %w", name, err)
	}
	for _, s := range r.suites {
		if s.app == ActionsApp && s.sha == commit.SHA {
			return s.queue(name), nil
		}
	}
	s, err := r.checkSuite(sha, ActionsApp)
	if err != nil {
		return nil, err
	}
	return s.queue(name), nil
}

// Check has a check of GitHub Actions come to a conclusion at once.
func (r *Repo) Check(sha, name, conclusion string) error {
	run, err := r.CheckRun(sha, name)
	if err != nil {
		return err
	}
	return run.Complete(conclusion)
}

// Run queues a check in this suite.
func (s *CheckSuite) Run(name string) *CheckRun {
	s.repo.s.mu.Lock()
	defer s.repo.s.mu.Unlock()
	return s.queue(name)
}

func (s *CheckSuite) queue(name string) *CheckRun {
	run := &CheckRun{suite: s, id: s.repo.s.nextID(), name: name, status: "queued"}
	s.runs = append(s.runs, run)
	s.update()
	run.emit("created")
	return run
}

// ID is the suite's number.
func (s *CheckSuite) ID() int64 { return s.id }

// ID is the run's number.
func (r *CheckRun) ID() int64 { return r.id }

// Start says that the check runs now. GitHub sends no event for that.
func (r *CheckRun) Start() {
	r.suite.repo.s.mu.Lock()
	defer r.suite.repo.s.mu.Unlock()
	r.status, r.started = "in_progress", r.suite.repo.s.now()
	r.suite.update()
}

// conclusions that a check can come to.
var conclusions = []string{
	"success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure",
}

// Complete ends the check. With the last of its suite, the suite completes too.
func (r *CheckRun) Complete(conclusion string) error {
	if !slices.Contains(conclusions, conclusion) {
		return fmt.Errorf("complete check %s: there is no conclusion %q", r.name, conclusion)
	}
	s := r.suite.repo.s
	s.mu.Lock()
	defer s.mu.Unlock()
	r.complete(conclusion)
	return nil
}

func (r *CheckRun) complete(conclusion string) {
	if r.started.IsZero() {
		r.started = r.suite.repo.s.now()
	}
	r.status, r.conclusion, r.completed = "completed", conclusion, r.suite.repo.s.now()
	r.suite.update()
	r.emit("completed")
	if r.suite.status == "completed" {
		r.suite.emit("completed")
	}
}

// Rerun makes a new run of the same name in the same suite, which is no longer
// complete then.
func (r *CheckRun) Rerun() *CheckRun { return r.suite.Run(r.name) }

// latest runs of a suite: of each name the newest.
func (s *CheckSuite) latest() []*CheckRun {
	var newest []*CheckRun
	for _, run := range s.runs {
		if i := slices.IndexFunc(newest, func(r *CheckRun) bool { return r.name == run.name }); i >= 0 {
			newest[i] = run
		} else {
			newest = append(newest, run)
		}
	}
	return newest
}

// update derives the suite's status and conclusion from its runs.
func (s *CheckSuite) update() {
	s.updated = s.repo.s.now()
	// What a suite concludes is the worst of what its runs do.
	worst, best := -1, []string{"skipped", "neutral", "success", "stale", "cancelled", "action_required", "startup_failure", "timed_out", "failure"}
	s.status, s.conclusion = "completed", ""
	for _, run := range s.latest() {
		if run.status != "completed" {
			if s.status != "in_progress" {
				s.status = run.status
			}
			continue
		}
		if s.status == "queued" {
			s.status = "in_progress"
		}
		worst = max(worst, slices.Index(best, run.conclusion))
	}
	if s.status == "completed" && worst >= 0 {
		s.conclusion = best[worst]
	}
	if len(s.runs) == 0 {
		s.status = "queued"
	}
}

func (s *CheckSuite) emit(action string) {
	if i := s.repo.installation(); i != nil {
		s.repo.s.emit(i, s.repo, "check_suite", action, obj{"check_suite": s.json()}, s.app+"[bot]")
	}
}

func (r *CheckRun) emit(action string) {
	if i := r.suite.repo.installation(); i != nil {
		j := r.json()
		suite := r.suite.json()
		delete(suite, "head_commit")
		delete(suite, "repository")
		j["check_suite"] = suite
		r.suite.repo.s.emit(i, r.suite.repo, "check_run", action, obj{"check_run": j}, r.suite.app+"[bot]")
	}
}

func (s *CheckSuite) json() obj {
	r := s.repo
	url := fmt.Sprintf("%s/check-suites/%d", r.api(), s.id)
	j := obj{
		"id": s.id, "node_id": fmt.Sprintf("CS_%d", s.id), "head_branch": orNull(s.branch), "head_sha": s.sha, "status": s.status,
		"conclusion": orNull(s.conclusion), "url": url, "before": s.before, "after": s.sha, "pull_requests": r.pullsAtJSON(s.sha),
		"app": r.s.appJSON(s.app), "created_at": timestamp(s.created), "updated_at": timestamp(s.updated),
		"latest_check_runs_count": len(s.latest()), "check_runs_url": url + "/check-runs", "repository": r.json(),
		"rerequestable": true, "runs_rerequestable": true,
	}
	if c, err := r.commit(s.sha); err == nil { // it was there when the suite was opened
		j["head_commit"] = simpleCommitJSON(c)
	}
	return j
}

// simpleCommitJSON is the head_commit of check suites.
func simpleCommitJSON(c Commit) obj {
	return obj{
		"id": c.SHA, "tree_id": c.Tree, "message": c.Message, "timestamp": timestamp(c.Committer.When),
		"author":    obj{"name": c.Author.Name, "email": c.Author.Email},
		"committer": obj{"name": c.Committer.Name, "email": c.Committer.Email},
	}
}

func (r *CheckRun) json() obj {
	repo := r.suite.repo
	url := fmt.Sprintf("%s/check-runs/%d", repo.api(), r.id)
	html := fmt.Sprintf("%s/runs/%d", repo.html(), r.id)
	details := r.detailsURL
	if details == "" {
		details = html
	}
	return obj{
		"id": r.id, "node_id": fmt.Sprintf("CR_%d", r.id), "head_sha": r.suite.sha, "name": r.name, "external_id": r.externalID,
		"url": url, "html_url": html, "details_url": details, "status": r.status, "conclusion": orNull(r.conclusion),
		"started_at": timestamp(r.started), "completed_at": timestamp(r.completed), "check_suite": obj{"id": r.suite.id},
		"output": obj{
			"title": orNull(r.title), "summary": orNull(r.summary), "text": orNull(r.text), "annotations_count": 0,
			"annotations_url": url + "/annotations",
		},
		"app": repo.s.appJSON(r.suite.app), "pull_requests": repo.pullsAtJSON(r.suite.sha),
	}
}
