package store_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The tests on PostgreSQL use the server that HEADSTART_TEST_DATABASE_URL names,
// as a role that may create databases; otherwise they start one from the
// binaries on this machine. Each test has a database of its own.

const testDatabaseURL = "HEADSTART_TEST_DATABASE_URL"

var errNoPostgres = errors.New("PostgreSQL is missing: set " + testDatabaseURL + ", or install the server (Debian: apt-get install postgresql)")

// server is started when a test first asks for it, and ended by TestMain.
var server = new(postgresServer)

func TestMain(m *testing.M) {
	if url := os.Getenv(victimURL); url != "" {
		os.Exit(victim(url))
	}
	if url := os.Getenv(measureURL); url != "" {
		os.Exit(measure(url))
	}
	sideBySide()
	code := m.Run()
	server.stop()
	os.Exit(code)
}

// sideBySide has more tests run at once than there are cores: they wait for
// databases, and for what is promised within seconds. -parallel is obeyed.
func sideBySide() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(max(8, runtime.GOMAXPROCS(0)))); err != nil {
		panic(err)
	}
}

type postgresServer struct {
	once      sync.Once
	url       string // of its maintenance database
	err       error
	cluster   *cluster // nil: somebody else's server
	databases atomic.Int64
}

func postgresOpener(t *testing.T) opener { return openerOf(postgresURL(t)) }

// postgresURL is the URL of a new, empty database.
func postgresURL(t testing.TB) string {
	t.Helper()
	server.once.Do(func() {
		if server.url = os.Getenv(testDatabaseURL); server.url == "" {
			if server.cluster, server.err = newCluster(); server.err == nil {
				server.url = server.cluster.url()
			}
		}
	})
	if errors.Is(server.err, errNoPostgres) {
		t.Skip(server.err)
	}
	if server.err != nil {
		t.Fatalf("start PostgreSQL: %v", server.err)
	}
	name := fmt.Sprintf("headstart_test_%d_%d", os.Getpid(), server.databases.Add(1))
	admin(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { admin(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server.url)
	if err != nil {
		t.Fatalf("%s is no URL", testDatabaseURL)
	}
	u.Path = "/" + name
	return u.String()
}

func admin(t testing.TB, statement string) {
	t.Helper()
	ctx := context.Background() // also in Cleanup, when the test's own has ended
	conn, err := pgx.Connect(ctx, server.url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Error(err)
	}
	if err := conn.Close(ctx); err != nil {
		t.Error(err)
	}
}

func (s *postgresServer) stop() {
	if s.cluster == nil {
		return
	}
	if err := s.cluster.remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// cluster is a PostgreSQL server in a temporary folder, served on a socket there.
type cluster struct {
	bin, dir string
	attr     *syscall.SysProcAttr // PostgreSQL refuses to run as root, so root runs it as nobody
}

func newCluster() (_ *cluster, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return nil, errNoPostgres
		}
		found = []string{path}
	}
	c := &cluster{bin: filepath.Dir(slices.Max(found))}
	if c.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(c.dir))
		}
	}()
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		if err := os.Chown(c.dir, uid, gid); err != nil {
			return nil, err
		}
		c.attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	if err := c.run("initdb", "-D", c.data(), "-U", "headstart", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, err
	}
	return c, c.start()
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }
func (c *cluster) url() string  { return "postgres://headstart@/postgres?host=" + c.dir }

func (c *cluster) run(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = c.dir, c.attr
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second // the server keeps the output open
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("%s: %w\n%s", name, err, out.String())
	}
	return nil
}

// start does not have the server wait for the disk: processes die in these tests,
// and the machine does not.
func (c *cluster) start() error {
	return c.run("pg_ctl", "-D", c.data(), "-w", "-l", filepath.Join(c.dir, "log"),
		"-o", "-c listen_addresses='' -k "+c.dir+" -c max_connections=200 -c fsync=off", "start")
}

// stop ends the server and all connections, without a word to anybody.
func (c *cluster) stop() error {
	return c.run("pg_ctl", "-D", c.data(), "-m", "immediate", "stop")
}

func (c *cluster) remove() error {
	return errors.Join(c.stop(), os.RemoveAll(c.dir))
}
