package web

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/insight"
)

// Insights are what numbers are made of.
type Insights interface {
	// Insights reads the rows of a pipeline that were seen or began since a time.
	Insights(ctx context.Context, key bot.Key, since time.Time) (insight.Rows, error)
	// Failures lists the outputs of failed builds and releases since a time.
	Failures(ctx context.Context, key bot.Key, since time.Time) ([]insight.Failure, error)
	// Weeks hands over the weeks of some pipelines from a day on, and perhaps some before: see [insight.Fleet.Add].
	Weeks(ctx context.Context, keys []bot.Key, from insight.Day, now time.Time, each func(key bot.Key, first insight.Day, packed []byte) error) error
}

// insightsPage is numbers of a period: of one pipeline, or of all that somebody may see.
type insightsPage struct {
	Key, Path string // of the pipeline; empty: of a fleet
	Of        int    // pipelines of the fleet
	Base      string // this page
	Choices   []weeksChoice
	Weeks     int
	From, To  string // of the period that is known
	Clock     string
	Stages    string // of production
	Window    string
	Empty     bool
	Tiles     []tile
	Parts     []partRow
	Charts    []chart
	Failing   []culprits
	Waits     []waiterRow
	Apart     []apartRow
	Behind    *behind
	How       []definition // none: nobody asked
	HowPath   string
	Pipelines []pipelineNumbers
	More      int // pipelines that are not listed
}

// weeksChoice is a period that can be chosen.
type weeksChoice struct {
	Weeks int
	Path  string
	Now   bool
}

// apartRow is a number of something that does not count.
type apartRow struct{ Text, Path string }

// periods are those that can be chosen, in weeks.
var periods = []int{4, 12, 26, 52}

// insightsQuery is what a page of numbers is asked for.
type insightsQuery struct {
	base   string
	weeks  int
	behind string // the number of which the deployments are listed; empty: none
	how    bool
}

func insightsQueryOf(base string, values url.Values) insightsQuery {
	q := insightsQuery{base: base, weeks: 12, behind: values.Get("behind"), how: values.Has("how")}
	if n, err := strconv.Atoi(values.Get("weeks")); err == nil && slices.Contains(periods, n) {
		q.weeks = n
	}
	return q
}

// to is the address of the page with another query.
func (q insightsQuery) to(weeks int, more string) string {
	return fmt.Sprintf("%s?weeks=%d%s", q.base, weeks, more)
}

// page begins a page.
func (q insightsQuery) page() *insightsPage {
	p := &insightsPage{Base: q.base, Weeks: q.weeks, HowPath: q.to(q.weeks, "&how#how")}
	for _, n := range periods {
		p.Choices = append(p.Choices, weeksChoice{n, q.to(n, ""), n == q.weeks})
	}
	if q.how {
		p.How = definitions()
	}
	return p
}

// definition says how a number is counted.
type definition struct {
	ID, Name string
	Text     []piece
}

// piece is a piece of a text; what is in backticks is code.
type piece struct {
	Text string
	Code bool
}

func definitions() (list []definition) {
	for _, d := range insight.Definitions {
		is := definition{ID: d.ID, Name: d.Name}
		for i, text := range strings.Split(d.Text, "`") {
			is.Text = append(is.Text, piece{text, i%2 == 1})
		}
		list = append(list, is)
	}
	return list
}

// insights are the numbers of a pipeline.
func (s *site) insights(v *visit) (answer, error) {
	r, err := s.reading(v.Context(), v.key, v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if r == nil {
		return notFound, nil
	}
	q, now := insightsQueryOf(pathOf(v.key)+"/insights", v.URL.Query()), s.now()
	since := insight.Since(q.weeks, now)
	rows, err := s.numbers.Insights(v.Context(), v.key, since)
	if err != nil {
		return answer{}, err
	}
	failures, err := s.numbers.Failures(v.Context(), v.key, since)
	if err != nil {
		return answer{}, err
	}
	ledger := insight.Read(rows, now)
	period, before := insight.Weeks(q.weeks, insight.Today(rows.Process, now))
	is := ledger.Numbers(period)
	figures, was := is.Figures(), ledger.Numbers(before).Figures()
	page := q.page()
	page.Key, page.Path = v.key.String(), pathOf(v.key)
	cfg := r.view.State.Config
	page.Stages, page.Clock, page.Window = strings.Join(cfg.Production(), ", "), cmp.Or(cfg.Insights.Zone, "UTC"), words.Hours(cfg.FailureWindow())
	page.fill(q, figures, was, ledger.Known(before) == before)
	if !page.Empty {
		working, with := is.Days()
		page.Tiles[0].Detail += fmt.Sprintf(", on %d of %d working days", with, working)
		page.Charts = charts(ledger.Weekly(period))
		known := r.changesIn(rows)
		page.Failing = failing(known, is.Culprits, insight.Errors(failures, period))
		page.Waits = waiters(known, is.Culprits.Waits)
		page.Apart = apart(q, figures)
		page.Behind = known.behind(q.behind, is)
	}
	return answer{page: "insights", title: "Insights · " + page.Key, data: page}, nil
}

// pipelineNumbers is a pipeline of a fleet, in one line.
type pipelineNumbers struct {
	Name, Path           string
	Deploys              int
	Lead, Failed, Judged string
}

// pipelinesOnPage is how many pipelines of a fleet are listed.
const pipelinesOnPage = 100

// allInsights are the numbers of all that somebody may see, and of nothing else.
func (s *site) allInsights(v *visit) (answer, error) {
	if err := s.look(v); err != nil {
		return answer{}, err
	}
	var keys []bot.Key
	for _, k := range v.all.shownBy(v.shows) {
		keys = append(keys, k.Pipeline)
	}
	q, now := insightsQueryOf("/insights", v.URL.Query()), s.now()
	period, before := insight.Weeks(q.weeks, insight.DayOf(now.UTC()))
	fleet := insight.NewFleet(period, before)
	if err := s.numbers.Weeks(v.Context(), keys, before.From, now, fleet.Add); err != nil {
		return answer{}, err
	}
	page := q.page()
	page.Of = len(keys)
	figures, trends := fleet.Figures()
	page.fillWith(q, figures, trends, insight.Figures{})
	if !page.Empty {
		page.Tiles[0].Detail += " of " + count(len(fleet.Pipelines), "pipeline")
		page.Charts = charts(fleet.Weekly())
		page.Apart = apart(insightsQuery{}, figures)
		for i := range page.Tiles {
			page.Tiles[i].Path = "#pipelines"
		}
		slices.SortFunc(fleet.Pipelines, func(a, b insight.PipelineSums) int {
			return cmp.Or(b.Deploys-a.Deploys, compareKeys(a.Pipeline, b.Pipeline))
		})
		for i, p := range fleet.Pipelines {
			if i == pipelinesOnPage {
				page.More = len(fleet.Pipelines) - i
				break
			}
			row := pipelineNumbers{Name: p.Pipeline.String(), Path: fmt.Sprintf("%s/insights?weeks=%d", pathOf(p.Pipeline), q.weeks), Deploys: p.Deploys, Lead: tooFew, Failed: fmt.Sprintf("%d of %d", p.Failed, p.Judged)}
			if p.Lead.Enough() {
				row.Lead = "about " + lengthOf(p.Lead.Median)
			}
			page.Pipelines = append(page.Pipelines, row)
		}
	}
	return answer{page: "insights", title: "Insights", data: page}, nil
}

// fill fills in what numbers of a pipeline and of a fleet have in common. known: the period before is.
func (p *insightsPage) fill(q insightsQuery, now, before insight.Figures, known bool) {
	p.fillWith(q, now, now.Since(before, known), before)
}

func (p *insightsPage) fillWith(q insightsQuery, now insight.Figures, trends insight.Trends, before insight.Figures) {
	p.From, p.To = date(now.Period.From), date(now.Period.To)
	p.Empty = now.Period.Days() == 0 || now.Deploys+now.Judged+now.Failed+now.Attempts+now.ByHand+now.Builds.N == 0
	if p.Empty {
		return
	}
	p.Tiles = tiles(q, now, trends, before)
	p.Parts = partRows(now)
}

func date(d insight.Day) string { return d.Date().Format("2 Jan 2006") }

// lengthOf words a length of time: in days, if it is more than two of them.
func lengthOf(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day {
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
	return took(d.Round(time.Second))
}

// count says how many there are of something.
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// behind are the deployments or changes behind a number.
type behind struct {
	Title string
	Rows  []behindRow
	More  int // that are not listed
}

type behindRow struct {
	Commit commit
	At     moment
	Stage  string
	Text   string
}

// behindOnPage is how many of them are listed, the newest first.
const behindOnPage = 100

// changes are rows by commit.
type changes struct {
	*reading
	of map[string]*history.Change
}

func (r *reading) changesIn(rows insight.Rows) changes {
	known := changes{r, make(map[string]*history.Change, len(rows.Changes))}
	for i := range rows.Changes {
		known.of[rows.Changes[i].SHA] = &rows.Changes[i]
	}
	return known
}

// commit names a commit by its row, if there is one.
func (k changes) commit(sha string) commit {
	switch c := k.of[sha]; {
	case c != nil:
		return k.commitOf(*c)
	case sha == "":
		return commit{}
	}
	return k.reading.commit(sha)
}

// behind lists what is behind a number; nil: there is no such number.
func (k changes) behind(name string, is *insight.Numbers) *behind {
	b := &behind{}
	add := func(sha string, at time.Time, stage, text string) {
		b.Rows = append(b.Rows, behindRow{Commit: k.commit(sha), At: momentOf(at, k.view.Now), Stage: stage, Text: text})
	}
	deploys := func(title string, list []*insight.Deploy) {
		b.Title = title
		for _, d := range list {
			add(d.SHA, d.Live, d.Stage, outcomeOfDeploy(d))
		}
	}
	releases := func(title, text string, list []insight.Release) {
		b.Title = title
		for _, x := range list {
			add(x.SHA, x.At, x.Stage, text)
		}
	}
	switch name {
	case "deploys":
		deploys("Deployments", is.Deploys)
	case "judged":
		deploys("Deployments that are old enough to be judged", is.Judged)
	case "failed":
		deploys("Deployments that failed", is.Failed)
	case "open":
		deploys("Deployments that failed, and production is not good again", is.Open)
	case "rework":
		deploys("Deployments that correct others", is.Rework)
	case "attempts":
		releases("Failed attempts", "The release failed, and the old version kept running.", is.Attempts)
	case "repeats":
		releases("Repeated releases", "It ran already.", is.Repeats)
	case "hand":
		releases("Releases by hand", "Others released it on the platform.", is.ByHand)
	case "start":
		b.Title = "What building ahead saved, spared and wasted"
		for _, c := range is.Built {
			add(c.SHA, c.EndedAt, "", builtText(c))
		}
	case "lead":
		b.Title = "Changes that went live"
		for _, d := range is.Deploys {
			for _, lead := range d.Leads {
				add(lead.SHA, lead.To, d.Stage, "Live "+lengthOf(lead.Time())+" after its push.")
			}
		}
	default:
		return nil
	}
	slices.Reverse(b.Rows)
	if b.More = len(b.Rows) - behindOnPage; b.More > 0 {
		b.Rows = b.Rows[:behindOnPage]
	}
	return b
}

// builtText says what came of building a change ahead.
func builtText(c insight.Outcome) string {
	switch saved := c.Saved(); {
	case c.Wasted():
		return "Built, and never released."
	case c.Spared():
		return "It needed no build: " + string(c.Built) + "."
	default:
		return "Its build ran beside its checks for " + lengthOf(saved) + "."
	}
}

// outcomeOfDeploy says what became of a deployment.
func outcomeOfDeploy(d *insight.Deploy) string {
	var text []string
	if n := len(d.Leads); n > 0 {
		text = append(text, fmt.Sprintf("Live %s after its push", lengthOf(d.Leads[n-1].Time())))
		if n > 1 {
			text[0] += fmt.Sprintf(", with %d earlier pushes", n-1)
		}
		text[0] += "."
	}
	switch {
	case d.Failed == "":
	case d.Recovered.IsZero():
		text = append(text, fmt.Sprintf("Failed: %s. Production is not good again.", d.Failed))
	default:
		text = append(text, fmt.Sprintf("Failed: %s. Good again after %s.", d.Failed, lengthOf(d.Recovery())))
	}
	if d.Rework {
		text = append(text, "It corrects another deployment.")
	}
	return strings.Join(text, " ")
}
