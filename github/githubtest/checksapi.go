package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

var checkRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/commits/{ref...}/check-runs", byToken, "checks:read", listCheckRuns},
	{"GET", "/repos/{owner}/{repo}/commits/{ref...}/check-suites", byToken, "checks:read", listCheckSuites},
	{"GET", "/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs", byToken, "checks:read", listSuiteRuns},
	{"GET", "/repos/{owner}/{repo}/check-runs/{check_run_id}", byToken, "checks:read", getCheckRun},
	{"POST", "/repos/{owner}/{repo}/check-runs", byToken, "checks:write", createCheckRun},
	{"PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", byToken, "checks:write", updateCheckRun},
}

// filteredRuns are a suite's runs as the query wants them, newest first.
func filteredRuns(c *call, suite *CheckSuite) []*CheckRun {
	runs := suite.latest()
	if c.query.Get("filter") == "all" {
		runs = slices.Clone(suite.runs)
	}
	runs = slices.DeleteFunc(runs, func(r *CheckRun) bool {
		return c.query.Has("check_name") && r.name != c.query.Get("check_name") ||
			c.query.Has("status") && r.status != c.query.Get("status") ||
			c.query.Has("app_id") && strconv.FormatInt(c.appID(suite.app), 10) != c.query.Get("app_id")
	})
	slices.SortStableFunc(runs, func(a, b *CheckRun) int { return int(b.id - a.id) })
	return runs
}

func listCheckRuns(c *call) answer {
	sha, found := c.repo.resolve(c.vars["ref"])
	if !found {
		return noCommit(c.vars["ref"])
	}
	var runs []*CheckRun
	for _, s := range c.repo.suites {
		if s.sha == sha {
			runs = append(runs, filteredRuns(c, s)...)
		}
	}
	slices.SortStableFunc(runs, func(a, b *CheckRun) int { return int(b.id - a.id) })
	return counted(c, "check_runs", runs, (*CheckRun).json)
}

func listCheckSuites(c *call) answer {
	sha, found := c.repo.resolve(c.vars["ref"])
	if !found {
		return noCommit(c.vars["ref"])
	}
	var suites []*CheckSuite
	for _, s := range c.repo.suites {
		if s.sha == sha && (!c.query.Has("app_id") || strconv.FormatInt(c.appID(s.app), 10) == c.query.Get("app_id")) {
			suites = append(suites, s)
		}
	}
	return counted(c, "check_suites", suites, (*CheckSuite).json)
}

func listSuiteRuns(c *call) answer {
	for _, s := range c.repo.suites {
		if s.id == c.id("check_suite_id") {
			return counted(c, "check_runs", filteredRuns(c, s), (*CheckRun).json)
		}
	}
	return notFound()
}

func (r *Repo) checkRun(id int64) *CheckRun {
	for _, s := range r.suites {
		for _, run := range s.runs {
			if run.id == id {
				return run
			}
		}
	}
	return nil
}

func getCheckRun(c *call) answer {
	if run := c.repo.checkRun(c.id("check_run_id")); run != nil {
		return ok(run.json())
	}
	return notFound()
}

// checkRunInput is the body of creating and updating a check run.
type checkRunInput struct {
	Name, Status, Conclusion *string
	HeadSHA                  string     `json:"head_sha"`
	DetailsURL               *string    `json:"details_url"`
	ExternalID               *string    `json:"external_id"`
	StartedAt                *time.Time `json:"started_at"`
	CompletedAt              *time.Time `json:"completed_at"`
	Output                   *struct{ Title, Summary, Text string }
	Actions                  []struct{ Label, Description, Identifier string }
}

// refuse finds what GitHub would not accept.
func (in *checkRunInput) refuse() (answer, bool) {
	if in.Status != nil && !slices.Contains([]string{"queued", "in_progress", "completed", "waiting", "requested", "pending"}, *in.Status) {
		return invalid("CheckRun", "status", "invalid", ""), true
	}
	if in.Conclusion != nil && (!slices.Contains(conclusions, *in.Conclusion) || *in.Conclusion == "stale") {
		return invalid("CheckRun", "conclusion", "invalid", ""), true
	}
	if in.Conclusion == nil && in.Status != nil && *in.Status == "completed" {
		return invalid("CheckRun", "conclusion", "missing_field", ""), true
	}
	if in.Output != nil {
		if in.Output.Title == "" || in.Output.Summary == "" {
			return invalid("CheckRun", "output", "missing_field", ""), true
		}
		if len(in.Output.Summary) > 65535 || len(in.Output.Text) > 65535 {
			return invalid("CheckRun", "output", "custom", "Only 65535 characters are allowed"), true
		}
	}
	if len(in.Actions) > 3 {
		return invalid("CheckRun", "actions", "custom", "Only 3 actions are allowed"), true
	}
	for _, a := range in.Actions {
		if len(a.Label) > 20 || len(a.Description) > 40 || len(a.Identifier) > 20 {
			return invalid("CheckRun", "actions", "custom", "is too long"), true
		}
	}
	return answer{}, false
}

// apply takes the input over, and tells of it.
func (in *checkRunInput) apply(run *CheckRun) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&run.name, in.Name)
	set(&run.detailsURL, in.DetailsURL)
	set(&run.externalID, in.ExternalID)
	if in.Output != nil {
		run.title, run.summary, run.text = in.Output.Title, in.Output.Summary, in.Output.Text
	}
	if in.Actions != nil {
		run.actions = nil
		for _, a := range in.Actions {
			run.actions = append(run.actions, obj{"label": a.Label, "description": a.Description, "identifier": a.Identifier})
		}
	}
	if in.StartedAt != nil {
		run.started = *in.StartedAt
	}
	if in.Conclusion != nil {
		run.complete(*in.Conclusion)
		if in.CompletedAt != nil {
			run.completed = *in.CompletedAt
		}
		return
	}
	set(&run.status, in.Status)
	if run.status == "in_progress" && run.started.IsZero() {
		run.started = run.suite.repo.s.now()
	}
	run.suite.update()
}

func createCheckRun(c *call) answer {
	var in checkRunInput
	if a, ok := c.decode(&in); !ok {
		return a
	}
	if in.Name == nil || *in.Name == "" {
		return invalid("CheckRun", "name", "missing_field", "")
	}
	sha, found := c.repo.resolve(in.HeadSHA)
	if !found || in.HeadSHA != sha {
		return noCommit(in.HeadSHA)
	}
	if a, refused := in.refuse(); refused {
		return a
	}
	var suite *CheckSuite
	for _, s := range c.repo.suites {
		if s.sha == sha && s.app == c.app.slug {
			suite = s
		}
	}
	if suite == nil {
		var err error
		if suite, err = c.repo.checkSuite(sha, c.app.slug); err != nil {
			return broken(err)
		}
	}
	run := suite.queue(*in.Name)
	in.apply(run)
	return created(run.json())
}

func updateCheckRun(c *call) answer {
	run := c.repo.checkRun(c.id("check_run_id"))
	if run == nil {
		return notFound()
	}
	if run.suite.app != c.app.slug {
		return fail(http.StatusForbidden, "Invalid app_id `"+fmt.Sprint(c.app.id)+"` - check run can only be modified by the GitHub App that created it.")
	}
	var in checkRunInput
	if a, ok := c.decode(&in); !ok {
		return a
	}
	if a, refused := in.refuse(); refused {
		return a
	}
	in.apply(run)
	return ok(run.json())
}

// PressButton is a person pressing one of a check run's buttons.
func (r *CheckRun) PressButton(identifier, by string) {
	s := r.suite.repo.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := r.suite.repo.installation(); i != nil && r.suite.app == s.app.slug {
		s.emit(i, r.suite.repo, "check_run", "requested_action", obj{
			"check_run": r.json(), "requested_action": obj{"identifier": identifier},
		}, by)
	}
}
