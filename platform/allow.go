package platform

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// Allow contains which repositories may use which apps. The operator sets it, so that a pipeline's file cannot use
// another team's app. The zero value allows nothing.
type Allow struct {
	rules []rule
	pins  []pin
}

type rule struct{ repo, app string }

// pin is the only repository that may have a name.
type pin struct {
	repo bot.Repo
	id   int64
}

// ParseAllow reads HEADSTART_ALLOW: rules of the form OWNER/NAME=APP, separated by white space. Both sides may have the
// wildcards of path.Match (`*` stays within the owner or the name). APP may be a list separated by commas.
// OWNER/NAME#ID is only for the repository of that number, and has no wildcards.
func ParseAllow(s string) (Allow, error) {
	var a Allow
	for _, field := range strings.Fields(s) {
		repo, apps, ok := strings.Cut(field, "=")
		repo, number, pinned := strings.Cut(repo, "#")
		if !ok || strings.Count(repo, "/") != 1 || apps == "" {
			return Allow{}, fmt.Errorf("%q is no rule: expected OWNER/REPOSITORY=APP, as in acme/shop=shop-*", field)
		}
		if pinned {
			if err := a.pin(repo, number, field); err != nil {
				return Allow{}, err
			}
		}
		for _, app := range strings.Split(apps, ",") {
			r := rule{strings.ToLower(repo), app}
			for _, pattern := range []string{r.repo, r.app} {
				if _, err := path.Match(pattern, "x"); err != nil || pattern == "" {
					return Allow{}, fmt.Errorf("%q in the rule %q is no pattern: expected a name, in which * stands for anything", pattern, field)
				}
			}
			if message := noRepository(repo); message != "" {
				return Allow{}, fmt.Errorf("the rule %q is for no repository: %s", field, message)
			}
			if message := noApp(app); message != "" {
				return Allow{}, fmt.Errorf("%q in the rule %q is no app: %s", app, field, message)
			}
			a.rules = append(a.rules, r)
		}
	}
	return a, nil
}

// pin stores the number of a rule's repository.
func (a *Allow) pin(name, number, field string) error {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || id <= 0 {
		return fmt.Errorf("%q in the rule %q is no repository's number: expected what `gh api repos/OWNER/NAME --jq .id` says, as in acme/shop#123=shop-*", number, field)
	}
	if strings.ContainsAny(name, `*?[\\`) {
		return fmt.Errorf("the rule %q has a number and a wildcard: a number is one repository's", field)
	}
	repo, err := bot.ParseRepo(name)
	if err != nil {
		return fmt.Errorf("%q in the rule %q is no repository: expected OWNER/NAME#ID", name, field)
	}
	if known := a.Pinned(repo); known != 0 && known != id {
		return fmt.Errorf("%s is pinned to two repositories, %d and %d: it can have one number", repo, known, id)
	}
	a.pins = append(a.pins, pin{repo, id})
	return nil
}

// Pinned returns the number of the only repository that may have a name; 0: any may.
func (a Allow) Pinned(repo bot.Repo) int64 {
	for _, p := range a.pins {
		if strings.EqualFold(p.repo.String(), repo.String()) {
			return p.id
		}
	}
	return 0
}

// Pins returns the pinned names, each with the number of its repository.
func (a Allow) Pins() map[bot.Repo]int64 {
	pins := map[bot.Repo]int64{}
	for _, p := range a.pins {
		pins[p.repo] = p.id
	}
	return pins
}

// Repositories lists the repositories that rules name without wildcards, each once.
func (a Allow) Repositories() (list []bot.Repo) {
	for _, r := range a.rules {
		repo, err := bot.ParseRepo(r.repo)
		if err == nil && !strings.ContainsAny(r.repo, `*?[\\`) && !slices.Contains(list, repo) {
			list = append(list, repo)
		}
	}
	return list
}

// Check returns nil if the repository may use all of the apps. Otherwise it returns a *bot.Refused that names the first
// forbidden one.
func (a Allow) Check(repo bot.Repo, apps ...string) error {
	for _, app := range apps {
		if !a.allows(repo, app) {
			return &bot.Refused{Reason: fmt.Sprintf("%s may not use the app %s: the operator's HEADSTART_ALLOW does not name it", repo, app)}
		}
	}
	return nil
}

// Names reports whether a rule is for the repository, for any app.
func (a Allow) Names(repo bot.Repo) bool {
	return slices.ContainsFunc(a.rules, func(r rule) bool { return r.of(repo) })
}

func (r rule) of(repo bot.Repo) bool {
	if repo.Nameless() {
		return false // the name decides, so no rule matches without one, not even a wildcard
	}
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
