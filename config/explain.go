package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// ExplainAll says in words what the pipelines of a file mean, in the order of
// their names. It ends with a newline.
func ExplainAll(all map[string]bot.Config) string {
	names := slices.Sorted(maps.Keys(all))
	if cfg, one := all[""]; one || len(names) == 0 {
		return Explain(cfg)
	}
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%-*s  %s\n", labelWidth, "Pipeline", name)
		fmt.Fprintf(&b, "%s\n", Explain(all[name]))
	}
	b.WriteString("A command may name its pipeline, as in " + exampleCommand(names[0], all[names[0]]) + ".\n" +
		"One that does not is for the pipeline that the pull request affects.\n")
	return b.String()
}

// exampleCommand is a command that names a pipeline.
func exampleCommand(name string, cfg bot.Config) string {
	stage := "STAGE"
	if stages := cfg.StageNames(); len(stages) > 0 {
		stage = stages[len(stages)-1]
	}
	return "/promote " + name + ":" + stage
}

// labelWidth is how many characters the labels at the left take.
const labelWidth = 14

// Explain says in words what a configuration means, in a few lines of text for
// somebody who sees Headstart for the first time. It ends with a newline.
func Explain(cfg bot.Config) string {
	var b strings.Builder
	write := func(what string, sentences ...string) {
		for _, s := range sentences {
			fmt.Fprintf(&b, "%-*s  %s\n", labelWidth, what, s)
			what = ""
		}
	}
	write("Branch", explainBranch(cfg)...)
	write("Build", explainBuild(cfg)...)
	write("Pull requests", explainPullRequests(cfg)...)
	write("Checks", explainChecks(cfg.Checks)...)
	write("Changes", explainChanges(cfg)...)
	write("Windows", explainWindows(cfg)...)
	write("Freezes", explainFreezes(cfg.Freezes)...)
	write("Stages", explainStages(cfg)...)
	write("Commands", explainCommands(cfg)...)
	write("Insights", explainInsights(cfg)...)
	return b.String()
}

// explainInsights says how deployments are counted, where the file says anything of it.
func explainInsights(cfg bot.Config) (all []string) {
	if slices.ContainsFunc(cfg.Stages, func(s bot.Stage) bool { return s.Production }) {
		all = append(all, fmt.Sprintf("What is released to %s counts as deployed.", oneOf(cfg.Production(), "or")))
	}
	if cfg.Insights.FailureWindow > 0 {
		all = append(all, fmt.Sprintf("A release has failed if it is taken back, or corrected in a hurry, within %s.", span(cfg.Insights.FailureWindow)))
	}
	if cfg.Insights.Zone != "" {
		all = append(all, fmt.Sprintf("Days and weeks are those of %s.", cfg.Insights.Zone))
	}
	return all
}

func explainBranch(cfg bot.Config) []string {
	branch := cfg.Branch
	if branch == "" {
		branch = "the repository's default branch"
	}
	if len(cfg.Paths) == 0 {
		return []string{fmt.Sprintf("Every push to %s goes %s.", branch, route(cfg))}
	}
	return []string{
		fmt.Sprintf("Pushes to %s that change a file like %s go %s.", branch, paths(cfg.Paths), route(cfg)),
		"Other pushes do not affect this pipeline.",
	}
}

// route names the way: to production, or through staging to production.
func route(cfg bot.Config) string {
	names := cfg.StageNames()
	if len(names) == 0 {
		return "nowhere"
	}
	last := len(names) - 1
	way := "to " + names[last]
	if last > 0 {
		way = "through " + oneOf(names[:last], "and") + " " + way
	}
	return way + ", " + map[string]string{
		bot.PlatformHeroku: "on Heroku",
		bot.PlatformLocal:  "on the machine that Headstart runs on",
	}[cfg.Platform]
}

func explainBuild(cfg bot.Config) []string {
	var all []string
	switch apps := cfg.Prepare.Apps; len(apps) {
	case 0:
		first := "the first stage"
		if len(cfg.Stages) > 0 {
			first = cfg.Stages[0].Apps[0]
		}
		when := "After the checks, on"
		if cfg.Checks.None {
			when = "On"
		}
		all = append(all, fmt.Sprintf("%s %s: there is no prepare app that could build ahead.", when, first))
	case 1:
		all = append(all, fmt.Sprintf("On %s, from the moment of the push, while the checks run.", apps[0]))
	default:
		all = append(all, fmt.Sprintf("On %s, from the moment of the push, while the checks run; %d at a time.", oneOf(apps, "or"), len(apps)))
	}
	if cfg.Build != "" {
		all = append(all, "A build runs"+command(cfg.Build))
	}
	if cfg.Prepare.Reuse == bot.ReuseCommit {
		return append(all, "Every commit is built for itself, even if another with the same files was built before.")
	}
	return append(all, "A commit with exactly the same files as one that was built before takes that build.")
}

// command shows a command after a verb, or how long it is.
func command(s string) string {
	if s = strings.TrimSpace(s); strings.Contains(s, "\n") {
		return fmt.Sprintf(" a script of %d lines.", strings.Count(s, "\n")+1)
	}
	return ": " + printable(s)
}

func explainPullRequests(cfg bot.Config) []string {
	switch {
	case len(cfg.Prepare.Apps) == 0:
		return []string{"Not built ahead: that takes a prepare app."}
	case !cfg.Prepare.PullRequests:
		return []string{"Not built ahead: prepare.pull_requests is false."}
	case len(cfg.Prepare.PullApps) > 0:
		return []string{
			fmt.Sprintf("Those of this repository are built on %s, those of forks never.", oneOf(cfg.Prepare.PullApps, "or")),
			"The branch takes none of their builds: every merge is built again.",
		}
	case cfg.Prepare.Reuse == bot.ReuseCommit:
		return []string{
			"Those of this repository are built too, those of forks never.",
			"A merge makes a new commit, which is built again, because of reuse: commit.",
		}
	}
	return []string{"Those of this repository are built too, those of forks never, so that a merge often finds its build done."}
}

func explainChecks(c bot.Checks) []string {
	switch {
	case c.None:
		return []string{"None are waited for: a build that succeeded goes on at once."}
	case len(c.Names) > 0:
		var names []string
		for _, n := range c.Names {
			names = append(names, n.String())
		}
		return []string{fmt.Sprintf("%s must pass before the first stage; nothing else is waited for.", oneOf(names, "and"))}
	}
	return []string{
		"What GitHub requires of the branch must pass before the first stage;",
		"where it requires nothing, everything that reports.",
	}
}

// explainCommands says who steers which stage.
func explainCommands(cfg bot.Config) []string {
	stages := cfg.Stages
	all, open := []string{"In comments on pull requests, for each stage by those whom it allows:"}, []string(nil)
	one, gated := true, len(cfg.Freezes) > 0
	for _, s := range stages {
		one = one && slices.Equal(s.Allow, stages[0].Allow)
		all = append(all, fmt.Sprintf("%s: %s.", s.Name, explainAllow(s.Allow)))
		if s.PullRequests {
			open = append(open, s.Name)
		}
		gated = gated || len(s.Windows) > 0 || s.Soak > 0 || slices.ContainsFunc(s.Hold, func(h bot.Hold) bool { return h.Window != "" })
	}
	if one && len(stages) > 0 {
		all = []string{fmt.Sprintf("In comments on pull requests, by %s.", explainAllow(stages[0].Allow))}
	}
	if len(open) > 0 {
		all = append(all, fmt.Sprintf("/promote also puts an open pull request of this repository on %s.", oneOf(open, "or")))
	}
	if gated {
		all = append(all, "/promote STAGE --urgent REASON, by a maintainer of the repository, skips windows, freezes and soak.")
	}
	return all
}

func explainAllow(allow []string) string {
	var who []string
	for _, a := range allow {
		switch team, isTeam := strings.CutPrefix(a, bot.AllowTeam); {
		case isTeam:
			who = append(who, "the team "+team)
		case strings.HasPrefix(a, bot.AllowPerson):
			who = append(who, a)
		case a == string(bot.RoleAdmin):
			who = append(who, "everybody who administers the repository")
		default:
			who = append(who, fmt.Sprintf("everybody who may %s the repository", map[string]string{"write": "write to", "maintain": "maintain"}[a]))
		}
	}
	text := oneOf(who, "and")
	if slices.ContainsFunc(allow, func(a string) bool {
		return strings.HasPrefix(a, bot.AllowTeam) || strings.HasPrefix(a, bot.AllowPerson)
	}) {
		text += "; everyone named needs write access to the repository, too"
	}
	return text
}
