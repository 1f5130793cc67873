package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// The floor is the least that has to be done with a delivery before it may be
// acknowledged: verify its signature, insert one row with full synchronisation,
// in one transaction with those that came at the same time, and answer. It runs
// as a process of its own, as what is measured against it does.

// floorVar names the database of a process that is to be the floor, or says that it
// keeps nothing.
const (
	floorVar     = "HEADSTART_TEST_FLOOR"
	keepsNothing = "nothing"
)

// TestFloor holds the floor against what it is to do. In the process that
// startFloor starts it serves until its standard input ends.
func TestFloor(t *testing.T) {
	if url := os.Getenv(floorVar); url != "" {
		var write chan<- floorRow
		if url != keepsNothing {
			rows, done := openFloor(t, url)
			defer done()
			write = rows
		}
		then := func(string, []byte) {}
		switch b, err := newBare(); {
		case err != nil:
			t.Fatal(err)
		case b != nil:
			then = b.follow
		}
		l := listen(t)
		fmt.Printf("%s%s\n", floorSays, l.Addr())
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // it ends when the parent does
			l.Close()
		}()
		_ = http.Serve(l, floorHandler(write, then)) // it ends when the listener is closed
		return
	}
	url := startFloor(t, "sqlite:"+filepath.Join(t.TempDir(), "floor.db"))
	body := []byte(`{"zen": "Keep it logically awesome."}`)
	for _, tt := range []struct {
		secret string
		want   int
	}{{webhookSecret, http.StatusAccepted}, {"another one", http.StatusUnauthorized}} {
		answer, err := http.DefaultClient.Do(newDelivery(t, url, "push", body, githubtest.Sign(tt.secret, body)))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != tt.want {
			t.Errorf("the floor should answer a delivery signed with %q with %d, got %s", tt.secret, tt.want, answer.Status)
		}
	}
}

const floorSays = "the floor listens on "

// startFloor starts a process that is the floor, with what is to be in its
// environment besides, and returns its URL.
func startFloor(tb testing.TB, database string, env ...string) string {
	tb.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFloor$")
	cmd.Env = append(append(os.Environ(), floorVar+"="+database), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		_, _ = io.Copy(io.Discard, out) // what `go test` says at the end
		if err := cmd.Wait(); err != nil {
			tb.Errorf("the floor's process: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), floorSays); ok {
			return "http://" + addr
		}
	}
	tb.Fatal("the floor's process did not start")
	return ""
}

// newDelivery is a webhook as GitHub sends it.
func newDelivery(tb testing.TB, url, event string, body []byte, signature string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", uuid.NewString())
	r.Header.Set("X-Hub-Signature-256", signature)
	return r
}

// floorRow is one delivery.
type floorRow struct {
	guid, event string
	body        []byte
	done        chan error
}

// floorHandler acknowledges what is on disk, and calls then about it, which does
// not keep the sender waiting. Without rows it acknowledges what is signed. Who asks
// for /cpu is told how many seconds of processor time the process has taken.
func floorHandler(rows chan<- floorRow, then func(event string, body []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cpu" {
			var used syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // it fails for wrong arguments only
			fmt.Fprintln(w, time.Duration(used.Utime.Nano()+used.Stime.Nano()).Seconds())
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || !hmac.Equal([]byte(githubtest.Sign(webhookSecret, body)), []byte(r.Header.Get("X-Hub-Signature-256"))) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if rows == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		row := floorRow{r.Header.Get("X-GitHub-Delivery"), r.Header.Get("X-GitHub-Event"), body, make(chan error, 1)}
		rows <- row
		if err := <-row.done; err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		go then(row.event, row.body)
	})
}

const (
	floorTable  = `CREATE TABLE floor (guid TEXT PRIMARY KEY, event TEXT, body BYTEA, at BIGINT)`
	floorInsert = `INSERT INTO floor VALUES ($1, $2, $3, $4)`
)

// openFloor opens a database. What is sent is written in groups: those that came
// while the group before them was written.
func openFloor(tb testing.TB, url string) (rows chan<- floorRow, done func()) {
	var write func([]floorRow) error
	var end func() error
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		write, end = sqliteFloor(tb, path)
	} else {
		write, end = postgresFloor(tb, url)
	}
	calls, ended := make(chan floorRow), make(chan struct{})
	go func() {
		defer close(ended)
		for first := range calls {
			group := []floorRow{first}
			for more := true; more && len(group) < 256; {
				select {
				case row, ok := <-calls:
					if more = ok; ok {
						group = append(group, row)
					}
				default:
					more = false
				}
			}
			err := write(group)
			for _, row := range group {
				row.done <- err
			}
		}
	}()
	return calls, func() {
		close(calls)
		<-ended
		if err := end(); err != nil {
			tb.Error(err)
		}
	}
}

func sqliteFloor(tb testing.TB, path string) (write func([]floorRow) error, end func() error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(floorTable); err != nil {
		tb.Fatal(err)
	}
	insert, err := db.Prepare(floorInsert)
	if err != nil {
		tb.Fatal(err)
	}
	return func(group []floorRow) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		in := tx.Stmt(insert)
		for _, row := range group {
			if _, err := in.Exec(row.guid, row.event, row.body, time.Now().UnixMicro()); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		return tx.Commit()
	}, db.Close
}

func postgresFloor(tb testing.TB, url string) (write func([]floorRow) error, end func() error) {
	ctx := context.Background() // it serves until its input ends
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := pool.Exec(ctx, floorTable); err != nil {
		tb.Fatal(err)
	}
	return func(group []floorRow) error {
		var batch pgx.Batch
		for _, row := range group {
			batch.Queue(floorInsert, row.guid, row.event, row.body, time.Now().UnixMicro())
		}
		return pool.SendBatch(ctx, &batch).Close() // one round trip and one transaction
	}, func() error { pool.Close(); return nil }
}
