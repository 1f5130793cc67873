package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// terminalView draws bars that grow.
type terminalView struct {
	out   io.Writer
	width func() int // of a line, in characters
	now   func() time.Time

	mu    sync.Mutex
	drawn int // lines of the picture on the screen that the next one replaces; guarded by mu
}

func (v *terminalView) print(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.drawn = 0
	text := fmt.Sprintf(format, args...)
	if strings.HasPrefix(text, verbatim) {
		fmt.Fprintln(v.out, text)
		return
	}
	for _, line := range wrap(text, v.width()) {
		fmt.Fprintln(v.out, line)
	}
}

func (v *terminalView) show(t timeline) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.draw(t, v.now())
}

// runOnAtMost is how long the demo waits for what Headstart spares.
const runOnAtMost = 15 * time.Second

func (v *terminalView) runOn(ctx context.Context, t timeline) {
	end := t.pushed.Add(t.without())
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for left := end.Sub(v.now()); left > 0 && left < runOnAtMost && ctx.Err() == nil; left = end.Sub(v.now()) {
		v.show(t)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.draw(t, end)
}

// layout is how a picture's lines are divided.
type layout struct {
	name, cells, note int           // in characters
	cell              time.Duration // what one character of a bar stands for
}

// Widths of a picture, in characters.
const (
	captionWidth = 10 // a time, with spaces around
	mostNote     = 25
	leastCells   = 10
	mostCells    = 60
)

// withoutLane is the line below the stages.
const withoutLane = "without Headstart"

// layoutOf fits a picture into a width. The longest lane fills its bar.
func layoutOf(t timeline, now time.Time, width int) layout {
	l := layout{name: len(withoutLane)}
	if width < 70 {
		l.name = len("production")
	}
	room := width - 2 - l.name - 1 - captionWidth - 1 // the last column stays empty: some terminals wrap there
	l.note = min(max(room-leastCells, 0), mostNote)
	l.cells = min(max(room-l.note, leastCells), mostCells)
	l.note = max(room-l.cells, 0)
	l.cell = max(spanOf(now, t)/time.Duration(l.cells), time.Millisecond)
	return l
}

// draw is called with mu held.
func (v *terminalView) draw(t timeline, now time.Time) {
	var b strings.Builder
	if v.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.drawn)
	}
	lay := layoutOf(t, now, v.width())
	for _, l := range t.lanes {
		fmt.Fprintf(&b, "\x1b[2K  %-*s %s%s\n", lay.name, l.name, lay.bar(t.pushed, l, now), lay.caption(l, now))
	}
	v.drawn = len(t.lanes)
	if len(t.lanes) > 2 && t.lanes[2].state != laneNever {
		fmt.Fprintf(&b, "\x1b[2K%s\n", lay.without(t, now))
		v.drawn++
	}
	b.WriteString("\x1b[J") // a line that was below, if this picture has fewer
	fmt.Fprint(v.out, b.String())
}

// caption is the time that a lane took, and its note.
func (lay layout) caption(l lane, now time.Time) string {
	note := cut(l.note, lay.note)
	switch l.state {
	case laneRunning:
		return fmt.Sprintf("%6.1f s  %s", now.Sub(l.began).Seconds(), note)
	case laneDone:
		return fmt.Sprintf("%6.1f s  %s", l.took().Seconds(), note)
	case laneFailed:
		return fmt.Sprintf("%6.1f s  \x1b[31m%s\x1b[0m", l.took().Seconds(), note)
	case laneNever:
		return fmt.Sprintf("     –    \x1b[2m%s\x1b[0m", note)
	}
	return ""
}

// bar draws when something ran, on a scale that begins with the push.
func (lay layout) bar(from time.Time, l lane, now time.Time) string {
	if l.began.IsZero() || l.state == laneDone && l.took() == 0 {
		return dim(strings.Repeat("·", lay.cells))
	}
	end := l.ended
	if end.IsZero() {
		end = now
	}
	first, last := lay.at(l.began.Sub(from)), lay.at(end.Sub(from))
	color := map[laneState]string{laneRunning: "33", laneDone: "32", laneFailed: "31"}[l.state]
	return fmt.Sprintf("%s\x1b[%sm%s\x1b[0m%s", dim(strings.Repeat("·", first)), color,
		strings.Repeat("█", last-first+1), dim(strings.Repeat("·", lay.cells-1-last)))
}

// at is the cell that a moment after the push falls into.
func (lay layout) at(d time.Duration) int { return min(max(int(d/lay.cell), 0), lay.cells-1) }

// without draws how far the commit would be if each step waited for the one before it.
func (lay layout) without(t timeline, now time.Time) string {
	gone := now.Sub(t.pushed)
	var checks time.Duration
	if end := t.lanes[1].ended; !end.IsZero() {
		checks = end.Sub(t.pushed)
	}
	bar, step, begins := "", "", time.Duration(0)
	for _, s := range []struct {
		name, fill string
		took       time.Duration
		known      bool
	}{
		{"checks", "░", checks, checks > 0},
		{"build", "▒", t.buildTook(), t.lanes[0].state == laneDone},
		{"release", "▓", t.releases(), t.released()},
	} {
		ends := begins + s.took
		if !s.known {
			ends = gone // it takes at least until now
		}
		if n := lay.at(min(ends, gone)) + 1 - utf8.RuneCountInString(bar); n > 0 && gone > begins {
			bar, step = bar+strings.Repeat(s.fill, n), s.name
		}
		if begins = ends; !s.known {
			break
		}
	}
	took, note := gone, step
	if all := t.without(); t.released() && gone >= all {
		live, _ := t.live()
		took, note = all, fmt.Sprintf("%.1f s later", max(all-live.Sub(t.pushed), 0).Seconds())
	}
	name := withoutLane
	if lay.name < len(name) {
		name = "without"
	}
	dots := strings.Repeat("·", max(lay.cells-utf8.RuneCountInString(bar), 0))
	return dim(fmt.Sprintf("  %-*s %s%s%6.1f s  %s", lay.name, name, bar, dots, took.Seconds(), cut(note, lay.note)))
}

// spanOf is the time that the bars stand for: what the longest lane takes, rounded up while
// it grows, so that the bars seldom shrink.
func spanOf(now time.Time, t timeline) time.Duration {
	longest := now.Sub(t.pushed)
	if t.ended() {
		longest = min(longest, t.without())
		for _, l := range t.lanes {
			longest = max(longest, l.ended.Sub(t.pushed))
		}
		if !t.released() || longest >= t.without() {
			return longest
		}
	}
	step := 4 * time.Second
	for step < longest {
		step = step * 3 / 2
	}
	return step
}

func dim(text string) string { return "\x1b[2m" + text + "\x1b[0m" }

// cut shortens text to n characters, the last of which is then an ellipsis.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(append(runes[:max(n-1, 0)], []rune("…")[:min(n, 1)]...))
	}
	return text
}

// verbatim begins a line that is meant to be copied.
const verbatim = "    "

// wrap breaks a line between words so that each part fits into a width. What follows is
// indented like the first.
func wrap(text string, width int) []string {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	var lines []string
	for utf8.RuneCountInString(text) > width {
		runes := []rune(text)
		at := strings.LastIndex(string(runes[:width+1]), " ")
		if at <= len(indent) { // one long word, such as an address
			break
		}
		lines, text = append(lines, strings.TrimRight(text[:at], " ")), indent+strings.TrimLeft(text[at:], " ")
	}
	return append(lines, text)
}
