package local_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/platform/local"
)

func TestRouterWithoutAnApp(t *testing.T) {
	m := newMachine(t, local.Options{})
	if _, err := m.Builds(t.Context(), "fresh"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host   string
		status int
		text   string
	}{
		{"nothing.localhost", http.StatusNotFound, "no such app"},
		{"nothing.localhost:1234", http.StatusNotFound, "no such app"},
		{"shop.example.com", http.StatusNotFound, "no such app"},
		{"..localhost", http.StatusNotFound, "no such app"},
		{"", http.StatusNotFound, "no such app"},
		{"fresh.localhost", http.StatusServiceUnavailable, "not deployed yet"},
		{"FRESH.localhost.:80", http.StatusServiceUnavailable, "not deployed yet"},
		{"localhost:80", http.StatusOK, "nothing runs"},
		{"[::1]:80", http.StatusOK, "nothing runs"},
	} {
		if c.host == "" {
			c.host = "x" // net/http fills in an empty one
		}
		status, body, _ := m.get(c.host, "/")
		if status != c.status || !strings.Contains(body, c.text) {
			t.Errorf("%s answers %d, %s\nit should be %d and say %q", c.host, status, body, c.status, c.text)
		}
	}
}

func TestRouterPages(t *testing.T) {
	m := newMachine(t, local.Options{})
	b := m.good(sha(1))
	r := m.live(b, "shop")
	if out := m.output(b.OutputURL); !strings.Contains(out, "$ sh ./build.sh") {
		t.Errorf("the build's output is %q", out)
	}
	if out := m.output(r.OutputURL); !strings.Contains(out, "listening") {
		t.Errorf("the release's output is %q", out)
	}
	if _, list, _ := m.get("localhost", "/"); !strings.Contains(list, "runs v1 of commit "+sha(1)) {
		t.Errorf("the list of apps is\n%s", list)
	}
	if status, log, _ := m.get("127.0.0.1", "/_headstart/apps/shop/web"); status != 200 || !strings.Contains(log, "--- v1 starts") {
		t.Errorf("the app's log is %d, %q", status, log)
	}
	for _, path := range []string{"/_headstart/apps/shop/builds/../../../state.json", "/_headstart/apps/shop/releases/v9",
		"/_headstart/apps/none/web", "/_headstart/", "/_headstart/apps/shop/builds/" + b.ID} { // a build of another app
		if status, body, _ := m.get("localhost", path); status != http.StatusNotFound {
			t.Errorf("%s answers %d: %s", path, status, body)
		}
	}
	// An app sees its own paths, whatever they are called.
	if status, _, _ := m.get("shop.localhost", "/_headstart/apps/shop/web"); status != http.StatusNotFound {
		t.Errorf("the output is served under an app's name too: %d", status)
	}
}

func TestForwardedHeaders(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	_, port, err := net.SplitHostPort(m.RouterAddr())
	if err != nil {
		t.Fatal(err)
	}
	_, out, _ := m.get("shop.localhost:"+port, "/headers")
	out = strings.ReplaceAll(out, "\r", "")
	for _, want := range []string{"Host: shop.localhost:" + port, "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: shop.localhost:" + port,
		"X-Forwarded-Proto: http", "X-Forwarded-Port: " + port} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("the app does not see %q:\n%s", want, out)
		}
	}
}

// TestUpgradedConnection speaks a protocol of its own through the router, as a
// websocket does.
func TestUpgradedConnection(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	conn, err := net.Dial("tcp", m.RouterAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /socket HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the upgrade was answered %v (%v)", res, err)
	}
	for _, word := range []string{"one", "two"} {
		fmt.Fprintln(conn, word)
		if line, err := in.ReadString('\n'); err != nil || line != "echo "+word+"\n" {
			t.Errorf("%s came back as %q (%v)", word, line, err)
		}
	}
}

func TestDialContextKnowsTheApps(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	app, err := m.App(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: m.DialContext, DisableKeepAlives: true}}
	res, err := client.Get(app.URL + "/")
	if err != nil {
		t.Fatalf("call the app at its URL %s: %v", app.URL, err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s", app.URL, res.Status)
	}
}

// CONNECT asks for a tunnel, to an app or through one, and there is none.
func TestRouterIsNoProxy(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	for _, target := range []string{"example.com:443", "shop.localhost:80", "localhost:22", "127.0.0.1:5432"} {
		conn, err := net.Dial("tcp", m.RouterAddr())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "CONNECT %[1]s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", target)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		conn.Close()
		if res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("CONNECT %s should be answered with 405, it was %s", target, res.Status)
		}
	}
}
