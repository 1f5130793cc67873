package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/words"
)

var herokuChecks = []Check{
	{"heroku-key", Heroku, "Does Heroku accept the API key?", herokuKey},
	{"heroku-scope", Heroku, "May the API key what Headstart does, and no more?", herokuScope},
	{"heroku-budget", Heroku, "Are requests left of the account's hourly limit?", herokuBudget},
	{"heroku-app", Heroku, "Is the app there, and may the API key deploy to it?", eachApp(herokuApp)},
	{"heroku-preflight", Heroku, "Does the app suit what is built for it (stack, config vars, preboot)?", eachApp(preflight)},
	{"heroku-buildpacks", Heroku, "Has the app the buildpacks of the app that builds for it?", eachApp(buildpacks)},
	{"heroku-webhooks", Heroku, "Does Heroku tell of builds and releases at once?", herokuWebhooks},
	{"heroku-automatic", Heroku, "Does Heroku deploy to the app by itself?", eachApp(automatic)},
}

func eachApp(look func(HerokuApp) []Finding) func(*Facts) []Finding {
	return func(f *Facts) (list []Finding) {
		for _, app := range f.Apps {
			for _, found := range look(app) {
				list = append(list, found.about(app.Name))
			}
		}
		return list
	}
}

func herokuKey(f *Facts) []Finding {
	switch h := f.Heroku; {
	case !h.Done:
		return nil
	case h.Err != nil:
		return one(wrong("make a key with `heroku authorizations:create --scope write-protected`, and set HEROKU_API_KEY", "Heroku cannot be used: %s", reason(h.Err)))
	case h.Value.Email == "":
		return one(well("Heroku accepts the API key"))
	default:
		return one(well("Heroku accepts the API key of %s", h.Value.Email))
	}
}

func herokuScope(f *Facts) []Finding {
	const anew = "make a key with `heroku authorizations:create --scope write-protected`"
	if !f.Heroku.ok() {
		return nil
	}
	scopes := strings.FieldsFunc(f.Heroku.Value.Scope, func(r rune) bool { return r == ' ' || r == ',' })
	switch {
	case len(scopes) == 0:
		return one(warning("", "Heroku does not say which scope the API key has"))
	case slices.Contains(scopes, "global"):
		return one(warning(anew, "The API key may do anything in the account, and Headstart needs write-protected"))
	case slices.Contains(scopes, "write-protected"):
		return one(well("The API key has the scope write-protected"))
	}
	return one(wrong(anew, "The API key has the scope %s, with which nothing can be deployed", strings.Join(scopes, ", ")))
}

func herokuBudget(f *Facts) []Finding {
	if !f.Heroku.ok() {
		return nil
	}
	h := f.Heroku.Value
	text := fmt.Sprintf("%d of about %d requests are left", h.Left, h.Limit)
	const next = "see who else uses the account: all its keys share one limit, which fills up again within an hour"
	switch {
	case h.Left < h.Limit/20:
		return one(wrong(next, "%s: deploys wait for more", text))
	case h.Left < h.Limit/4:
		return one(warning(next, "%s", text))
	}
	return one(well("%s", text))
}

func herokuApp(a HerokuApp) []Finding {
	switch i := a.Inspected; {
	case !i.Done:
		return nil
	case i.Err != nil:
		return one(warning("see that Heroku answers", "%s cannot be looked at: %s", a.Name, reason(i.Err)))
	case i.Value.Problem != "":
		return one(wrong("ask the owner of "+a.Name, "%s", a.sentence(i.Value.Problem)))
	}
	return one(well("%s is there, and the API key may deploy to it", a.Name))
}

// sentence begins a phrase with a capital, unless it begins with the app's name.
func (a HerokuApp) sentence(phrase string) string {
	if strings.HasPrefix(phrase, a.Name) {
		return phrase
	}
	return words.Capital(phrase)
}

func preflight(a HerokuApp) (list []Finding) {
	if !a.Inspected.ok() || a.Inspected.Value.Problem != "" || a.Prepare {
		return nil
	}
	for _, w := range a.Inspected.Value.Warnings {
		list = append(list, warning("mend it on Heroku; releases go on all the same", "%s", a.sentence(w)))
	}
	if len(list) == 0 && a.Source == "" {
		return one(well("%s takes releases without a restart that people notice", a.Name))
	} else if len(list) == 0 {
		return one(well("%s suits what %s builds", a.Name, a.Source))
	}
	return list
}

func buildpacks(a HerokuApp) []Finding {
	if !a.Buildpacks.ok() || !a.Of.ok() || a.Source == "" {
		return nil
	}
	if ours, theirs := a.Buildpacks.Value, a.Of.Value; len(ours) > 0 && !slices.Equal(ours, theirs) {
		return one(warning(fmt.Sprintf("heroku buildpacks:set -a %s …", a.Name), "%s has the buildpacks %s, and %s, which builds for it, has %s: what %s builds itself, if it has to, differs",
			a.Name, names(ours), a.Source, names(theirs), a.Name))
	}
	return one(well("%s has the buildpacks of %s, or none of its own", a.Name, a.Source))
}

func names(buildpacks []string) string {
	if len(buildpacks) == 0 {
		return "none"
	}
	return strings.Join(buildpacks, ", ")
}

// told are the entities that Headstart wants to hear of.
var told = []string{"api:build", "api:release"}

func herokuWebhooks(f *Facts) (list []Finding) {
	want := strings.TrimSuffix(f.URL, "/") + "/webhooks/heroku"
	for _, a := range f.Apps {
		if !a.Hooks.ok() {
			continue
		}
		var ours []string
		for _, h := range a.Hooks.Value {
			if f.URL != "" && h.URL == want || f.URL == "" && strings.HasSuffix(h.URL, "/webhooks/heroku") {
				ours = append(ours, h.Include...)
			}
		}
		heard := !slices.ContainsFunc(told, func(e string) bool { return !slices.Contains(ours, e) })
		switch {
		case f.HerokuHook && !heard:
			list = append(list, warning(fmt.Sprintf("heroku webhooks:add -a %s -i %s -l notify -s $HEROKU_WEBHOOK_SECRET -u %s", a.Name, strings.Join(told, ","), want),
				"Heroku tells nothing of %s, so that it is polled", a.Name).about(a.Name))
		case !f.HerokuHook && len(ours) > 0:
			list = append(list, warning("set HEROKU_WEBHOOK_SECRET, or remove the webhook", "Heroku sends webhooks about %s, and the server takes none: HEROKU_WEBHOOK_SECRET is not set", a.Name).about(a.Name))
		case f.HerokuHook:
			list = append(list, well("Heroku tells of %s at once", a.Name).about(a.Name))
		default:
			list = append(list, well("%s is polled: HEROKU_WEBHOOK_SECRET is not set", a.Name).about(a.Name))
		}
	}
	return list
}

func automatic(a HerokuApp) []Finding {
	switch {
	case !a.Auto.ok():
		return nil // that is not documented, and may not be answered
	case a.Auto.Value != "":
		return one(wrong("disable automatic deploys: on the app's page, under Deploy", "Heroku deploys %s to %s by itself, whatever its checks say", a.Auto.Value, a.Name))
	}
	return one(well("Nobody but Headstart deploys to %s by itself", a.Name))
}
