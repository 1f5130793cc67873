package webhooks_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/webhooks"
)

// BenchmarkDeliveries sends 200 deliveries a second, of a real push, over HTTP
// to the handler, which stores them in SQLite while earlier ones are decoded.
func BenchmarkDeliveries(b *testing.B) {
	const perSecond = 200
	ctx, cancel := context.WithCancel(context.Background())
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "state.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, store.Handlers{Deliver: func(_ context.Context, d store.Delivery) error {
			_, err := webhooks.Decode(d.Event, d.Body)
			return err
		}})
	}()
	server := httptest.NewServer(handler(b, s, nil))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: perSecond}}
	body := payload(b, "push.branch")
	var (
		mu   sync.Mutex
		took []time.Duration // guarded by mu
		wg   sync.WaitGroup
	)
	one := func() {
		r, err := http.NewRequest(http.MethodPost, server.URL, bytes.NewReader(body))
		if err != nil {
			b.Error(err)
			return
		}
		r.Header = request("push", uuid.NewString(), body).Header
		start := time.Now()
		a, err := client.Do(r)
		if err != nil {
			b.Error(err)
			return
		}
		a.Body.Close()
		if a.StatusCode != http.StatusAccepted {
			b.Errorf("a delivery was answered with %s", a.Status)
		}
		mu.Lock()
		defer mu.Unlock()
		took = append(took, time.Since(start))
	}
	pace := time.NewTicker(time.Second / perSecond)
	for b.Loop() {
		for range 10 * perSecond {
			<-pace.C
			wg.Go(one)
		}
	}
	wg.Wait()
	pace.Stop()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
	client.CloseIdleConnections()
	server.Close()
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	if err := s.Close(); err != nil {
		b.Error(err)
	}
}
