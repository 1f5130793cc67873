package insight_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/insight"
)

// A year that was worked out by hand: the rows are in testdata/year.csv, and what they come to, with how, in
// testdata/year-expected.csv.
func TestYear(t *testing.T) {
	now := at(t, "2025-12-31T12:00:00Z")
	ledger := insight.Read(year(t), now)
	day := func(text string) insight.Day { return insight.DayOf(at(t, text+"T00:00:00Z")) }
	periods := map[string]*insight.Numbers{
		"year":    ledger.Numbers(insight.Period{From: day("2025-01-01"), To: day("2025-12-31")}),
		"quarter": ledger.Numbers(insight.Period{From: day("2025-01-06"), To: day("2025-03-31")}),
	}
	for _, row := range table(t, "testdata/year-expected.csv") {
		n := periods[row["period"]]
		if got := number(t, n, ledger, row["number"]); got != row["value"] {
			t.Errorf("%s of the %s should be %q (%s), it is %q", row["number"], row["period"], row["value"], row["how"], got)
		}
	}
	if rate := fmt.Sprintf("%.3f", periods["year"].PerWeek()); rate != "0.195" { // 10 deployments in 359/7 weeks
		t.Errorf("there were 0.195 deployments a week, it says %s", rate)
	}
}

// number is one of the numbers as a text.
func number(t *testing.T, n *insight.Numbers, l *insight.Ledger, name string) string {
	t.Helper()
	working, with := n.Days()
	leads := map[string]insight.Lead{}
	var carried []string
	for _, lead := range n.Leads() {
		leads[lead.SHA] = lead
		carried = append(carried, lead.SHA)
	}
	deploys := map[string]*insight.Deploy{}
	for _, d := range l.Deploys {
		deploys[d.SHA] = d
	}
	what, sha, _ := strings.Cut(name, " of ")
	if part, is := strings.CutPrefix(name, "part "); is {
		for _, p := range n.Parts {
			if string(p.Part) == part {
				return p.Time.String()
			}
		}
		return ""
	}
	switch what {
	case "from":
		return n.Period.From.Date().Format(time.DateOnly)
	case "days":
		return strconv.Itoa(n.Period.Days())
	case "deploys":
		return shas(n.Deploys)
	case "working days":
		return strconv.Itoa(working)
	case "days with deploys":
		return strconv.Itoa(with)
	case "leads":
		return strings.Join(carried, " ")
	case "lead median":
		return n.Lead.Median.String()
	case "lead p85":
		return n.Lead.P85.String()
	case "lead":
		return leads[sha].Time().String()
	case "parts":
		var list []string
		for _, w := range leads[sha].Parts {
			list = append(list, fmt.Sprintf("%s %s", w.Part, w.For))
		}
		return strings.Join(list, " + ")
	case "judged":
		return shas(n.Judged)
	case "failed":
		return shas(n.Failed)
	case "open":
		return shas(n.Open)
	case "rework":
		return shas(n.Rework)
	case "cause":
		return string(deploys[sha].Failed)
	case "recovery":
		return deploys[sha].Recovery().String()
	case "recoveries":
		if n.Recovery.Enough() {
			t.Error("four cases are too few to say anything")
		}
		return strconv.Itoa(n.Recovery.N)
	case "recovery median":
		return n.Recovery.Median.String()
	case "attempts":
		return releases(n.Attempts)
	case "repeats":
		return releases(n.Repeats)
	case "by hand":
		return releases(n.ByHand)
	case "saved":
		return n.Start.Saved.String()
	case "saved by":
		return strconv.Itoa(n.Start.SavedBy)
	case "spared":
		return strconv.Itoa(n.Start.Spared)
	case "spared time":
		return n.Start.SparedTime.String()
	case "wasted":
		return strconv.Itoa(n.Start.Wasted)
	case "wasted time":
		return n.Start.WastedTime.String()
	case "builds":
		return strconv.Itoa(n.Builds.N)
	case "build median":
		return n.Builds.Median.String()
	case "checks":
		return counts(n.Culprits.Checks)
	case "stages":
		return counts(n.Culprits.Stages)
	case "classes":
		return counts(n.Culprits.Classes)
	case "waits":
		var list []string
		for _, w := range n.Culprits.Waits {
			list = append(list, fmt.Sprintf("%s %d of %d by %s", w.Check, w.N, w.Of, w.By.Median))
		}
		return strings.Join(list, "; ")
	}
	t.Fatalf("there is no number %q", name)
	return ""
}

func shas(list []*insight.Deploy) string {
	var all []string
	for _, d := range list {
		all = append(all, d.SHA)
	}
	return strings.Join(all, " ")
}

func releases(list []insight.Release) string {
	var all []string
	for _, r := range list {
		all = append(all, r.SHA)
	}
	return strings.Join(all, " ")
}

func counts(list []insight.Count) string {
	var all []string
	for _, c := range list {
		text := fmt.Sprintf("%s %d", c.Name, c.N)
		if c.Of > 0 {
			text += fmt.Sprintf(" of %d", c.Of)
		}
		if c.Also > 0 {
			text += fmt.Sprintf(" (%d green later)", c.Also)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// table reads a file with a header.
func table(t *testing.T, name string) (list []map[string]string) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, row := range rows[1:] {
		named := map[string]string{}
		for i, column := range rows[0] {
			named[column] = row[i]
		}
		list = append(list, named)
	}
	return list
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	is, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

func length(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(strings.TrimPrefix(text, "+"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// year is the rows of testdata/year.csv.
func year(t *testing.T) (rows insight.Rows) {
	t.Helper()
	for i, row := range table(t, "testdata/year.csv") {
		facts := map[string]string{}
		for _, fact := range strings.Fields(row["facts"]) {
			name, value, _ := strings.Cut(fact, "=")
			facts[name] = value
		}
		began := at(t, row["at"])
		switch row["row"] {
		case "process":
			p := history.Process{At: began, Config: bot.Config{Insights: bot.Insights{Zone: facts["zone"]}}}
			for _, name := range strings.Split(facts["stages"], "|") {
				p.Config.Stages = append(p.Config.Stages, bot.Stage{Name: name})
			}
			rows.Process = append(rows.Process, p)
		case "incident":
			rows.Audit = append(rows.Audit, history.Audit{ID: fmt.Sprint(i), At: began, Command: "/incident it is down", OK: true, Stage: row["stage"], SHA: row["sha"]})
		case "promotion":
			rows.Promotions = append(rows.Promotions, promotion(t, row, began, facts))
		case "change":
			rows.Changes = append(rows.Changes, change(t, row, began, facts))
		default:
			t.Fatalf("there is no row %q", row["row"])
		}
	}
	return rows
}

func promotion(t *testing.T, row map[string]string, began time.Time, facts map[string]string) history.Promotion {
	t.Helper()
	p := history.Promotion{
		Stage: row["stage"], SHA: row["sha"], Artifact: facts["artifact"], Replaced: facts["replaced"], Began: began,
		Kind: history.Kind(strings.ReplaceAll(facts["kind"], "_", " ")), Result: history.ResultProved,
	}
	p.N, _ = strconv.Atoi(row["n"])
	p.Commits, _ = strconv.Atoi(facts["commits"])
	for name, to := range map[string]*time.Time{"released": &p.Released, "proved": &p.Proved, "ended": &p.Ended} {
		if facts[name] != "" {
			*to = began.Add(length(t, facts[name]))
		}
	}
	if p.Ended.IsZero() {
		p.Ended = bot.Later(p.Proved, p.Released)
	}
	_, p.Urgent = facts["urgent"]
	switch {
	case facts["result"] == "failed":
		p.Result = history.ResultFailed
	case facts["result"] == "unproved":
		p.Result = history.ResultUnproved
	case p.Kind == history.KindByHand:
		p.Result = history.ResultUnverified
	}
	return p
}

func change(t *testing.T, row map[string]string, pushed time.Time, facts map[string]string) history.Change {
	t.Helper()
	c := history.Change{SHA: row["sha"], Title: row["title"], PushedAt: pushed, SeenAt: pushed.Add(time.Second)}
	for name, text := range facts {
		value, more, _ := strings.Cut(text, ":")
		switch name {
		case "prepare":
			c.Built, c.BuildBegan, c.BuildEnded = history.BuiltAhead, pushed, pushed.Add(length(t, value))
		case "built":
			if c.Built = history.BuiltTree; value == "group" {
				c.Built = history.BuiltGroup
			}
			if more != c.SHA {
				c.BuiltOf = more
			}
		case "build":
			c.BuildBegan, c.BuildEnded = pushed.Add(-length(t, value)), pushed
		case "green":
			c.GreenAt = pushed.Add(length(t, value))
		case "red":
			c.RedAt, c.Red = pushed.Add(length(t, value)), []string{more}
		case "last":
			c.LastCheck, c.LastCheckBy = value, length(t, more)
		case "classes":
			c.Classes = strings.Split(value, "|")
		case "live", "superseded", "failed":
			c.Outcome, c.By, c.EndedAt = history.Outcome(name), more, pushed.Add(length(t, value))
		case "way":
			c.Waits = way(t, text)
		default:
			t.Fatalf("a change has no %s", name)
		}
	}
	return c
}

// way reads where a change's time went.
func way(t *testing.T, text string) (list []history.Wait) {
	t.Helper()
	for _, part := range strings.Split(text, "|") {
		name, took, _ := strings.Cut(part, ":")
		stage, name, in := strings.Cut(name, "/")
		if !in {
			stage, name = "", stage
		}
		w := history.Wait{Part: history.Part(name), Stage: stage, For: length(t, took)}
		switch name {
		case "both":
			w.Part = history.PartBoth
		case "checks":
			w.Part = history.PartChecks
		case "build":
			w.Part = history.PartBuild
		}
		list = append(list, w)
	}
	return list
}
