package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// Advice says in words what valid pipelines of a file had better do, one sentence
// or two for each piece of advice. Nothing: nothing. It knows the file alone, and not
// what is set at GitHub.
func Advice(all map[string]bot.Config) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, advice := range []string{pinAdvice(all[name].Checks), apartAdvice(all[name])} {
			if advice != "" && !slices.Contains(list, advice) {
				list = append(list, advice)
			}
		}
	}
	return list
}

// pinAdvice recommends to pin checks to the App that reports them.
func pinAdvice(c bot.Checks) string {
	const why = "Everybody who may write to the repository can set a commit status with the name of a check, before CI's run exists."
	switch {
	case c.None:
		return ""
	case c.AsGitHubRequires():
		return why + " Pin each check under `checks:`, as in {name: test, app: github-actions}; a ruleset that names the App (\"expected source\") holds merges only."
	}
	var open []string
	for _, n := range c.Names {
		if n.App == "" {
			open = append(open, n.Name)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return fmt.Sprintf("%s Pin %s to the App that reports it, as in {name: %s, app: github-actions}.", why, oneOf(quoteAll(open), "and"), bare(open[0]))
}

// apartAdvice recommends apps of their own for pull requests where an approval is
// asked for.
func apartAdvice(c bot.Config) string {
	stage := c.ApprovesShared()
	if stage == "" {
		return ""
	}
	apps := strings.Join(c.Prepare.Apps, ", ")
	return fmt.Sprintf("%s asks for an approval, and pull requests build on %s, which builds the branch too: anyone who may push any branch can plant something "+
		"in the build that is approved. Give them apps of their own: prepare: {apps: [%s], pull_requests: {apps: [%s-pr]}}.",
		stage, oneOf(c.Prepare.Apps, "or"), apps, c.Prepare.Apps[0])
}

func quoteAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = quote(t)
	}
	return all
}
