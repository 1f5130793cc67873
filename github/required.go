package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	json "github.com/go-json-experiment/json/v1"
	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// A branch's requirements come from two places, and both count: rulesets and classic protection. go-github decodes
// neither correctly: it fails on unknown rules, and drops the protection from a branch.

// ruleChecks reads the required checks of all rulesets that are active for a branch, of the repository and of its
// organization. missing means that GitHub knows no rules there: it may be too early.
func (r repository) ruleChecks(ctx context.Context, branch string) (_ []bot.RequiredCheck, missing bool, _ error) {
	a := ask{what: fmt.Sprintf("read the rules of %s of %s", refName(branch), r.repo), needs: "Metadata: read"}
	all, err := pages(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]bot.RequiredCheck, *gh.Response, error) {
		var raw json.RawMessage
		resp, err := r.fetch(ctx, query("rules/branches/"+url.PathEscape(branch), page), &raw)
		if noRulesets(err) {
			missing = resp.StatusCode == http.StatusNotFound
			return nil, resp, nil
		}
		if err != nil {
			return nil, resp, err
		}
		checks, err := parseRules(raw)
		return checks, resp, err
	})
	return all, missing, err
}

// noRulesets reports whether GitHub has no rulesets for this repository: its plan or its version lacks them. The
// requests beside this one notice a missing repository.
func noRulesets(err error) bool {
	var e *gh.ErrorResponse
	var noToken *tokenless // GitHub refused the token: rules were not requested
	if errors.As(err, &noToken) || !errors.As(err, &e) || e.Response == nil || !fromGitHub(e) {
		return false
	}
	return e.Response.StatusCode == 404 || e.Response.StatusCode == 403 && !lacksPermission(e)
}

// parseRules returns the required checks in GET /repos/{o}/{r}/rules/branches/{b}. It ignores rules of other types in
// any form.
func parseRules(answer []byte) ([]bot.RequiredCheck, error) {
	var rules []struct {
		Type       string
		Parameters json.RawMessage
	}
	if err := json.Unmarshal(answer, &rules); err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	var checks []bot.RequiredCheck
	for _, rule := range rules {
		if rule.Type != "required_status_checks" {
			continue
		}
		var parameters struct {
			Checks []struct {
				Context       string
				IntegrationID *int64 `json:"integration_id"`
			} `json:"required_status_checks"`
		}
		if err := json.Unmarshal(rule.Parameters, &parameters); err != nil {
			return nil, fmt.Errorf("read the rule %s: %w", rule.Type, err)
		}
		for _, c := range parameters.Checks {
			if c.Context != "" {
				checks = append(checks, bot.RequiredCheck{Name: c.Context, AppID: appOf(c.IntegrationID)})
			}
		}
	}
	return checks, nil
}

// branch reads a branch's head and the required checks of its classic protection. Both are in one answer that needs
// only contents: read.
func (r repository) branch(ctx context.Context, name string) (bot.Head, []bot.RequiredCheck, error) {
	a := ask{what: fmt.Sprintf("read the branch %s of %s", refName(name), r.repo), needs: "Contents: read"}
	var head bot.Head
	var checks []bot.RequiredCheck
	err := a.do(ctx, func(ctx context.Context) error {
		var raw json.RawMessage
		_, err := r.fetch(ctx, "branches/"+url.PathEscape(name), &raw)
		if err != nil {
			return err
		}
		head, checks, err = parseBranch(raw)
		return err
	})
	return head, checks, err
}

// readHead reads a branch's head, in one request.
func (r repository) readHead(ctx context.Context, do bot.ReadHead) (bot.HeadRead, error) {
	if do.Branch == "" {
		return bot.HeadRead{}, &bot.Refused{Reason: fmt.Sprintf("No branch of %s is named whose head could be read.", r.repo)}
	}
	head, _, err := r.branch(ctx, do.Branch)
	return bot.HeadRead{Branch: do.Branch, Head: head}, err
}

// parseBranch reads GET /repos/{o}/{r}/branches/{b}.
func parseBranch(answer []byte) (bot.Head, []bot.RequiredCheck, error) {
	var b struct {
		Commit struct {
			SHA    string
			Commit struct {
				Message string
				Author  struct{ Name string }
				Tree    struct{ SHA string }
			}
			Author struct{ Login string } // null if no account has the author's address
		}
		Protection struct {
			Required struct {
				Contexts []string
				Checks   []struct {
					Context string
					AppID   *int64 `json:"app_id"`
				}
			} `json:"required_status_checks"`
		}
	}
	if err := json.Unmarshal(answer, &b); err != nil {
		return bot.Head{}, nil, fmt.Errorf("read the branch: %w", err)
	}
	if !isSHA(b.Commit.SHA) || !isSHA(b.Commit.Commit.Tree.SHA) {
		return bot.Head{}, nil, errors.New("read the branch: it names no commit, or no tree")
	}
	head := bot.Head{SHA: b.Commit.SHA, Tree: b.Commit.Commit.Tree.SHA, Title: redact.Title(b.Commit.Commit.Message), Author: b.Commit.Author.Login}
	if head.Author == "" {
		head.Author = redact.Title(b.Commit.Commit.Author.Name)
	}
	var checks []bot.RequiredCheck
	byName := map[string]bool{}
	for _, c := range b.Protection.Required.Checks {
		if c.Context != "" {
			checks = append(checks, bot.RequiredCheck{Name: c.Context, AppID: appOf(c.AppID)})
			byName[c.Context] = true
		}
	}
	// contexts is the older list: it repeats the names of checks, without apps.
	for _, name := range b.Protection.Required.Contexts {
		if name != "" && !byName[name] {
			checks = append(checks, bot.RequiredCheck{Name: name})
		}
	}
	return head, checks, nil
}

// appOf reads an app's number: null, and -1 in classic protection, mean any.
func appOf(id *int64) int64 {
	if id == nil || *id < 0 {
		return 0
	}
	return *id
}

// merge combines lists of required checks, each check once.
func merge(lists ...[]bot.RequiredCheck) []bot.RequiredCheck {
	var all []bot.RequiredCheck
	seen := map[bot.RequiredCheck]bool{}
	for _, list := range lists {
		for _, c := range list {
			if !seen[c] {
				seen[c] = true
				all = append(all, c)
			}
		}
	}
	return all
}
