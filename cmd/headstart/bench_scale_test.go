package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// scaled is a process on a database of 100,000 pipelines and ten million past
// deliveries, between stand-ins for GitHub and Heroku that know them all.
type scaled struct {
	*measured
	*filler
	crowd    *crowd
	postgres int           // the process of the server; 0: it is on another machine
	lasts    time.Duration // how long it is watched
}

// BenchmarkScale measures what grows with the number of pipelines: the start, the
// memory, the statements at rest, the sweeps after an outage, the operator's freeze. It
// fills a PostgreSQL of its own, which takes 9 GB and a quarter of an hour, or that of
// HEADSTART_BENCH_DATABASE, which is kept:
//
//	go test -run '^$' -bench 'Scale$' -benchtime 1x -timeout 90m -v ./cmd/headstart
func BenchmarkScale(b *testing.B) {
	n, deliveries := environNumber(b, scalePipelines, 100_000), environNumber(b, scaleDeliveries, 10_000_000)
	for b.Loop() {
		s := newScaled(b, n, deliveries)
		s.start()
		s.rest()
		s.outage()
		s.freeze()
	}
}

// countStatements has a server of the benchmark's own count what it runs.
func countStatements() (options []string) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/lib/pg_stat_statements.so"); len(found) > 0 {
		options = append(options, "shared_preload_libraries=pg_stat_statements")
	}
	return append(options, "shared_buffers=512MB", "max_wal_size=4GB", "synchronous_commit=on")
}

// newScaled deploys a team's pipeline and fills the database with copies of it.
func newScaled(b *testing.B, n, deliveries int) *scaled {
	database := os.Getenv(scaleDatabase)
	if database == "" {
		database = newCluster(b, countStatements()...).database()
	}
	lasts := 5 * time.Minute
	if text := os.Getenv(scaleRest); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			b.Fatal(err)
		}
	}
	w := newChaosWorld(b, 1, 1, herokutest.Options{SkipDownload: true})
	t := w.teams[0]
	for _, a := range t.apps() {
		a.BuildTakes(0)
		a.ReleaseTakes(0)
		a.PromotionTakes(0)
	}
	s := &scaled{lasts: lasts, filler: newFiller(b, database), crowd: newCrowd(w, scaleInstallations)}
	s.measured = &measured{chaosWorld: w, passedOn: map[string]bool{}}
	s.startInstance(database)
	s.emptyOfTeam()
	s.must(s.i.startAndWait())
	s.gh.SetWebhook(s.i.url()+"/webhooks/github", webhookSecret)
	for range benchHistory {
		s.deploy(b, w.teams, 0)
	}
	s.waitFor(b, "nothing is left to be told again", 10*time.Minute, func() bool {
		return s.number(`SELECT COUNT(*) FROM pipelines WHERE repo = $1 AND wake_at > 0 AND wake_at < $2`, t.FullName(), time.Now().Add(10*time.Minute).UnixMicro()) == 0
	})
	s.gh.SetWebhook("", "")
	s.must(s.i.stop())
	head, err := t.LookUp("main")
	if err != nil {
		b.Fatal(err)
	}
	s.crowd.knowHead(b, head.SHA, head.Tree)
	began := time.Now()
	s.deliveries(deliveries)
	s.pipelines(t, n, deliveries)
	b.Logf("%d pipelines, %d deliveries, %d events; filled in %s; the database takes %s:\n%s", n, deliveries, deliveries,
		time.Since(began).Round(time.Second), s.text(`SELECT pg_size_pretty(pg_database_size(current_database()))`), s.sizes())
	s.postgres = s.postmaster()
	return s
}

// startInstance makes the process, which asks the crowd.
func (s *scaled) startInstance(database string) {
	allow := fmt.Sprintf("%s %s*/*=%s*", s.allow, crowdOwner, s.teams[0].name)
	s.i = newInstance(s.b, s.gh, s.heroku, database, allow)
	s.i.env = append(s.i.env, "HEADSTART_SWEEP=2m")
	s.i.fronts[0].to, s.i.fronts[1].to = http.HandlerFunc(s.crowd.onGitHub), http.HandlerFunc(s.crowd.onHeroku)
}

// emptyOfTeam removes the team of another run from a database that is kept.
func (s *scaled) emptyOfTeam() {
	name := s.teams[0].FullName()
	if s.text(`SELECT COALESCE(CAST(to_regclass('pipelines') AS TEXT), '')`) == "" {
		return
	}
	for _, table := range []string{"pipelines", "pipeline_states", "pipeline_apps", "build_queue", "events"} {
		s.exec(`DELETE FROM `+table+` WHERE repo = $1`, name)
	}
	s.exec(`DELETE FROM repositories WHERE full_name = $1`, name)
	s.exec(`DELETE FROM repository_names WHERE name = $1`, name)
	s.exec(`DELETE FROM river_job`)
	s.exec(`DELETE FROM operator_freeze`)
	s.exec(`UPDATE pipelines SET wake_at = 0, sweep_at = 0`) // those of another run, until they are filled in anew
}

func (s *scaled) start() {
	s.b.Run("start", func(b *testing.B) {
		s.later()
		for range 3 {
			s.must(s.i.startAndWait())
			s.must(s.i.stop())
		}
		b.ReportMetric(millis(slices.Max(s.i.ready)), "ready-at-most-ms")
		b.Logf("ready after %v", s.i.ready)
	})
}

// later has no sweep due while something else is measured.
func (s *scaled) later() {
	s.exec(`UPDATE pipelines SET sweep_at = sweep_at + 3600000000 WHERE sweep_at > 0 AND sweep_at < $1`, time.Now().Add(30*time.Minute).UnixMicro())
}

// spread has the sweeps of an hour begin now.
func (s *scaled) spread() {
	s.exec(fmt.Sprintf(`UPDATE pipelines SET wake_at = 0, sweep_at = %d + (CAST(SUBSTR(repo, STRPOS(repo, '/shop-') + 6) AS BIGINT) * 7919 %% 3607) * 1000000 WHERE repo LIKE '%s%%'`, time.Now().UnixMicro(), crowdOwner))
	s.exec(`VACUUM ANALYZE pipelines`)
}

func (s *scaled) rest() {
	s.b.Run("rest", func(b *testing.B) {
		s.spread()
		s.must(s.i.startAndWait())
		b.Logf("right after the start: peak memory %.0f MB", s.peak())
		s.watch(b, "at rest", func() { time.Sleep(s.lasts) })
		s.must(s.i.stop())
	})
}

// outage measures the first minutes after nobody was there for hours.
func (s *scaled) outage() {
	s.b.Run("outage", func(b *testing.B) {
		s.exec(`UPDATE pipelines SET sweep_at = 1 WHERE repo LIKE '` + crowdOwner + `%'`)
		s.exec(`VACUUM ANALYZE pipelines`)
		s.watch(b, "after an outage", func() {
			s.must(s.i.startAndWait())
			time.Sleep(s.lasts)
		})
		b.Logf("still due: %d", s.number(`SELECT COUNT(*) FROM pipelines WHERE sweep_at = 1`))
		s.must(s.i.stop())
	})
}

// freeze measures how the operator's word reaches everybody, and what a start costs that
// finds an old one.
func (s *scaled) freeze() {
	s.b.Run("freeze", func(b *testing.B) {
		s.later()
		s.must(s.i.startAndWait())
		began := time.Now()
		s.watch(b, "the operator freezes everything", func() {
			s.exec(`INSERT INTO operator_freeze (id, frozen, by_whom, reason, until, said_at) VALUES (1, 1, 'root', 'a test', 0, $1)`, began.UnixMicro())
			s.waitFor(b, "everybody knows", 10*time.Minute, func() bool { return strings.Contains(s.i.log.last(), "passed on the operator's word") })
			b.Logf("everybody knows after %s", time.Since(began).Round(time.Millisecond))
		})
		s.must(s.i.stop())
		s.later()
		s.watch(b, "a start with an old freeze", func() {
			s.must(s.i.startAndWait())
			time.Sleep(time.Minute)
		})
		s.must(s.i.stop())
	})
}

func (s *scaled) waitFor(b *testing.B, what string, within time.Duration, holds func() bool) {
	b.Helper()
	for until := time.Now().Add(within); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			b.Fatalf("expected within %s: %s; the process said:\n%s", within, what, s.i.log.warnings())
		}
	}
}

// watch tells what something takes of the processors, of the database and of GitHub.
func (s *scaled) watch(b *testing.B, what string, do func()) {
	b.Helper()
	counts := s.text(`SELECT COALESCE(CAST(to_regproc('pg_stat_statements_reset') AS TEXT), '')`) != ""
	if counts {
		s.text(`SELECT CAST(pg_stat_statements_reset() IS NOT NULL AS TEXT)`)
	}
	s.crowd.take()
	server, wal, commits := s.serverSeconds(), s.number(`SELECT pg_current_wal_lsn() - '0/0'`), s.number(commitsOf)
	var process float64
	if s.i.cmd != nil {
		process = s.processSeconds()
	}
	began := time.Now()
	do()
	took := time.Since(began)
	minutes := took.Minutes()
	var out strings.Builder
	fmt.Fprintf(&out, "%s, %s: processor time %.2f s (process), %.2f s (PostgreSQL); peak memory %.0f MB; WAL %.1f MB, %.0f transactions a minute\n", what, took.Round(time.Second),
		s.processSeconds()-process, s.serverSeconds()-server, s.peak(), float64(s.number(`SELECT pg_current_wal_lsn() - '0/0'`)-wal)/1e6, float64(s.number(commitsOf)-commits)/minutes)
	spoke, asked := s.crowd.take()
	for _, name := range sorted(spoke) {
		fmt.Fprintf(&out, "  %-40s %6d requests\n", name, spoke[name])
	}
	most := 0
	for _, n := range asked {
		most = max(most, n)
	}
	fmt.Fprintf(&out, "  of one installation at most %d requests; %d installations were asked\n", most, len(asked))
	if counts {
		fmt.Fprint(&out, s.statements(minutes))
	}
	b.Log(out.String())
}

const commitsOf = `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`

// statements are those that took most, by a minute.
func (s *scaled) statements(minutes float64) string {
	return s.text(`SELECT COALESCE(string_agg(line, E'\n'), '') FROM (SELECT '  ' || lpad(round(CAST(calls / $1::float8 AS NUMERIC), 1)::text, 9) || '/min ' || lpad(round(CAST(total_exec_time / $1::float8 AS NUMERIC), 1)::text, 9) || ' ms/min ' ||
		lpad(round(CAST(mean_exec_time AS NUMERIC), 3)::text, 9) || ' ms each ' || lpad(round(CAST(max_exec_time AS NUMERIC), 1)::text, 8) || ' ms at most ' || lpad(rows::text, 8) || ' rows ' ||
		left(regexp_replace(query, '\s+', ' ', 'g'), 140) AS line
		FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat%' ORDER BY total_exec_time DESC LIMIT 24) s`, minutes)
}

func sorted(m map[string]int) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// postmaster is the process of the server, if it is on this machine.
func (s *scaled) postmaster() int {
	text, _, _ := strings.Cut(s.text(`SELECT pg_read_file('postmaster.pid')`), "\n")
	pid, err := strconv.Atoi(text)
	if err != nil || secondsOf(pid, true) == 0 {
		return 0
	}
	return pid
}

// serverSeconds is the processor time of the server and of all of its connections, also
// of those that have ended.
func (s *scaled) serverSeconds() (seconds float64) {
	if s.postgres == 0 {
		return 0
	}
	seconds = secondsOf(s.postgres, true)
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		if fields := statFields(string(text)); len(fields) > 12 && fields[1] == strconv.Itoa(s.postgres) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			seconds += secondsOf(pid, false)
		}
	}
	return seconds
}

func (s *scaled) processSeconds() float64 { return secondsOf(s.i.cmd.Process.Pid, false) }

// peak is the most memory that the process had resident, in MB.
func (s *scaled) peak() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.i.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, _ := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	return kilobytes / 1024
}

// secondsOf is the processor time of a process, and of its children that have ended; 0
// where the system does not tell.
func secondsOf(pid int, children bool) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := statFields(string(text))
	if len(fields) < 15 {
		return 0
	}
	ticks := 0.0
	for n, field := range fields[11:15] { // utime, stime, cutime, cstime
		if n < 2 || children {
			value, _ := strconv.ParseFloat(field, 64)
			ticks += value
		}
	}
	return ticks / 100
}

// statFields are those of /proc/PID/stat after the program's name.
func statFields(text string) []string {
	_, rest, _ := strings.Cut(text[max(0, strings.LastIndex(text, ")")):], ")")
	return strings.Fields(rest)
}
