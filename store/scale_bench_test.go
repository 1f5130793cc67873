package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

// How large a large database is, and how much of it is due or old in each round.
const (
	manyPipelines  = 10_000
	manyDeliveries = 1_000_000
	fewPipelines   = 100
	duePipelines   = 100
	oldRows        = 5_000 // deliveries, and as many events
	scaleRounds    = 5
)

// BenchmarkScale compares a database of 10,000 pipelines with a million past
// deliveries to one that is nearly empty. Each round is a process of its own for
// each of the two, by turns, so that what else the machine does meets both; of
// all rounds the median counts.
func BenchmarkScale(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		benchScale(b, "sqlite:"+filepath.Join(dir, "few.db"), "sqlite:"+filepath.Join(dir, "many.db"))
	})
	b.Run("postgres", func(b *testing.B) { benchScale(b, postgresURL(b), postgresURL(b)) })
}

func benchScale(b *testing.B, few, many string) {
	for b.Loop() {
		fill(b, few, fewPipelines, fewPipelines)
		b.Logf("filled %d pipelines, %d deliveries and as many events in %s",
			manyPipelines, manyDeliveries, fill(b, many, manyPipelines, manyDeliveries).Round(time.Millisecond))
		var small, large []figures
		for range scaleRounds {
			small, large = append(small, measureApart(b, few, fewPipelines)), append(large, measureApart(b, many, manyPipelines))
		}
		var table strings.Builder
		for _, name := range []string{"open-ms", "ingest/s", "ingest-p99-ms", "load-us", "commit-us", "due-us", "sweeps-us", "processed-us", "prune-ms", "heap-MB", "rss-MB"} {
			s, l := median(small, name), median(large, name)
			fmt.Fprintf(&table, "\n%-14s few %10.2f  many %10.2f  %6.0f %%", name, s, l, 100*l/s)
			b.ReportMetric(l, name)
			b.ReportMetric(100*l/s, "%"+name)
		}
		b.Log(table.String())
	}
}

// figures are what a round measured, by name.
type figures map[string]float64

func median(rounds []figures, name string) float64 {
	var all []float64
	for _, f := range rounds {
		all = append(all, f[name])
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// database runs statements on the database that a store has or will have open.
func database(b *testing.B, url string) (exec func(statement string, args ...any), series func(n int) string) {
	b.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		exec = func(statement string, args ...any) {
			if _, err := db.Exec(statement, args...); err != nil {
				b.Fatal(err)
			}
		}
		return exec, func(n int) string {
			return fmt.Sprintf(`(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) AS n`, n)
		}
	}
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	exec = func(statement string, args ...any) {
		if _, err := conn.Exec(context.Background(), statement, args...); err != nil {
			b.Fatal(err)
		}
	}
	return exec, func(n int) string { return fmt.Sprintf(`generate_series(CAST(1 AS BIGINT), %d) AS n(i)`, n) }
}

// guid spreads the numbers i all over the index, as GUIDs are.
const guid = `CAST(i * 7919 %% 1000003 AS TEXT) || '-b0d2-11ef-8c9f-%s-' || CAST(i AS TEXT)`

// fill makes the tables and puts pipelines and deliveries of the last seven days
// into them, with an event for each delivery.
func fill(b *testing.B, url string, pipelines, deliveries int) (took time.Duration) {
	b.Helper()
	s, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	exec, series := database(b, url)
	began := time.Now()
	now := began.UnixMicro()
	week := (7 * 24 * time.Hour).Microseconds()
	exec(`INSERT INTO pipelines (repo, name, version, wake_at, sweep_at, installation, updated_at, last_event)
		SELECT 'acme/shop-' || CAST(i AS TEXT), '', 1, CAST($1 AS BIGINT) + i * 1000000, CAST($1 AS BIGINT) + i * 1000000, i % 50, $1, 1000000 FROM `+series(pipelines), now)
	exec(`INSERT INTO pipeline_states (repo, name, event, state)
		SELECT 'acme/shop-' || CAST(i AS TEXT), '', 1000000, $1 FROM `+series(pipelines), scaleState(b))
	exec(`INSERT INTO pipeline_apps (platform, app, repo, name)
		SELECT 'heroku', 'shop-' || CAST(i AS TEXT), 'acme/shop-' || CAST(i AS TEXT), '' FROM ` + series(pipelines))
	exec(fmt.Sprintf(`INSERT INTO deliveries (guid, event, body, received_at, processed_at, outcome, attempts)
		SELECT `+guid+`, 'push', '', %d + i * %d, %d + i * %d, CASE WHEN i %% 10000 = 0 THEN 'failed' ELSE 'processed' END, 1 FROM %s`,
		"past", now-week, week/int64(deliveries), now-week, week/int64(deliveries), series(deliveries)))
	exec(fmt.Sprintf(`INSERT INTO events (repo, name, seq, at, kind, event)
		SELECT 'acme/shop-' || CAST(1 + i %% %d AS TEXT), '', i, %d + i * %d, 'ChecksMoved', $1 FROM %s`,
		pipelines, now-week, week/int64(deliveries), series(deliveries)), eventJSON(b))
	took = time.Since(began)
	if !strings.HasPrefix(url, "sqlite:") {
		exec(`ANALYZE`) // as the server itself does, some time later
	}
	return took
}

// scaleState is the state of a pipeline in the middle of its life, about 16 kB.
func scaleState(b *testing.B) string {
	state := pipeline.State{Pipeline: shop, Installation: 7, DefaultBranch: "main"}
	for i := range 8 {
		c := pipeline.Candidate{SHA: fmt.Sprintf("%040d", i), Title: "Let the cart remember what was in it", Author: "sam"}
		for j := range 20 {
			c.Reports.Checks = append(c.Reports.Checks, bot.Check{Name: fmt.Sprint("ci/test ", j)})
		}
		state.Candidates = append(state.Candidates, c)
	}
	data, err := json.Marshal(state)
	if err != nil {
		b.Fatal(err)
	}
	return string(data)
}

func eventJSON(b *testing.B) string {
	data, err := json.Marshal(bot.Event{At: noon, Fact: bot.ChecksMoved{SHA: strings.Repeat("a", 40)}})
	if err != nil {
		b.Fatal(err)
	}
	return string(data)
}

// measureURL is set for a process that measures the database that it names, and
// measurePipelines says how many pipelines are in it.
const (
	measureURL       = "HEADSTART_TEST_MEASURE"
	measurePipelines = "HEADSTART_TEST_MEASURE_PIPELINES"
)

// measureApart makes some of the database due and old, and measures it in a
// process that does nothing else.
func measureApart(b *testing.B, url string, pipelines int) figures {
	b.Helper()
	execute, series := database(b, url)
	round := rand.Int32()
	execute(fmt.Sprintf(`INSERT INTO deliveries (guid, event, body, received_at, processed_at, outcome, attempts)
		SELECT `+guid+`, 'push', '', i, i, 'processed', 1 FROM %s`, fmt.Sprint(round), series(oldRows)))
	execute(fmt.Sprintf(`INSERT INTO events (repo, name, seq, at, kind, event)
		SELECT 'acme/shop-' || CAST(1 + i %% 100 AS TEXT), 'old', i, i, 'ChecksMoved', $1 FROM %s`, series(oldRows)), eventJSON(b))
	// As many are due in the large one as in the small one.
	execute(fmt.Sprintf(`UPDATE pipelines SET wake_at = 1, sweep_at = 1 WHERE repo IN (SELECT 'acme/shop-' || CAST(i AS TEXT) FROM %s)`, series(duePipelines)))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), measureURL+"="+url, measurePipelines+"="+strconv.Itoa(pipelines))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var f figures
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	if err != nil {
		b.Fatalf("measure: %v\n%s", err, out)
	}
	return f
}

// measure prints figures.
func measure(url string) int {
	f, err := measured(context.Background(), url)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func measured(ctx context.Context, url string) (_ figures, err error) {
	f := figures{}
	began := time.Now()
	s, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	f["open-ms"] = float64(time.Since(began).Microseconds()) / 1000
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(running, store.Handlers{
			Deliver: func(context.Context, store.Delivery) error { return nil },
			Perform: func(context.Context, bot.Target, bot.Effect, bool) error { return nil },
		})
	}()
	defer func() { cancel(); err = errors.Join(err, <-ended) }()

	const n = 300
	now := time.Now()
	each := func(name string, n int, once func(i int) error) error {
		took := make([]float64, n)
		for i := range n {
			began := time.Now()
			if err := once(i); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			took[i] = float64(time.Since(began).Nanoseconds()) / 1000
		}
		slices.Sort(took)
		f[name] = took[n/2]
		return nil
	}
	pipelines, err := strconv.Atoi(os.Getenv(measurePipelines))
	if err != nil {
		return nil, err
	}
	anyKey := func() bot.Key {
		return bot.Key{Repo: bot.Repo{Owner: "acme", Name: fmt.Sprint("shop-", 1+rand.IntN(pipelines))}}
	}
	guids := make([]string, 100)
	for i := range guids {
		guids[i] = fmt.Sprintf("%d-b0d2-11ef-8c9f-past-%d", (i+1)*7919%1000003, i+1)
	}
	err = errors.Join(
		each("due-us", n, func(int) error {
			due, _, err := s.Due(ctx, time.UnixMicro(2), 100)
			return errors.Join(err, expect(len(due), duePipelines))
		}),
		each("sweeps-us", n, func(int) error {
			due, err := s.SweepsDue(ctx, time.UnixMicro(2), []int64{51, 52}, 100)
			return errors.Join(err, expect(len(due), duePipelines))
		}),
		each("processed-us", n, func(int) error {
			known, err := s.Processed(ctx, guids)
			return errors.Join(err, expect(len(known), len(guids)))
		}),
		each("load-us", n, func(int) error { _, _, err := s.Load(ctx, anyKey()); return err }),
		each("commit-us", n, func(int) error {
			key := anyKey()
			state, version, err := s.Load(ctx, key)
			if err != nil {
				return err
			}
			state.Pipeline = key
			return s.Commit(ctx, engine.Change{Pipeline: key, Version: version, State: state,
				Events: []bot.Event{{At: now, Fact: bot.ChecksMoved{SHA: "a1"}}}, Wake: now.Add(time.Hour), Sweep: now.Add(time.Hour)})
		}),
	)
	if err != nil {
		return nil, err
	}
	p, err := ingest(5000, func(guid string, body []byte) error {
		_, err := s.Receive(ctx, guid, "push", body)
		return err
	})
	if err != nil {
		return nil, err
	}
	f["ingest/s"], f["ingest-p99-ms"] = p.perSecond, float64(p.p99.Microseconds())/1000
	for idle := false; !idle; {
		if idle, err = s.Idle(ctx); err != nil {
			return nil, err
		}
	}
	began = time.Now()
	removed, err := s.Prune(ctx, time.UnixMicro(oldRows+1), time.UnixMicro(oldRows+1))
	if err = errors.Join(err, expect(int(removed), 2*oldRows)); err != nil {
		return nil, err
	}
	f["prune-ms"] = float64(time.Since(began).Microseconds()) / 1000
	if f["rss-MB"], err = resident(); err != nil {
		return nil, err
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f["heap-MB"] = float64(m.HeapAlloc) / (1 << 20)
	return f, nil
}

func expect(got, want int) error {
	if got != want {
		return fmt.Errorf("found %d rows, wanted %d", got, want)
	}
	return nil
}

// resident is the most memory that this process has had, in megabytes.
func resident() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kB float64
	_, err = fmt.Sscan(rest, &kB)
	return kB / 1024, err
}
