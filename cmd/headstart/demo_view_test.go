package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// sampleTimeline is a merge that was built ahead: seconds since the push.
func sampleTimeline(now float64) (timeline, time.Time) {
	push := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return push.Add(time.Duration(s * float64(time.Second))) }
	t := timeline{title: "merge of #1", pushed: push, ahead: 5 * time.Second, lanes: []lane{
		{name: "build", state: laneDone, began: push, ended: push, note: "built ahead, for #1"},
		{name: "checks", state: laneRunning, began: push, note: "ci/test"},
		{name: "staging", state: laneWaiting}, {name: "production", state: laneWaiting},
	}}
	for i, l := range []struct{ from, to float64 }{{0, 0}, {0, 5}, {5, 6}, {6, 7}} {
		if i > 0 && now >= l.from {
			t.lanes[i].state, t.lanes[i].began = laneRunning, at(l.from)
		}
		if i > 0 && now >= l.to {
			t.lanes[i].state, t.lanes[i].ended, t.lanes[i].note = laneDone, at(l.to), "live"
		}
	}
	return t, at(now)
}

// A picture fits every width, its longest bar is as long as there is room, and the dim one
// runs on when the commit is live.
func TestTimelineInATerminal(t *testing.T) {
	for _, width := range []int{40, 60, 80, 200} {
		for _, now := range []float64{0, 0.1, 3, 5.5, 7, 9, 12, 20} {
			var out bytes.Buffer
			is, at := sampleTimeline(now)
			v := &terminalView{out: &out, width: func() int { return width }, now: func() time.Time { return at }}
			v.show(is)
			lines := strings.Split(strings.TrimSuffix(escapes.ReplaceAllString(out.String(), ""), "\n"), "\n")
			if len(lines) != 5 {
				t.Fatalf("a picture should have four lanes and the one without Headstart, it has:\n%s", strings.Join(lines, "\n"))
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > width {
					t.Errorf("a line should have at most %d characters, it has %d: %s", width, n, line)
				}
			}
			if without := lines[4]; now >= 12 && !strings.Contains(without, "5.0 s later"[:min(11, max(width-50, 0))]) {
				t.Errorf("without Headstart the merge should be live 5 s later, after %.1f s it says: %s", now, without)
			}
			if now >= 12 && strings.Contains(lines[4], "·") {
				t.Errorf("the longest bar should fill its room:\n%s", strings.Join(lines, "\n"))
			}
			if now == 9 && !strings.Contains(lines[4], "▒") {
				t.Errorf("without Headstart the build should run after the checks:\n%s", strings.Join(lines, "\n"))
			}
		}
	}
}

// One that has fewer lines than the one before leaves nothing of it.
func TestTimelineThatLosesALane(t *testing.T) {
	var out bytes.Buffer
	is, at := sampleTimeline(3)
	v := &terminalView{out: &out, width: func() int { return 80 }, now: func() time.Time { return at }}
	v.show(is)
	is.lanes[1].state, is.lanes[1].ended = laneFailed, at
	is.lanes[2].state, is.lanes[3].state = laneNever, laneNever
	v.show(is)
	if !strings.HasSuffix(out.String(), "\x1b[J") {
		t.Errorf("what was below should be cleared: %q", out.String())
	}
}

// Plain output has no escapes, and says what a terminal shows.
func TestTimelineInPlainText(t *testing.T) {
	var out bytes.Buffer
	v := newView(untilClosed{&out, func() {}})
	for _, now := range []float64{0, 3, 5.5, 6.5, 7} {
		is, _ := sampleTimeline(now)
		v.show(is)
	}
	is, _ := sampleTimeline(7)
	v.runOn(context.Background(), is)
	text := out.String()
	for _, want := range []string{"build       done      built ahead, for #1: 0 s", "production  done      live in 1.0 s", "live after 7.0 s; without Headstart after 12.0 s"} {
		if !strings.Contains(text, want) {
			t.Errorf("plain output should say %q, it says:\n%s", want, text)
		}
	}
	if escapes.MatchString(text) {
		t.Errorf("plain output should have no escapes: %q", text)
	}
}

func TestWrap(t *testing.T) {
	for _, k := range []struct {
		text  string
		width int
		want  []string
	}{
		{"short", 80, []string{"short"}},
		{"   one two three four", 12, []string{"   one two", "   three", "   four"}},
		{"   … so the merge", 9, []string{"   … so", "   the", "   merge"}},
		{"averyveryverylongword", 8, []string{"averyveryverylongword"}},
	} {
		if got := strings.Join(wrap(k.text, k.width), "|"); got != strings.Join(k.want, "|") {
			t.Errorf("%q in %d columns should be %q, it is %q", k.text, k.width, k.want, got)
		}
	}
}

// What the table and the estimate say adds up, and is never less than nothing.
func TestTableAndEstimate(t *testing.T) {
	var out bytes.Buffer
	merge, _ := sampleTimeline(7)
	quick := merge // its build took no time, so that there is nothing to spare
	quick.title, quick.ahead = "quick", 0
	w := &world{view: newView(untilClosed{&out, func() {}}), ci: &demoCI{least: 5 * time.Second}, deploys: []timeline{merge, quick}}
	w.table()
	w.estimate(estimate{Build: 8 * time.Minute})
	text := regexp.MustCompile(`(?m)^ *[0-9.]+s  `).ReplaceAllString(out.String(), "")
	for _, want := range []string{
		"merge of #1          0.0     5.0       2.0    7.0      12.0     42 %", "quick                0.0     5.0       2.0    7.0       7.0      0 %",
		"A build of 8m, checks of 4m, releases of 20s to each of 2 stages:", "without Headstart                      12m40s", "with it, a push                         8m40s   4m sooner, 32 %",
		"merge that was built ahead   4m40s   8m sooner, 63 %",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("expected %q in:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("a line should fit 80 columns, it has %d: %s", n, line)
		}
	}
}
