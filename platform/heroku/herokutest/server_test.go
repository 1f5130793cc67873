package herokutest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/internal/clocktest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// newServer starts a stand-in that ends with the test.
func newServer(t *testing.T, o herokutest.Options) *herokutest.Server {
	t.Helper()
	s, err := herokutest.New(o)
	if err != nil {
		t.Fatalf("start the stand-in: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// client asks a stand-in as a program of the test's own.
type client struct {
	*testing.T
	s *herokutest.Server
}

type answer struct {
	status int
	header http.Header
	text   string
}

// object is the answer as a JSON object.
func (a answer) object() (o map[string]any) {
	json.Unmarshal([]byte(a.text), &o)
	return o
}

// objects is the answer as a JSON list.
func (a answer) objects() (list []map[string]any) {
	json.Unmarshal([]byte(a.text), &list)
	return list
}

// send makes one request, on a connection of its own.
func (c client) send(method, path, body string, header ...string) (answer, error) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, c.s.URL()+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.s.Token())
	req.Header.Set("Accept", "application/vnd.heroku+json; version=3")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// want makes a request that has to be answered with a status.
func (c client) want(status int, method, path, body string, header ...string) answer {
	c.Helper()
	a, err := c.send(method, path, body, header...)
	if err != nil {
		c.Fatalf("%s %s: %v", method, path, err)
	}
	if a.status != status {
		c.Fatalf("%s %s %s is answered with %d, want %d: %s", method, path, body, a.status, status, a.text)
	}
	return a
}

// obeys fails the test if the contract was broken.
func obeys(t *testing.T, s *herokutest.Server) {
	t.Helper()
	for _, v := range s.ContractErrors() {
		t.Errorf("the API's contract is broken: %s", v)
	}
}

// Only who has the token and names the version of the API gets in.
func TestAuthorization(t *testing.T) {
	s := newServer(t, herokutest.Options{Contract: true})
	c := client{T: t, s: s}
	s.AddApp("shop")
	c.want(200, "GET", "/apps/shop", "")
	c.want(200, "GET", "/account", "", "Authorization", basic(s.Token()))
	for _, wrong := range []string{"", "Bearer wrong", basic("wrong"), "Bearer " + s.Token() + "x"} {
		a := c.want(401, "GET", "/apps/shop", "", "Authorization", wrong)
		if o := a.object(); o["id"] != "unauthorized" || o["message"] == "" || o["url"] == "" {
			t.Errorf("with the authorization %q the answer is %s, want an error with id, message and url", wrong, a.text)
		}
	}
	c.want(404, "GET", "/apps/shop", "", "Accept", "application/json")
	obeys(t, s)
	c.want(404, "GET", "/nothing/here", "")
	if len(s.ContractErrors()) != 1 {
		t.Errorf("a path that the API does not have is not reported: %v", s.ContractErrors())
	}
	for _, r := range s.Requests() {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("the log of requests holds the authorization of %s", r)
		}
	}
}

func basic(password string) string {
	r, _ := http.NewRequest("GET", "/", nil)
	r.SetBasicAuth("", password)
	return r.Header.Get("Authorization")
}

// Every answer tells what is left; nothing is left, and then more with time.
func TestRateLimit(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, Contract: true, RateLimit: 60})
	c := client{T: t, s: s}
	s.SetRemaining(2)
	for _, want := range []string{"1", "0"} {
		if got := c.want(200, "GET", "/account", "").header.Get("RateLimit-Remaining"); got != want {
			t.Errorf("RateLimit-Remaining is %q, want %q", got, want)
		}
	}
	if a := c.want(429, "GET", "/account", ""); a.object()["id"] != "rate_limit" || a.header.Get("RateLimit-Remaining") != "0" {
		t.Errorf("beyond the limit the answer is %s, want the id rate_limit", a.text)
	}
	if a := c.want(200, "GET", "/account/rate-limits", ""); a.object()["remaining"] != 0.0 {
		t.Errorf("the limit is told as %s, want 0", a.text)
	}
	clk.Advance(time.Minute)
	c.want(200, "GET", "/account", "")
	c.want(429, "GET", "/account", "")
	clk.Advance(48 * time.Hour)
	if got := s.Remaining(); got != 60 {
		t.Errorf("after two days %d requests are left, want the hour's 60", got)
	}
	obeys(t, s)
}

// Lists come in pages, forwards and backwards.
func TestPaging(t *testing.T) {
	s := newServer(t, herokutest.Options{Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	for range 10 {
		a.Deploy("1111111111111111111111111111111111111111")
	}
	for _, order := range []string{"asc", "desc"} {
		var seen []float64
		next := "version ..; order=" + order + ",max=5"
		for pages := 0; next != ""; pages++ {
			page, err := c.send("GET", "/apps/shop/releases", "", "Range", next)
			if err != nil || pages > 3 {
				t.Fatalf("page %d of the list: %v", pages, err)
			}
			for _, r := range page.objects() {
				seen = append(seen, r["version"].(float64))
			}
			next = page.header.Get("Next-Range")
			if want := map[bool]int{true: 206, false: 200}[next != ""]; page.status != want {
				t.Errorf("a page is answered with %d, want %d", page.status, want)
			}
		}
		for i, v := range seen {
			if want := map[string]int{"asc": i + 1, "desc": 12 - i}[order]; int(v) != want || len(seen) != 12 {
				t.Fatalf("in pages, %s, the versions are %v", order, seen)
			}
		}
	}
	if got := c.want(200, "GET", "/apps/shop/releases", "", "Range", "version 3..4").objects(); len(got) != 2 {
		t.Errorf("versions 3 to 4 are %d releases", len(got))
	}
	if got := c.want(200, "GET", "/apps/shop/builds", "").text; strings.TrimSpace(got) != "[]" {
		t.Errorf("no builds are %q, want an empty list", got)
	}
	for _, wrong := range []string{"name ..", "version 1", "version ..; max=0", "version ..; max=2000", "version ..; order=up", "version ..; page=2"} {
		c.want(416, "GET", "/apps/shop/releases", "", "Range", wrong)
	}
	obeys(t, s)
}

// Faults happen as often as they were injected, before or after the effect.
func TestFaults(t *testing.T) {
	s := newServer(t, herokutest.Options{SkipDownload: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	build := `{"source_blob":{"url":"https://example.com/x.tgz","version":"1"}}`

	s.Inject(herokutest.Fault{Match: "POST /apps/*/builds", DropBefore: true})
	if _, err := c.send("POST", "/apps/shop/builds", build); err == nil || len(a.Builds()) != 0 {
		t.Errorf("dropped before the effect: error %v, %d builds", err, len(a.Builds()))
	}
	s.Inject(herokutest.Fault{Match: "POST", DropAfter: true})
	if _, err := c.send("POST", "/apps/shop/builds", build); err == nil || len(a.Builds()) != 1 {
		t.Errorf("dropped after the effect: error %v, %d builds", err, len(a.Builds()))
	}
	s.Inject(herokutest.Fault{Match: "/apps/shop", Status: 503, Body: herokutest.Unavailable, Times: 2, Header: http.Header{"retry-after": {"9"}}})
	for range 2 {
		got := c.want(503, "GET", "/apps/shop", "")
		if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || got.header.Get("Retry-After") != "9" {
			t.Errorf("Heroku's 503 has the header %v", got.header)
		}
	}
	c.want(200, "GET", "/apps/shop", "")
	s.Inject(herokutest.Fault{Status: 422, Times: -1})
	if got := c.want(422, "GET", "/account", "").object(); got["id"] != "invalid_params" {
		t.Errorf("a 422 by fault has the id %v", got["id"])
	}
	s.ClearFaults()
	c.want(200, "GET", "/account", "")
	s.Inject(herokutest.Fault{Delay: time.Millisecond})
	c.want(200, "GET", "/account", "")

	dropped := 0
	for _, r := range s.Requests() {
		if r.Status == 0 {
			dropped++
		}
	}
	if dropped != 2 {
		t.Errorf("the log tells of %d dropped connections, want 2:\n%v", dropped, s.Requests())
	}
}

// A token on an output stream is reported: the link is signed and needs none.
func TestStreams(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, SkipDownload: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.FailBuild("cannot compile")
	b := c.want(201, "POST", "/apps/shop/builds", `{"source_blob":{"url":"https://example.com/x.tgz"}}`).object()
	clk.Advance(time.Second)
	b = c.want(200, "GET", "/apps/shop/builds/"+b["id"].(string), "").object()
	link := strings.TrimPrefix(b["output_stream_url"].(string), s.URL())
	if got := c.want(200, "GET", link, "", "Authorization", ""); !strings.Contains(got.text, "cannot compile") {
		t.Errorf("the build's output is %q", got.text)
	}
	if got := c.want(206, "GET", link, "", "Authorization", "", "Range", "bytes=-13"); got.text != "Push failed\n" && len(got.text) != 13 {
		t.Errorf("the last 13 bytes of the output are %q", got.text)
	}
	obeys(t, s)
	c.want(200, "GET", link, "")
	if len(s.ContractErrors()) != 1 {
		t.Errorf("the API key on an output stream is not reported: %v", s.ContractErrors())
	}
	c.want(403, "GET", link+"0", "", "Authorization", "")
	clk.Advance(time.Hour)
	c.want(403, "GET", link, "", "Authorization", "")
}

// The contract finds what contradicts the schema.
func TestContract(t *testing.T) {
	s := newServer(t, herokutest.Options{Contract: true})
	c := client{T: t, s: s}
	s.AddApp("Not_A_Name")
	for request, want := range map[[3]string]string{
		{"GET", "/apps/Not_A_Name", ""}:                        "name is",
		{"PATCH", "/apps/Not_A_Name", `{"maintenance":"yes"}`}: "", // refused: nothing to hold it against
		{"PATCH", "/apps/Not_A_Name", `{"maintenence":true}`}:  `has "maintenence"`,
		{"POST", "/apps/Not_A_Name/webhooks", `{"include":["api:build"],"level":"notify","url":"http://127.0.0.1:1/","secret":7}`}: "",
		{"PATCH", "/apps/Not_A_Name/features/preboot", `{"enabled":true,"now":1}`}:                                                 `has "now"`,
		{"POST", "/filters/apps", `{"in":{"id":["Not_A_Name"]}}`}:                                                                  "id[0] is",
	} {
		before := len(s.ContractErrors())
		if _, err := c.send(request[0], request[1], request[2]); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(s.ContractErrors()[before:], "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s %s %s: the contract says %q, want %q in it", request[0], request[1], request[2], got, want)
		}
	}
}

// A server that cannot listen says so.
func TestAddress(t *testing.T) {
	s := newServer(t, herokutest.Options{})
	if _, err := herokutest.New(herokutest.Options{Addr: strings.TrimPrefix(s.URL(), "http://")}); err == nil {
		t.Errorf("two servers share an address")
	}
	big := client{T: t, s: s}
	a, err := big.send("POST", "/filters/apps", string(bytes.Repeat([]byte(" "), 2<<20)))
	if err == nil && a.status != 413 || errors.Is(err, io.EOF) {
		t.Errorf("a body of 2 MB is answered with %d (%v), want 413", a.status, err)
	}
}
