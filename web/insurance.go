package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// backRow is a release that the stage can go back to, or not any more.
type backRow struct {
	sha      string
	Commit   commit
	Proved   moment
	Versions string
	Gone     string // why the platform cannot restore it; empty: it can, as far as known
	Bad      bool   // it was rolled back from
	Between  between
	Moved    string // what else was released to its apps since then; empty: nothing that is known of
	To       string // the page that goes back to it; empty: it cannot be gone back to
}

// between is what came after a release, and stays or is undone when the stage goes back to it.
type between struct {
	Asked   bool     // the pipeline's file has classes of change
	Classes []string // of what came
	Unknown bool     // something came whose classes are not known
}

// back lists what ran on a stage before, the newest first.
func (r *reading) back(stage string) (rows []backRow) {
	st := r.view.State.Stage(stage)
	came := between{Asked: len(r.view.State.Config.Changes) > 0}
	newer := st.Live.SHA
	for _, p := range st.Past {
		if p.SHA == st.Live.SHA && p.Artifact == st.Live.Artifact {
			continue
		}
		came.add(r.view.State.Candidate(newer), p.SHA)
		newer = p.SHA
		row := backRow{sha: p.SHA, Commit: r.commit(p.SHA), Proved: momentOf(p.At, r.view.Now), Gone: sentence(p.Gone), Bad: p.RolledBack, Between: came.copy(), Moved: movedSince(st, p)}
		if row.Commit.Title == "" {
			row.Commit.Title = p.Title
		}
		for _, app := range slices.Sorted(maps.Keys(p.Releases)) {
			if v := p.Releases[app].Version; v != 0 {
				row.Versions = strings.TrimPrefix(row.Versions+fmt.Sprintf(", %s v%d", app, v), ", ")
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// add counts in what a candidate changed that followed on a commit; nil: it is not known any more.
func (b *between) add(c *pipeline.Candidate, before string) {
	var d pipeline.Difference
	if c != nil {
		d = c.Diffs[before]
	}
	if !d.Complete && !d.Same {
		b.Unknown = true
	}
	for _, class := range d.Classes {
		if !slices.Contains(b.Classes, class) {
			b.Classes = append(b.Classes, class)
		}
	}
}

func (b between) copy() between {
	b.Classes = slices.Clone(b.Classes)
	return b
}

// movedSince tells of versions of a stage's apps that are newer than a release and were none of ours: config vars or
// add-ons changed, a release did not succeed, or somebody released by hand. Empty: there are none, as far as known.
func movedSince(st pipeline.StageState, p pipeline.Past) string {
	var list []string
	for _, app := range slices.Sorted(maps.Keys(p.Releases)) {
		var others []string
		for v := p.Releases[app].Version + 1; v > 1 && v <= st.Apps[app].Newest; v++ {
			if !slices.ContainsFunc(st.Past, func(q pipeline.Past) bool { return slices.Contains(q.Versions, v) }) {
				others = append(others, fmt.Sprintf("v%d", v))
			}
		}
		if n := len(others); n > 3 {
			others = append(others[:2], fmt.Sprintf("%d more", n-2))
		}
		if len(others) > 0 {
			list = append(list, words.Names(others)+" on "+app)
		}
	}
	return strings.Join(list, "; ")
}

// differRow is what differs between a candidate and what a stage runs.
type differRow struct {
	Stage   string
	Live    commit
	Compare string // where GitHub shows it; empty: it cannot
	Classes []string
	Text    string
}

// differs lists what a candidate changes on each stage, as far as it is known.
func (r *reading) differs(c *pipeline.Candidate) (rows []differRow) {
	s := r.view.State
	for _, stage := range s.Config.StageNames() {
		live := s.Stage(stage).Live.SHA
		if live == "" || live == c.SHA || !c.FromPull && s.Position(c.SHA) < s.Position(live) {
			continue // it is there, or what is there is newer
		}
		row := differRow{Stage: stage, Live: r.commit(live)}
		if isSHA.MatchString(live) && isSHA.MatchString(c.SHA) {
			row.Compare = r.repoURL() + "/compare/" + live + "..." + c.SHA
		}
		d, read := c.Diffs[live]
		row.Classes, row.Text = d.Classes, differText(s.Config, d, read)
		rows = append(rows, row)
	}
	return rows
}

func differText(cfg bot.Config, d pipeline.Difference, read bool) string {
	switch {
	case d.Same:
		return "Both have the same files."
	case len(cfg.Changes) == 0:
		return ""
	case !read:
		return "Its files are not read yet."
	case d.Refused != "":
		return "GitHub does not list the files: " + sentence(d.Refused)
	case d.Others && len(d.Classes) > 0:
		return "And files of no class."
	case d.Others:
		return "Only files of no class."
	case !d.Complete:
		return "GitHub does not list all files, so it counts as every class."
	}
	return ""
}
