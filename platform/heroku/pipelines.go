package heroku

import (
	"cmp"
	"context"
	"slices"

	heroku "github.com/heroku/heroku-go/v5"
)

// Pipeline is a pipeline on Heroku, with its apps.
type Pipeline struct {
	ID, Name string
	Apps     []CoupledApp // in the order of Heroku's stages
}

// CoupledApp is an app of a pipeline.
type CoupledApp struct {
	Name  string
	Stage string // test, review, development, staging or production
}

var stageOrder = []string{"test", "review", "development", "staging", "production"}

// Pipelines lists the account's pipelines, by name, and the account's address. It takes three requests, and one for each
// pipeline.
func (h *Heroku) Pipelines(ctx context.Context) (account string, list []Pipeline, err error) {
	all := &heroku.ListRange{Max: 1000, Field: "id"}
	var (
		pipelines heroku.PipelineListResult
		apps      heroku.AppListResult
	)
	for what, ask := range map[string]func(context.Context) error{
		"say whose the authorization is": func(ctx context.Context) error {
			a, err := h.api.AccountInfo(ctx)
			if err == nil {
				account = a.Email
			}
			return err
		},
		"list its pipelines": func(ctx context.Context) (err error) {
			pipelines, err = h.api.PipelineList(ctx, all)
			return err
		},
		"list its apps": func(ctx context.Context) (err error) {
			apps, err = h.api.AppList(ctx, all)
			return err
		},
	} {
		if err := h.do(ctx, operation{what: what}, ask); err != nil {
			return "", nil, err
		}
	}
	names := map[string]string{}
	for _, a := range apps {
		names[a.ID] = a.Name
	}
	for _, p := range pipelines {
		var couplings heroku.PipelineCouplingListByPipelineResult
		err := h.do(ctx, operation{what: "list the apps of the pipeline " + p.Name, ids: []string{p.ID}}, func(ctx context.Context) (err error) {
			couplings, err = h.api.PipelineCouplingListByPipeline(ctx, p.ID, all)
			return err
		})
		if err != nil {
			return "", nil, err
		}
		one := Pipeline{ID: p.ID, Name: p.Name}
		for _, c := range couplings {
			if name := names[c.App.ID]; name != "" { // else the account does not see it
				one.Apps = append(one.Apps, CoupledApp{name, c.Stage})
			}
		}
		slices.SortFunc(one.Apps, func(a, b CoupledApp) int {
			return cmp.Or(slices.Index(stageOrder, a.Stage)-slices.Index(stageOrder, b.Stage), cmp.Compare(a.Name, b.Name))
		})
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Pipeline) int { return cmp.Compare(a.Name, b.Name) })
	return account, list, nil
}
