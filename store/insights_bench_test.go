package store_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/insight"
	"github.com/headstart-cd/headstart/store"
)

// BenchmarkInsights measures how long the numbers of one pipeline with 10,000 changes in two years take, and those of
// 10,000 pipelines with 1.5 changes a day in two years, each from the database to the figures. Of both it measures all
// the time that is kept: 52 weeks, and the 52 weeks before them.
func BenchmarkInsights(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite": func() string { return "sqlite:" + b.TempDir() + "/state.db" }, "postgres": func() string { return postgresURL(b) },
	} {
		b.Run(name, func(b *testing.B) { benchmarkInsights(b, url()) })
	}
}

// processor is the processor time that this process has taken, which does not depend on what else the machine does. On
// PostgreSQL the server's is not in it.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchmarkInsights(b *testing.B, url string) {
	s, err := store.Open(b.Context(), url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	random := rand.New(rand.NewPCG(5, 6))
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	const (
		changes   = 10_000
		pipelines = 10_000
	)
	file := history.Process{At: noon, Config: bot.Config{Stages: []bot.Stage{{Name: "staging"}, {Name: "production"}}}}
	rows := []history.Entry{file}
	for n := range changes {
		lives := lifeOf(random, n)
		for _, life := range lives[len(lives)-3:] { // the last rows say everything
			rows = append(rows, life...)
		}
	}
	c := change(0)
	c.Pipeline, c.State.Pipeline, c.History = shop, shop, rows
	must(s.Commit(b.Context(), c))
	now := noon.Add(changes * 72 * time.Minute)

	var keys []bot.Key
	for i := range pipelines {
		keys = append(keys, bot.Key{Repo: bot.Repo{Owner: "acme", Name: fmt.Sprint("app-", i)}})
	}
	must(s.PutWeeks(b.Context(), keys, now, func(int) []insight.Week {
		var weeks []insight.Week
		monday := insight.DayOf(now).Monday()
		for range 104 {
			w := insight.Week{Monday: monday}
			n := random.IntN(15)
			w.Sums = insight.Sums{Deploys: n, Judged: n, Failed: n / 8, Spared: n / 5, Saved: time.Duration(n) * 2 * time.Minute}
			for range n {
				w.Sums.Lead.Add(time.Duration(300+random.IntN(3000)) * time.Second)
				w.Sums.Build.Add(time.Duration(100+random.IntN(100)) * time.Second)
			}
			for _, part := range []history.Part{history.PartBoth, history.PartChecks, history.PartReleasing, history.PartProving, "soak", "approval"} {
				w.Sums.Parts = append(w.Sums.Parts, insight.PartTime{Part: part, Time: time.Duration(n*60+random.IntN(600)) * time.Second})
			}
			weeks = append(weeks, w)
			monday -= 7
		}
		return weeks
	}))
	h := s.History()
	measure := func(name string, once func() int, want int) {
		const times = 5
		var all time.Duration
		runtime.GC() // what was left over is not its own
		before := processor(b)
		for range times {
			began := time.Now()
			if got := once(); got < want {
				b.Errorf("%s: there should be %d deployments at least, got %d", name, want, got)
			}
			all += time.Since(began)
		}
		b.ReportMetric(float64(all.Milliseconds())/times, name+"-ms")
		b.ReportMetric(float64((processor(b)-before).Milliseconds())/times, name+"-cpu-ms")
	}
	for b.Loop() {
		for _, weeks := range []int{12, 52} {
			measure(fmt.Sprint("pipeline-", weeks), func() int {
				rows, err := h.Insights(b.Context(), shop, insight.Since(weeks, now))
				must(err)
				l := insight.Read(rows, now)
				period, before := insight.Weeks(weeks, insight.DayOf(now))
				is := l.Numbers(period).Figures()
				l.Weekly(period)
				return is.Deploys + l.Numbers(before).Figures().Deploys
			}, weeks*135)
		}
		for _, weeks := range []int{12, 52} {
			measure(fmt.Sprint("fleet-", weeks), func() int {
				period, before := insight.Weeks(weeks, insight.DayOf(now))
				fleet := insight.NewFleet(period, before)
				must(h.Weeks(b.Context(), keys, before.From, now, fleet.Add))
				is, _ := fleet.Figures()
				fleet.Weekly()
				return is.Deploys
			}, pipelines*weeks)
		}
	}
}
