package history

import (
	"slices"

	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
)

// Chronicle returns the rows that differ between two states of a pipeline, each once; nil: none do. after was made of
// before by events. A pipeline that never had a file has no history.
//
// Chronicle of the empty state and another one returns every row that the state still knows. A row that was written
// earlier may know more.
func Chronicle(before, after pipeline.State) (list []Entry) {
	if after.ConfigRef == "" {
		return nil
	}
	list = processes(list, &before, &after)
	list = changes(list, &before, &after)
	list = promotions(list, &before, &after)
	return audits(list, &before, &after)
}

func processes(list []Entry, before, after *pipeline.State) []Entry {
	if after.ConfigSince.IsZero() || before.ConfigSince.Equal(after.ConfigSince) {
		return list
	}
	return append(list, Process{At: after.ConfigSince, SHA: after.ConfigFrom, Config: after.Config})
}

// changes adds the candidates of the branch, while the pipeline has a file. One that is dropped before it has ended is
// superseded.
func changes(list []Entry, before, after *pipeline.State) []Entry {
	for i := range after.Candidates {
		c := &after.Candidates[i]
		if !after.Configured {
			break
		}
		if was := at(before.Candidates, i, c.SHA); was == nil || !before.Configured || !sameChange(was, c) {
			list = append(list, change(after, c))
		}
	}
	for i := range before.Candidates {
		c := &before.Candidates[i]
		if c.Way.Since.IsZero() || c.Way.Ending.Outcome != "" || at(after.Candidates, i, c.SHA) != nil {
			continue
		}
		dropped := *c
		dropped.Way.End(pipeline.Ending{Outcome: pipeline.OutcomeSuperseded, At: after.At})
		if n := len(after.Candidates); n > 0 {
			dropped.Way.Ending.By = after.Candidates[n-1].SHA
		}
		list = append(list, change(after, &dropped))
	}
	return list
}

// at finds a commit in a list, most likely at i; nil: it is not there.
func at(list []pipeline.Candidate, i int, sha string) *pipeline.Candidate {
	if i >= len(list) || list[i].SHA != sha {
		if i = slices.IndexFunc(list, func(c pipeline.Candidate) bool { return c.SHA == sha }); i < 0 {
			return nil
		}
	}
	return &list[i]
}

// sameChange reports whether two candidates have the same row. The parts of a way are in it only when it has ended.
func sameChange(a, b *pipeline.Candidate) bool {
	return a.Way.Ending == b.Way.Ending && a.Build == b.Build && a.Way.Green.Equal(b.Way.Green) && a.RedAt.Equal(b.RedAt) &&
		a.Pull == b.Pull && a.PushedAt.Equal(b.PushedAt) && a.SeenAt.Equal(b.SeenAt) && a.Title == b.Title && a.Author == b.Author &&
		slices.Equal(a.Classes, b.Classes)
}

// titleAtMost is how many characters of a title are kept.
const titleAtMost = 200

func change(s *pipeline.State, c *pipeline.Candidate) Change {
	row := Change{
		SHA: c.SHA, PushedAt: c.PushedAt, SeenAt: c.SeenAt, Title: redact.Cut(c.Title, titleAtMost), Author: c.Author, Pull: c.Pull,
		App: c.Build.App, BuildBegan: c.Build.Began, BuildEnded: c.Build.Ended, BuildFailed: c.Build.Failed,
		GreenAt: c.Way.Green, LastCheck: c.Way.LastCheck, LastCheckBy: c.Way.LastCheckBy, RedAt: c.RedAt, Red: c.Red, Classes: c.Classes,
	}
	if !c.Build.Ended.IsZero() && c.Build.Failed == "" {
		row.Built = c.Build.How
		if c.Build.SHA != c.SHA {
			row.BuiltOf = c.Build.SHA
		}
	}
	end := c.Way.Ending
	if c.Way.Since.IsZero() { // nothing was recorded
		row.GreenAt = c.GreenAt
		end, _ = gate.NewView(s, s.At).Ended(c)
	}
	if end.Outcome != "" {
		row.Outcome, row.By, row.EndedAt = end.Outcome, end.By, end.At
		if row.EndedAt.Before(row.PushedAt) {
			row.EndedAt = row.PushedAt // the clocks differ
		}
		row.Waits = waits(&row, &c.Way)
	}
	return row
}

// waits are the parts of a way that has ended; none: nothing was recorded. The way was recorded from SeenAt on, by our
// clock. What GitHub's clock is ahead of it is taken off the first parts.
func waits(row *Change, w *pipeline.Way) (list []Wait) {
	if w.Since.IsZero() {
		return nil
	}
	unseen := row.EndedAt.Sub(row.PushedAt)
	for _, x := range w.Left {
		unseen -= x.For
	}
	if unseen > 0 {
		list = append(list, Wait{Part: PartUnseen, For: unseen})
	}
	ahead := max(-unseen, 0)
	for _, x := range w.Left {
		off := min(ahead, x.For)
		ahead -= off
		switch x.For -= off; {
		case x.For == 0:
		case x.Part == PartUnseen && len(list) > 0:
			list[0].For += x.For
		default:
			list = append(list, x)
		}
	}
	return list
}
