package bot

import (
	"encoding/json"
	"slices"
	"strings"
)

// A repository with several pipelines has one more, which has no name and gets
// everything first. It deploys nothing: it reads the file, opens the pipelines that the
// file names, publishes what is wrong with the file, routes the commands of comments
// (route.go), and keeps the comments of pull requests (sections.go). Each of the others
// has its name in its statuses, its deployments' environments, its answers and its
// section of the comments.

// multi reports whether this is the pipeline without a name, of a repository whose file
// names several.
func (s *State) multi() bool { return s.Pipeline.Name == "" && len(s.Names) > 0 && !s.Configured }

// openPipelines opens the pipelines of the file that were never opened, and looks
// for pushes that nobody has told of: they may bring others.
func (d *decision) openPipelines() {
	if !d.s.multi() {
		return
	}
	if do := d.s.opening(); len(do.Names) > 0 {
		d.want(openKey, do)
	}
	d.sweepHead()
}

// opening is what the pipelines are told that were never opened.
func (s *State) opening() OpenPipelines {
	do := OpenPipelines{Installed: Installed{RepoID: s.RepoID, Installation: s.Installation, DefaultBranch: s.DefaultBranch, Visibility: s.Visibility}}
	for _, name := range s.Names {
		if !slices.Contains(s.Opened, name) {
			do.Names = append(do.Names, name)
		}
	}
	if n := len(s.Candidates); n > 0 {
		c := s.Candidates[n-1]
		do.Pushed = &Pushed{
			Branch: c.Branch, Before: c.Before, After: c.SHA, Tree: c.Tree, Title: c.Title, Author: c.Author,
			PushedAt: c.PushedAt, Forced: c.Forced,
		}
		for _, p := range s.Pushes {
			if p.Branch == c.Branch && p.Before == c.Before && p.After == c.SHA {
				do.Pushed.By, do.Pushed.Nothing = p.By, p.Nothing
			}
		}
		for _, k := range c.Reports.Checks {
			do.Checks = append(do.Checks, CheckReported{SHA: c.SHA, Check: k})
		}
	}
	for _, x := range s.Elsewhere {
		do.Elsewhere = append(do.Elsewhere, x.Pushed)
	}
	for _, n := range sortedKeys(s.Pulls) {
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

// opened takes note of pipelines that were opened. If something happened while
// they were, it may have been too early to reach them and too late to be told:
// then they are told once more.
func (s *State) opened(do OpenPipelines, f Finished) {
	now := s.opening()
	now.Names = do.Names
	if f.Outcome != Done || !now.covers(do) {
		return
	}
	s.Opened = slices.Clone(s.Opened)
	for _, name := range do.Names {
		if !slices.Contains(s.Opened, name) {
			s.Opened = append(s.Opened, name)
		}
	}
	s.Elsewhere = nil // whoever follows another branch sees it from now on
}

// covers reports whether two openings tell the same. Checks are read again by
// whoever waits for them.
func (o OpenPipelines) covers(other OpenPipelines) bool {
	o.Checks, other.Checks = nil, nil
	a, errA := json.Marshal(o)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && string(a) == string(b)
}

// ownPrefix begins every status context of Headstart's.
const ownPrefix = "headstart/"

// context is a status context as GitHub knows it: with the pipeline's name, where
// it has one.
func (s *State) context(short string) string {
	if s.Pipeline.Name == "" {
		return short
	}
	return ownPrefix + s.Pipeline.Name + "/" + strings.TrimPrefix(short, ownPrefix)
}

// shortContext is a status context as the state knows it.
func (s *State) shortContext(context string) string {
	if s.Pipeline.Name == "" {
		return context
	}
	return ownPrefix + strings.TrimPrefix(context, ownPrefix+s.Pipeline.Name+"/")
}

// publishesConfig reports whether this pipeline is the one that tells what is wrong
// with the file: of several it is the one without a name, unless another one
// follows a branch that it does not see.
func (s *State) publishesConfig() bool {
	return s.Pipeline.Name == "" || s.Branch() != s.DefaultBranch
}

// noFile says why the pipeline is not deployed any more.
func (s *State) noFile() string {
	switch {
	case s.Pipeline.Name != "":
		return ".github/headstart.yml has no pipeline " + s.Pipeline.Name + " any more"
	case s.multi():
		return ".github/headstart.yml names several pipelines now"
	}
	return "the branch has no .github/headstart.yml any more"
}

// headed puts the pipeline's name over what it says in a section of a comment.
func (d *view) headed(body string) string {
	if body == "" {
		return body
	}
	return title(d.s.Pipeline.Name) + strings.TrimPrefix(body, Marker+"\n")
}

// signed puts the pipeline's name over an answer.
func (d *view) signed(body string) string {
	if d.s.Pipeline.Name == "" {
		return body
	}
	return title(d.s.Pipeline.Name) + body
}

func title(pipeline string) string { return "### `" + code(pipeline) + "`\n\n" }

// qualified is a stage as commands name it in this repository: after the pipeline's
// name, where it has one.
func (s *State) qualified(stage string) string { return inPipeline(s.Pipeline.Name, stage) }

func inPipeline(pipeline, stage string) string {
	if pipeline == "" || stage == "" {
		return stage
	}
	return pipeline + ":" + stage
}

// lastComment is what a pull request's comment says once the pipeline is not
// deployed any more; empty where it may stay as it is, or there is none.
func (d *view) lastComment(p PullRequest) string {
	switch {
	case d.s.answersIn(p.Number):
		return Marker + "\n"
	case !p.Comment.written(), len(p.Sections) > 0: // the sections say it
		return ""
	}
	ended := !p.Open
	for i := range d.s.Candidates {
		if c := &d.s.Candidates[i]; c.Pull == p.Number && p.Merged {
			ended = len(d.s.Config.Stages) > 0 && c.Progress[d.lastStage()].State != ""
		}
	}
	if ended {
		return ""
	}
	return Marker + "\nNothing of this is deployed by this pipeline: " + text(d.s.noFile()) + ".\n"
}
