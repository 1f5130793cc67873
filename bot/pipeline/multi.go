package pipeline

import (
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// A repository with several pipelines has one more, without a name, which gets everything
// first. It deploys nothing: it reads the file, opens the file's pipelines, and publishes
// what is wrong with the file. It also routes the commands of comments (route.go) and
// keeps the comments of pull requests (sections.go). A named pipeline has its name in its
// statuses, its deployments' environments, its answers and its section of the comments.

// Multi reports whether this is the pipeline without a name, of a repository with several.
func (s *State) Multi() bool { return s.Pipeline.Name == "" && len(s.Names) > 0 && !s.Configured }

// Opening is what begins the pipelines that were never opened.
func (s *State) Opening() bot.OpenPipelines {
	do := bot.OpenPipelines{Installed: bot.Installed{RepoID: s.RepoID, Installation: s.Installation, DefaultBranch: s.DefaultBranch, Visibility: s.Visibility}}
	for _, name := range s.Names {
		if !slices.Contains(s.Opened, name) {
			do.Names = append(do.Names, name)
		}
	}
	if n := len(s.Candidates); n > 0 {
		c := s.Candidates[n-1]
		do.Pushed = &bot.Pushed{
			Branch: c.Branch, Before: c.Before, After: c.SHA, Tree: c.Tree, Title: c.Title, Author: c.Author,
			PushedAt: c.PushedAt, Forced: c.Forced,
		}
		for _, p := range s.Pushes {
			if p.Branch == c.Branch && p.Before == c.Before && p.After == c.SHA {
				do.Pushed.By, do.Pushed.Nothing = p.By, p.Nothing
			}
		}
		for _, k := range c.Reports.Checks {
			do.Checks = append(do.Checks, bot.CheckReported{SHA: c.SHA, Check: k})
		}
	}
	for _, x := range s.Elsewhere {
		do.Elsewhere = append(do.Elsewhere, x.Pushed)
	}
	for _, n := range SortedKeys(s.Pulls) {
		if p := s.Pulls[n]; p.Open {
			do.Pulls = append(do.Pulls, p.PullRequestChanged)
		}
	}
	for i := range s.Groups {
		if g := &s.Groups[i]; g.EndedAt.IsZero() {
			do.Groups = append(do.Groups, g.MergeGroupChanged)
		}
	}
	return do
}

// ownPrefix begins Headstart's status contexts.
const ownPrefix = "headstart/"

// Context is a status context as GitHub knows it: with the pipeline's name, if it has one.
func (s *State) Context(short string) string {
	if s.Pipeline.Name == "" {
		return short
	}
	return ownPrefix + s.Pipeline.Name + "/" + strings.TrimPrefix(short, ownPrefix)
}

// ShortContext is a status context as the state knows it.
func (s *State) ShortContext(context string) string {
	if s.Pipeline.Name == "" {
		return context
	}
	return ownPrefix + strings.TrimPrefix(context, ownPrefix+s.Pipeline.Name+"/")
}

// NoFile says why the pipeline is no longer deployed.
func (s *State) NoFile() string {
	switch {
	case s.Pipeline.Name != "":
		return ".github/headstart.yml has no pipeline " + s.Pipeline.Name + " any more"
	case s.Multi():
		return ".github/headstart.yml names several pipelines now"
	}
	return "the branch has no .github/headstart.yml any more"
}

// Qualified is a stage as commands of this repository name it: after the pipeline's name,
// if it has one.
func (s *State) Qualified(stage string) string { return command.InPipeline(s.Pipeline.Name, stage) }
