package web

import (
	"fmt"
	"math"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/insight"
)

const tooFew = "too few to say"

// tile is one number.
type tile struct {
	ID, Label string
	Value     string // or tooFew
	Few       bool
	Detail    string // how many cases it is made of
	Trend     string // compared with the period before; empty: that is unknown, or has too few cases
	Level     level  // of the trend
	Path      string // the deployments behind it
	How       string
}

// tiles are the numbers of a period. before is the period before, as far as it is known in full.
func tiles(q insightsQuery, now insight.Figures, trends insight.Trends, before insight.Figures) []tile {
	about := ""
	if now.Rough {
		about = "about "
	}
	number := func(id, label string, enough bool, value, detail string, t insight.Trend, was string, more insight.Trend) tile {
		is := tile{ID: id, Label: label, Value: value, Detail: detail, Path: q.to(q.weeks, "&behind="+id+"#behind"), How: q.to(q.weeks, "&how#how-"+id)}
		if !enough {
			is.Value, is.Few = tooFew, true
			return is
		}
		is.Trend, is.Level = trendText(t, was, more)
		if before.Period == (insight.Period{}) {
			is.Trend, is.Level = trendText(t, "", more)
		}
		return is
	}
	recovered := count(now.Recovery.N, "failure") + " that ended"
	if now.Open > 0 {
		recovered += fmt.Sprintf(", %d still open", now.Open)
	}
	list := []tile{
		number("deploys", "Deployments", now.Deploys >= insight.Few, fmt.Sprintf("%s a week", decimal(now.PerWeek())), count(now.Deploys, "deployment"), trends.Deploys, decimal(before.PerWeek())+" a week", insight.Up),
		number("lead", "Lead time", now.Lead.Enough(), about+lengthOf(now.Lead.Median), fmt.Sprintf("85 of 100 within %s%s, %s", about, lengthOf(now.Lead.P85), count(now.Lead.N, "change")), trends.Lead, lengthOf(before.Lead.Median), insight.Down),
		number("failed", "Change failure rate", now.Judged >= insight.Few, percent(now.Failed, now.Judged), fmt.Sprintf("%d of %d deployments", now.Failed, now.Judged), trends.Failed, percent(before.Failed, before.Judged), insight.Down),
		number("recovery", "Recovery time", now.Recovery.Enough(), about+lengthOf(now.Recovery.Median), recovered, trends.Recovery, lengthOf(before.Recovery.Median), insight.Down),
		number("rework", "Rework rate", now.Deploys >= insight.Few, percent(now.Rework, now.Deploys), fmt.Sprintf("%d of %d deployments", now.Rework, now.Deploys), trends.Rework, percent(before.Rework, before.Deploys), insight.Down),
	}
	if list[1].Few {
		list[1].Detail = count(now.Lead.N, "change")
	}
	list[3].Path = q.to(q.weeks, "&behind=failed#behind")
	start := tile{
		ID: "start", Label: "Head start", Value: lengthOf(now.Start.Saved) + " saved", Path: q.to(q.weeks, "&behind=start#behind"), How: q.to(q.weeks, "&how#how-start"),
		Detail: fmt.Sprintf("for %s; %s spared, %d wasted", count(now.Start.SavedBy, "change"), count(now.Start.Spared, "build"), now.Start.Wasted),
	}
	if now.Start.SparedTime > 0 {
		start.Detail = fmt.Sprintf("for %s; %s spared (about %s), %d wasted", count(now.Start.SavedBy, "change"), count(now.Start.Spared, "build"), lengthOf(now.Start.SparedTime), now.Start.Wasted)
	}
	if now.Start.Saved == 0 {
		start.Value = "nothing saved"
	}
	return append(list, start)
}

// trendText says how a number compares with one before. better is the direction that is.
func trendText(t insight.Trend, was string, better insight.Trend) (string, level) {
	if was != "" {
		was = ": it was " + was
	}
	switch t {
	case insight.Unclear:
		return "", ""
	case insight.Same:
		return "about the same" + was, idle
	case better:
		return "better" + was, quiet
	}
	return "worse" + was, needsSomebody
}

func percent(n, of int) string {
	share := 100 * insight.Share(n, of)
	if share == math.Trunc(share) || share >= 20 {
		return fmt.Sprintf("%.0f %%", share)
	}
	return fmt.Sprintf("%.1f %%", share)
}

func decimal(f float64) string {
	if f >= 20 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.1f", f)
}

// partRow is where some of the time goes.
type partRow struct {
	Name, Share, Time string
	Changes, Usual    string // of one pipeline: how many spent time with it, and their median
	Bar               bar
	Colour            int // one of the stylesheet's
}

// partsOnPage is how many parts have a row of their own, and a colour.
const partsOnPage = 8

// partRows are the parts of all lead times on one line, the longest first. The shortest ones share a row.
func partRows(f insight.Figures) (rows []partRow) {
	var whole, rest time.Duration
	for _, p := range f.Parts {
		whole += p.Time
	}
	at := time.Duration(0)
	add := func(name string, t time.Duration, by insight.Spread) {
		row := partRow{Name: name, Share: fmt.Sprintf("%.0f %%", 100*t.Seconds()/max(whole.Seconds(), 1)), Time: lengthOf(t), Bar: bar{scale(at, whole), 0}, Colour: len(rows) + 1}
		at += t
		row.Bar.Width = scale(at, whole) - row.Bar.From
		if by.N > 0 {
			row.Changes, row.Usual = fmt.Sprint(by.N), tooFew
		}
		if by.Enough() {
			row.Usual = lengthOf(by.Median)
		}
		rows = append(rows, row)
	}
	for i, p := range f.Parts {
		if i >= partsOnPage-1 && len(f.Parts) > partsOnPage {
			rest += p.Time
			continue
		}
		add(partName(p.Part), p.Time, p.By)
	}
	if rest > 0 {
		add("everything else", rest, insight.Spread{})
	}
	return rows
}

// partName says what a change does in a part of its way.
func partName(p history.Part) string {
	switch p {
	case history.PartBuild, history.PartChecks, history.PartBoth, history.PartReleasing, history.PartProving, history.PartStopped, history.PartUnseen, insight.PartCarried, insight.PartUnrecorded:
		return string(p)
	}
	return "waiting: " + string(p)
}

// chart is a number by the week, as bars.
type chart struct {
	ID, Title  string
	Most       string // the value of the tallest bar
	From, To   string
	Bars       []chartBar
	Rows       []chartRow
	ValueTitle string
	Text       string // for readers
}

type chartBar struct {
	X, Width, Y, Height float64
	Level               level
}

type chartRow struct{ Week, Value string }

// Size of a chart in an image's units.
const (
	chartWidth  = 1000
	chartHeight = 100
)

// charts are the trends of a period by the week.
func charts(weeks []insight.Figures) []chart {
	draw := func(id, title, unit string, level level, value func(insight.Figures) (float64, string)) chart {
		c := chart{ID: id, Title: title, ValueTitle: unit, From: date(weeks[0].Period.From), To: date(weeks[len(weeks)-1].Period.To)}
		most := 0.0
		for _, w := range weeks {
			v, _ := value(w)
			most = max(most, v)
		}
		step := float64(chartWidth) / float64(len(weeks))
		for i, w := range weeks {
			v, text := value(w)
			c.Rows = append(c.Rows, chartRow{date(w.Period.From), text})
			if v == most && v > 0 && c.Most == "" {
				c.Most = text
			}
			if v > 0 {
				h := max(math.Round(v*chartHeight/most), 2)
				c.Bars = append(c.Bars, chartBar{math.Round(float64(i)*step*10) / 10, math.Round(step*8) / 10, chartHeight - h, h, level})
			}
		}
		c.Text = fmt.Sprintf("%s by week, from %s to %s", title, c.From, c.To)
		if c.Most != "" {
			c.Text += "; at most " + c.Most
		}
		return c
	}
	if len(weeks) == 0 {
		return nil
	}
	return []chart{
		draw("chart-deploys", "Deployments", "Deployments", moving, func(f insight.Figures) (float64, string) {
			return float64(f.Deploys), fmt.Sprint(f.Deploys)
		}),
		draw("chart-lead", "Lead time", "Median", waits, func(f insight.Figures) (float64, string) {
			if f.Lead.N == 0 {
				return 0, "–"
			}
			return f.Lead.Median.Seconds(), "about " + lengthOf(f.Lead.Median)
		}),
		draw("chart-failed", "Deployments that failed", "Failed", needsSomebody, func(f insight.Figures) (float64, string) {
			return float64(f.Failed), fmt.Sprintf("%d of %d", f.Failed, f.Judged)
		}),
	}
}

// culprits is a list of what failed most.
type culprits struct {
	Title, Name string // of its first column, too
	Notes       bool
	Rows        []culpritRow
}

type culpritRow struct {
	Name, Times, Note string
	Last              commit // the newest of them
}

// culpritsOnPage is how long each list is.
const culpritsOnPage = 8

func failing(known changes, is insight.Culprits, errors []insight.Count) (list []culprits) {
	add := func(title, name string, counts []insight.Count, note func(insight.Count) string) {
		c := culprits{Title: title, Name: name, Notes: note != nil}
		for i, n := range counts {
			if i == culpritsOnPage {
				break
			}
			row := culpritRow{Name: n.Name, Times: fmt.Sprint(n.N)}
			if note != nil {
				row.Note = note(n)
			}
			if len(n.SHAs) > 0 {
				row.Last = known.commit(n.SHAs[len(n.SHAs)-1])
			}
			c.Rows = append(c.Rows, row)
		}
		if c.Rows != nil {
			list = append(list, c)
		}
	}
	add("Checks", "Check", is.Checks, func(n insight.Count) string {
		if n.Also == 0 {
			return "never green later for the same commit"
		}
		return fmt.Sprintf("%s green later for the same commit", percent(n.Also, n.N))
	})
	add("Errors of builds and releases", "Error", errors, nil)
	add("Stages", "Stage", is.Stages, nil)
	add("Classes of change", "Class", is.Classes, func(n insight.Count) string {
		return fmt.Sprintf("of %s of this class", count(n.Of, "change"))
	})
	return list
}

// waiterRow is a check that made people wait.
type waiterRow struct {
	Check, Times, By string
	Last             commit
}

func waiters(known changes, list []insight.Waiter) (rows []waiterRow) {
	for i, w := range list {
		if i == culpritsOnPage {
			break
		}
		row := waiterRow{Check: w.Check, Times: fmt.Sprintf("%d of %s", w.N, count(w.Of, "change")), By: tooFew}
		if w.By.Enough() {
			row.By = lengthOf(w.By.Median)
		}
		row.Last = known.commit(w.SHAs[len(w.SHAs)-1])
		rows = append(rows, row)
	}
	return rows
}

// apart are numbers of what does not count as deployed. Without an address in the query nothing is listed behind them.
func apart(q insightsQuery, f insight.Figures) (rows []apartRow) {
	add := func(n int, what, behind string) {
		if n == 0 {
			return
		}
		row := apartRow{Text: count(n, what)}
		if q.base != "" {
			row.Path = q.to(q.weeks, "&behind="+behind+"#behind")
		}
		rows = append(rows, row)
	}
	add(f.Attempts, "failed attempt", "attempts")
	add(f.Repeats, "repeated release", "repeats")
	add(f.ByHand, "release by hand", "hand")
	return rows
}
