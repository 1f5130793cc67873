package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// meaning checks the rules between keys and says what a file asks for: every
// pipeline by its name. Values that were refused before are passed over, so that
// one mistake is told once. The repository may be unknown.
func meaning(file value, repo bot.Repo, p *problems) map[string]bot.Config {
	pipelines := pipelinesOf(file, p)
	all := make(map[string]bot.Config, len(pipelines))
	for _, pl := range pipelines {
		all[pl.name] = pipelineMeaning(pl.value)
		checkPipeline(pl.value, p)
	}
	checkAppsOnce(pipelines, p)
	checkNeeds(pipelines, repo, p)
	return all
}

// named is a pipeline of a file; the only one has no name.
type named struct {
	name  string
	value value
}

// pipelinesOf lists the pipelines of a file in its order.
func pipelinesOf(file value, p *problems) []named {
	several, ok := file.get("pipelines")
	if !ok {
		return []named{{"", file}}
	}
	for _, n := range file.names {
		if n.text != "pipelines" && n.text != "stages" {
			p.add(n.at, n.text, fmt.Sprintf("%q is not allowed next to \"pipelines\"", n.text), "move it into a pipeline")
		}
	}
	var all []named
	for _, n := range several.names {
		all = append(all, named{n.text, several.fields[n.text]})
	}
	return all
}

func pipelineMeaning(v value) bot.Config {
	cfg := bot.Config{
		Platform: bot.PlatformHeroku,
		Prepare:  bot.Prepare{PullRequests: true, Reuse: bot.ReuseTree},
		Changes:  classesMeaning(v),
		Windows:  windowsMeaning(v),
		Freezes:  freezesMeaning(v),
		Paths:    textsOf(v, "paths"),
	}
	setText(v, "branch", &cfg.Branch)
	setText(v, "platform", &cfg.Platform)
	setText(v, "build", &cfg.Build)
	if prepare, ok := v.get("prepare"); ok {
		cfg.Prepare = prepareMeaning(prepare, cfg.Prepare)
	}
	if checks, ok := v.get("checks"); ok {
		if checks.items == nil {
			cfg.Checks.None = true
		} else {
			cfg.Checks.Names = checkNames(checks)
		}
	}
	if insights, ok := v.get("insights"); ok {
		setDuration(insights, "failure_window", &cfg.Insights.FailureWindow)
		setText(insights, "zone", &cfg.Insights.Zone)
	}
	stages, _ := v.get("stages")
	for _, s := range stages.items {
		if !s.bad {
			cfg.Stages = append(cfg.Stages, stageMeaning(s))
		}
	}
	return cfg
}

// checkNames lists the checks of a file, pinned to an App or not.
func checkNames(v value) (all []bot.CheckName) {
	for _, i := range v.items {
		switch {
		case i.bad:
		case i.fields == nil:
			all = append(all, bot.CheckName{Name: i.text})
		default:
			var n bot.CheckName
			setText(i, "name", &n.Name)
			setText(i, "app", &n.App)
			all = append(all, n)
		}
	}
	return all
}

func prepareMeaning(v value, defaults bot.Prepare) bot.Prepare {
	p := defaults
	if v.fields == nil { // the short form
		p.Apps = []string{v.text}
		return p
	}
	if apps, ok := v.get("apps"); ok {
		p.Apps = apps.texts()
	}
	if pulls, ok := v.get("pull_requests"); ok && pulls.fields != nil {
		apps, _ := pulls.get("apps")
		p.PullApps = apps.texts()
	} else {
		setBool(v, "pull_requests", &p.PullRequests)
	}
	if r, ok := v.get("reuse"); ok {
		p.Reuse = bot.Reuse(r.text)
	}
	return p
}

func classesMeaning(v value) []bot.Class {
	changes, _ := v.get("changes")
	var all []bot.Class
	for _, n := range changes.names {
		all = append(all, bot.Class{Name: n.text, Paths: changes.fields[n.text].texts()})
	}
	return all
}

// allowed lists whom a stage's allow names. GitHub does not tell capitals apart,
// in names of people nor in those of teams.
func allowed(v value) []string {
	names := v.texts()
	if v.items == nil { // one alone
		names = []string{v.text}
	}
	var all []string
	for _, n := range names {
		if n = strings.ToLower(n); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// appsOf lists the apps of a stage or of prepare, however they are written.
func appsOf(v value) []value {
	if v.bad {
		return nil
	}
	if v.fields == nil {
		return []value{v}
	}
	var apps []value
	if app, ok := v.get("app"); ok {
		apps = append(apps, app)
	}
	if list, ok := v.get("apps"); ok {
		for _, app := range list.items {
			if !app.bad {
				apps = append(apps, app)
			}
		}
	}
	return apps
}

func setText(v value, key string, to *string) {
	if f, ok := v.get(key); ok {
		*to = f.text
	}
}

func setBool(v value, key string, to *bool) {
	if f, ok := v.get(key); ok {
		*to = f.text == "true"
	}
}

// textsOf is the text of every good item of a key's list; nil if there is none.
func textsOf(v value, key string) []string {
	f, _ := v.get(key)
	return f.texts()
}
