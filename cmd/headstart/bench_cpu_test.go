package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"text/tabwriter"
	"time"
)

// What Headstart may take of the processor, in parts of what its floors take in the
// same run. A machine that is busy makes all of them slower, and hardly the ratio.
const (
	mostOfReceipt = 2.2
	mostOfDeploy  = 28
	cpuTeams      = 20
	cpuRounds     = 5
)

// BenchmarkProcessorTime fails where a delivery or a deploy takes much more of the
// processor than it did when its bounds were written: more, in the best of several
// rounds, than so many times what the floor takes beside it.
//
//	go test -run '^$' -bench ProcessorTime -benchtime 1x ./cmd/headstart
func BenchmarkProcessorTime(b *testing.B) {
	m := newMeasured(b, cpuTeams, func(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "b.db") })
	if err := m.i.startAndWait(); err != nil {
		b.Fatal(err)
	}
	m.gh.SetWebhook(m.i.url()+"/webhooks/github", webhookSecret)
	says := func() float64 { return m.says(b, "process_cpu_seconds_total") }
	for b.Loop() {
		strangers := examples(b, "")
		floor := &taker{name: "the floor", url: m.floor, list: strangers, cpu: func() float64 { return cpuOf(b, m.floor) }}
		ours := &taker{name: "Headstart", url: m.i.url() + "/webhooks/github", list: strangers, cpu: says}
		table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(table, "\nprocessor time\tHeadstart\tthe floor\tratio\tat most\t\n")
		judge := func(what string, spent, least time.Duration, most float64) {
			ratio := float64(spent) / float64(least)
			fmt.Fprintf(table, "%s\t%s\t%s\t%.2f\t%.2f\t\n", what, spent.Round(time.Microsecond), least.Round(time.Microsecond), ratio, most)
			if ratio > most {
				b.Errorf("%s takes %.2f times the processor time of the floor, it may take %.2f times", what, ratio, most)
			}
		}
		spent, least := time.Hour, time.Hour
		for range cpuRounds {
			for _, t := range []*taker{floor, ours} {
				before := t.cpu()
				r := send(b, t, time.Second)
				if t == ours {
					m.untilDrained(b)
				}
				r.cpu = time.Duration((t.cpu() - before) * float64(time.Second) / float64(len(r.took)))
				t.rounds = append(t.rounds, r)
			}
			spent, least = min(spent, ours.rounds[len(ours.rounds)-1].cpu), min(least, floor.rounds[len(floor.rounds)-1].cpu)
		}
		judge("a delivery", spent, least, mostOfReceipt)

		m.deploy(b, m.teams, 0) // the first one gets to know the apps
		spent, least = time.Hour, time.Hour
		for range cpuRounds {
			before := says()
			d := m.deploy(b, m.teams, 0)
			spent = min(spent, time.Duration((says()-before)*float64(time.Second)/cpuTeams))
			before = cpuOf(b, m.bare.url)
			m.pass(b, m.bare, d.pushes, m.teams, 0, buildOf)
			m.pass(b, m.bare, d.checks, m.teams, 0, promotionOf)
			least = min(least, time.Duration((cpuOf(b, m.bare.url)-before)*float64(time.Second)/cpuTeams))
		}
		judge("a deploy", spent, least, mostOfDeploy)
		if err := table.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}
