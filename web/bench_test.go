package web_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/web"
)

// BenchmarkPipelinePage tells how long the server takes for the pipeline's page, and how large it and its assets are.
//
//	go test -run '^$' -bench . ./web
func BenchmarkPipelinePage(b *testing.B) {
	for _, s := range sights() {
		if !strings.HasPrefix(s.name, "pipeline_") {
			continue
		}
		b.Run(strings.TrimPrefix(s.name, "pipeline_"), func(b *testing.B) {
			w := newWorld(b)
			s.tell(b, w)
			visitor := w.browser().signIn("mia")
			r := httptest.NewRequest(http.MethodGet, w.server.URL+s.path, nil)
			for _, c := range visitor.client.Jar.Cookies(w.location()) {
				r.AddCookie(c)
			}
			var took []time.Duration
			var size int
			busy := processorTime(b)
			for b.Loop() {
				answer := httptest.NewRecorder()
				began := time.Now()
				w.server.Config.Handler.ServeHTTP(answer, r)
				took, size = append(took, time.Since(began)), answer.Body.Len()
				if answer.Code != http.StatusOK {
					b.Fatalf("the page should be served, got %d", answer.Code)
				}
			}
			busy = processorTime(b) - busy
			slices.Sort(took)
			b.ReportMetric(millis(busy)/float64(len(took)), "cpu-ms") // which a busy machine hardly changes
			b.ReportMetric(millis(took[len(took)/2]), "p50-ms")
			b.ReportMetric(millis(took[len(took)*95/100]), "p95-ms")
			b.ReportMetric(float64(size), "page-bytes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// crowd is how many pages are open at once on one pipeline.
const crowd = 1000

// counted counts how often the state of a pipeline is read: once for each rendering.
type counted struct {
	web.Pipelines
	mu    sync.Mutex
	loads int // guarded by mu
}

func (c *counted) Load(ctx context.Context, key bot.Key) (pipeline.State, int64, error) {
	c.mu.Lock()
	c.loads++
	c.mu.Unlock()
	return c.Pipelines.Load(ctx, key)
}

func (c *counted) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loads
}

// reader is a visitor's side of a stream, which keeps nothing.
type reader struct{ net.Conn }

// until reads until a text has come. buffer is shared by readers that take turns.
func (r reader) until(b *testing.B, text string, buffer []byte) {
	b.Helper()
	for kept := 0; ; {
		n, err := r.Read(buffer[kept:])
		if err != nil {
			b.Fatalf("expected %q on a stream: %v", text, err)
		}
		if bytes.Contains(buffer[:kept+n], []byte(text)) {
			return
		}
		all := kept + n
		kept = copy(buffer, buffer[all-min(all, len(text)):all]) // the text may lie across two
	}
}

// readers open a crowd of streams at a server, and wait until each has brought a text. They return what one takes of memory, in
// bytes: heap and stacks of the server, and the little that its reader has in the same process.
func readers(b *testing.B, r *http.Request, text string, buffer []byte) (open []reader, each int64) {
	b.Helper()
	var request bytes.Buffer
	if err := r.Write(&request); err != nil {
		b.Fatal(err)
	}
	before := memory()
	for range crowd {
		conn, err := net.Dial("tcp", r.Host)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		if _, err := conn.Write(request.Bytes()); err != nil {
			b.Fatal(err)
		}
		open = append(open, reader{conn})
	}
	for _, r := range open {
		r.until(b, text, buffer)
	}
	return open, (memory() - before) / crowd
}

// floor is a server that begins a stream and keeps it open, as net/http does without more.
func floor(b *testing.B) *http.Request {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("event: parts\n\n")) // the reader would miss it
		_ = http.NewResponseController(w).Flush()
		select {
		case <-ended:
		case <-r.Context().Done():
		}
	}))
	b.Cleanup(server.Close)
	b.Cleanup(func() { close(ended) })
	return httptest.NewRequest(http.MethodGet, server.URL, nil)
}

// BenchmarkCrowd opens a thousand streams on one pipeline, and changes the pipeline again and again. It tells how often the
// page was made for each change, what a stream takes of memory beside one of net/http alone, and how long it took until all
// of them had read the change.
func BenchmarkCrowd(b *testing.B) {
	var reads *counted
	w := newWorld(b, func(o *web.Options) {
		reads = &counted{Pipelines: o.Pipelines}
		o.Pipelines, o.Streams = reads, crowd
	})
	w.put(shop, next(b))
	r := httptest.NewRequest(http.MethodGet, w.server.URL+"/p/acme/shop/live?seen=nothing", nil)
	for _, c := range w.browser().signIn("mia").client.Jar.Cookies(w.location()) {
		r.AddCookie(c)
	}
	buffer := make([]byte, 1<<16)
	_, least := readers(b, floor(b), "event: parts", buffer)
	open, each := readers(b, r, "event: parts", buffer)
	var took []time.Duration
	first := reads.count()
	for b.Loop() {
		began, reason := time.Now(), fmt.Sprintf("change %d of many", len(took))
		w.change(shop, func(s *pipeline.State) { s.Freeze = bot.OperatorFreeze{On: true, Reason: reason, At: s.At} })
		for _, r := range open {
			r.until(b, reason, buffer)
		}
		took = append(took, time.Since(began))
	}
	made := float64(reads.count()-first) / float64(len(took))
	slices.Sort(took)
	b.ReportMetric(made, "renderings/change")
	b.ReportMetric(float64(each), "bytes/stream")
	b.ReportMetric(float64(least), "floor-bytes/stream")
	b.ReportMetric(millis(took[len(took)/2]), "p50-ms")
	b.ReportMetric(millis(took[len(took)*95/100]), "p95-ms")
	b.ReportMetric(0, "ns/op")
}

// memory is what the process holds, in bytes.
func memory() int64 {
	runtime.GC()
	runtime.GC() // what the first one found may have had a finalizer
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// mostAssets is how large all assets may be together, without compression.
const mostAssets = 40_000

func TestAssetsAreSmall(t *testing.T) {
	files, err := filepath.Glob("assets/*")
	if err != nil {
		t.Fatal(err)
	}
	var all int64
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		all += info.Size()
	}
	if all == 0 || all > mostAssets {
		t.Errorf("the assets have %d bytes, at most %d are good", all, mostAssets)
	}
}

// One change is rendered once, however many people look at the page.
func TestCrowdSharesARendering(t *testing.T) {
	var reads *counted
	w := newWorld(t, func(o *web.Options) {
		reads = &counted{Pipelines: o.Pipelines}
		o.Pipelines = reads
	})
	w.put(shop, live(t))
	b := w.browser().signIn("mia")
	var crowd []*follower
	for range 20 {
		f := b.follow(t, "/p/acme/shop/live", "nothing", "")
		f.next()
		crowd = append(crowd, f)
	}
	before := reads.count()
	w.put(shop, next(t))
	for _, f := range crowd {
		if parts, _ := f.next(); !strings.Contains(parts["now"], "Fix the till") {
			t.Errorf("everybody should see the change, got %v", parts)
		}
	}
	if n := reads.count() - before; n != 1 {
		t.Errorf("one change should be rendered once for all, it was %d times", n)
	}
}
