package web

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// What a commit's builds and releases wrote is on its page: of those that run, as it comes, and of those that failed, the
// end of it. A stream of its own brings more, while the part of the page stays as it is.

// Outputs pass on what builds and releases write while they run. It has no secrets, and is hostile otherwise.
type Outputs interface {
	// Output returns what a build or release of a platform has written since an offset in bytes; false: this server has not
	// read it.
	Output(platform, app, id string, from int64) (Written, bool)
}

// Written is a part of an output.
type Written struct {
	Text     string          // whole lines
	At, Next int64           // where it begins and ends; At may be later than asked for: what was before is not kept
	Ended    bool            // nothing follows
	More     <-chan struct{} // closed when there is more; nil with Ended
}

// outputRow is what one build or release wrote.
type outputRow struct {
	ID    string // an anchor of the page
	Name  string // such as "Build on shop-prepare"
	Level level
	Word  string
	Open  bool
	Text  string // what is shown at once; of what runs, only in a page that is not followed
	Cut   string // what is missing before it; empty: nothing
	Note  string // in place of a text
	Error string // the line that says what went wrong
	Seen  string // how often that was so lately
	Raw   string // where it is as plain text; empty: nowhere
	Live  string // where it is followed; empty: nowhere
	From  int64  // where the text ends
	At    moment // when it failed
	There string // where the platform shows it; empty: nowhere

	platform, app, id string
	stage             string // of a release; empty: a build
	full              string // the text, also if it is not shown at once
	young             bool   // there may never be an output
}

// Lines are the text, with the lines that tell of an error apart.
func (o outputRow) Lines() []outputLines { return linesOf(o.Text) }

// outputLines are lines that follow each other.
type outputLines struct {
	Text  string
	Error bool
}

// Line is the text without its line break.
func (l outputLines) Line() string { return strings.TrimSuffix(l.Text, "\n") }

func linesOf(text string) (list []outputLines) {
	for line := range strings.Lines(text) {
		is := history.IsError(line)
		if n := len(list); n == 0 || is || list[n-1].Error {
			list = append(list, outputLines{line, is})
		} else {
			list[n-1].Text += line
		}
	}
	return list
}

// mostShown is how many outputs have their text on the page. Of older ones there is the link.
const mostShown = 3

// outputsOf lists what the builds and releases of a commit wrote: builds first, then by time. c is its candidate; nil: the
// state has forgotten it.
func (s *site) outputsOf(ctx context.Context, r *reading, sha string, c *pipeline.Candidate) ([]outputRow, error) {
	kept, err := s.keptOutputs(ctx, r, sha, c)
	if err != nil {
		return nil, err
	}
	rows := make([]outputRow, len(kept))
	for i, o := range kept {
		rows[i] = r.failedOutput(o)
		if rows[i].Open = i == len(kept)-1; i < len(kept)-mostShown {
			rows[i].Text, rows[i].Note = "", "Newer failures are below."
		}
	}
	if c != nil {
		for _, o := range r.running(c) {
			if i := slices.IndexFunc(rows, func(k outputRow) bool { return k.app == o.app && k.id == o.id }); i >= 0 {
				rows[i].There = o.There
			} else if o = s.read(o); o.Text != "" || o.Note != "" || o.Live != "" {
				rows = append(rows, o)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b outputRow) int { return cmp.Compare(min(len(a.stage), 1), min(len(b.stage), 1)) })
	for i := range rows {
		o := &rows[i]
		o.ID = "output-" + anchor(o.app) + "-" + anchor(o.id)
		o.Raw = r.candidatePath(sha) + "/output/" + url.PathEscape(o.app) + "/" + url.PathEscape(o.id)
		if o.Live != "" {
			o.Live = o.Raw + "/live"
		} else if o.full == "" {
			o.Raw = ""
		}
	}
	return rows, nil
}

const (
	notAll     = "Earlier output is not kept."
	readByNone = "Another server reads this output, or there is none yet. If it fails, its end will be here."
	// soonWritten is how long a release may go on before it is said that this server does not read its output: many write
	// nothing, and have ended by then.
	soonWritten = 15 * time.Second
)

// failedOutput is one that is kept.
func (r *reading) failedOutput(o history.Output) outputRow {
	row := outputRow{
		Name: outputName(o.App, o.Stage), Level: needsSomebody, Word: "failed", Text: o.Text, full: o.Text, Error: o.Error, Seen: "for the first time in 30 days",
		At: momentOf(o.At, r.view.Now), app: o.App, id: o.ID, stage: o.Stage,
	}
	if o.Seen > 1 {
		row.Seen = fmt.Sprintf("seen %d times in 30 days", o.Seen)
	}
	if o.Cut {
		row.Cut = notAll
	}
	return row
}

// anchor makes a name fit for an anchor.
func anchor(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, name)
}

func outputName(app, stage string) string {
	if stage == "" {
		return "Build on " + app
	}
	return "Release to " + stage + " on " + app
}

// keptOutputs reads the failures of a commit, and that of a build that it shares with another commit.
func (s *site) keptOutputs(ctx context.Context, r *reading, sha string, c *pipeline.Candidate) ([]history.Output, error) {
	key := r.view.State.Pipeline
	kept, err := s.history.OutputsOf(ctx, key, sha)
	if err != nil || c == nil {
		return kept, err
	}
	run, found := r.view.State.RunOf(c)
	if !found || run.SHA == sha || run.ID == "" {
		return kept, nil
	}
	shared, err := s.history.OutputsOf(ctx, key, run.SHA)
	for _, o := range shared {
		if o.ID == run.ID && o.App == run.App && !slices.ContainsFunc(kept, func(k history.Output) bool { return k.App == o.App && k.ID == o.ID }) {
			kept = append([]history.Output{o}, kept...)
		}
	}
	return kept, err
}

// running lists the build and the releases of a candidate that the state knows, also those that have ended.
func (r *reading) running(c *pipeline.Candidate) (rows []outputRow) {
	s := r.view.State
	if run, found := s.RunOf(c); found && run.App != "" && run.ID != "" {
		row := outputRow{Name: outputName(run.App, ""), platform: s.Config.Platform, app: run.App, id: run.ID, There: webAddress(run.OutputURL)}
		switch {
		case run.Active():
			row.Level, row.Word = moving, "running"
		case run.Status == pipeline.RunSucceeded:
			row.Level, row.Word = quiet, "succeeded"
		default:
			row.Level, row.Word = needsSomebody, "failed"
		}
		rows = append(rows, row)
	}
	if !s.Configured {
		return rows
	}
	for _, stage := range s.Config.StageNames() {
		st := s.Stage(stage)
		p := st.Promoting
		if p == nil && st.Ended != nil {
			p = &st.Ended.Promotion
		}
		if p == nil || p.SHA != c.SHA || p.FromPull != c.FromPull {
			continue
		}
		for _, app := range pipeline.SortedKeys(p.Apps) {
			a := p.Apps[app]
			if a.ID == "" || p.Built {
				continue
			}
			row := outputRow{Name: outputName(app, stage), platform: s.Config.Platform, app: app, id: a.ID, stage: stage, There: webAddress(a.OutputURL)}
			switch a.State {
			case bot.ReleaseSucceeded:
				row.Level, row.Word = quiet, "succeeded"
			case bot.ReleasePending:
				row.Level, row.Word = moving, "running"
				row.young = r.view.Now.Sub(a.Since) < soonWritten
			default:
				row.Level, row.Word = needsSomebody, "failed"
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// read adds what this server has read of an output. Of one that is still written, only that it can be followed.
func (s *site) read(o outputRow) outputRow {
	w, read := s.written(o, 0)
	switch {
	case o.Level == moving && !read && o.young:
	case o.Level == moving && !read:
		o.Note = readByNone
	case o.Level == moving && !w.Ended:
		o.Open, o.Live = true, "soon known"
	case read:
		o.Text, o.full, o.Open = w.Text, w.Text, o.Level == needsSomebody
		if w.At > 0 {
			o.Cut = notAll
		}
	}
	return o
}

// written asks for what this server has read of an output.
func (s *site) written(o outputRow, from int64) (Written, bool) {
	if s.outputs == nil {
		return Written{}, false
	}
	return s.outputs.Output(o.platform, o.app, o.id, from)
}

// filled has the text of what runs, too: a page that is not followed shows it as far as it has come.
func (s *site) filled(rows []outputRow) []outputRow {
	rows = slices.Clone(rows)
	for i := range rows {
		o := &rows[i]
		if o.Live == "" {
			continue
		}
		if w, read := s.written(*o, 0); read {
			o.Text, o.From = w.Text, w.Next
			if w.At > 0 {
				o.Cut = notAll
			}
		}
	}
	return rows
}

// outputAt finds the output that a path names, among those of the commit; nil: there is none.
func (s *site) outputAt(v *visit) (*outputRow, error) {
	r, err := s.reading(v.Context(), v.key, v.seesPipeline)
	if err != nil || r == nil {
		return nil, err
	}
	sha, c := v.PathValue("sha"), r.find(v.PathValue("sha"))
	if c != nil {
		sha = c.SHA
	}
	rows, err := s.outputsOf(v.Context(), r, sha, c)
	for i := range rows {
		if o := &rows[i]; o.app == v.PathValue("app") && o.id == v.PathValue("id") {
			return o, err
		}
	}
	return nil, err
}
