package heroku

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
)

// What Headstart needs on Heroku, and how it is made. Each part is looked for before it is made, so that it may all be
// asked for again.

// Likeness is what an app that only builds has to have like another one.
type Likeness struct {
	Like, Stack, Region, Team, Space string // Team and Space may be empty
	Buildpacks                       []string
	Vars                             []string // names of config vars
}

// Likeness reads what an app that builds for another one needs. It takes three requests.
func (h *Heroku) Likeness(ctx context.Context, like string) (l Likeness, err error) {
	err = h.do(ctx, read("look at "+like, like), func(ctx context.Context) error {
		a, err := h.api.AppInfo(ctx, like)
		if err != nil {
			return err
		}
		l = Likeness{Like: like, Stack: a.Stack.Name, Region: a.Region.Name}
		if a.Team != nil {
			l.Team = a.Team.Name
		}
		if a.Space != nil {
			l.Space = a.Space.Name
		}
		return nil
	})
	if err != nil {
		return l, err
	}
	if l.Buildpacks, err = h.Buildpacks(ctx, like); err != nil {
		return l, err
	}
	vars, err := h.configVars(ctx, like)
	l.Vars = slices.Sorted(maps.Keys(vars))
	return l, err
}

func (h *Heroku) configVars(ctx context.Context, app string) (vars heroku.ConfigVarInfoForAppResult, err error) {
	err = h.do(ctx, read("read the config vars of "+app, app), func(ctx context.Context) (err error) {
		vars, err = h.api.ConfigVarInfoForApp(ctx, app)
		return err
	})
	return vars, err
}

// MakeApp makes an app that only builds, in a pipeline's stage development, with some of the config vars of the app that
// it is like.
func (h *Heroku) MakeApp(ctx context.Context, app, pipeline string, l Likeness, vars []string) error {
	_, err := h.appAsItIs(ctx, app)
	switch {
	case errors.Is(err, bot.ErrNotFound):
		err = h.do(ctx, write("make the app "+app, app), func(ctx context.Context) error { return h.createApp(ctx, app, l) })
	case err != nil:
		err = fmt.Errorf("the name %s seems to be taken: %w", app, err)
	}
	if err != nil {
		return err
	}
	if len(l.Buildpacks) > 0 {
		err := h.do(ctx, write("set the buildpacks of "+app, app), func(ctx context.Context) error {
			var o heroku.BuildpackInstallationUpdateOpts
			for _, name := range l.Buildpacks {
				o.Updates = append(o.Updates, struct {
					Buildpack string `json:"buildpack" url:"buildpack,key"`
				}{name})
			}
			_, err := h.api.BuildpackInstallationUpdate(ctx, app, o)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := h.copyVars(ctx, l.Like, app, vars); err != nil {
		return err
	}
	return h.couple(ctx, app, pipeline)
}

func (h *Heroku) createApp(ctx context.Context, app string, l Likeness) error {
	if l.Team == "" {
		_, err := h.api.AppCreate(ctx, heroku.AppCreateOpts{Name: &app, Region: &l.Region, Stack: &l.Stack})
		return err
	}
	o := heroku.TeamAppCreateOpts{Name: &app, Stack: &l.Stack, Team: &l.Team}
	if l.Space != "" {
		o.Space = &l.Space // which has its region
	} else {
		o.Region = &l.Region
	}
	_, err := h.api.TeamAppCreate(ctx, o)
	return err
}

func (h *Heroku) copyVars(ctx context.Context, from, to string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	vars, err := h.configVars(ctx, from)
	if err != nil {
		return err
	}
	maps.DeleteFunc(vars, func(name string, _ *string) bool { return !slices.Contains(names, name) })
	return h.do(ctx, write("set config vars of "+to, to), func(ctx context.Context) error {
		_, err := h.api.ConfigVarUpdate(ctx, to, vars)
		return err
	})
}

// VarNames lists the names of an app's config vars, sorted. Their values are not kept.
func (h *Heroku) VarNames(ctx context.Context, app string) ([]string, error) {
	names, err := h.varNames(ctx, app)
	return slices.Sorted(maps.Keys(names)), err
}

// SetVars sets config vars of an app, all at once: Heroku makes one release of them, which restarts the app. Others stay.
func (h *Heroku) SetVars(ctx context.Context, app string, values map[string]string) error {
	vars := map[string]*string{}
	for name, value := range values {
		vars[name] = &value
	}
	return h.do(ctx, write("set config vars of "+app, app), func(ctx context.Context) error {
		_, err := h.api.ConfigVarUpdate(ctx, app, vars)
		return err
	})
}

// couple puts an app into a pipeline, unless it is in one.
func (h *Heroku) couple(ctx context.Context, app, pipeline string) error {
	var where *heroku.PipelineCoupling
	err := h.do(ctx, read("look which pipeline "+app+" is in", app), func(ctx context.Context) (err error) {
		where, err = h.api.PipelineCouplingInfoByApp(ctx, app)
		return err
	})
	if err == nil && where.Pipeline.ID == pipeline || err != nil && !errors.Is(err, bot.ErrNotFound) {
		return err
	}
	if err == nil {
		return &bot.Refused{Reason: fmt.Sprintf("The app %s is in another pipeline on Heroku.", app)}
	}
	return h.do(ctx, write("put "+app+" into its pipeline", app, pipeline), func(ctx context.Context) error {
		_, err := h.api.PipelineCouplingCreate(ctx, heroku.PipelineCouplingCreateOpts{App: app, Pipeline: pipeline, Stage: "development"})
		return err
	})
}

// MakeWebhook subscribes to the builds and releases of an app, unless somebody has for the same address.
func (h *Heroku) MakeWebhook(ctx context.Context, app, address, secret string) error {
	have, err := h.Webhooks(ctx, app)
	if err != nil || slices.ContainsFunc(have, func(w Webhook) bool { return w.URL == address }) {
		return err
	}
	return h.do(ctx, write("make a webhook of "+app, app), func(ctx context.Context) error {
		_, err := h.api.AppWebhookCreate(ctx, app, heroku.AppWebhookCreateOpts{
			Include: []string{"api:build", "api:release"}, Level: "notify", Secret: &secret, URL: address,
		})
		return err
	})
}
