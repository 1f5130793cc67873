package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/insight"
	"github.com/headstart-cd/headstart/store"
)

// insightsCommand tells the numbers of a pipeline, or of all of them, also while the server runs.
type insightsCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	Weeks       int    `default:"12" placeholder:"N" help:"The last N weeks, this one included, and compared with the N before (default: ${default})."`
	JSON        bool   `name:"json" help:"Write one JSON object, with every deployment."`
	Pipeline    string `arg:"" optional:"" name:"pipeline" help:"OWNER/NAME or OWNER/NAME:PIPELINE (default: the only one, or all added up)."`
}

const mostWeeks = 520

// Run prints the numbers.
func (c *insightsCommand) Run(ctx context.Context, out console) error {
	return c.at(ctx, time.Now(), out)
}

// at prints the numbers as of a time.
func (c *insightsCommand) at(ctx context.Context, now time.Time, out console) error {
	if c.Weeks < 1 || c.Weeks > mostWeeks {
		return usage("--weeks %d is no number of weeks: write 1 to %d", c.Weeks, mostWeeks)
	}
	return withOperator(ctx, c.DatabaseURL, func(db *store.Operator) error {
		past := db.History()
		known, err := past.Pipelines(ctx)
		if err != nil {
			return err
		}
		known = slices.DeleteFunc(known, func(k bot.Key) bool { return k.Repo.Nameless() })
		switch {
		case c.Pipeline != "":
			key, err := findPipeline(c.Pipeline, known)
			if err != nil {
				return err
			}
			return c.one(ctx, past, key, now, out)
		case len(known) == 1:
			return c.one(ctx, past, known[0], now, out)
		case len(known) == 0:
			return errors.New("there is no pipeline yet: install the GitHub App, and push to a repository with a pipeline's file")
		}
		return c.all(ctx, past, known, now, out)
	})
}

// one prints the numbers of a pipeline.
func (c *insightsCommand) one(ctx context.Context, past store.History, key bot.Key, now time.Time, out console) error {
	rows, err := past.Insights(ctx, key, insight.Since(c.Weeks, now))
	if err != nil {
		return err
	}
	l := insight.Read(rows, now)
	period, before := insight.Weeks(c.Weeks, insight.Today(rows.Process, now))
	is, was := l.Numbers(period), l.Numbers(before).Figures()
	figures := is.Figures()
	if c.JSON {
		return json.NewEncoder(out.out).Encode(numbersLineOf(key.String(), figures, is))
	}
	trends := figures.Since(was, l.Known(before) == before)
	c.print(out.out, key.String(), figures, trends, was, is)
	return nil
}

// all prints the numbers of all pipelines together.
func (c *insightsCommand) all(ctx context.Context, past store.History, known []bot.Key, now time.Time, out console) error {
	period, before := insight.Weeks(c.Weeks, insight.DayOf(now.UTC()))
	fleet := insight.NewFleet(period, before)
	if err := past.Weeks(ctx, known, before.From, now, fleet.Add); err != nil {
		return err
	}
	figures, trends := fleet.Figures()
	name := fmt.Sprintf("%d pipelines", len(known))
	if c.JSON {
		return json.NewEncoder(out.out).Encode(numbersLineOf("", figures, nil))
	}
	c.print(out.out, name, figures, trends, insight.Figures{}, nil)
	fmt.Fprintln(out.out, "\nAs the server has added them up, every ten minutes. One of them: headstart insights PIPELINE")
	return nil
}

// print writes a number a line. is has what is behind them; nil: that is unknown.
func (c *insightsCommand) print(out io.Writer, name string, f insight.Figures, trends insight.Trends, was insight.Figures, is *insight.Numbers) {
	if f.Period.Days() == 0 {
		fmt.Fprintf(out, "Nothing is known of %s in these %d weeks: the next push shows here.\n", name, c.Weeks)
		return
	}
	date := func(d insight.Day) string { return d.Date().Format(time.DateOnly) }
	fmt.Fprintf(out, "%s, %s to %s\n\n", name, date(f.Period.From), date(f.Period.To))
	line := func(label string, enough bool, value, detail string, t insight.Trend, before string) {
		if !enough {
			value = "too few to say"
		}
		text := fmt.Sprintf("%-20s %-15s %s", label, value, detail)
		word := map[insight.Trend]string{insight.Same: "the same", insight.Up: "more", insight.Down: "less"}[t]
		if word != "" && enough {
			if text += "; " + word; before != "" {
				text += " than " + before
			}
			text = strings.Replace(text, "the same than", "about the same as", 1)
		}
		fmt.Fprintln(out, strings.TrimRight(text, " "))
	}
	known := func(text string) string {
		if was.Period == (insight.Period{}) {
			return "before"
		}
		return text
	}
	deployed := fmt.Sprintf("%d deployments", f.Deploys)
	if is != nil {
		working, with := is.Days()
		deployed += fmt.Sprintf(" on %d of %d working days", with, working)
	}
	line("Deployments", f.Deploys >= insight.Few, fmt.Sprintf("%.1f a week", f.PerWeek()), deployed, trends.Deploys, known(fmt.Sprintf("%.1f", was.PerWeek())))
	within := ""
	if f.Lead.Enough() {
		within = "85 of 100 within " + length(f.Lead.P85) + ", "
	}
	line("Lead time", f.Lead.Enough(), length(f.Lead.Median), fmt.Sprintf("%s%d changes", within, f.Lead.N), trends.Lead, known(length(was.Lead.Median)))
	share := func(n, of int) string { return fmt.Sprintf("%.1f %%", 100*insight.Share(n, of)) }
	line("Change failure rate", f.Judged >= insight.Few, share(f.Failed, f.Judged), fmt.Sprintf("%d of %d", f.Failed, f.Judged), trends.Failed, known(share(was.Failed, was.Judged)))
	line("Recovery time", f.Recovery.Enough(), length(f.Recovery.Median), fmt.Sprintf("%d ended, %d open", f.Recovery.N, f.Open), trends.Recovery, known(length(was.Recovery.Median)))
	line("Rework rate", f.Deploys >= insight.Few, share(f.Rework, f.Deploys), fmt.Sprintf("%d of %d", f.Rework, f.Deploys), trends.Rework, known(share(was.Rework, was.Deploys)))
	line("Head start", true, length(f.Start.Saved)+" saved", fmt.Sprintf("%d builds spared, %d wasted", f.Start.Spared, f.Start.Wasted), insight.Unclear, "")
	line("Not counted", true, fmt.Sprint(f.Attempts+f.Repeats+f.ByHand), fmt.Sprintf("%d failed attempts, %d repeated, %d by hand", f.Attempts, f.Repeats, f.ByHand), insight.Unclear, "")
	if len(f.Parts) > 0 {
		fmt.Fprintln(out, "\nWhere changes spend their time")
		for _, p := range f.Parts {
			fmt.Fprintf(out, "  %-28s %4.0f %%  %s\n", oneLine(string(p.Part)), 100*p.Share, length(p.Time))
		}
	}
	if is == nil {
		return
	}
	for i, n := range is.Culprits.Checks {
		if i == 0 {
			fmt.Fprintln(out, "\nChecks that failed")
		}
		if i == 5 {
			break
		}
		fmt.Fprintf(out, "  %-28s %d times, %d green later for the same commit\n", oneLine(n.Name), n.N, n.Also)
	}
	for i, w := range is.Culprits.Waits {
		if i == 0 {
			fmt.Fprintln(out, "\nChecks that made changes wait")
		}
		if i == 5 {
			break
		}
		fmt.Fprintf(out, "  %-28s last for %d of %d, by %s\n", oneLine(w.Check), w.N, w.Of, length(w.By.Median))
	}
}

// numbersLine is what `headstart insights --json` writes. Scripts depend on these names: they are only added to. Times are
// in seconds.
type numbersLine struct {
	Pipeline       string       `json:"pipeline,omitzero"` // empty: all of them
	From           string       `json:"from"`
	To             string       `json:"to"`
	Deployments    int          `json:"deployments"`
	PerWeek        float64      `json:"deployments_per_week"`
	Lead           spreadLine   `json:"lead_time"`
	Judged         int          `json:"judged"`
	Failed         int          `json:"failed"`
	Recovery       spreadLine   `json:"recovery_time"`
	Open           int          `json:"open_failures"`
	Rework         int          `json:"rework"`
	FailedAttempts int          `json:"failed_attempts"`
	Repeated       int          `json:"repeated_releases"`
	ByHand         int          `json:"releases_by_hand"`
	Saved          float64      `json:"saved"`
	Spared         int          `json:"builds_spared"`
	SparedTime     float64      `json:"builds_spared_time"`
	Wasted         int          `json:"builds_wasted"`
	WastedTime     float64      `json:"builds_wasted_time"`
	Parts          []partLine   `json:"lead_time_parts"`
	Deploys        []deployLine `json:"deploys,omitzero"` // what was released on all apps; of one pipeline
}

type spreadLine struct {
	N      int     `json:"n"`
	Median float64 `json:"median"`
	P85    float64 `json:"p85"`
}

type partLine struct {
	Part  string  `json:"part"`
	Time  float64 `json:"time"`
	Share float64 `json:"share"`
}

type deployLine struct {
	Stage     string     `json:"stage"`
	Number    int        `json:"number"`
	SHA       string     `json:"sha"`
	Live      time.Time  `json:"live_at"`
	Proved    time.Time  `json:"proved_at,omitzero"` // none: it is no deployment, and has failed
	Judged    bool       `json:"judged"`
	Failed    string     `json:"failed,omitzero"`
	Recovered time.Time  `json:"recovered_at,omitzero"`
	Rework    bool       `json:"rework"`
	Changes   []leadLine `json:"changes"`
}

type leadLine struct {
	SHA   string     `json:"sha"`
	Lead  float64    `json:"lead_time"`
	Parts []waitLine `json:"parts,omitzero"`
}

func spreadLineOf(s insight.Spread) spreadLine {
	return spreadLine{s.N, s.Median.Seconds(), s.P85.Seconds()}
}

func numbersLineOf(pipeline string, f insight.Figures, is *insight.Numbers) numbersLine {
	line := numbersLine{
		Pipeline: pipeline, From: f.Period.From.Date().Format(time.DateOnly), To: f.Period.To.Date().Format(time.DateOnly),
		Deployments: f.Deploys, PerWeek: f.PerWeek(), Lead: spreadLineOf(f.Lead), Judged: f.Judged, Failed: f.Failed, Recovery: spreadLineOf(f.Recovery), Open: f.Open, Rework: f.Rework,
		FailedAttempts: f.Attempts, Repeated: f.Repeats, ByHand: f.ByHand,
		Saved: f.Start.Saved.Seconds(), Spared: f.Start.Spared, SparedTime: f.Start.SparedTime.Seconds(), Wasted: f.Start.Wasted, WastedTime: f.Start.WastedTime.Seconds(), Parts: []partLine{},
	}
	for _, p := range f.Parts {
		line.Parts = append(line.Parts, partLine{string(p.Part), p.Time.Seconds(), p.Share})
	}
	if is == nil {
		return line
	}
	line.Deploys = []deployLine{}
	for _, d := range is.Released {
		one := deployLine{Stage: d.Stage, Number: d.N, SHA: d.SHA, Live: d.Live, Proved: d.Proved, Judged: d.Judged, Failed: string(d.Failed), Recovered: d.Recovered, Rework: d.Rework, Changes: []leadLine{}}
		for _, lead := range d.Leads {
			change := leadLine{SHA: lead.SHA, Lead: lead.Time().Seconds()}
			for _, w := range lead.Parts {
				change.Parts = append(change.Parts, waitLine{string(w.Part), w.Stage, w.For.Seconds()})
			}
			one.Changes = append(one.Changes, change)
		}
		line.Deploys = append(line.Deploys, one)
	}
	return line
}
