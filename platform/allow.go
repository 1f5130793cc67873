package platform

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// Allow says which repository may use which apps. It is the operator's, so that
// a pipeline's file cannot reach for somebody else's app. The zero value allows
// nothing.
type Allow struct{ rules []rule }

type rule struct{ repo, app string }

// ParseAllow reads HEADSTART_ALLOW: rules of the form OWNER/NAME=APP, separated
// by white space, in which both sides may have the wildcards of path.Match
// (`*` stays within the owner or the name), and APP may be a list separated by
// commas.
func ParseAllow(s string) (Allow, error) {
	var a Allow
	for _, field := range strings.Fields(s) {
		repo, apps, ok := strings.Cut(field, "=")
		if !ok || strings.Count(repo, "/") != 1 || apps == "" {
			return Allow{}, fmt.Errorf("%q is no rule: expected OWNER/REPOSITORY=APP, as in acme/shop=shop-*", field)
		}
		for _, app := range strings.Split(apps, ",") {
			r := rule{strings.ToLower(repo), app}
			for _, pattern := range []string{r.repo, r.app} {
				if _, err := path.Match(pattern, "x"); err != nil || pattern == "" {
					return Allow{}, fmt.Errorf("%q in the rule %q is no pattern: expected a name, in which * stands for anything", pattern, field)
				}
			}
			a.rules = append(a.rules, r)
		}
	}
	return a, nil
}

// Check returns nil if the repository may use every one of the apps, and else a
// *bot.Refused that names the first that it may not.
func (a Allow) Check(repo bot.Repo, apps ...string) error {
	for _, app := range apps {
		if !a.allows(repo, app) {
			return &bot.Refused{Reason: fmt.Sprintf("%s may not use the app %s: the operator's HEADSTART_ALLOW does not name it", repo, app)}
		}
	}
	return nil
}

// Names reports whether a rule is for the repository, whatever app it is about.
func (a Allow) Names(repo bot.Repo) bool {
	return slices.ContainsFunc(a.rules, func(r rule) bool { return r.of(repo) })
}

func (r rule) of(repo bot.Repo) bool {
	ok, _ := path.Match(r.repo, strings.ToLower(repo.String()))
	return ok
}

func (a Allow) allows(repo bot.Repo, app string) bool {
	for _, r := range a.rules {
		if okApp, _ := path.Match(r.app, app); okApp && r.of(repo) {
			return true
		}
	}
	return false
}
