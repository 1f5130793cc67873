package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var statusRoutes = []route{
	{"POST", "/repos/{owner}/{repo}/statuses/{sha}", byToken, "statuses:write", createStatus},
	{"GET", "/repos/{owner}/{repo}/commits/{ref...}/status", byToken, "statuses:read", getCombinedStatus},
	{"GET", "/repos/{owner}/{repo}/commits/{ref...}/statuses", byToken, "statuses:read", listStatuses},
	{"GET", "/repos/{owner}/{repo}/statuses/{ref...}", byToken, "statuses:read", listStatuses},
}

// maxStatuses is how many statuses a commit takes for one context.
const maxStatuses = 1000

type commitStatus struct {
	id                                       int64
	sha, context, state, description, target string
	creator                                  string
	when                                     time.Time
}

// Status is what somebody says about a commit under a context.
type Status struct {
	Context, State, Description, TargetURL string
	Creator                                string // login
}

// SetStatus has somebody else, such as a CI, set a status on a commit.
func (r *Repo) SetStatus(sha string, status Status) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	commit, err := r.known(sha)
	if err != nil {
		return fmt.Errorf("set status %s: %w", status.Context, err)
	}
	if status.Creator == "" {
		status.Creator = DefaultUser
	}
	if _, refused := r.setStatus(commit, status); refused {
		return fmt.Errorf("set status %s: GitHub would refuse it: %+v", status.Context, status)
	}
	return nil
}

// Statuses lists a commit's statuses, of each context the latest one.
func (r *Repo) Statuses(sha string) map[string]Status {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	all := map[string]Status{}
	for _, s := range r.latestStatuses(sha) {
		all[s.context] = Status{s.context, s.state, s.description, s.target, s.creator}
	}
	return all
}

// StatusHistory lists every status a commit ever got, oldest first.
func (r *Repo) StatusHistory(sha string) []Status {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var all []Status
	for _, s := range r.statuses {
		if s.sha == sha {
			all = append(all, Status{s.context, s.state, s.description, s.target, s.creator})
		}
	}
	return all
}

// setStatus checks what GitHub checks. The answer counts when refused is true.
func (r *Repo) setStatus(commit Commit, in Status) (refusal answer, refused bool) {
	if !slices.Contains([]string{"error", "failure", "pending", "success"}, in.State) {
		return invalid("Status", "state", "custom", "state is not included in the list"), true
	}
	if utf8.RuneCountInString(in.Description) > 140 {
		return invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)"), true
	}
	if in.TargetURL != "" && !strings.HasPrefix(in.TargetURL, "http://") && !strings.HasPrefix(in.TargetURL, "https://") {
		return invalid("Status", "target_url", "custom", "target_url must use http(s) scheme"), true
	}
	if in.Context == "" {
		in.Context = "default"
	}
	earlier := 0
	for _, s := range r.statuses {
		if s.sha == commit.SHA && strings.EqualFold(s.context, in.Context) {
			earlier++
		}
	}
	if earlier >= maxStatuses {
		return invalid("Status", "context", "custom", "This SHA and context has reached the maximum number of statuses."), true
	}
	status := &commitStatus{
		id: r.s.nextID(), sha: commit.SHA, context: in.Context, state: in.State, description: in.Description,
		target: in.TargetURL, creator: in.Creator, when: r.s.now(),
	}
	r.statuses = append(r.statuses, status)
	if i := r.installation(); i != nil {
		branches := []any{}
		for ref, sha := range r.refs {
			if branch, isBranch := strings.CutPrefix(ref, "refs/heads/"); isBranch && sha == commit.SHA {
				branches = append(branches, obj{
					"name": branch, "protected": r.protections[branch] != nil,
					"commit": obj{"sha": sha, "url": r.api() + "/commits/" + sha},
				})
			}
		}
		r.s.emit(i, r, "status", "", obj{
			"id": status.id, "sha": commit.SHA, "name": r.FullName(), "target_url": orNull(in.TargetURL), "context": in.Context,
			"description": orNull(in.Description), "state": in.State, "commit": r.commitJSON(commit), "branches": branches,
			"created_at": timestamp(status.when), "updated_at": timestamp(status.when),
		}, in.Creator)
	}
	return answer{}, false
}

// latestStatuses are a commit's, of each context the last one set; contexts
// compare without regard to case.
func (r *Repo) latestStatuses(sha string) []*commitStatus {
	var latest []*commitStatus
	for _, s := range slices.Backward(r.statuses) {
		if s.sha == sha && !slices.ContainsFunc(latest, func(l *commitStatus) bool { return strings.EqualFold(l.context, s.context) }) {
			latest = append(latest, s)
		}
	}
	return latest
}

func createStatus(c *call) answer {
	var in struct {
		State       string
		TargetURL   string `json:"target_url"`
		Description string
		Context     string
	}
	if a, ok := c.decode(&in); !ok {
		return a
	}
	sha, found := c.repo.resolve(c.vars["sha"])
	if !found || sha != c.vars["sha"] {
		return noCommit(c.vars["sha"])
	}
	commit, err := c.repo.commit(sha)
	if err != nil {
		return broken(err)
	}
	if a, refused := c.repo.setStatus(commit, Status{in.Context, in.State, in.Description, in.TargetURL, c.botLogin()}); refused {
		return a
	}
	last := c.repo.statuses[len(c.repo.statuses)-1]
	j := c.repo.statusJSON(last)
	j["creator"] = c.userJSON(last.creator)
	return created(j)
}

func listStatuses(c *call) answer {
	sha, found := c.repo.resolve(c.vars["ref"])
	if !found {
		return notFound()
	}
	var all []*commitStatus
	for _, s := range slices.Backward(c.repo.statuses) {
		if s.sha == sha {
			all = append(all, s)
		}
	}
	return list(c, all, func(s *commitStatus) obj {
		j := c.repo.statusJSON(s)
		j["creator"] = c.userJSON(s.creator)
		return j
	})
}

func getCombinedStatus(c *call) answer {
	r := c.repo
	sha, found := r.resolve(c.vars["ref"])
	if !found {
		return notFound()
	}
	latest := r.latestStatuses(sha)
	some, header := page(c, latest)
	all := []any{}
	for _, s := range some {
		all = append(all, r.statusJSON(s))
	}
	return answer{status: http.StatusOK, header: header, body: obj{
		"state": combine(latest), "sha": sha, "total_count": len(latest), "statuses": all, "repository": r.json(),
		"commit_url": r.api() + "/commits/" + sha, "url": r.api() + "/commits/" + sha + "/status",
	}}
}

// combine folds statuses into one state: pending when there are none.
func combine(statuses []*commitStatus) string {
	state := "success"
	if len(statuses) == 0 {
		state = "pending"
	}
	for _, s := range statuses {
		switch s.state {
		case "error", "failure":
			return "failure"
		case "pending":
			state = "pending"
		}
	}
	return state
}

func (r *Repo) statusJSON(s *commitStatus) obj {
	return obj{
		"id": s.id, "node_id": fmt.Sprintf("SC_%d", s.id), "state": s.state, "description": orNull(s.description),
		"target_url": orNull(s.target), "context": s.context, "created_at": timestamp(s.when), "updated_at": timestamp(s.when),
		"url": r.api() + "/statuses/" + s.sha, "avatar_url": fmt.Sprintf("%s/avatars/%d", r.s.url, r.s.account(s.creator, "User").id),
	}
}
