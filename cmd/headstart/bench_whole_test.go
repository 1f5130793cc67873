package main

import (
	"bufio"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// BenchmarkWholeProcess measures the built binary from outside, as those see it
// who use it: with a database that is empty at first, and then with one that has
// 10,000 pipelines and a million past deliveries. The stand-ins for GitHub and
// Heroku share the machine with it. It takes about twenty minutes:
//
//	go test -run '^$' -bench WholeProcess -timeout 40m ./cmd/headstart
func BenchmarkWholeProcess(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		measureAll(b, "sqlite:"+filepath.Join(dir, "headstart.db"), "sqlite:"+filepath.Join(dir, "floor.db"), "sqlite:"+filepath.Join(dir, "bare.db"))
	})
	b.Run("postgres", func(b *testing.B) {
		db := newCluster(b)
		measureAll(b, db.database(), db.database(), db.database())
	})
}

const (
	benchTeams  = 100 // that deploy at once
	benchStarts = 5
)

// measured is one process under measurement.
type measured struct {
	*chaosWorld
	i        *instance
	floor    string // the URL of the durable floor
	mute     string // that of the server that keeps nothing
	bare     receiver
	passedOn map[string]bool // deliveries that were passed on, by GUID
}

func measureAll(b *testing.B, database, floor, bare string) {
	// What Heroku fetches it fetches on machines of its own.
	w := newChaosWorld(b, 1, benchTeams, herokutest.Options{SkipDownload: true})
	for _, t := range w.teams {
		for _, a := range t.apps() {
			a.BuildTakes(0)
			a.ReleaseTakes(0)
			a.PromotionTakes(0)
		}
	}
	for _, owner := range []string{"acme", "bolt", "crane", "delta"} {
		w.must(w.gh.SetRateLimit(owner, 1_000_000, 1_000_000)) // a hundred pipelines do not deploy this often
	}
	many := w.newTeam("acme", "large", manyChecks())
	many.prepare.BuildTakes(benchBuild)
	i := newInstance(b, w.gh, w.heroku, database, w.allow+" acme/large=acme-large-*")
	i.env = append(i.env, "HEADSTART_SWEEP=2m") // the default
	m := &measured{chaosWorld: w, i: i, floor: startFloor(b, floor), mute: startFloor(b, keepsNothing), bare: startBare(b, w, bare), passedOn: map[string]bool{}}

	m.all(b, "empty", many)
	b.Run("fill", func(b *testing.B) {
		for range b.N {
			fill(b, database, w.teams[0].FullName())
		}
	})
	m.all(b, "full", many)
}

// all measures everything on a database of a size.
func (m *measured) all(b *testing.B, size string, many *team) {
	b.Run(size+"/start", m.starts)
	if err := m.i.startAndWait(); err != nil {
		b.Fatal(err)
	}
	m.gh.SetWebhook(m.i.url()+"/webhooks/github", webhookSecret)
	b.Run(size+"/deploys", m.deploys)
	b.Run(size+"/receipt", func(b *testing.B) { m.receipt(b).print(b) })
	b.Run(size+"/requests", func(b *testing.B) { m.requests(b, many) })
	b.Run(size+"/memory", func(b *testing.B) {
		for range b.N {
			b.ReportMetric(m.says(b, "process_resident_memory_bytes")/(1<<20), "MB")
		}
	})
	m.gh.SetWebhook("", "")
	if err := m.i.stop(); err != nil {
		b.Fatal(err)
	}
}

// starts measures from the start of the process until it is ready.
func (m *measured) starts(b *testing.B) {
	for b.Loop() {
		m.i.ready = nil
		var resident []float64
		for range benchStarts {
			if err := m.i.startAndWait(); err != nil {
				b.Fatal(err)
			}
			resident = append(resident, m.says(b, "process_resident_memory_bytes"))
			if err := m.i.stop(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(millis(slices.Max(m.i.ready)), "max-ready-ms")
		b.ReportMetric(millis(percentile(m.i.ready, 50)), "p50-ready-ms")
		b.ReportMetric(slices.Max(resident)/(1<<20), "MB")
	}
}

// says is what the process says of itself under a name; 0 where the system does
// not tell it.
func (m *measured) says(b *testing.B, name string) (value float64) {
	res, err := http.Get(m.i.url() + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			if value, err = strconv.ParseFloat(text, 64); err != nil {
				b.Fatal(err)
			}
		}
	}
	return value
}

func percentile(all []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// wait waits for what happens in the other process.
func (m *measured) wait(b *testing.B, what string, holds func() bool) {
	b.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	late := time.After(2 * time.Minute)
	for !holds() {
		select {
		case <-poll.C:
		case <-late:
			b.Fatalf("expected within two minutes: %s; the process said:\n%s", what, m.i.log.warnings())
		}
	}
}

// manyChecks are the checks of a repository that has many.
func manyChecks() (names []string) {
	for n := range 20 {
		names = append(names, fmt.Sprint("check-", n))
	}
	return names
}
