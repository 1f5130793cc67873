package heroku

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
)

// prebootTakes is how long after a release traffic moves to its dynos where
// preboot is on: "about 3 minutes", and no API says when
// (devcenter.heroku.com/articles/preboot).
const prebootTakes = 3 * time.Minute

// sourceFor is how long what was seen of an app that builds for others holds, so
// that each of them costs no requests of its own for it.
const sourceFor = 5 * time.Minute

// wireApp is an app with what v5 of heroku-go lacks.
type wireApp struct {
	heroku.App
	Generation struct {
		Name string `json:"name"` // cedar or fir
	} `json:"generation"`
}

func (a wireApp) fir() bool { return a.Generation.Name == "fir" }

// varNames are the names of config vars. Their values are dropped while the answer
// is read, and are nowhere kept.
type varNames map[string]dropped

type dropped struct{}

// UnmarshalJSON keeps nothing.
func (*dropped) UnmarshalJSON([]byte) error { return nil }

// builder is what matters of an app that builds for others.
type builder struct {
	app  wireApp
	vars varNames
	seen time.Time
}

// Inspect looks what should be known of an app before anything is promoted to it.
func (h *Heroku) Inspect(ctx context.Context, app, source string) (bot.Inspected, error) {
	target, err := h.appAsItIs(ctx, app)
	if err != nil {
		return inaccessible(app, err)
	}
	found := bot.Inspected{App: bot.App{Name: target.Name, URL: webURL(target.WebURL)}}
	if found.Problem, err = h.mayNotDeploy(ctx, app, target); err != nil || found.Problem != "" {
		return found, err
	}
	if source != "" {
		from, err := h.builder(ctx, source)
		if err != nil {
			return inaccessible(source, err)
		}
		if found.Problem, err = h.apart(ctx, app, target, source, from.app); err != nil || found.Problem != "" {
			return found, err
		}
		if built := from.app.BuildStack.Name; built != target.Stack.Name {
			found.Warnings = append(found.Warnings, fmt.Sprintf("%s is on the stack %s, and %s builds for %s", app, target.Stack.Name, source, built))
		}
		vars, err := h.varNames(ctx, app)
		if err != nil {
			return bot.Inspected{}, err
		}
		if missing := lacking(from.vars, vars); len(missing) > 0 {
			found.Warnings = append(found.Warnings, fmt.Sprintf("%s lacks config vars that %s has: %s", app, source, few(missing)))
		}
	}
	warning := ""
	if found.SwitchesAfter, warning, err = h.preboot(ctx, app, target); err != nil {
		return bot.Inspected{}, err
	}
	if warning != "" {
		found.Warnings = append(found.Warnings, warning)
	}
	return found, nil
}

// givenUp is the end of a look that waited for another one to end.
func givenUp(ctx context.Context) error {
	return &bot.Retryable{Reason: "Looking at Heroku was given up", Err: ctx.Err()}
}

// inaccessible turns a refusal to show an app into what it means for whoever
// wants to promote.
func inaccessible(app string, err error) (bot.Inspected, error) {
	var refused *bot.Refused
	switch {
	case errors.Is(err, bot.ErrNotFound):
		return bot.Inspected{App: bot.App{Name: app}, Problem: fmt.Sprintf("Heroku has no app %s, or does not show it to the API key's account", app)}, nil
	case errors.As(err, &refused):
		return bot.Inspected{App: bot.App{Name: app}, Problem: refused.Reason}, nil
	}
	return bot.Inspected{}, err
}

// appAsItIs asks for an app, however recently that was done.
func (h *Heroku) appAsItIs(ctx context.Context, app string) (found wireApp, err error) {
	err = h.do(ctx, read("look at "+app, app), func(ctx context.Context) error {
		if err := h.api.Get(ctx, &found, "/apps/"+app, nil, nil); err != nil {
			return err
		}
		return checkApp(found.App)
	})
	if err == nil {
		h.learnPlace(app, found.App)
	}
	return found, err
}

// learnPlace remembers where an app is.
func (h *Heroku) learnPlace(app string, found heroku.App) place {
	p := place{app: bot.App{Name: found.Name, URL: webURL(found.WebURL)}, id: found.ID, seen: h.clock()}
	remember(&h.memory, h.memory.places, app, p)
	return p
}

// builder looks at an app that builds for others. Those are looked at together, as
// often as not: one look serves them all.
func (h *Heroku) builder(ctx context.Context, app string) (builder, error) {
	done, ok := h.memory.takeTurn(ctx, "builder "+app)
	if !ok {
		return builder{}, givenUp(ctx)
	}
	defer done()
	if b, ok := recall(&h.memory, h.memory.builders, app); ok && h.clock().Sub(b.seen) <= sourceFor {
		return b, nil
	}
	found, err := h.appAsItIs(ctx, app)
	if err != nil {
		return builder{}, err
	}
	vars, err := h.varNames(ctx, app)
	if err != nil {
		return builder{}, err
	}
	b := builder{app: found, vars: vars, seen: h.clock()}
	remember(&h.memory, h.memory.builders, app, b)
	return b, nil
}

func (h *Heroku) varNames(ctx context.Context, app string) (names varNames, err error) {
	err = h.do(ctx, read("list the config vars of "+app, app), func(ctx context.Context) error {
		return h.api.Get(ctx, &names, "/apps/"+app+"/config-vars", nil, nil)
	})
	return names, err
}

// mayNotDeploy says why the API key's account may not release to an app; empty if
// it may, for all that Heroku tells. Only who is no owner has permissions that
// are listed, and of a team's members not all.
func (h *Heroku) mayNotDeploy(ctx context.Context, app string, target wireApp) (string, error) {
	me, err := h.account(ctx)
	if err != nil || me == target.Owner.ID {
		return "", unlessRefused(err)
	}
	var found *heroku.Collaborator
	err = h.do(ctx, read("look at the permissions for "+app, app, me), func(ctx context.Context) (err error) {
		found, err = h.api.CollaboratorInfo(ctx, app, me)
		return err
	})
	if err != nil {
		return "", unlessRefused(err)
	}
	var names []string
	for _, p := range found.Permissions {
		names = append(names, p.Name)
	}
	if len(names) == 0 || slices.Contains(names, "deploy") {
		return "", nil
	}
	return fmt.Sprintf("the API key's account may not deploy to %s: it has the permissions %s", app, strings.Join(names, ", ")), nil
}

// unlessRefused drops a refusal: what may not be asked says nothing.
func unlessRefused(err error) error {
	if errors.As(err, new(*bot.Refused)) {
		return nil
	}
	return err
}

// account is the id of the API key's account.
func (h *Heroku) account(ctx context.Context) (string, error) {
	const self = "account" // of all that is remembered by a key there is one
	done, ok := h.memory.takeTurn(ctx, self)
	if !ok {
		return "", givenUp(ctx)
	}
	defer done()
	if id, ok := recall(&h.memory, h.memory.accounts, self); ok {
		return id, nil
	}
	var found *heroku.Account
	err := h.do(ctx, operation{what: "look at the API key's account"}, func(ctx context.Context) (err error) {
		if found, err = h.api.AccountInfo(ctx); err == nil && !resource.MatchString(found.ID) {
			err = errors.New("the account has no id")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	remember(&h.memory, h.memory.accounts, self, found.ID)
	return found.ID, nil
}

// apart says why what one app builds cannot get to another; empty if it can. Slugs
// go anywhere; the images of Fir apps only along a pipeline.
func (h *Heroku) apart(ctx context.Context, app string, target wireApp, source string, from wireApp) (string, error) {
	if target.fir() != from.fir() {
		return fmt.Sprintf("%s is a %s app and %s a %s app: no build serves both", app, target.Generation.Name, source, from.Generation.Name), nil
	}
	if !target.fir() {
		return "", nil
	}
	a, err := h.coupling(ctx, source)
	if err != nil {
		return "", unlessRefused(err)
	}
	b, err := h.coupling(ctx, app)
	if err != nil {
		return "", unlessRefused(err)
	}
	if a.pipeline == "" || a.pipeline != b.pipeline {
		return fmt.Sprintf("%s is a Fir app, which takes promotions only within a Heroku pipeline, and %s is not in the same one", app, source), nil
	}
	return "", nil
}

// preboots are the dyno sizes of the Common Runtime that preboot works with.
var preboots = regexp.MustCompile(`(?i)^(standard|performance)-`)

// preboot tells how long the version before a release still answers, and warns
// where a restart is noticed that preboot would hide. Private Spaces and Fir apps
// replace their dynos one by one, without it.
func (h *Heroku) preboot(ctx context.Context, app string, target wireApp) (takesOver time.Duration, warning string, err error) {
	if target.fir() || target.Space != nil {
		return 0, "", nil
	}
	var formation []heroku.Formation
	err = h.do(ctx, read("look at the dynos of "+app, app), func(ctx context.Context) (err error) {
		formation, err = h.api.FormationList(ctx, app, nil)
		return err
	})
	if err != nil {
		return 0, "", unlessRefused(err)
	}
	web := slices.IndexFunc(formation, func(f heroku.Formation) bool { return f.Type == "web" })
	if web >= 0 && (formation[web].Quantity < 1 || !preboots.MatchString(formation[web].Size)) {
		return 0, "", nil
	}
	var feature *heroku.AppFeature
	err = h.do(ctx, read("look at the preboot of "+app, app), func(ctx context.Context) (err error) {
		feature, err = h.api.AppFeatureInfo(ctx, app, "preboot")
		return err
	})
	switch {
	case err != nil:
		return 0, "", unlessRefused(err)
	case feature.Enabled:
		return prebootTakes, "", nil
	case web >= 0:
		return 0, fmt.Sprintf("preboot is off for %s: people notice its restarts", app), nil
	}
	return 0, "", nil
}

// colour matches the config vars of databases that nobody named: every app has
// its own.
var colour = regexp.MustCompile(`^HEROKU_POSTGRESQL_[A-Z]+_URL$`)

// lacking lists the names that one app has and another has not, sorted.
func lacking(from, to varNames) []string {
	var list []string
	for name := range from {
		if _, ok := to[name]; !ok && !colour.MatchString(name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// few names up to six for a sentence.
func few(names []string) string {
	const most = 6
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
