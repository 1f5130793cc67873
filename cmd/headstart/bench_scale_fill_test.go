package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/store"
)

const (
	scaleDatabase      = "HEADSTART_BENCH_DATABASE"   // URL of a database that is filled and kept; a superuser's
	scalePipelines     = "HEADSTART_BENCH_PIPELINES"  // how many; 100,000
	scaleDeliveries    = "HEADSTART_BENCH_DELIVERIES" // how many of the past, and as many events; 10,000,000
	scaleRest          = "HEADSTART_BENCH_REST"       // how long it is watched; 5m
	scaleInstallations = 1000
)

// environNumber is a number from the environment.
func environNumber(b *testing.B, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return n
}

// age is a share of the copies whose newest push is so long ago.
type age struct {
	parts int // of a hundred
	since time.Duration
}

// ages are those of the pipelines of an organisation: most rest.
var ages = []age{{90, 10 * 24 * time.Hour}, {9, 3 * 24 * time.Hour}, {1, 2 * time.Hour}}

// filler fills a database with copies of a team's pipeline.
type filler struct {
	b    *testing.B
	conn *pgx.Conn
}

func newFiller(b *testing.B, database string) *filler {
	conn, err := pgx.Connect(b.Context(), database)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	return &filler{b, conn}
}

func (f *filler) exec(query string, args ...any) {
	f.b.Helper()
	if _, err := f.conn.Exec(context.Background(), query, args...); err != nil {
		f.b.Fatalf("%.200s: %v", query, err)
	}
}

func (f *filler) text(query string, args ...any) (text string) {
	f.b.Helper()
	if err := f.conn.QueryRow(context.Background(), query, args...).Scan(&text); err != nil {
		f.b.Fatalf("%.200s: %v", query, err)
	}
	return text
}

func (f *filler) number(query string, args ...any) int64 {
	f.b.Helper()
	n, err := strconv.ParseInt(f.text("SELECT CAST(("+query+") AS TEXT)", args...), 10, 64)
	if err != nil {
		f.b.Fatal(err)
	}
	return n
}

// deliveries fills in those of the last seven days, unless they are there.
func (f *filler) deliveries(n int) {
	if f.number(`SELECT COUNT(*) FROM (SELECT 1 FROM deliveries LIMIT $1) d`, n) >= int64(n) {
		return
	}
	f.exec(`ALTER TABLE deliveries DROP CONSTRAINT deliveries_pkey`)
	f.exec(`DROP INDEX deliveries_received`)
	f.exec(fmt.Sprintf(`INSERT INTO deliveries (guid, event, body, received_at, processed_at, outcome, attempts)
		SELECT CAST(CAST(md5(CAST(i AS TEXT)) AS UUID) AS TEXT), (ARRAY['check_run','check_run','check_run','check_suite','status','push','pull_request','check_run'])[1 + i %% 8], '',
			%d - i * %[2]d, %[1]d - i * %[2]d + 20000, CASE WHEN i %% 100000 = 0 THEN 'failed' ELSE 'processed' END, 1 FROM generate_series(CAST(1 AS BIGINT), %[3]d) AS n(i)`,
		time.Now().UnixMicro(), (6*24*time.Hour).Microseconds()/int64(n), n))
	f.exec(`ALTER TABLE deliveries ADD PRIMARY KEY (guid)`)
	f.exec(`CREATE INDEX deliveries_received ON deliveries (received_at)`)
	f.exec(`VACUUM ANALYZE deliveries`)
}

var timeInState = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`)

// older shifts the times in a state.
func older(state string, by time.Duration) string {
	return timeInState.ReplaceAllStringFunc(state, func(text string) string {
		at, err := time.Parse(time.RFC3339Nano, strings.Trim(text, `"`))
		if err != nil || at.IsZero() {
			return text
		}
		return strconv.Quote(at.Add(-by).Format(time.RFC3339Nano))
	})
}

// fold has the whole state of a team's pipeline saved: events that are not folded in
// would be missing in its copies.
func (f *filler) fold(t *team) {
	s, err := store.Open(f.b.Context(), f.conn.Config().ConnString(), store.Options{})
	if err != nil {
		f.b.Fatal(err)
	}
	defer s.Close()
	owner, name, _ := strings.Cut(t.FullName(), "/")
	key := bot.Key{Repo: bot.Repo{Owner: owner, Name: name}}
	state, version, err := s.Load(f.b.Context(), key)
	if err == nil {
		err = s.Commit(f.b.Context(), engine.Change{Pipeline: key, Version: version, State: state})
	}
	if err != nil {
		f.b.Fatal(err)
	}
}

// pipelines fills in copies of a team's pipeline, instead of those that were there from
// another run, and the events of each, if they are not there.
func (f *filler) pipelines(t *team, n, events int) {
	f.exec(`SET synchronous_commit = off`)
	f.exec(`CREATE TEMP TABLE template (n INT, state TEXT)`)
	var repoID, installation int64
	if err := f.conn.QueryRow(f.b.Context(), `SELECT repo_id, installation FROM pipelines WHERE repo = $1`, t.FullName()).Scan(&repoID, &installation); err != nil {
		f.b.Fatal(err)
	}
	f.fold(t)
	state := f.text(`SELECT state FROM pipeline_states WHERE repo = $1`, t.FullName())
	owner, name, _ := strings.Cut(t.FullName(), "/")
	for from, to := range map[string]string{
		`"Owner":"` + owner + `"`: `"Owner":"` + crowdOwner + `<k>"`, `"Name":"` + name + `"`: `"Name":"shop-<i>"`,
		fmt.Sprintf(`"RepoID":%d`, repoID):             `"RepoID":<r>`,
		fmt.Sprintf(`"Installation":%d`, installation): `"Installation":<n>`,
	} {
		if !strings.Contains(state, from) {
			f.b.Fatalf("the state of %s has no %s: %.600s", t.FullName(), from, state)
		}
		state = strings.ReplaceAll(state, from, to)
	}
	for _, app := range t.apps() {
		state = strings.ReplaceAll(state, `"`+app.Name()+`"`, `"`+app.Name()+crowdApp+`<i>"`)
	}
	var after int
	for _, a := range ages {
		for range a.parts {
			f.exec(`INSERT INTO template VALUES ($1, $2)`, after, older(state, a.since))
			after++
		}
	}
	for _, table := range []string{"pipelines", "pipeline_states", "pipeline_apps", "repositories", "repository_names"} {
		where := `repo LIKE '` + crowdOwner + `%'`
		if strings.HasPrefix(table, "repositor") {
			where = `name LIKE '` + crowdOwner + `%'`
		}
		f.exec(`CREATE TEMP TABLE kept AS SELECT * FROM ` + table + ` WHERE NOT ` + where)
		f.exec(`TRUNCATE ` + table)
		f.exec(`INSERT INTO ` + table + ` SELECT * FROM kept`)
		f.exec(`DROP TABLE kept`)
	}
	each := events / n // of each pipeline
	from := fmt.Sprintf(` FROM generate_series(CAST(1 AS BIGINT), %d) AS n(i)`, n)
	full := fmt.Sprintf(`'%s' || (i %% %d) || '/shop-' || i`, crowdOwner, scaleInstallations)
	of := fmt.Sprintf(`(i + i / %d) %% 100`, scaleInstallations) // so that each installation has some of each age
	spread := fmt.Sprintf(`%d + CASE WHEN %s = 99 THEN i * 7919 %% 601 ELSE i * 7919 %% 3607 END * 1000000`, time.Now().UnixMicro(), of)
	f.exec(fmt.Sprintf(`INSERT INTO pipelines (repo, name, version, wake_at, sweep_at, installation, updated_at, last_event, repo_id)
		SELECT %s, '', 100, 0, %s, %d + i %% %d, %d, %d, %d + i`, full, spread, crowdInstallations, scaleInstallations, time.Now().UnixMicro(), each, crowdRepos) + from)
	f.exec(fmt.Sprintf(`INSERT INTO pipeline_states (repo, name, event, state)
		SELECT %s, '', %d, replace(replace(replace(replace(t.state, '<i>', CAST(i AS TEXT)), '<k>', CAST(i %% %d AS TEXT)), '<r>', CAST(%d + i AS TEXT)), '<n>', CAST(%d + i %% %[3]d AS TEXT))
		%[6]s JOIN template t ON t.n = %[7]s`, full, each, scaleInstallations, crowdRepos, crowdInstallations, from, of))
	f.exec(fmt.Sprintf(`INSERT INTO pipeline_apps (platform, app, repo, name) SELECT a.platform, a.app || '%s' || i, %s, '' %s, pipeline_apps a WHERE a.repo = $1`,
		crowdApp, full, from), t.FullName())
	f.exec(fmt.Sprintf(`INSERT INTO repositories (id, name, full_name) SELECT %d + i, %s, %[2]s`, crowdRepos, full) + from)
	f.exec(fmt.Sprintf(`INSERT INTO repository_names (name, id, since, by_whom) SELECT %s, %d + i, 1, ''`, full, crowdRepos) + from)
	if f.number(`SELECT COUNT(*) FROM (SELECT 1 FROM events LIMIT $1) e`, each*n) < int64(each*n) {
		f.exec(`DELETE FROM events WHERE repo LIKE '` + crowdOwner + `%'`)
		f.exec(`DROP INDEX events_at`)
		f.exec(fmt.Sprintf(`INSERT INTO events (repo, name, seq, at, kind, event)
			SELECT %s, '', s, %d - (i * 100 + s) * 50000, t.kind, t.event
			%s, generate_series(1, %d) AS s JOIN (SELECT row_number() OVER (ORDER BY seq DESC) AS n, kind, event FROM events WHERE repo = $1 LIMIT %[4]d) t ON t.n = s`,
			full, time.Now().UnixMicro(), from, each), t.FullName())
		f.exec(`CREATE INDEX events_at ON events (at)`)
	}
	f.exec(`VACUUM ANALYZE`)
	f.exec(`CHECKPOINT`)
}

// sizes tells how large the tables are, with what belongs to them.
func (f *filler) sizes() string {
	return f.text(`SELECT string_agg(relname || ' ' || pg_size_pretty(pg_total_relation_size(oid)) || ' (' || CAST(reltuples AS BIGINT) || ' rows, indexes ' || pg_size_pretty(pg_indexes_size(oid)) || ')', E'\n' ORDER BY pg_total_relation_size(oid) DESC)
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_total_relation_size(oid) > 1000000`)
}
