package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// stranger opens a connection and says something that no answer is waited for.
func stranger(t *testing.T, url, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

func unsigned(length string) string {
	return "POST /webhooks/github HTTP/1.1\r\nHost: bot\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: x\r\n" +
		"X-Hub-Signature-256: " + githubtest.Sign("guess", nil) + "\r\n" + length + "\r\n\r\n"
}

// gitHubs sends deliveries of GitHub's, each on a connection of its own, and
// expects all to be taken.
func gitHubs(t *testing.T, url string, n int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	var wg sync.WaitGroup
	for sender := range 4 {
		wg.Go(func() {
			for i := range n / 4 {
				body := []byte(`{"ref":"refs/heads/side","before":"` + strings.Repeat("a", 40) + `","after":"` + strings.Repeat("b", 40) + `",` +
					`"repository":{"full_name":"acme/shop","name":"shop","owner":{"login":"acme"},"default_branch":"main"},"installation":{"id":1}` +
					strings.Repeat(" ", 9000*i) + `}`)
				req, err := http.NewRequest(http.MethodPost, url+"/webhooks/github", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				for name, value := range map[string]string{"Content-Type": "application/json", "X-GitHub-Event": "push",
					"X-GitHub-Delivery": fmt.Sprintf("%s-%d-%d", t.Name()[:4], sender, time.Now().UnixNano()), "X-Hub-Signature-256": githubtest.Sign(webhookSecret, body)} {
					req.Header.Set(name, value)
				}
				res, err := client.Do(req)
				if err != nil {
					t.Errorf("GitHub's delivery should be taken: %v", err)
					return
				}
				res.Body.Close()
				if res.StatusCode/100 != 2 {
					t.Errorf("GitHub's delivery should be taken, it is answered with %s", res.Status)
				}
			}
		})
	}
	wg.Wait()
}

// A process that may open few files, with everything at once that strangers do.
func TestStrangers(t *testing.T) {
	t.Parallel()
	b, _ := outside(t)
	p := startProcessAs(t, b.gh, t.TempDir(), exec.Command("/bin/sh", "-c", `ulimit -n 256; exec "$0" serve`, os.Args[0]))
	stranger(t, p.url, unsigned("Transfer-Encoding: chunked"))
	for range 12 {
		stranger(t, p.url, unsigned("Transfer-Encoding: chunked"))
	}
	for range 300 {
		stranger(t, p.url, unsigned("Content-Length: 1000"))
	}
	gitHubs(t, p.url, 16)
	for i := range 600 {
		stranger(t, p.url, []string{"", "GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n", "POST /webhooks/github HTTP/1.1\r\nX-A: ", "GET /metrics HTTP/1.1\r\nHost: bot\r\nContent-Length: 9\r\n\r\n"}[i%4])
	}
	gitHubs(t, p.url, 16)
}

// Large bodies of strangers hardly cost memory.
func TestStrangersTakeNoMemory(t *testing.T) {
	t.Parallel()
	b, _ := outside(t)
	p := startProcess(t, b.gh, t.TempDir())
	gitHubs(t, p.url, 4)
	before := p.peak(t)
	var wg sync.WaitGroup
	for i := range 16 {
		length := "Transfer-Encoding: chunked"
		if i%2 == 0 {
			length = fmt.Sprintf("Content-Length: %d", 25<<20)
		}
		conn := stranger(t, p.url, unsigned(length))
		wg.Go(func() {
			chunk := strings.Repeat("x", 1<<20)
			if i%2 == 1 {
				chunk = fmt.Sprintf("%x\r\n%s\r\n", len(chunk), chunk)
			}
			for range 100 {
				if _, err := io.WriteString(conn, chunk); err != nil {
					return // it was refused, as is right
				}
			}
		})
	}
	gitHubs(t, p.url, 16)
	wg.Wait()
	if grown := p.peak(t) - before; grown > 110<<10 {
		t.Errorf("sixteen bodies of 100 MB should cost less than 110 MB, they cost %d MB", grown>>10)
	} else {
		t.Logf("from %d MB by %d MB", before>>10, grown>>10)
	}
}

// peak is the most memory that a process has had, in kB.
func (p *process) peak(t *testing.T) (kB int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		t.Fatal(err)
	}
	return kB
}

// What else may come on a connection.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	b := newBed(t, "heroku", choices{})
	for _, k := range []struct {
		what, say string
		want      []int
	}{
		{"a body where none is taken", "GET /healthz HTTP/1.1\r\nHost: bot\r\nContent-Length: 1000\r\n\r\n", []int{200}},
		{"an endless body where none is taken", "POST /nowhere HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n", []int{404}},
		{"a body behind a header without a signature", "POST /webhooks/github HTTP/1.1\r\nHost: bot\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\n" +
			"X-GitHub-Delivery: x\r\nTransfer-Encoding: chunked\r\n\r\n", []int{401}},
		{"100 MB", unsigned("Content-Length: 104857600"), []int{413}},
		{"a huge header", "GET /healthz HTTP/1.1\r\nHost: bot\r\nX-A: " + strings.Repeat("a", 60_000) + "\r\n\r\n", []int{431}},
		{"HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400}},
		{"pipelined requests", strings.Repeat("GET /healthz HTTP/1.1\r\nHost: bot\r\n\r\n", 3), []int{200, 200, 200}},
		{"a length and chunks", "POST /webhooks/github HTTP/1.1\r\nHost: bot\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", []int{400}},
	} {
		conn := stranger(t, b.url, "")
		go io.WriteString(conn, k.say) // the answer may come before all of it is said
		answers := bufio.NewReader(conn)
		for _, want := range k.want {
			b.must(conn.SetReadDeadline(time.Now().Add(patience)))
			res, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Errorf("%s should be answered with %d: %v", k.what, want, err)
				break
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				t.Error(err)
			}
			if res.StatusCode != want {
				t.Errorf("%s should be answered with %d, it was %s", k.what, want, res.Status)
			}
		}
	}
}

// Whoever does not send a header, or reads no answer, is not waited for.
func TestSlowHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conns := make(chan net.Conn, 1)
		client, theirs := net.Pipe()
		conns <- theirs
		w := newWeb(http.NotFoundHandler(), zap.NewNop(), 10)
		ended := make(chan error, 1)
		go func() { ended <- w.serve(pipe{conns}) }()
		began := time.Now()
		go io.WriteString(client, "GET / HTTP/1.1\r\nHost: ")
		if _, err := io.Copy(io.Discard, client); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("the connection should be closed after five seconds, it was after %s", took)
		}
		close(conns)
		<-ended
		<-time.After(time.Second) // the server's goroutines end; time is driven
	})
}

type pipe struct{ conns chan net.Conn }

func (p pipe) Accept() (net.Conn, error) {
	if c, ok := <-p.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (pipe) Close() error   { return nil }
func (pipe) Addr() net.Addr { return &net.TCPAddr{} }

// Whose metrics these are.
func TestWhoSeesTheMetrics(t *testing.T) {
	t.Parallel()
	b := newBed(t, "heroku", choices{})
	see := func(url string, header ...string) int {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, url+"/metrics", nil)
		b.must(err)
		for _, h := range header {
			name, value, _ := strings.Cut(h, ": ")
			if name == "Host" {
				req.Host = value
			}
			req.Header.Set(name, value)
		}
		status, text := b.do(req)
		if has := strings.Contains(text, "go_goroutines"); has != (status == http.StatusOK) {
			t.Errorf("%d came with metrics: %t", status, has)
		}
		return status
	}
	check := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s should get %d for /metrics, got %d", what, want, got)
		}
	}
	check("this machine", see(b.url), 200)
	for _, h := range []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "Forwarded: for=127.0.0.1", "Via: 1.1 proxy", "X-Real-IP: 127.0.0.1", "Host: deploy.example.com"} {
		check("what came through a proxy ("+h+")", see(b.url, h), 404)
	}
	check("a token where none is set", see(b.url, "X-Forwarded-For: 1.1.1.1", "Authorization: Bearer "), 404)
	if _, text := b.get("/"); strings.Contains(text, version()) || !strings.Contains(text, "Headstart") {
		t.Errorf("/ should not tell the version, it says %q", text)
	}

	token := "a-metrics-token-71e0"
	b.stopBot()
	b.start(func(s *settings) { s.MetricsToken = token })
	check("whoever has the token", see(b.url, "Authorization: Bearer "+token), 200)
	check("whoever has the token, through a proxy", see(b.url, "Authorization: bearer "+token, "X-Forwarded-For: 1.1.1.1"), 200)
	check("this machine without the token", see(b.url), 401)
	for _, wrong := range []string{"Bearer", "Bearer ", "Bearer x", "Bearer " + token + "x", "Basic " + token, token} {
		check("a wrong token", see(b.url, "Authorization: "+wrong), 401)
	}

	b.stopBot()
	b.start(func(s *settings) { s.MetricsAddr = "127.0.0.1:0" })
	check("whoever asks at the public address", see(b.url), 404)
	check("whoever asks at their own address", see("http://"+b.srv.metricsAt.Addr().String()), 200)
	check("whoever asks there through a proxy", see("http://"+b.srv.metricsAt.Addr().String(), "X-Forwarded-For: 1.1.1.1"), 200)
}
