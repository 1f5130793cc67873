package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/setup"
)

// appFinder is Heroku as the setup asks it.
type appFinder struct{ api string }

func (f appFinder) client(key string) (*heroku.Heroku, error) {
	return heroku.New(heroku.Options{APIKey: key, URL: f.api})
}

// Pipelines lists an account's pipelines.
func (f appFinder) Pipelines(ctx context.Context, key string) (account string, list []setup.Pipeline, err error) {
	h, err := f.client(key)
	if err != nil {
		return "", nil, err
	}
	defer h.Close()
	account, all, err := h.Pipelines(ctx)
	for _, p := range all {
		one := setup.Pipeline{ID: p.ID, Name: p.Name}
		for _, a := range p.Apps {
			one.Apps = append(one.Apps, setup.StagedApp(a))
		}
		list = append(list, one)
	}
	return account, list, err
}

// ofDatabase are config vars that lead to a stage's database. The release phase runs on the app that builds, too: with one
// of them it would migrate before the checks have passed.
var ofDatabase = regexp.MustCompile(`^(DATABASE|HEROKU_POSTGRESQL_[A-Z]+)_URL$`)

// Plan finds out what a pipeline lacks. An app that only builds is like the one of the first stage.
func (f appFinder) Plan(ctx context.Context, key string, p setup.Pipeline) (setup.Plan, error) {
	h, err := f.client(key)
	if err != nil {
		return setup.Plan{}, err
	}
	defer h.Close()
	plan := setup.Plan{Pipeline: p, Automatic: map[string]string{}}
	for _, a := range p.Apps {
		branch, err := h.AutomaticDeploys(ctx, a.Name)
		if err != nil {
			continue // that is not documented, so it may be gone: headstart doctor says so
		}
		if branch != "" {
			plan.Automatic[a.Name] = branch
		}
	}
	if slices.ContainsFunc(p.Apps, func(a setup.StagedApp) bool { return a.Stage == "development" }) {
		return plan, nil
	}
	like, err := h.Likeness(ctx, p.Apps[0].Name)
	if err != nil {
		return setup.Plan{}, err
	}
	plan.Prepare, plan.Like = setup.PrepareName(p), like.Like
	plan.Vars = slices.DeleteFunc(like.Vars, ofDatabase.MatchString)
	plan.How = fmt.Sprintf("%s, in %s", like.Stack, cmp.Or(like.Space, like.Region))
	if like.Team != "" {
		plan.How += ", of the team " + like.Team
	}
	if len(like.Buildpacks) > 0 {
		plan.How += ", with " + strings.Join(like.Buildpacks, " and ")
	}
	return plan, nil
}

// VarNames lists the config vars of an app.
func (f appFinder) VarNames(ctx context.Context, key, app string) ([]string, error) {
	h, err := f.client(key)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.VarNames(ctx, app)
}

// SetVars sets config vars of an app.
func (f appFinder) SetVars(ctx context.Context, key, app string, values map[string]string) error {
	h, err := f.client(key)
	if err != nil {
		return err
	}
	defer h.Close()
	return h.SetVars(ctx, app, values)
}

// Make makes it.
func (f appFinder) Make(ctx context.Context, key string, plan setup.Plan, vars []string, webhooks, secret string) error {
	h, err := f.client(key)
	if err != nil {
		return err
	}
	defer h.Close()
	apps := make([]string, 0, len(plan.Pipeline.Apps)+1)
	if plan.Prepare != "" {
		like, err := h.Likeness(ctx, plan.Like)
		if err != nil {
			return err
		}
		if err := h.MakeApp(ctx, plan.Prepare, plan.Pipeline.ID, like, vars); err != nil {
			return err
		}
		apps = append(apps, plan.Prepare)
	}
	for _, a := range plan.Pipeline.Apps {
		apps = append(apps, a.Name)
	}
	if webhooks == "" {
		return nil
	}
	for _, app := range apps {
		if err := h.MakeWebhook(ctx, app, webhooks, secret); err != nil {
			return err
		}
	}
	return nil
}
