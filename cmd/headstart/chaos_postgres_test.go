package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// testDatabaseVar names a PostgreSQL server to use, as a role that may create
// databases, in place of one that the test starts.
const testDatabaseVar = "HEADSTART_TEST_DATABASE_URL"

// cluster is a PostgreSQL server for a test.
type cluster struct {
	tb      testing.TB
	admin   string // URL of its maintenance database
	bin     string // folder of PostgreSQL's programs; empty: the server is somebody else's
	dir     string
	process *syscall.SysProcAttr // as whom the programs run; nil: as the test
}

// newCluster starts a server on a socket in a folder of its own, or uses the one
// that HEADSTART_TEST_DATABASE_URL names. Without either the test is skipped. The
// options, such as fsync=on, are for a server that it starts.
func newCluster(tb testing.TB, options ...string) *cluster {
	tb.Helper()
	p := &cluster{tb: tb, admin: os.Getenv(testDatabaseVar)}
	if p.admin == "" {
		p.serve(options...)
	}
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
		p.tb.Fatalf("%s is no URL", testDatabaseVar)
	}
	u.Path = "/" + name
	return u.String()
}

// serve makes a cluster and serves it. PostgreSQL refuses to run as root, so
// root runs it as nobody.
func (p *cluster) serve(options ...string) {
	tb := p.tb
	tb.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		tb.Fatal(err)
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			tb.Skipf("PostgreSQL is missing: set %s, or install the server (Debian: apt-get install postgresql)", testDatabaseVar)
		}
		found = []string{path}
	}
	p.bin = filepath.Dir(slices.Max(found))
	// A socket's path may have about 100 bytes, fewer than some folders of tests.
	if p.dir, err = os.MkdirTemp("", "pg"); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(p.dir); err != nil {
			tb.Error(err)
		}
	})
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			tb.Fatal(err)
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		if err := os.Chown(p.dir, uid, gid); err != nil {
			tb.Fatal(err)
		}
		p.process = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	p.run("initdb", "-D", p.data(), "-U", "headstart", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	// Processes die in these tests and the machine does not, so the server need not
	// wait for the disk.
	all := "-c listen_addresses='' -k " + p.dir + " -c max_connections=100 -c fsync=off"
	for _, o := range options {
		all += " -c " + o
	}
	p.run("pg_ctl", "-D", p.data(), "-w", "-l", filepath.Join(p.dir, "log"), "-o", all, "start")
	tb.Cleanup(func() { p.run("pg_ctl", "-D", p.data(), "-m", "immediate", "stop") })
	p.admin = "postgres://headstart@/postgres?host=" + p.dir
}

func (p *cluster) data() string { return filepath.Join(p.dir, "data") }

func (p *cluster) run(name string, args ...string) {
	p.tb.Helper()
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = p.dir, p.process
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second // the server keeps the output open
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		p.tb.Fatalf("%s: %v\n%s", name, err, out.String())
	}
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
	if p.bin == "" {
		return false
	}
	p.run("pg_ctl", "-D", p.data(), "-m", "immediate", "-w", "-l", filepath.Join(p.dir, "log"), "restart")
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
