package githubtest

import (
	"fmt"
	"net/http"
)

var protectionRoutes = []route{
	{"GET", "/repos/{owner}/{repo}/rules/branches/{branch...}", byToken, "metadata:read", listRules},
	{"GET", "/repos/{owner}/{repo}/branches/{branch...}/protection/required_status_checks", byToken, "administration:read", getRequiredChecks},
	{"GET", "/repos/{owner}/{repo}/branches/{branch...}", byToken, "contents:read", getBranch},
}

// Rule is one rule of a ruleset that applies to a branch.
type Rule struct {
	Type       string         // required_status_checks, merge_queue, pull_request, …
	Parameters map[string]any // as in GitHub's API; nil for types without any
}

// RequiredCheck is a context that must be good before a merge.
type RequiredCheck struct {
	Context string
	App     string // slug of the App that must report it; "" for anybody
}

// protection is classic branch protection.
type protection struct {
	strict bool
	checks []RequiredCheck
}

// AddRule puts a rule of a ruleset on a branch.
func (r *Repo) AddRule(branch string, rule Rule) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.rules[branch] = append(r.rules[branch], rule)
}

// ClearRules removes all rulesets from a branch.
func (r *Repo) ClearRules(branch string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	delete(r.rules, branch)
}

// RequireByRuleset has a ruleset of a branch require checks.
func (r *Repo) RequireByRuleset(branch string, checks ...RequiredCheck) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	required := []any{}
	for _, check := range checks {
		j := obj{"context": check.Context}
		if check.App != "" {
			j["integration_id"] = r.s.appID(check.App)
		}
		required = append(required, j)
	}
	r.rules[branch] = append(r.rules[branch], Rule{Type: "required_status_checks", Parameters: obj{
		"required_status_checks": required, "strict_required_status_checks_policy": false, "do_not_enforce_on_create": false,
	}})
}

// MergeQueueRule is a rule that go-github v60 does not know.
func MergeQueueRule() Rule {
	return Rule{Type: "merge_queue", Parameters: obj{
		"check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5, "max_entries_to_merge": 5,
		"merge_method": "MERGE", "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5,
	}}
}

// Protect puts classic protection with required checks on a branch. Without
// checks the branch is protected and requires none.
func (r *Repo) Protect(branch string, checks ...RequiredCheck) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.protections[branch] = &protection{checks: checks}
}

// Unprotect removes classic protection.
func (r *Repo) Unprotect(branch string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	delete(r.protections, branch)
}

func listRules(c *call) answer {
	return list(c, c.repo.rules[c.vars["branch"]], func(rule Rule) obj {
		j := obj{
			"type": rule.Type, "ruleset_source_type": "Repository", "ruleset_source": c.repo.FullName(), "ruleset_id": 1,
		}
		if rule.Parameters != nil {
			j["parameters"] = rule.Parameters
		}
		return j
	})
}

// requiredJSON is protection's list, in both of its forms.
func (r *Repo) requiredJSON(p *protection) obj {
	contexts, checks := []string{}, []any{}
	if p != nil {
		for _, check := range p.checks {
			contexts = append(contexts, check.Context)
			var id any
			if check.App != "" {
				id = r.s.appID(check.App)
			}
			checks = append(checks, obj{"context": check.Context, "app_id": id})
		}
	}
	return obj{"contexts": contexts, "checks": checks}
}

func getRequiredChecks(c *call) answer {
	branch := c.vars["branch"]
	p := c.repo.protections[branch]
	if p == nil {
		return fail(http.StatusNotFound, "Branch not protected")
	}
	j := c.repo.requiredJSON(p)
	j["strict"] = p.strict
	j["url"] = c.repo.api() + "/branches/" + escapePath(branch) + "/protection/required_status_checks"
	j["contexts_url"] = fmt.Sprint(j["url"], "/contexts")
	return ok(j)
}

func getBranch(c *call) answer {
	r, branch := c.repo, c.vars["branch"]
	sha := r.head(branch)
	if sha == "" {
		return fail(http.StatusNotFound, "Branch not found")
	}
	commit, err := r.commit(sha)
	if err != nil {
		return broken(err)
	}
	p := r.protections[branch]
	required := r.requiredJSON(p)
	required["enforcement_level"] = "off"
	if p != nil && len(p.checks) > 0 {
		required["enforcement_level"] = "non_admins"
	}
	url := r.api() + "/branches/" + escapePath(branch)
	return ok(obj{
		"name": branch, "commit": r.commitJSON(commit), "protected": p != nil || len(r.rules[branch]) > 0,
		"_links": obj{"self": url, "html": r.html() + "/tree/" + branch}, "protection_url": url + "/protection",
		"protection": obj{"enabled": p != nil, "required_status_checks": required},
	})
}
