package store_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/store"
)

// benchConnections is how many senders deliver at once.
const benchConnections = 32

// benchBody is about as long as the push of a small commit.
var benchBody = bytes.Repeat([]byte(`{"ref":"refs/heads/main"}`), 330)

var benchSecret = []byte("secret")

// ingest sends n signed deliveries over HTTP to a server that verifies the
// signature, calls one and answers. Both the floor and the store are measured
// through it.
func ingest(n int, one func(guid string, body []byte) error) (rate pace, err error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !hmac.Equal([]byte(sign(body)), []byte(r.Header.Get("X-Hub-Signature-256"))) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if err := one(r.Header.Get("X-GitHub-Delivery"), body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchConnections}}
	defer client.CloseIdleConnections()
	var (
		took      = make([]time.Duration, n)
		failed    = make([]error, benchConnections)
		signature = sign(benchBody)
		next      atomic.Int64
		wg        sync.WaitGroup
		start     = time.Now()
	)
	for sender := range benchConnections {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				began := time.Now()
				if err := deliver(client, server.URL, signature); err != nil {
					failed[sender] = err
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	total := time.Since(start)
	slices.Sort(took)
	return pace{float64(n) / total.Seconds(), took[n/2], took[n*99/100], took[n-1]}, errors.Join(failed...)
}

// pace is how fast deliveries were taken.
type pace struct {
	perSecond     float64
	p50, p99, max time.Duration
}

func deliver(client *http.Client, url, signature string) error {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(benchBody))
	if err != nil {
		return err
	}
	r.Header.Set("X-Hub-Signature-256", signature)
	r.Header.Set("X-GitHub-Delivery", uuid.NewString())
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("a delivery was answered with %s: %s", answer.Status, text)
	}
	return errors.Join(err, answer.Body.Close())
}

func mustIngest(b *testing.B, n int, one func(guid string, body []byte) error) pace {
	b.Helper()
	p, err := ingest(n, one)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func sign(body []byte) string {
	mac := hmac.New(sha256.New, benchSecret)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// BenchmarkIngest stores deliveries from 32 connections, next to a floor
// measured in the same run: one row inserted, deliveries grouped into
// transactions the same way, full synchronisation, no job and no River.
func BenchmarkIngest(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		f := sqliteFloor(b, filepath.Join(dir, "floor.db"))
		benchIngest(b, "sqlite:"+filepath.Join(dir, "state.db"), f)
	})
	b.Run("postgres", func(b *testing.B) {
		benchIngest(b, postgresURL(b), postgresFloor(b, postgresURL(b)))
	})
}

func benchIngest(b *testing.B, url string, floor func(string, []byte) error) {
	const n = 20_000
	ctx := context.Background()
	s, err := store.Open(ctx, url, store.Options{Logger: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	receive := func(guid string, body []byte) error {
		_, err := s.Receive(ctx, guid, "push", body)
		return err
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	for b.Loop() {
		bare := mustIngest(b, n, func(string, []byte) error { return nil })
		least := mustIngest(b, n, floor)
		got := mustIngest(b, n, receive)
		b.ReportMetric(bare.perSecond, "bare/s")
		b.ReportMetric(got.perSecond, "deliveries/s")
		b.ReportMetric(ms(got.p50), "p50-ms")
		b.ReportMetric(ms(got.p99), "p99-ms")
		b.ReportMetric(ms(got.max), "max-ms")
		b.ReportMetric(least.perSecond, "floor/s")
		b.ReportMetric(ms(least.p50), "floor-p50-ms")
		b.ReportMetric(ms(least.p99), "floor-p99-ms")
		b.ReportMetric(ms(least.max), "floor-max-ms")
		b.ReportMetric(100*got.perSecond/least.perSecond, "%floor")
	}
	// The same while they are processed.
	runCtx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	var processed atomic.Int64
	go func() {
		ended <- s.Run(runCtx, store.Handlers{
			Deliver: func(context.Context, store.Delivery) error { processed.Add(1); return nil },
			Perform: func(context.Context, bot.Target, bot.Effect, bool) error { return nil },
		})
	}()
	for idle := false; !idle; {
		changed := s.Changed()
		if idle, err = s.Idle(ctx); err != nil {
			b.Fatal(err)
		}
		if !idle {
			<-changed
		}
	}
	processed.Store(0)
	start := time.Now()
	got := mustIngest(b, n, receive)
	b.Logf("while processing: %.0f deliveries/s, p50 %s, p99 %s, %.0f processed/s", got.perSecond, got.p50, got.p99, float64(processed.Load())/time.Since(start).Seconds())
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}

// sqliteFloor inserts a row per call, grouping the calls that come together.
func sqliteFloor(b *testing.B, path string) func(string, []byte) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE floor (guid TEXT PRIMARY KEY, event TEXT, body BLOB, at INTEGER)`); err != nil {
		b.Fatal(err)
	}
	stmt, err := db.Prepare(`INSERT INTO floor VALUES ($1, $2, $3, $4)`)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return grouped(b, func(group []delivered) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		in := tx.Stmt(stmt)
		for _, d := range group {
			if _, err := in.Exec(d.guid, "push", d.body, time.Now().UnixMicro()); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
}

type delivered struct {
	guid string
	body []byte
}

// postgresFloor does the same on PostgreSQL, each group in one round trip.
func postgresFloor(b *testing.B, url string) func(string, []byte) error {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	if _, err := pool.Exec(ctx, `CREATE TABLE floor (guid TEXT PRIMARY KEY, event TEXT, body BYTEA, at BIGINT)`); err != nil {
		b.Fatal(err)
	}
	return grouped(b, func(group []delivered) error {
		var batch pgx.Batch
		for _, d := range group {
			batch.Queue(`INSERT INTO floor VALUES ($1, $2, $3, $4)`, d.guid, "push", d.body, time.Now().UnixMicro())
		}
		return pool.SendBatch(ctx, &batch).Close() // one transaction
	})
}

// grouped collects the calls that arrive while the last group is written.
func grouped(b *testing.B, write func([]delivered) error) func(string, []byte) error {
	type call struct {
		delivered
		done chan error
	}
	calls := make(chan call)
	var wg sync.WaitGroup
	wg.Go(func() {
		for c := range calls {
			group := []call{c}
			for more := true; more; {
				select {
				case c, ok := <-calls:
					if !ok {
						more = false
						break
					}
					group = append(group, c)
				default:
					more = false
				}
			}
			rows := make([]delivered, len(group))
			for i, c := range group {
				rows[i] = c.delivered
			}
			err := write(rows)
			for _, c := range group {
				c.done <- err
			}
		}
	})
	b.Cleanup(func() { close(calls); wg.Wait() })
	return func(guid string, body []byte) error {
		c := call{delivered{guid, body}, make(chan error, 1)}
		calls <- c
		return <-c.done
	}
}

// BenchmarkStart is the time from a commit to the start of its effect.
func BenchmarkStart(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchStart(b, "sqlite:"+filepath.Join(b.TempDir(), "state.db")) })
	b.Run("postgres", func(b *testing.B) { benchStart(b, postgresURL(b)) })
}

func benchStart(b *testing.B, url string) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	started := make(chan time.Time, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, store.Handlers{
			Deliver: func(context.Context, store.Delivery) error { return nil },
			Perform: func(context.Context, bot.Target, bot.Effect, bool) error { started <- time.Now(); return nil },
		})
	}()
	var all []time.Duration
	_, version, err := s.Load(ctx, shop)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.Commit(ctx, change(version, effect("config"))); err != nil {
			b.Fatal(err)
		}
		committed := time.Now()
		all = append(all, (<-started).Sub(committed))
		version++
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	if err := s.Close(); err != nil {
		b.Error(err)
	}
}
