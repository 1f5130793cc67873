package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var deploymentRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/deployments", byToken, "deployments:read", listDeployments},
	{"POST", "/repos/{owner}/{repo}/deployments", byToken, "deployments:write", createDeployment},
	{"GET", "/repos/{owner}/{repo}/deployments/{deployment_id}", byToken, "deployments:read", getDeployment},
	{"GET", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", byToken, "deployments:read", listDeploymentStatuses},
	{"POST", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", byToken, "deployments:write", createDeploymentStatus},
}

type deployment struct {
	repo                           *Repo
	id                             int64
	sha, ref, task, environment    string
	original, description, creator string
	payload                        json.RawMessage
	transient, production          bool
	created, updated               time.Time
	statuses                       []*deploymentStatus // oldest first
}

type deploymentStatus struct {
	deployment                        *deployment
	id                                int64
	state, description, environment   string
	environmentURL, logURL, targetURL string
	creator                           string
	created                           time.Time
}

// Deployment is a deployment as the App made it.
type Deployment struct {
	ID                          int64
	SHA, Ref, Task, Environment string
	Description, Payload        string
	Created                     time.Time
	Statuses                    []DeploymentStatus // oldest first
}

// State of a deployment is its last status's, or pending.
func (d Deployment) State() string {
	if len(d.Statuses) == 0 {
		return "pending"
	}
	return d.Statuses[len(d.Statuses)-1].State
}

// DeploymentStatus is one of a deployment's.
type DeploymentStatus struct {
	State, Description, EnvironmentURL, LogURL string
	Created                                    time.Time
}

// Deployments lists the repository's deployments, oldest first.
func (r *Repo) Deployments() []Deployment {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var all []Deployment
	for _, d := range r.deployments {
		out := Deployment{
			ID: d.id, SHA: d.sha, Ref: d.ref, Task: d.task, Environment: d.environment, Description: d.description,
			Payload: string(d.payload), Created: d.created,
		}
		for _, s := range d.statuses {
			out.Statuses = append(out.Statuses, DeploymentStatus{s.state, s.description, s.environmentURL, s.logURL, s.created})
		}
		all = append(all, out)
	}
	return all
}

func (d *deployment) json() obj {
	r := d.repo
	url := fmt.Sprintf("%s/deployments/%d", r.api(), d.id)
	return obj{
		"url": url, "id": d.id, "node_id": fmt.Sprintf("DE_%d", d.id), "sha": d.sha, "ref": d.ref, "task": d.task,
		"payload": d.payload, "original_environment": d.original, "environment": d.environment, "description": orNull(d.description),
		"creator": r.s.userJSON(d.creator), "created_at": timestamp(d.created), "updated_at": timestamp(d.updated),
		"statuses_url": url + "/statuses", "repository_url": r.api(), "transient_environment": d.transient,
		"production_environment": d.production, "performed_via_github_app": r.s.appJSON(r.s.app.slug),
	}
}

func (s *deploymentStatus) json() obj {
	r := s.deployment.repo
	url := fmt.Sprintf("%s/deployments/%d", r.api(), s.deployment.id)
	return obj{
		"url": fmt.Sprintf("%s/statuses/%d", url, s.id), "id": s.id, "node_id": fmt.Sprintf("DES_%d", s.id), "state": s.state,
		"creator": r.s.userJSON(s.creator), "description": s.description, "environment": s.environment, "target_url": s.targetURL,
		"environment_url": s.environmentURL, "log_url": s.logURL, "created_at": timestamp(s.created), "updated_at": timestamp(s.created),
		"deployment_url": url, "repository_url": r.api(), "performed_via_github_app": r.s.appJSON(r.s.app.slug),
	}
}

func listDeployments(c *call) answer {
	var all []*deployment
	for _, d := range slices.Backward(c.repo.deployments) {
		wanted := true
		for name, value := range map[string]string{"sha": d.sha, "ref": d.ref, "task": d.task, "environment": d.environment} {
			if q := c.query.Get(name); q != "" && q != "none" && q != value {
				wanted = false
			}
		}
		if wanted {
			all = append(all, d)
		}
	}
	return list(c, all, (*deployment).json)
}

func (c *call) deployment() *deployment {
	for _, d := range c.repo.deployments {
		if d.id == c.id("deployment_id") {
			return d
		}
	}
	return nil
}

func getDeployment(c *call) answer {
	if d := c.deployment(); d != nil {
		return ok(d.json())
	}
	return notFound()
}

// createDeployment behaves by default as GitHub does, which is seldom wanted:
// it merges the default branch into the ref, and wants every status to be good.
func createDeployment(c *call) answer {
	r := c.repo
	var in struct {
		Ref, Task, Environment, Description string
		AutoMerge                           *bool           `json:"auto_merge"`
		RequiredContexts                    *[]string       `json:"required_contexts"`
		Payload                             json.RawMessage `json:"payload"`
		Transient                           bool            `json:"transient_environment"`
		Production                          *bool           `json:"production_environment"`
	}
	if a, ok := c.decode(&in); !ok {
		return a
	}
	if in.Ref == "" {
		return invalid("Deployment", "ref", "missing_field", "")
	}
	sha, found := r.resolve(in.Ref)
	if !found {
		return fail(http.StatusUnprocessableEntity, "No ref found for: "+in.Ref)
	}
	if utf8.RuneCountInString(in.Description) > 140 {
		return invalid("Deployment", "description", "custom", "description is too long (maximum is 140 characters)")
	}
	if in.Task == "" {
		in.Task = "deploy"
	}
	if in.Environment == "" {
		in.Environment = "production"
	}
	if len(in.Payload) == 0 || string(in.Payload) == "null" {
		in.Payload = json.RawMessage(`{}`)
	}
	if in.AutoMerge == nil || *in.AutoMerge {
		if a, done := autoMerge(c, in.Ref, sha); done {
			return a
		}
	}
	if a, refused := r.missing(sha, in.Ref, in.RequiredContexts); refused {
		return a
	}
	d := &deployment{
		repo: r, id: r.s.nextID(), sha: sha, ref: in.Ref, task: in.Task, environment: in.Environment, original: in.Environment,
		description: in.Description, creator: c.botLogin(), payload: in.Payload, transient: in.Transient,
		production: in.Environment == "production", created: c.now(), updated: c.now(),
	}
	if in.Production != nil {
		d.production = *in.Production
	}
	r.deployments = append(r.deployments, d)
	if i := r.installation(); i != nil {
		r.s.emit(i, r, "deployment", "created", obj{"deployment": d.json()}, d.creator)
	}
	return created(d.json())
}

// autoMerge merges the default branch into a branch that is behind it, and
// deploys nothing then.
func autoMerge(c *call, ref, sha string) (answer, bool) {
	r := c.repo
	base := r.refs["refs/heads/"+r.defaultBranch]
	if r.refs["refs/heads/"+ref] == "" || base == "" {
		return answer{}, false
	}
	contained, err := r.contains(base, sha)
	if err != nil {
		return broken(err), true
	}
	if contained {
		return answer{}, false
	}
	tree, err := r.mergeTrees(sha, base)
	if err != nil {
		return fail(http.StatusConflict, fmt.Sprintf("Conflict merging %s into %s.", r.defaultBranch, ref)), true
	}
	who := signatureOf(c.botLogin(), c.now())
	tip, err := r.writeCommit(tree, fmt.Sprintf("Merge %s into %s", r.defaultBranch, ref), who, who, sha, base)
	if err != nil {
		return broken(err), true
	}
	if err := r.moveRef("refs/heads/"+ref, tip, c.botLogin()); err != nil {
		return broken(err), true
	}
	return answer{status: http.StatusAccepted, body: obj{
		"message": fmt.Sprintf("Auto-merged %s into %s on deployment.", r.defaultBranch, ref),
	}}, true
}

// missing refuses a deployment whose required contexts are not all good.
// Without a list, everything that reported on the commit is required.
func (r *Repo) missing(sha, ref string, required *[]string) (answer, bool) {
	states := map[string]string{}
	for _, s := range r.latestStatuses(sha) {
		states[strings.ToLower(s.context)] = s.state
	}
	for _, suite := range r.suites {
		for _, run := range suite.latest() {
			if suite.sha != sha {
				continue
			}
			states[strings.ToLower(run.name)] = "pending"
			if run.status == "completed" {
				states[strings.ToLower(run.name)] = run.conclusion
			}
		}
	}
	var names []string
	if required != nil {
		names = *required
	} else {
		for name := range states {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if state := states[strings.ToLower(name)]; state != "success" && state != "neutral" && state != "skipped" {
			a := fail(http.StatusConflict, "Conflict: Commit status checks failed for "+ref+".")
			a.body.(obj)["errors"] = []any{obj{"resource": "Deployment", "field": "required_contexts", "code": "invalid"}}
			return a, true
		}
	}
	return answer{}, false
}

var deploymentStates = []string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}

func listDeploymentStatuses(c *call) answer {
	d := c.deployment()
	if d == nil {
		return notFound()
	}
	newest := slices.Clone(d.statuses)
	slices.Reverse(newest)
	return list(c, newest, (*deploymentStatus).json)
}

func createDeploymentStatus(c *call) answer {
	d := c.deployment()
	if d == nil {
		return notFound()
	}
	var in struct {
		State, Description, Environment string
		LogURL                          string `json:"log_url"`
		TargetURL                       string `json:"target_url"`
		EnvironmentURL                  string `json:"environment_url"`
		AutoInactive                    *bool  `json:"auto_inactive"`
	}
	if a, ok := c.decode(&in); !ok {
		return a
	}
	if !slices.Contains(deploymentStates, in.State) {
		return invalid("DeploymentStatus", "state", "custom", "state is not included in the list")
	}
	if utf8.RuneCountInString(in.Description) > 140 {
		return invalid("DeploymentStatus", "description", "custom", "description is too long (maximum is 140 characters)")
	}
	for field, url := range map[string]string{"log_url": in.LogURL, "target_url": in.TargetURL, "environment_url": in.EnvironmentURL} {
		if url != "" && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
			return invalid("DeploymentStatus", field, "custom", field+" must use http(s) scheme")
		}
	}
	if in.LogURL == "" {
		in.LogURL = in.TargetURL
	}
	if in.Environment != "" {
		d.environment = in.Environment
	}
	s := c.repo.deploymentStatus(d, in.State, c.botLogin())
	s.description, s.logURL, s.targetURL, s.environmentURL = in.Description, in.LogURL, in.LogURL, in.EnvironmentURL
	c.repo.emitDeploymentStatus(s)
	if in.State == "success" && (in.AutoInactive == nil || *in.AutoInactive) {
		for _, other := range c.repo.deployments {
			// Production environments are left alone.
			if other != d && !other.transient && !other.production && other.environment == d.environment && other.state() == "success" {
				c.repo.emitDeploymentStatus(c.repo.deploymentStatus(other, "inactive", c.botLogin()))
			}
		}
	}
	return created(s.json())
}

func (d *deployment) state() string {
	if len(d.statuses) == 0 {
		return "pending"
	}
	return d.statuses[len(d.statuses)-1].state
}

func (r *Repo) deploymentStatus(d *deployment, state, by string) *deploymentStatus {
	s := &deploymentStatus{deployment: d, id: r.s.nextID(), state: state, environment: d.environment, creator: by, created: r.s.now()}
	d.statuses, d.updated = append(d.statuses, s), r.s.now()
	return s
}

func (r *Repo) emitDeploymentStatus(s *deploymentStatus) {
	if i := r.installation(); i != nil {
		r.s.emit(i, r, "deployment_status", "created", obj{"deployment_status": s.json(), "deployment": s.deployment.json()}, s.creator)
	}
}
