package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

var recordDemo = flag.Bool("update", false, "run the demo and record it for the README's picture, which takes a minute")

const (
	demoPicture   = "../../docs/pictures/demo.svg"
	demoRecording = "testdata/demo.json"
)

// scene is what a demo showed at a time: a line, or a timeline.
type scene struct {
	At   time.Duration // since the demo began
	Line string
	Show *recordedTimeline `json:",omitempty"`
}

// recordedTimeline is a timeline once it has ended. Times are since the demo began.
type recordedTimeline struct {
	Pushed time.Duration
	Lanes  []recordedLane
	// Steps are how long the checks, the build and the releases take one after the other;
	// empty: the timeline shows no comparison.
	Steps []time.Duration
	Live  time.Duration
}

type recordedLane struct {
	Name         string
	State        laneState
	Began, Ended time.Duration // zero: never
	Note         string
}

// recorder is a view that keeps what was shown, and when.
type recorder struct {
	began  time.Time
	scenes []scene
	title  string // of the timeline that was shown last
}

func (r *recorder) print(format string, args ...any) {
	r.title = ""
	r.scenes = append(r.scenes, scene{At: time.Since(r.began), Line: fmt.Sprintf(format, args...)})
}

func (r *recorder) show(t timeline) {
	since := func(at time.Time) time.Duration {
		if at.IsZero() {
			return 0
		}
		return at.Sub(r.began)
	}
	is := recordedTimeline{Pushed: since(t.pushed)}
	for _, l := range t.lanes {
		is.Lanes = append(is.Lanes, recordedLane{l.name, l.state, since(l.began), since(l.ended), l.note})
	}
	if t.released() {
		live, _ := t.live()
		is.Live = since(live)
		is.Steps = []time.Duration{t.lanes[1].ended.Sub(t.pushed), t.buildTook(), t.releases()}
	}
	if r.title != t.title {
		r.title = t.title
		r.scenes = append(r.scenes, scene{At: time.Since(r.began)})
	}
	r.scenes[len(r.scenes)-1].Show = &is
}

func (r *recorder) runOn(ctx context.Context, t timeline) {
	r.show(t)
	select {
	case <-time.After(time.Until(t.pushed.Add(t.without()))):
	case <-ctx.Done():
	}
}

// record runs the demo.
func record(t *testing.T) []scene {
	t.Setenv("TMPDIR", t.TempDir())
	_, port, _ := net.SplitHostPort(freeAddress(t))
	n, _ := strconv.Atoi(port)
	r := &recorder{began: time.Now()}
	if err := (demoCommand{Port: n, CI: span(5 * time.Second)}).show(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for i := range r.scenes { // the ports of this run mean nothing to anybody
		r.scenes[i].Line = strings.ReplaceAll(r.scenes[i].Line, ":"+port, ":8081")
		if strings.Contains(r.scenes[i].Line, "/session/") {
			r.scenes[i].Line = verbatim + "http://127.0.0.1:40123/session/…"
		}
		if strings.HasPrefix(r.scenes[i].Line, "Headstart ") {
			r.scenes[i].Line = "Headstart, with a stand-in for GitHub, a git repository"
		}
	}
	return r.scenes
}

// The README's picture of the demo is drawn from what a demo said, with its real times.
func TestDemoPicture(t *testing.T) {
	if *recordDemo {
		text, err := json.MarshalIndent(record(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(demoRecording, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var scenes []scene
	if err := json.Unmarshal([]byte(read(t, demoRecording)), &scenes); err != nil {
		t.Fatal(err)
	}
	picture := drawDemo(scenes)
	if *recordDemo {
		if err := os.WriteFile(demoPicture, picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(picture, []byte(read(t, demoPicture))) {
		t.Errorf("%s should be drawn from %s: go test ./cmd/headstart -run TestDemoPicture -update", demoPicture, demoRecording)
	}
	const most = 60 << 10
	if len(picture) > most {
		t.Errorf("the picture should have at most %d bytes, it has %d", most, len(picture))
	}
	for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the picture should be XML: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "script" || e.Name.Local == "image" || e.Name.Local == "foreignObject") {
			t.Errorf("the picture should be drawn of shapes and text, it has <%s>", e.Name.Local)
		}
	}
}
