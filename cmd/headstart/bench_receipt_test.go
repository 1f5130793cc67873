package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

const (
	benchConnections = 32
	receiptRounds    = 8
	receiptRound     = 2 * time.Second // of each server
)

// BenchmarkReceipt measures how fast deliveries are taken in, side by side in
// rounds: by a server that verifies and answers, by the floor, and by Headstart.
// They are GitHub's examples, of a repository that has no pipeline and then of one
// that has, on which Headstart decides meanwhile. It prints a table.
//
//	go test -run '^$' -bench Receipt -benchtime 1x ./cmd/headstart
func BenchmarkReceipt(b *testing.B) {
	for name, database := range map[string]func(b *testing.B) string{
		"sqlite":   func(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "b.db") },
		"postgres": func(b *testing.B) string { return newCluster(b).database() },
	} {
		b.Run(name, func(b *testing.B) {
			m := newMeasured(b, 1, database)
			if err := m.i.startAndWait(); err != nil {
				b.Fatal(err)
			}
			for range b.N {
				m.receipt(b).print(b)
			}
		})
	}
}

// newMeasured is a process beside the floors, with databases of its own.
func newMeasured(b *testing.B, teams int, database func(b *testing.B) string) *measured {
	w := newChaosWorld(b, 1, teams, herokutest.Options{SkipDownload: true})
	i := newInstance(b, w.gh, w.heroku, database(b), w.allow)
	i.env = append(i.env, "HEADSTART_SWEEP=2m") // the default
	return &measured{
		chaosWorld: w, i: i, floor: startFloor(b, database(b)), mute: startFloor(b, keepsNothing),
		bare: startBare(b, w, database(b)), passedOn: map[string]bool{},
	}
}

// example is one of GitHub's examples.
type example struct{ event, body, signature string }

// examples are GitHub's, of their own repository, or of another one.
func examples(b *testing.B, repository string) (list []example) {
	files, err := filepath.Glob("../../webhooks/testdata/payloads/*.json")
	if err != nil || len(files) == 0 {
		b.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		event, _, _ := strings.Cut(filepath.Base(file), ".")
		body := string(text)
		if owner, name, ok := strings.Cut(repository, "/"); ok {
			body = strings.NewReplacer("Codertocat/Hello-World", repository, `"Codertocat"`, strconv.Quote(owner), `"Hello-World"`, strconv.Quote(name)).Replace(body)
		}
		list = append(list, example{event, body, githubtest.Sign(webhookSecret, []byte(body))})
	}
	return list
}

// taker is a server whose rounds are measured.
type taker struct {
	name, url string
	list      []example
	cpu       func() float64 // seconds so far
	rounds    []receiptOf
}

// receiptOf is one round.
type receiptOf struct {
	perSecond float64
	took      []time.Duration // sorted
	cpu       time.Duration   // of each delivery
}

type receipts []*taker

// receipt measures the servers in turns.
func (m *measured) receipt(b *testing.B) receipts {
	ours, floor := m.i.url()+"/webhooks/github", func(url string) func() float64 {
		return func() float64 { return cpuOf(b, url) }
	}
	says := func() float64 { return m.says(b, "process_cpu_seconds_total") }
	strangers, own := examples(b, ""), examples(b, m.teams[0].FullName())
	all := receipts{
		{name: "verify and answer", url: m.mute, list: strangers, cpu: floor(m.mute)},
		{name: "the floor: one durable row", url: m.floor, list: strangers, cpu: floor(m.floor)},
		{name: "Headstart, no pipeline", url: ours, list: strangers, cpu: says},
		{name: "Headstart, a pipeline", url: ours, list: own, cpu: says},
	}
	for round := range receiptRounds {
		for n := range all {
			t := all[(n+round)%len(all)]
			before := t.cpu()
			r := send(b, t, receiptRound)
			if t.url == ours {
				m.untilDrained(b)
			}
			r.cpu = time.Duration((t.cpu() - before) * float64(time.Second) / float64(len(r.took)))
			t.rounds = append(t.rounds, r)
		}
	}
	return all
}

// cpuOf is how many seconds of processor time a floor has taken.
func cpuOf(b *testing.B, url string) float64 {
	res, err := http.Get(url + "/cpu")
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	if err != nil {
		b.Fatal(err)
	}
	return seconds
}

// send sends deliveries from many connections for a while.
func send(b *testing.B, t *taker, lasts time.Duration) (r receiptOf) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchConnections}}
	defer client.CloseIdleConnections()
	var (
		next  atomic.Int64
		mu    sync.Mutex
		all   sync.WaitGroup
		start = time.Now()
	)
	for range benchConnections {
		all.Go(func() {
			var took []time.Duration
			for time.Since(start) < lasts {
				e := t.list[int(next.Add(1))%len(t.list)]
				request := newDelivery(b, t.url, e.event, []byte(e.body), e.signature)
				began := time.Now()
				answer, err := client.Do(request)
				if err != nil {
					b.Error(err)
					return
				}
				took = append(took, time.Since(began))
				answer.Body.Close()
				if answer.StatusCode != http.StatusAccepted && answer.StatusCode != http.StatusOK {
					b.Errorf("a %s should be taken by %s, it was answered with %s", e.event, t.name, answer.Status)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			r.took = append(r.took, took...)
		})
	}
	all.Wait()
	r.perSecond = float64(len(r.took)) / time.Since(start).Seconds()
	slices.Sort(r.took)
	return r
}

// untilDrained waits until what was sent has been processed: until a push behind
// all of it leads to a build.
func (m *measured) untilDrained(b *testing.B) {
	m.gh.SetWebhook(m.i.url()+"/webhooks/github", webhookSecret)
	sha := m.push(b, m.teams[:1])[0]
	m.wait(b, "the push behind all deliveries is built", func() bool { return m.built(m.teams[0], sha) })
}

// print prints the medians of the rounds, and of their ratios to the two floors.
func (all receipts) print(b *testing.B) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\n%s\tdeliveries/s\tof bare\tof the floor\tp50 ms\tp99 ms\tCPU µs\tof the floor's\t\n", b.Name())
	for _, t := range all {
		of := func(other *taker, figure func(receiptOf) float64) float64 {
			var ratios []float64
			for n, r := range t.rounds {
				ratios = append(ratios, figure(r)/figure(other.rounds[n]))
			}
			return median(ratios)
		}
		rate := func(r receiptOf) float64 { return r.perSecond }
		cpu := func(r receiptOf) float64 { return float64(r.cpu.Microseconds()) }
		fmt.Fprintf(table, "%s\t%.0f\t%.2f\t%.2f\t%.1f\t%.1f\t%.0f\t%.2f\t\n", t.name, t.median(rate), of(all[0], rate), of(all[1], rate),
			t.median(func(r receiptOf) float64 { return millis(percentile(r.took, 50)) }),
			t.median(func(r receiptOf) float64 { return millis(percentile(r.took, 99)) }), t.median(cpu), of(all[1], cpu))
	}
	if err := table.Flush(); err != nil {
		b.Error(err)
	}
}

func (t *taker) median(figure func(receiptOf) float64) float64 {
	var all []float64
	for _, r := range t.rounds {
		all = append(all, figure(r))
	}
	return median(all)
}

func median[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}
