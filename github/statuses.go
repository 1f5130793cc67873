package github

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
)

// maxDescription is GitHub's limit for a status's description, in characters; beyond it GitHub answers 422.
const maxDescription = 140

// description makes a text fit for a status: one line, short enough, and only characters of the basic plane. GitHub
// refuses others ("description doesn't accept 4-byte Unicode").
func description(text string) string {
	text = strings.Map(func(c rune) rune {
		if c > 0xffff {
			return -1
		}
		return c
	}, text)
	return line(text, maxDescription)
}

// setStatus sets a commit status. GitHub shows the newest one of a context. So a repetition after a lost answer changes
// nothing that people see, and no look-up is needed first.
func (r repository) setStatus(ctx context.Context, do bot.SetStatus) (bot.Acknowledged, error) {
	a := ask{
		what:  fmt.Sprintf("set the status %s of %s at %s", line(do.Context, 60), r.repo, bot.Short(do.SHA)),
		needs: "Commit statuses: write", write: true,
	}
	return bot.Acknowledged{}, a.do(ctx, func(ctx context.Context) error {
		_, _, err := r.api.Repositories.CreateStatus(ctx, r.repo.Owner, r.repo.Name, do.SHA, &gh.RepoStatus{
			State: gh.String(string(do.Status.State)), Context: gh.String(do.Context),
			Description: gh.String(description(do.Status.Text)), TargetURL: optional(r.targetOf(do)),
		})
		return err
	})
}

// optional leaves an empty text out of a request.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// payload marks a deployment as one of Headstart's promotions.
type payload struct {
	Headstart struct {
		Pipeline  string `json:"pipeline"`  // empty for the only one
		Promotion int    `json:"promotion"` // counts the promotions of the stage
	} `json:"headstart"`
}

// environment is a stage's name among the repository's deployments. With several pipelines it contains the pipeline's
// name.
func (r repository) environment(stage string) string {
	if r.pipeline == "" {
		return stage
	}
	return r.pipeline + "/" + stage
}

// clockSkew is how far GitHub's clock may be behind ours.
const clockSkew = 5 * time.Minute

// createDeployment creates a deployment. After a lost answer it first looks for the deployment of the same promotion.
func (r repository) createDeployment(ctx context.Context, do bot.CreateDeployment, effect bot.Effect) (bot.DeploymentCreated, error) {
	var mark payload
	mark.Headstart.Pipeline, mark.Headstart.Promotion = r.pipeline, do.Promotion
	if effect.Unsure {
		id, err := r.findDeployment(ctx, do, mark, effect.Since)
		if err != nil || id != 0 {
			return bot.DeploymentCreated{ID: id}, err
		}
		if err := mayStillLand(effect, "the deployment"); err != nil {
			return bot.DeploymentCreated{}, err
		}
	}
	a := ask{
		what:  fmt.Sprintf("create the deployment of %s to %s in %s", bot.Short(do.SHA), line(do.Stage, 60), r.repo),
		needs: "Deployments: write", write: true,
	}
	var made *gh.Deployment
	err := a.do(ctx, func(ctx context.Context) (err error) {
		made, _, err = r.api.Repositories.CreateDeployment(ctx, r.repo.Owner, r.repo.Name, &gh.DeploymentRequest{
			Ref: gh.String(do.SHA), Environment: gh.String(r.environment(do.Stage)), Description: gh.String(description(do.Text)), Payload: mark,
			// The defaults merge the default branch into the commit's, and refuse while any status is pending, such as
			// our own.
			AutoMerge: gh.Bool(false), RequiredContexts: &[]string{},
			ProductionEnvironment: gh.Bool(do.Production), TransientEnvironment: gh.Bool(false),
		})
		return err
	})
	if err == nil && made.GetID() == 0 {
		err = a.unreadable("the deployment has no id")
	}
	return bot.DeploymentCreated{ID: made.GetID()}, err
}

// findDeployment returns the deployment of a promotion created since; 0: there is none.
func (r repository) findDeployment(ctx context.Context, do bot.CreateDeployment, mark payload, since time.Time) (int64, error) {
	a := ask{what: fmt.Sprintf("look for the deployment of %s to %s in %s", bot.Short(do.SHA), line(do.Stage, 60), r.repo), needs: "Deployments: read"}
	var found int64
	err := eachPage(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]*gh.Deployment, *gh.Response, error) {
		return r.api.Repositories.ListDeployments(ctx, r.repo.Owner, r.repo.Name,
			&gh.DeploymentsListOptions{SHA: do.SHA, Environment: r.environment(do.Stage), ListOptions: page})
	}, func(deployments []*gh.Deployment) bool {
		for _, d := range deployments {
			if d.GetSHA() == do.SHA && markOf(d) == mark && !d.GetCreatedAt().Before(since.Add(-clockSkew)) {
				found = d.GetID()
				return false
			}
		}
		return true
	})
	return found, err
}

// markOf reads a deployment's payload, which GitHub returns as the original object, or as a text that contains it.
func markOf(d *gh.Deployment) payload {
	var mark, none payload
	raw := []byte(d.Payload)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = []byte(text)
	}
	if json.Unmarshal(raw, &mark) != nil {
		return none // not Headstart's
	}
	return mark
}

// setDeploymentStatus sets a deployment's status. A repetition after a lost answer adds a line to the deployment's
// history and changes nothing else.
func (r repository) setDeploymentStatus(ctx context.Context, do bot.SetDeploymentStatus) (bot.Acknowledged, error) {
	a := ask{
		what:  fmt.Sprintf("tell how the deployment to %s goes in %s", line(do.Stage, 60), r.repo),
		needs: "Deployments: write", write: true,
	}
	return bot.Acknowledged{}, a.do(ctx, func(ctx context.Context) error {
		_, _, err := r.api.Repositories.CreateDeploymentStatus(ctx, r.repo.Owner, r.repo.Name, do.ID, &gh.DeploymentStatusRequest{
			State: gh.String(string(do.Status.State)), Description: gh.String(description(do.Status.Text)),
			LogURL: optional(cmp.Or(r.partURL(do.SHA, do.Part), do.Status.URL)), EnvironmentURL: optional(do.AppURL),
			// GitHub's own mechanism leaves out production environments.
			AutoInactive: gh.Bool(false),
		})
		return err
	})
}
