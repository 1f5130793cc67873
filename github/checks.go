package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"golang.org/x/sync/errgroup"
)

// readChecks reads the reports about a commit and, if requested, its branch's requirements and head. The requests run
// side by side: at most five for a commit with up to a hundred reports of each kind.
func (r repository) readChecks(ctx context.Context, do bot.ReadChecks, at time.Time) (bot.ChecksRead, error) {
	read := bot.ChecksRead{SHA: do.SHA}
	var runs, statuses []bot.Check
	var rules, classic []bot.RequiredCheck
	var missing bool
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { runs, err = r.checkRuns(ctx, do.SHA); return err })
	group.Go(func() (err error) { statuses, err = r.statuses(ctx, do.SHA); return err })
	if do.Suites {
		group.Go(func() (err error) { read.Suites, err = r.suites(ctx, do.SHA); return err })
	}
	required := do.Required && do.Branch != ""
	if required {
		group.Go(func() (err error) { rules, missing, err = r.ruleChecks(ctx, do.Branch); return err })
		group.Go(func() (err error) { read.Head, classic, err = r.branch(ctx, do.Branch); return err })
	}
	if err := group.Wait(); err != nil {
		return bot.ChecksRead{}, err
	}
	read.Checks = append(runs, statuses...)
	if required {
		read.Required = &bot.Required{Checks: merge(rules, classic), ReadAt: at, Missing: missing}
	}
	return read, nil
}

// checkRuns reads the newest check run of each name and suite, without the App's own: those are never waited for.
func (r repository) checkRuns(ctx context.Context, sha string) ([]bot.Check, error) {
	a := ask{what: fmt.Sprintf("read the check runs of %s at %s", r.repo, bot.Short(sha)), needs: "Checks: read"}
	runs, err := pages(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]checkRun, *gh.Response, error) {
		var list struct {
			Runs *[]checkRun `json:"check_runs"`
		}
		resp, err := r.fetch(ctx, query("commits/"+sha+"/check-runs", page)+"&filter=latest", &list)
		if err == nil && list.Runs == nil {
			err = errors.New("the answer has no list")
		}
		if err != nil {
			return nil, resp, err
		}
		return *list.Runs, resp, nil
	})
	if err != nil {
		return nil, err
	}
	var checks []bot.Check
	seen := map[int64]bool{} // a run created meanwhile moves others to the next page
	for _, run := range runs {
		if run.Name == "" || run.App.ID == r.appID || seen[run.ID] {
			continue
		}
		seen[run.ID] = run.ID != 0
		checks = append(checks, run.check())
	}
	return checks, nil
}

// checkRun has the needed fields of a check run. go-github decodes all of it, at a third of the speed, in the way of
// each promotion.
type checkRun struct {
	ID          int64
	Name        string
	Status      string
	Conclusion  string    // empty until it has one
	HTMLURL     string    `json:"html_url"`
	DetailsURL  string    `json:"details_url"`
	StartedAt   time.Time `json:"started_at"`
	CompletedAt time.Time `json:"completed_at"`
	App         struct {
		ID   int64
		Slug string
	}
	CheckSuite struct{ ID int64 } `json:"check_suite"`
}

func (run checkRun) check() bot.Check {
	check := bot.Check{
		Kind: bot.CheckRun, Name: run.Name, AppID: run.App.ID, App: run.App.Slug, Suite: run.CheckSuite.ID,
		State: bot.CheckPending, URL: cmp.Or(run.HTMLURL, run.DetailsURL), At: run.StartedAt,
	}
	if run.Status != "completed" {
		return check
	}
	check.Conclusion, check.At = run.Conclusion, run.CompletedAt
	switch check.Conclusion {
	case "success", "neutral", "skipped":
		check.State = bot.CheckPassed
	default: // failure, cancelled, timed_out, action_required, stale, startup_failure, and what is yet to come
		check.State = bot.CheckFailed
	}
	return check
}

// statuses reads the newest commit status of each context, without Headstart's own.
func (r repository) statuses(ctx context.Context, sha string) ([]bot.Check, error) {
	a := ask{what: fmt.Sprintf("read the commit statuses of %s at %s", r.repo, bot.Short(sha)), needs: "Commit statuses: read"}
	type status struct {
		Context   string
		State     string
		TargetURL string    `json:"target_url"`
		UpdatedAt time.Time `json:"updated_at"`
	}
	statuses, err := pages(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]status, *gh.Response, error) {
		var combined struct {
			SHA        string
			Statuses   []status
			Repository struct{ ID int64 }
		}
		resp, err := r.fetch(ctx, query("commits/"+sha+"/status", page), &combined)
		if err == nil && combined.SHA == "" {
			err = errors.New("the answer names no commit")
		}
		if err == nil {
			err = r.same(combined.Repository.ID)
		}
		return combined.Statuses, resp, err
	})
	if err != nil {
		return nil, err
	}
	var checks []bot.Check
	seen := map[string]bool{}
	for _, s := range statuses {
		if s.Context == "" || bot.OwnContext(s.Context) || seen[s.Context] {
			continue
		}
		seen[s.Context] = true
		check := bot.Check{
			Kind: bot.CommitStatus, Name: s.Context, State: bot.CheckFailed,
			Conclusion: s.State, URL: s.TargetURL, At: s.UpdatedAt,
		}
		switch s.State {
		case "success":
			check.State = bot.CheckPassed
		case "pending":
			check.State, check.Conclusion = bot.CheckPending, ""
		}
		checks = append(checks, check)
	}
	return checks, nil
}

// suites reads the check suites: one for each app, and for each workflow of GitHub Actions. It leaves out the App's
// own, which GitHub opens for every app that may write checks, and which stays empty.
func (r repository) suites(ctx context.Context, sha string) ([]bot.Suite, error) {
	type suite struct {
		ID     int64
		Status string
		Runs   int `json:"latest_check_runs_count"` // go-github drops it
		App    struct {
			ID   int64
			Name string
		}
	}
	a := ask{what: fmt.Sprintf("read the check suites of %s at %s", r.repo, bot.Short(sha)), needs: "Checks: read"}
	all, err := pages(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]suite, *gh.Response, error) {
		var list struct {
			Suites []suite `json:"check_suites"`
		}
		resp, err := r.fetch(ctx, query("commits/"+sha+"/check-suites", page), &list)
		return list.Suites, resp, err
	})
	if err != nil {
		return nil, err
	}
	suites := []bot.Suite{} // nil would mean that suites were not read
	seen := map[int64]bool{}
	for _, s := range all {
		if s.App.ID == r.appID || seen[s.ID] {
			continue
		}
		seen[s.ID] = true
		suites = append(suites, bot.Suite{App: s.App.Name, Runs: s.Runs, Completed: s.Status == "completed"})
	}
	return suites, nil
}
