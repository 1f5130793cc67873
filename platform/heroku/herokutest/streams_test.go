package herokutest_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/internal/clocktest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// opened is an output that is being read.
type opened struct {
	*testing.T
	body *bufio.Reader
}

// open opens the output of a build or a release.
func (c client) open(thing map[string]any) opened {
	c.Helper()
	resp, err := http.Get(thing["output_stream_url"].(string))
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.ContentLength >= 0 {
		c.Fatalf("an output that is still written is answered with %d and %d bytes, want 200 in chunks", resp.StatusCode, resp.ContentLength)
	}
	return opened{c.T, bufio.NewReader(resp.Body)}
}

func (o opened) line() string {
	o.Helper()
	line, err := o.body.ReadString('\n')
	if err != nil {
		o.Fatalf("the output has no further line: %v", err)
	}
	return line
}

func (o opened) rest() (string, error) {
	text, err := io.ReadAll(o.body)
	return string(text), err
}

const someSource = `{"source_blob":{"url":"https://example.com/x.tgz"}}`

// An output stays open until what it belongs to has ended, by the clock.
func TestStreamsStayOpen(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, SkipDownload: true, Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.BuildTakes(3 * time.Minute)
	a.ReleaseTakes(time.Minute)
	asked := s.Remaining()

	b := c.want(201, "POST", "/apps/shop/builds", someSource).object()
	out := c.open(b)
	if got := out.line(); !strings.HasPrefix(got, "-----> Building") {
		t.Errorf("the output begins with %q", got)
	}
	if n := s.Streams(); n != 1 {
		t.Errorf("%d outputs are open, want one", n)
	}
	clk.Advance(3 * time.Minute)
	if rest, err := out.rest(); err != nil || !strings.Contains(rest, "Released v3") {
		t.Errorf("the output ends with %q (%v), want the release", rest, err)
	}
	if got := a.Builds()[0].Status; got != "succeeded" {
		t.Errorf("at the end of its output the build is %s, want succeeded", got)
	}

	r := c.want(200, "GET", "/apps/shop/releases/v3", "").object()
	out = c.open(r)
	out.line()
	clk.Advance(time.Minute)
	if rest, err := out.rest(); err != nil || rest != "done\n" {
		t.Errorf("the release phase's output ends with %q (%v)", rest, err)
	}

	// What was cancelled ends at once.
	b = c.want(201, "POST", "/apps/shop/builds", someSource).object()
	out = c.open(b)
	out.line()
	c.want(200, "DELETE", "/apps/shop/builds/"+b["id"].(string), "")
	if rest, err := out.rest(); err != nil || !strings.Contains(rest, "Build cancelled") {
		t.Errorf("the output of a cancelled build ends with %q (%v)", rest, err)
	}
	if got := asked - s.Remaining(); got > 4 {
		t.Errorf("%d requests were counted, want the API's 4 and no output", got)
	}
	obeys(t, s)
}

// What goes wrong with outputs.
func TestStreamFaults(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, SkipDownload: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.BuildTakes(time.Minute)
	b := c.want(201, "POST", "/apps/shop/builds", someSource).object()

	s.Inject(herokutest.Fault{Match: "/streams/build/*", Status: http.StatusNotFound})
	c.want(404, "GET", strings.TrimPrefix(b["output_stream_url"].(string), s.URL()), "", "Authorization", "")

	out := c.open(b)
	out.line()
	s.CutStreams()
	if rest, err := out.rest(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an output that is cut off ends with %q and %v, want an unexpected end", rest, err)
	}

	a.OutputEndsEarly(2 * time.Second)
	out = c.open(b)
	clk.Advance(58 * time.Second)
	if rest, err := out.rest(); err != nil {
		t.Errorf("an output that ends early ends with %q and %v", rest, err)
	}
	if got := a.Builds()[0].Status; got != "pending" {
		t.Errorf("two seconds before its end the API tells the build as %s, want pending", got)
	}
	clk.Advance(2 * time.Second)
	if got := a.Builds()[0].Status; got != "succeeded" {
		t.Errorf("at its end the API tells the build as %s, want succeeded", got)
	}

	// A server that closes takes its open outputs with it.
	a.OutputEndsEarly(0)
	out = c.open(c.want(201, "POST", "/apps/shop/builds", someSource).object())
	out.line()
	s.Close()
	if rest, err := out.rest(); err == nil {
		t.Errorf("the output of a server that closed ends with %q as if it were complete", rest)
	}
	if n := s.Streams(); n != 0 {
		t.Errorf("%d outputs are open on a server that has closed", n)
	}
}

// By the machine's own clock an output ends when its time has come.
func TestStreamsInRealTime(t *testing.T) {
	s := newServer(t, herokutest.Options{SkipDownload: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.BuildTakes(30 * time.Millisecond)
	out := c.open(c.want(201, "POST", "/apps/shop/builds", someSource).object())
	if rest, err := out.rest(); err != nil || !strings.Contains(rest, "Released v3") {
		t.Errorf("the output ends with %q (%v), want the release", rest, err)
	}
}
