package store_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/internal/postgrestest"
)

// The tests on PostgreSQL use the server that HEADSTART_TEST_DATABASE_URL names,
// as a role that may create databases; otherwise they start one from the
// binaries on this machine. Each test has a database of its own.

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
	cluster   *postgrestest.Cluster // nil: somebody else's server
	databases atomic.Int64
}

func postgresOpener(t *testing.T) opener { return openerOf(postgresURL(t)) }

// postgresURL is the URL of a new, empty database.
func postgresURL(t testing.TB) string {
	t.Helper()
	server.once.Do(func() {
		if server.url = os.Getenv(postgrestest.URLVar); server.url == "" {
			if server.cluster, server.err = postgrestest.New(); server.err == nil {
				server.url = server.cluster.URL()
			}
		}
	})
	if errors.Is(server.err, postgrestest.ErrMissing) {
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
		t.Fatalf("%s is no URL", postgrestest.URLVar)
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
	if err := s.cluster.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
