package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

// BenchmarkHistory measures how large history is, and how long its queries take: 10 pipelines with 500 changes each,
// with two promotions for a change and a command for every third. Its rows are of the sizes that real ones have.
func BenchmarkHistory(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		path := b.TempDir() + "/state.db"
		benchmarkHistory(b, "sqlite:"+path, func() map[string]int64 {
			db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			sizes, list := map[string]int64{}, ""
			if err := db.QueryRow(`SELECT group_concat(name || ' ' || size, ' ') FROM (SELECT name, SUM(pgsize) AS size FROM dbstat WHERE name LIKE '%history%' GROUP BY name)`).Scan(&list); err != nil {
				b.Fatal(err)
			}
			for fields := strings.Fields(list); len(fields) > 0; fields = fields[2:] {
				var n int64
				fmt.Sscan(fields[1], &n)
				sizes[fields[0]] = n
			}
			return sizes
		})
	})
	b.Run("postgres", func(b *testing.B) {
		url := postgresURL(b)
		benchmarkHistory(b, url, func() map[string]int64 {
			conn, err := pgx.Connect(b.Context(), url)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close(b.Context())
			if _, err := conn.Exec(b.Context(), `VACUUM`); err != nil {
				b.Fatal(err)
			}
			rows, err := conn.Query(b.Context(), `SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relname LIKE 'history_%'`)
			if err != nil {
				b.Fatal(err)
			}
			sizes := map[string]int64{}
			var (
				name string
				n    int64
			)
			if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error { sizes[name] = n; return nil }); err != nil {
				b.Fatal(err)
			}
			return sizes
		})
	})
}

const (
	benchPipelines = 10
	benchChanges   = 500 // of each
)

func benchmarkHistory(b *testing.B, url string, sizes func() map[string]int64) {
	s, err := store.Open(b.Context(), url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	random := rand.New(rand.NewPCG(1, 2))
	key := func(i int) bot.Key {
		return bot.Key{Repo: bot.Repo{Owner: "acme", Name: fmt.Sprint("shop-", i)}}
	}
	version := make([]int64, benchPipelines)
	began := time.Now()
	for n := range benchChanges {
		for i := range benchPipelines {
			for _, rows := range lifeOf(random, n) {
				c := change(version[i])
				c.Pipeline, c.State.Pipeline, c.History = key(i), key(i), rows
				if err := s.Commit(b.Context(), c); err != nil {
					b.Fatal(err)
				}
				version[i]++
			}
		}
	}
	b.Logf("written in %s", time.Since(began).Round(time.Millisecond))
	var all int64
	for name, n := range sizes() {
		all += n
		b.Logf("%-40s %6.0f B per change", name, float64(n)/benchPipelines/benchChanges)
	}
	h := s.History()
	for b.Loop() {
		measure := func(name string, once func() error) {
			const times = 50
			began := time.Now()
			for range times {
				if err := once(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(time.Since(began).Microseconds())/times, name+"-us")
		}
		measure("page", func() error {
			_, err := h.Changes(b.Context(), key(3), store.Page[history.Change]{Limit: 20})
			return err
		})
		measure("promotions", func() error {
			_, err := h.Promotions(b.Context(), key(3), store.Page[history.Promotion]{Limit: 20, Stage: "production"})
			return err
		})
		measure("all-promotions", func() error {
			_, err := h.Promotions(b.Context(), key(3), store.Page[history.Promotion]{Limit: 100000})
			return err
		})
		measure("latest", func() error { _, err := h.Latest(b.Context(), time.Time{}, 100); return err })
	}
	b.ReportMetric(float64(all)/benchPipelines/benchChanges, "B/change")
}

// lifeOf is what is written of the nth change, commit by commit: it is pushed and built, released to staging and then to
// production.
func lifeOf(random *rand.Rand, n int) [][]history.Entry {
	hex := func(n int) string {
		text := ""
		for range n {
			text += fmt.Sprintf("%x", random.IntN(16))
		}
		return text
	}
	pushed := noon.Add(time.Duration(n) * 72 * time.Minute).Truncate(time.Second)
	at := func(seconds int) time.Time {
		return pushed.Add(time.Duration(seconds)*time.Second + time.Duration(random.IntN(1e6))*time.Microsecond)
	}
	c := history.Change{
		SHA: hex(40), PushedAt: pushed, SeenAt: at(1), Title: strings.Repeat("Let the cart remember what was in it ", 2)[:20+random.IntN(50)], Author: "mia-shop",
		Pull: 1000 + n, Built: history.BuiltAhead, App: "shop-prepare", BuildBegan: at(2),
	}
	pushedRow := c
	c.BuildEnded, c.GreenAt = at(130), at(180)
	artifact := fmt.Sprintf("%s-%s-%s-%s-%s", hex(8), hex(4), hex(4), hex(4), hex(12))
	promotion := func(stage string, from int) (begun, ended history.Promotion) {
		begun = history.Promotion{Stage: stage, N: n, SHA: c.SHA, Artifact: artifact, Replaced: hex(40), Kind: history.KindForward, Began: at(from)}
		ended = begun
		ended.Released, ended.Proved, ended.Ended = at(from+20), at(from+30), at(from+30)
		ended.Result, ended.Apps, ended.Commits = history.ResultProved, map[string]int{"shop-" + stage: 100 + n}, 1
		return begun, ended
	}
	stagingBegun, staging := promotion("staging", 181)
	productionBegun, production := promotion("production", 1111)
	built := c
	c.Waits = []history.Wait{
		{Part: history.PartBoth, For: c.BuildEnded.Sub(pushed)}, {Part: history.PartChecks, For: c.GreenAt.Sub(c.BuildEnded)},
		{Part: history.PartReleasing, Stage: "staging", For: staging.Released.Sub(c.GreenAt)}, {Part: history.PartProving, Stage: "staging", For: staging.Proved.Sub(staging.Released)},
		{Part: "soak", Stage: "production", For: production.Began.Sub(staging.Proved)},
		{Part: history.PartReleasing, Stage: "production", For: production.Released.Sub(production.Began)}, {Part: history.PartProving, Stage: "production", For: production.Proved.Sub(production.Released)},
	}
	c.Outcome, c.EndedAt = history.OutcomeLive, production.Ended
	commits := [][]history.Entry{{pushedRow}, {built, stagingBegun}, {staging}, {productionBegun}, {c, production}}
	if n%3 == 0 {
		commits = append(commits, []history.Entry{history.Audit{
			ID: fmt.Sprint(2_000_000_000+n, "-1"), At: at(1000), Who: "kim-ops", Role: "write", Via: "comment", Pull: c.Pull, Command: "/approve production",
			Answer: fmt.Sprintf("@kim-ops has approved %s for production.", c.SHA[:7]), OK: true,
		}})
	}
	return commits
}

// BenchmarkHistoryFill measures a start with the tables of an earlier version and many pipelines: how long it takes until
// the store is open, and how many are filled in per second after that, beside the work.
func BenchmarkHistoryFill(b *testing.B) {
	const pipelines = 100_000
	for name, url := range map[string]string{"sqlite": "sqlite:" + b.TempDir() + "/state.db", "postgres": ""} {
		b.Run(name, func(b *testing.B) {
			if url == "" {
				url = postgresURL(b)
			}
			s, err := store.Open(b.Context(), url, store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			exec, series := database(b, url)
			exec(`INSERT INTO pipelines (repo, name, version, wake_at, updated_at, last_event) SELECT 'acme/shop-' || CAST(i AS TEXT), '', 1, 0, 0, 1 FROM ` + series(pipelines))
			exec(`INSERT INTO pipeline_states (repo, name, event, state) SELECT 'acme/shop-' || CAST(i AS TEXT), '', 1, $1 FROM `+series(pipelines), historyState(b))
			for _, table := range []string{"pipelines", "changes", "promotions", "process", "audit"} {
				exec(`DROP TABLE history_` + table)
			}
			exec(`DELETE FROM headstart_forms WHERE version = 11`)
			for b.Loop() {
				began := time.Now()
				s, err := store.Open(b.Context(), url, store.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "open-s")
				began = time.Now()
				some, cancel := context.WithTimeout(b.Context(), 20*time.Second)
				n, err := s.FillHistory(some)
				cancel()
				if err != nil || n == 0 {
					b.Fatalf("some pipelines should be filled in, got %d, %v", n, err)
				}
				b.ReportMetric(float64(n)/time.Since(began).Seconds(), "filled/s")
				exec(`INSERT INTO history_pipelines (id, repo, name, filled) SELECT 1000000 + ROW_NUMBER() OVER (ORDER BY repo), repo, name, 1 FROM pipelines
					WHERE repo NOT IN (SELECT repo FROM history_pipelines)`)
				began = time.Now()
				if n, err := s.FillHistory(b.Context()); err != nil || n != 0 {
					b.Fatalf("nothing is left to fill in, got %d, %v", n, err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "nothing-s")
				began = time.Now()
				if _, err := s.PruneHistory(b.Context(), noon.Add(-time.Hour), noon.Add(-time.Hour)); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "prune-nothing-s")
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// historyState is the state of a pipeline at rest: what it runs, and the newest changes.
func historyState(b *testing.B) string {
	state := pipeline.State{Pipeline: shop, Installation: 7, DefaultBranch: "main", Config: bot.Config{Platform: bot.PlatformHeroku, Stages: []bot.Stage{{Name: "production", Apps: []string{"shop"}}}}}
	for i := range 3 {
		state.Candidates = append(state.Candidates, pipeline.Candidate{SHA: shaOf(fmt.Sprint(i)), Title: "Let the cart remember what was in it", Author: "sam", PushedAt: after(i), SeenAt: after(i)})
	}
	data, err := json.Marshal(state)
	if err != nil {
		b.Fatal(err)
	}
	return string(data)
}

// BenchmarkHistoryCommit measures what rows of history add to a commit, without waiting for a disk: one change and one
// promotion, as in every fifth commit of a deploy.
func BenchmarkHistoryCommit(b *testing.B) {
	for _, rows := range []bool{false, true} {
		b.Run(map[bool]string{false: "without", true: "with"}[rows], func(b *testing.B) {
			s, err := store.Open(b.Context(), "sqlite::memory:", store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			state := pipeline.State{Pipeline: shop}
			for version := int64(0); b.Loop(); version++ {
				c := engine.Change{Pipeline: shop, Version: version, State: state, Folded: true, Events: []bot.Event{{At: noon, Fact: bot.ChecksMoved{SHA: "a1"}}}}
				if rows {
					c.History = []history.Entry{tillChange(), promotionOf("production", 1, noon)}
				}
				if err := s.Commit(b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
