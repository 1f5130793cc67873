package doctor

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/render"
	"github.com/headstart-cd/headstart/bot/words"
)

var repositoryChecks = []Check{
	{"file", Repositories, "Is the App installed on the repository, and is the pipeline's file valid?", eachPipeline(file)},
	{"checks", Repositories, "Does every check report that is waited for?", eachPipeline(checks)},
	{"own-status", Repositories, "Does GitHub require a status that is set only after the merge?", eachPipeline(ownStatus)},
	{"merge-queue", Repositories, "Does Headstart hear of the groups of the merge queue?", mergeQueue},
	{"contents", Repositories, "Has GitHub's tarball all files, also those of submodules and Git LFS?", eachPipeline(contents)},
}

// eachPipeline makes a look at all pipelines of one at each.
func eachPipeline(look func(Pipeline, time.Time) []Finding) func(*Facts) []Finding {
	return func(f *Facts) (list []Finding) {
		for _, p := range f.Pipelines {
			for _, found := range look(p, f.Now) {
				list = append(list, found.about(p.Key.String()))
			}
		}
		return list
	}
}

func file(p Pipeline, _ time.Time) []Finding {
	if p.Installed.failed() {
		if errors.Is(p.Installed.Err, bot.ErrNotFound) {
			return one(wrong("install the App on it, or add it to the installation: in the account's settings, under GitHub Apps, Configure", "The App is not installed on %s", p.Key.Repo))
		}
		return one(wrong("see that GitHub answers", "GitHub does not say whether the App is installed on %s: %s", p.Key.Repo, reason(p.Installed.Err)))
	}
	switch read := p.File; {
	case !read.Done:
		return nil
	case read.Err != nil:
		return one(wrong("see that the App may read the repository", "The pipeline's file cannot be read: %s", reason(read.Err)))
	case read.Value.Problem != "":
		return one(wrong("mend it, and push; headstart check says what a file means", "The pipeline's file is not valid: %s", strings.TrimRight(read.Value.Problem, ".")))
	case read.Value.Found:
		return one(well("The pipeline's file is valid: %s", strings.Join(read.Value.Config.StageNames(), " → ")))
	case len(read.Value.Names) > 0 && p.Key.Name == "":
		return one(well("The pipeline's file is valid: it has the pipelines %s", strings.Join(read.Value.Names, ", ")))
	case len(read.Value.Names) > 0:
		return one(wrong("add it, or forget it", "The file has no pipeline %s any more", p.Key.Name))
	}
	return one(wrong("add it to the branch that is deployed", "There is no %s", bot.ConfigPath))
}

// configured reports whether there is a valid file.
func (p Pipeline) configured() bool { return p.File.ok() && p.File.Value.Found }

// reportsWithin is how long a check has from the push on to report for the first time.
const reportsWithin = time.Hour

func checks(p Pipeline, now time.Time) []Finding {
	if !p.configured() || !p.Checks.Done {
		return nil
	}
	if p.Checks.Err != nil {
		return one(wrong("see that the App may read checks", "The checks cannot be read: %s", reason(p.Checks.Err)))
	}
	waited, by := p.waitsFor()
	var silent []string
	for _, q := range waited {
		if !slices.ContainsFunc(append(slices.Clone(p.Checks.Value.Checks), p.Reported...), q.Takes) {
			silent = append(silent, q.String())
		}
	}
	switch {
	case p.File.Value.Config.Checks.None:
		return one(well("No check is waited for"))
	case len(waited) == 0 && len(p.Checks.Value.Checks) == 0 && len(p.Reported) == 0:
		return one(warning("name them under checks:, or write checks: none", "No check reports, and the file names none: commits wait for one"))
	case len(waited) == 0:
		return one(well("Everything that reports is waited for"))
	case len(silent) > 0 && (p.PushedAt.IsZero() || now.Sub(p.PushedAt) > reportsWithin):
		return one(warning("see that the name is the one that GitHub shows beside the commit, and that the check runs on the branch, also where only other files change",
			"%s waits for %s, which has never reported", by, strings.Join(silent, ", ")))
	case len(silent) > 0:
		return one(well("%s has not reported yet; the newest push is young", strings.Join(silent, ", ")))
	}
	return one(well("Every check that is waited for reports"))
}

// waitsFor lists the checks that are waited for by name, and who names them.
func (p Pipeline) waitsFor() (list []bot.RequiredCheck, by string) {
	for _, n := range p.File.Value.Config.Checks.Names {
		list = append(list, bot.RequiredCheck{Name: n.Name, App: n.App})
	}
	if required := p.Checks.Value.Required; len(list) == 0 && required != nil && !p.File.Value.Config.Checks.None {
		return required.Theirs(), "GitHub requires it of the branch: Headstart"
	}
	return list, "The file"
}

func ownStatus(p Pipeline, _ time.Time) []Finding {
	if !p.configured() || !p.Checks.ok() {
		return nil
	}
	if len(p.Never) > 0 {
		return one(wrong("require headstart/build in their place: in the branch's rules", "GitHub requires %s before a merge, which Headstart sets only after it: nothing can be merged", strings.Join(p.Never, ", ")))
	}
	return one(well("GitHub requires no status that is set only after the merge"))
}

func mergeQueue(f *Facts) (list []Finding) {
	for _, p := range f.Pipelines {
		switch {
		case !p.Queue.Done:
			continue
		case p.Queue.Err != nil:
			list = append(list, warning("see that GitHub answers", "GitHub does not say whether the branch has a merge queue: %s", reason(p.Queue.Err)).about(p.Key.String()))
		case p.Queue.Value && f.GitHub.ok() && slices.ContainsFunc(f.GitHub.Value.MissingEvents, func(e string) bool { return strings.Contains(e, "merge_group") }):
			list = append(list, wrong("subscribe to Merge group "+onPermissions, "The branch has a merge queue, and the App gets no event merge_group: headstart/build is never set on its groups").about(p.Key.String()))
		case p.Queue.Value:
			list = append(list, well("Headstart hears of the merge queue's groups").about(p.Key.String()))
		default:
			list = append(list, well("The branch has no merge queue").about(p.Key.String()))
		}
	}
	return list
}

func contents(p Pipeline, _ time.Time) (list []Finding) {
	switch {
	case !p.Source.Done:
		return nil
	case p.Source.Err != nil:
		return one(warning("see that the App may read the repository", "The files of the branch cannot be listed: %s", reason(p.Source.Err)))
	}
	next := render.AbsentNext(p.Source.Value.Absent)
	for i, text := range render.AbsentTexts(p.Source.Value.Absent) {
		list = append(list, warning(next[i], "%s", words.Capital(text)))
	}
	if len(list) == 0 {
		return one(well("GitHub's tarball has all files: there are no submodules, and nothing is in Git LFS"))
	}
	return list
}
