package web

import (
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// bar is a piece of a line that is scaleOf long.
type bar struct{ From, Width int }

// scaleOf is the width of a bar's image, in its own units.
const scaleOf = 1000

func scale(part, whole time.Duration) int {
	if whole <= 0 {
		return 0
	}
	return int(min(max(part, 0), whole) * scaleOf / whole)
}

// waterfall is what happened to a candidate at what time: a table whose rows share one axis.
type waterfall struct {
	From, To moment
	Rows     []waterfallRow
}

// waterfallRow is one thing that took time.
type waterfallRow struct {
	ID    string // an anchor of the page; empty: none
	Name  string
	Level level
	Word  string
	Text  string // how long, and where
	Bar   bar
	Wait  bar    // before it; no width: it began at once
	Path  string // where more of it is; empty: nowhere
}

// span is a row before the axis is known.
type span struct {
	waterfallRow
	asked, began, ended time.Time // ended zero: it goes on
}

// waterfall draws a candidate's way.
func (r *reading) waterfall(c *pipeline.Candidate) waterfall {
	pushed := c.Pushed()
	spans := append([]span{r.buildSpan(c, pushed)}, r.checkSpans(c, pushed)...)
	spans = append(spans, r.stageSpans(c)...)
	last := pushed
	for _, s := range spans {
		if s.ended.IsZero() {
			last = bot.Later(last, r.view.Now)
		}
		last = bot.Later(last, s.ended)
	}
	whole := last.Sub(pushed)
	is := waterfall{From: momentOf(pushed, r.view.Now), To: momentOf(last, r.view.Now)}
	for _, s := range spans {
		row := s.waterfallRow
		end := s.ended
		if end.IsZero() {
			end = last
		}
		row.Bar = bar{scale(s.began.Sub(pushed), whole), max(scale(end.Sub(bot.Later(s.began, pushed)), whole), 4)}
		if !s.asked.IsZero() && s.began.After(s.asked) {
			row.Wait = bar{scale(s.asked.Sub(pushed), whole), scale(s.began.Sub(bot.Later(s.asked, pushed)), whole)}
		}
		row.Bar.From = min(row.Bar.From, scaleOf-row.Bar.Width)
		is.Rows = append(is.Rows, row)
	}
	return is
}

func (r *reading) buildSpan(c *pipeline.Candidate, pushed time.Time) span {
	run, found := r.view.State.RunOf(c)
	level, word := levelOf(r.view.BuildGate(c))
	s := span{waterfallRow: waterfallRow{ID: stepBuild, Name: "build", Level: level, Word: word, Path: webAddress(run.OutputURL)}, asked: pushed, began: pushed, ended: pushed}
	switch {
	case !found || run.App == "":
		s.Text, s.ended = words.Capital(r.view.BuildGate(c).Text), time.Time{}
		if level == quiet {
			s.Text, s.ended = "was there already", pushed
		}
		return s
	case !run.FinishedAt.IsZero() && run.FinishedAt.Before(pushed):
		s.Text = "was there already: built on " + run.App + " before the push"
		return s
	}
	s.began, s.ended = bot.Later(run.StartedAt, run.RunningAt), run.FinishedAt
	s.Text = "on " + run.App
	if !s.ended.IsZero() {
		s.Text = words.Took(s.began, s.ended) + " on " + run.App
	} else if usual := r.view.State.UsualBuild(); usual > 0 {
		s.Text += ", usually " + took(usual)
	}
	return s
}

// checkSpans are the checks. GitHub tells when each entered its state: for one that has ended, that is its end.
func (r *reading) checkSpans(c *pipeline.Candidate, pushed time.Time) (spans []span) {
	var last time.Time
	for _, k := range c.Reports.Checks {
		if k.State != bot.CheckPending {
			last = bot.Later(last, k.At)
		}
	}
	for _, k := range c.Reports.Checks {
		if strings.HasPrefix(k.Name, "headstart/") {
			continue
		}
		s := span{waterfallRow: waterfallRow{Name: k.Name, Level: moving, Word: "running", Path: webAddress(k.URL)}, began: pushed}
		switch k.State {
		case bot.CheckPassed:
			s.Level, s.Word, s.ended = quiet, "passed", k.At
		case bot.CheckFailed:
			s.Level, s.Word, s.ended = needsSomebody, "failed", k.At
		}
		if !s.ended.IsZero() && s.ended.After(pushed) {
			s.Text = "ended after " + words.Took(pushed, s.ended)
			if s.ended.Equal(last) && len(c.Reports.Checks) > 1 {
				s.Text += ", the last one"
			}
		}
		spans = append(spans, s)
	}
	return spans
}

// stageSpans are the stages that it has entered, and how long it has to stay healthy there.
func (r *reading) stageSpans(c *pipeline.Candidate) (spans []span) {
	for _, stage := range r.view.State.Config.StageNames() {
		p, entered := c.Progress[stage]
		if !entered || p.StartedAt.IsZero() {
			continue
		}
		s := span{waterfallRow: waterfallRow{ID: "stage-" + stage, Name: stage, Level: moving, Word: progressWord(p.State), Text: p.Reason, Path: webAddress(p.OutputURL)}, began: p.StartedAt, ended: p.EndedAt}
		switch p.State {
		case pipeline.ProgressLive:
			s.Level, s.Text = quiet, "released in "+words.Took(p.StartedAt, p.EndedAt)
		case pipeline.ProgressFailed, pipeline.ProgressRolledBack:
			s.Level = needsSomebody
		case pipeline.ProgressSkipped:
			s.Level, s.ended = idle, bot.Later(p.StartedAt, p.EndedAt)
		}
		spans = append(spans, s)
		if p.SoakUntil.After(p.EndedAt) && !p.EndedAt.IsZero() {
			soak := span{waterfallRow: waterfallRow{Name: stage + ": soak", Level: quiet, Word: "stayed healthy", Text: took(p.SoakUntil.Sub(p.EndedAt))}, began: p.EndedAt, ended: p.SoakUntil}
			if p.SoakUntil.After(r.view.Now) {
				soak.Level, soak.Word, soak.ended = waits, "stays healthy", time.Time{}
				soak.Text = "until " + momentOf(p.SoakUntil, r.view.Now).Clock
			}
			spans = append(spans, soak)
		}
	}
	return spans
}
