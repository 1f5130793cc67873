package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/internal/postgrestest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// cluster is a PostgreSQL server for a test.
type cluster struct {
	tb    testing.TB
	admin string                // URL of its maintenance database
	own   *postgrestest.Cluster // nil: the server is somebody else's
}

// newCluster starts a server, or uses the one that HEADSTART_TEST_DATABASE_URL names.
// Without either the test is skipped. The options, such as fsync=on, are for a server
// that it starts.
func newCluster(tb testing.TB, options ...string) *cluster {
	tb.Helper()
	p := &cluster{tb: tb, admin: os.Getenv(postgrestest.URLVar)}
	if p.admin != "" {
		return p
	}
	own, err := postgrestest.New(options...)
	if errors.Is(err, postgrestest.ErrMissing) {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := own.Remove(); err != nil {
			tb.Error(err)
		}
	})
	p.admin, p.own = own.URL(), own
	return p
}

// database makes an empty database that is gone when the test has ended, and
// returns its URL.
func (p *cluster) database() string {
	p.tb.Helper()
	name := fmt.Sprintf("headstart_chaos_%d_%d", os.Getpid(), rand.Uint32())
	p.exec(p.admin, "CREATE DATABASE "+name)
	p.tb.Cleanup(func() { p.exec(p.admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(p.admin)
	if err != nil {
		p.tb.Fatalf("%s is no URL", postgrestest.URLVar)
	}
	u.Path = "/" + name
	return u.String()
}

// exec runs a statement; a function's result is not read.
func (p *cluster) exec(url, statement string) {
	p.tb.Helper()
	ctx := context.Background() // also in Cleanup, when the test's own has ended
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		p.tb.Fatal(err)
	}
	if _, err := conn.Exec(ctx, statement); err != nil {
		p.tb.Error(err)
	}
	if err := conn.Close(ctx); err != nil {
		p.tb.Error(err)
	}
}

// cut ends every connection to a database.
func (p *cluster) cut(database string) {
	p.exec(database, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
}

// crash ends the server as a power cut does and starts it again. It reports
// whether it could: somebody else's server is left alone.
func (p *cluster) crash() bool {
	if p.own == nil {
		return false
	}
	if err := errors.Join(p.own.Stop(), p.own.Start()); err != nil {
		p.tb.Fatal(err)
	}
	return true
}

// chaosCuts says that one in so many kills comes with a cut of all connections to
// the database.
const chaosCuts = 8

// TestChaosPostgres does the same with two instances on PostgreSQL, one of which
// is killed at a time, while connections drop and the database restarts. In the
// end one instance is dead for good and the other one takes over.
func TestChaosPostgres(t *testing.T) {
	t.Parallel()
	seed := chaosSeed(t)
	db := newCluster(t)
	database := db.database()
	w := newChaosWorld(t, seed, chaosTeams, herokutest.Options{})
	c := &chaos{chaosWorld: w, random: rand.New(rand.NewPCG(seed, 50)), deaths: map[string]int{}}
	for range 2 {
		c.instances = append(c.instances, newInstance(t, w.gh, w.heroku, database, w.allow))
	}
	c.guardSecrets()
	for _, i := range c.instances {
		c.start(i)
	}
	w.gh.SetWebhook(newBalancer(t, c.instances).url+"/webhooks/github", webhookSecret)

	done := c.peopleWork()
	crashed := false
	for n := range chaosKills {
		i := c.instances[c.random.IntN(2)]
		c.kill(i)
		switch {
		case n == chaosKills/2: // PostgreSQL itself is restarted
			crashed = db.crash()
		case n%chaosCuts == 0:
			db.cut(database)
		}
		if n == chaosKills-1 {
			break // it stays dead
		}
		c.start(i)
		c.expectAlive()
	}
	c.arrive(time.Now(), done)
	t.Logf("the database itself was restarted: %v", crashed)
	for _, i := range c.instances {
		if i.cmd != nil {
			if err := i.stop(); err != nil {
				t.Errorf("the process should end with 0 after SIGTERM: %v", err)
			}
		}
	}
	c.judge(database)
}

// expectAlive holds that no process ends by itself, whatever happens to its
// database.
func (c *chaos) expectAlive() {
	c.t.Helper()
	for _, i := range c.instances {
		select {
		case err := <-i.ended:
			i.cmd = nil
			c.t.Errorf("a process should stay while the database is away, it ended: %v; it said:\n%s", err, i.log.warnings())
			c.start(i)
		default:
		}
	}
}
