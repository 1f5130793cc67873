package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

const (
	severalTeams  = 20
	severalRounds = 2
	severalIdle   = 10 * time.Second
)

// several are processes on one database, behind a balancer that gives each of them as
// many deliveries.
type several struct {
	*chaosWorld
	*filler
	instances []*instance
	server    scaled // the database's processor time
}

// BenchmarkSeveral has one, two and four processes carry the same deploys on one
// PostgreSQL, and then kills one of them. Each process connects as a role of its own,
// so that what each of them did is counted apart:
//
//	go test -run '^$' -bench Several -benchtime 1x -timeout 30m -v ./cmd/headstart
func BenchmarkSeveral(b *testing.B) {
	for _, n := range []int{1, 2, 4} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				s := newSeveral(b, n)
				s.idle(b)
				s.load(b)
				if n > 1 {
					s.takeOver(b)
				}
			}
		})
	}
}

func newSeveral(b *testing.B, n int) *several {
	// A server of its own, unless one is named that counts statements already.
	cluster := newCluster(b, countStatements()...)
	database := cluster.database()
	s := &several{chaosWorld: newChaosWorld(b, 1, severalTeams, herokutest.Options{SkipDownload: true}), filler: newFiller(b, database)}
	for _, t := range s.teams {
		for _, a := range t.apps() {
			a.BuildTakes(0)
			a.ReleaseTakes(0)
			a.PromotionTakes(0)
		}
	}
	for _, owner := range []string{"acme", "bolt", "crane", "delta"} {
		s.must(s.gh.SetRateLimit(owner, 1_000_000, 1_000_000))
	}
	s.exec(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	for k := range n {
		role := fmt.Sprintf("headstart_%d_%d", os.Getpid(), k)
		s.exec(`DROP ROLE IF EXISTS ` + role)
		s.exec(`CREATE ROLE ` + role + ` SUPERUSER LOGIN`)
		u, err := url.Parse(database)
		if err != nil {
			b.Fatal(err)
		}
		u.User = url.User(role)
		i := newInstance(b, s.gh, s.heroku, u.String(), s.allow)
		i.env = append(i.env, "HEADSTART_SWEEP=2m")
		s.instances = append(s.instances, i)
		s.must(i.startAndWait())
	}
	s.server = scaled{filler: s.filler}
	s.server.postgres = s.server.postmaster()
	s.gh.SetWebhook(newBalancer(b, s.instances).url+"/webhooks/github", webhookSecret)
	s.deploy(b) // it gets to know the apps
	s.quiet(b)
	return s
}

// deploy has a commit of each team go all the way.
func (s *several) deploy(b *testing.B) {
	m := &measured{chaosWorld: s.chaosWorld}
	shas := m.push(b, s.teams)
	s.green(b, shas)
	s.live(b, shas)
}

func (s *several) green(b *testing.B, shas []string) {
	for n, t := range s.teams {
		for _, name := range chaosChecks {
			run, err := t.CheckRun(shas[n], name)
			if err != nil {
				b.Fatal(err)
			}
			s.must(run.Complete("success"))
		}
	}
}

func (s *several) live(b *testing.B, shas []string) {
	s.await(b, "every commit is live", func() bool {
		for n, t := range s.teams {
			if t.Statuses(shas[n])["headstart/production"].State != "success" {
				return false
			}
		}
		return true
	})
}

func (s *several) await(b *testing.B, what string, holds func() bool) {
	b.Helper()
	for until := time.Now().Add(3 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			for _, i := range s.instances {
				b.Log(i.log.warnings())
			}
			b.Fatalf("expected within three minutes: %s", what)
		}
	}
}

// quiet waits until no process asks anything.
func (s *several) quiet(b *testing.B) {
	s.await(b, "the processes come to rest", func() bool {
		for _, i := range s.instances {
			for _, f := range i.fronts {
				if len(f.since(time.Now().Add(-1200*time.Millisecond))) > 0 {
					return false
				}
			}
		}
		return true
	})
}

// spent is the processor time so far of each process that is alive, and of the server.
func (s *several) spent() (processes []float64, server float64) {
	for _, i := range s.instances {
		if i.cmd == nil {
			processes = append(processes, 0)
			continue
		}
		processes = append(processes, secondsOf(i.cmd.Process.Pid, false))
	}
	return processes, s.server.serverSeconds()
}

func (s *several) idle(b *testing.B) {
	before, server := s.spent()
	time.Sleep(severalIdle)
	after, serverAfter := s.spent()
	var all float64
	for n := range after {
		all += after[n] - before[n]
	}
	seconds := severalIdle.Seconds()
	b.Logf("at rest: %.1f ms of processor time a second in each process, %.1f ms in PostgreSQL; %d connections",
		1e3*all/seconds/float64(len(after)), 1e3*(serverAfter-server)/seconds, s.number(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()`))
}

// load measures whole deploys.
func (s *several) load(b *testing.B) {
	s.text(`SELECT CAST(pg_stat_statements_reset() IS NOT NULL AS TEXT)`)
	before, server := s.spent()
	wal, commits, rollbacks := s.number(`SELECT pg_current_wal_lsn() - '0/0'`), s.number(commitsOf), s.number(`SELECT xact_rollback + deadlocks FROM pg_stat_database WHERE datname = current_database()`)
	began := time.Now()
	waits, stop := s.sample(b)
	for range severalRounds {
		s.deploy(b)
		s.quiet(b)
	}
	stop()
	after, serverAfter := s.spent()
	pushes := float64(severalTeams * severalRounds)
	var out strings.Builder
	var all float64
	for n, i := range s.instances {
		all += after[n] - before[n]
		made := 0
		for _, f := range i.fronts {
			for _, a := range f.since(began) {
				if changes(a.method, a.path) {
					made++
				}
			}
		}
		role := fmt.Sprintf("headstart_%d_%d", os.Getpid(), n)
		did := func(like string) int64 {
			return s.number(`SELECT COALESCE(SUM(s.rows), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = $1 AND s.query LIKE $2`, role, like)
		}
		fmt.Fprintf(&out, "\n  process %d: %.1f ms a push, %d deliveries stored, %d processed, %d commits of pipelines, %d that were too late, %d requests that change something", n+1, 1e3*(after[n]-before[n])/pushes,
			did("INSERT INTO deliveries%"), did("UPDATE deliveries%processed%"), did("UPDATE pipelines SET version%"),
			s.number(`SELECT COALESCE(SUM(s.calls - s.rows), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = $1 AND s.query LIKE 'UPDATE pipelines SET version%'`, role), made)
	}
	b.Logf("%d pushes by %d processes: %.1f ms of processor time a push in all of them, %.1f ms in PostgreSQL; %.1f kB of WAL and %.0f transactions a push, %d rolled back or deadlocked%s\n  waits seen, of samples with a statement under way: %s",
		int(pushes), len(s.instances), 1e3*all/pushes, 1e3*(serverAfter-server)/pushes, float64(s.number(`SELECT pg_current_wal_lsn() - '0/0'`)-wal)/1e3/pushes,
		float64(s.number(commitsOf)-commits)/pushes, s.number(`SELECT xact_rollback + deadlocks FROM pg_stat_database WHERE datname = current_database()`)-rollbacks, out.String(), waits())
	b.ReportMetric(1e3*all/pushes, "ms/push")
	b.ReportMetric(1e3*(serverAfter-server)/pushes, "postgres-ms/push")
	b.Log(s.text(`SELECT string_agg(line, E'\n') FROM (SELECT lpad(round(CAST(SUM(calls) / $1::float8 AS NUMERIC), 1)::text, 7) || ' a push ' || lpad(round(CAST(SUM(total_exec_time) / $1::float8 AS NUMERIC), 2)::text, 7) || ' ms a push ' ||
		left(regexp_replace(query, '\s+', ' ', 'g'), 110) AS line FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat%' GROUP BY query ORDER BY SUM(total_exec_time) DESC LIMIT 14) s`, pushes))
	b.Log(s.text(`SELECT 'river_job: ' || pg_size_pretty(pg_table_size('river_job')) || ', indexes ' || pg_size_pretty(pg_indexes_size('river_job')) || ', rows ' || n_live_tup || ', dead ' || n_dead_tup || ', updated ' || n_tup_upd || ', of these in place ' || n_tup_hot_upd || ', vacuumed ' || autovacuum_count || ' times'
		FROM pg_stat_user_tables WHERE relname = 'river_job'`))
}

// sample looks what statements wait for, until stop is called.
func (s *several) sample(b *testing.B) (waits func() string, stop func()) {
	conn, err := pgx.Connect(b.Context(), s.conn.Config().ConnString())
	if err != nil {
		b.Fatal(err)
	}
	seen := map[string]int{}
	ctx, cancel := context.WithCancel(b.Context())
	var sampling sync.WaitGroup
	sampling.Go(func() {
		defer conn.Close(context.Background())
		for pause(ctx, 20*time.Millisecond) {
			rows, err := conn.Query(context.Background(), `SELECT COALESCE(wait_event_type || ':' || wait_event, 'works') FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`)
			if err != nil {
				b.Error(err)
				return
			}
			found, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				b.Error(err)
				return
			}
			for _, f := range found {
				seen[f]++
			}
		}
	})
	stop = func() { cancel(); sampling.Wait() }
	return func() string {
		total := 0
		for _, n := range seen {
			total += n
		}
		names := sorted(seen)
		slices.SortStableFunc(names, func(a, b string) int { return seen[b] - seen[a] })
		var list []string
		for _, name := range names[:min(8, len(names))] {
			list = append(list, fmt.Sprintf("%s %.0f %%", name, 100*float64(seen[name])/float64(total)))
		}
		return strings.Join(list, ", ")
	}, stop
}

// takeOver kills the process that has been there longest, which sweeps, in the middle of
// deploys, and measures until the others have its work, and until everything is live.
func (s *several) takeOver(b *testing.B) {
	for _, t := range s.teams {
		t.prepare.BuildTakes(benchTakes)
		for _, a := range t.stages {
			a.ReleaseTakes(benchTakes)
		}
	}
	m := &measured{chaosWorld: s.chaosWorld}
	shas := m.push(b, s.teams)
	s.must(s.gh.Flush(b.Context()))
	s.green(b, shas)
	running := s.number(`SELECT COUNT(*) FROM river_job WHERE state = 'running'`)
	s.instances[0].kill()
	killed := time.Now()
	const says = "took over what an instance that is gone left"
	s.await(b, "another process takes over", func() bool {
		return slices.ContainsFunc(s.instances[1:], func(i *instance) bool { return strings.Contains(i.log.last(), says) })
	})
	took := time.Since(killed)
	s.live(b, shas)
	b.Logf("one of %d was killed while %d jobs ran: another took its work over after %.1f s, and all %d commits were live after %.1f s", len(s.instances), running, took.Seconds(), len(s.teams), time.Since(killed).Seconds())
	b.ReportMetric(took.Seconds(), "s-to-take-over")
}
