package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// view shows a demo's timelines: as bars that grow in a terminal, and as plain
// lines, one for each thing that happens, anywhere else.
type view struct {
	out   io.Writer
	plain bool
	fd    int // of the terminal; 0 where the output is plain
	began time.Time

	mu    sync.Mutex
	drawn int       // lines of the block on the screen that the next drawing replaces; guarded by mu
	last  timeline  // as last shown; guarded by mu
	spoke time.Time // when the last plain line was written; guarded by mu
}

func newView(out io.Writer) *view {
	v := &view{out: out, began: time.Now(), plain: true}
	if f, ok := out.(*os.File); ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd())) {
		v.plain, v.fd = false, int(f.Fd())
	}
	return v
}

// width is how many characters fit into a line of the terminal.
func (v *view) width() int {
	if w, _, err := term.GetSize(v.fd); err == nil && w > 0 {
		return w
	}
	return 80
}

// print prints a line that stays.
func (v *view) print(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.drawn = 0
	v.last = timeline{}
	v.line(format, args...)
}

// line writes one line, in plain output with the time since the demo began.
func (v *view) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch {
	case !v.plain && strings.Contains(text[strings.LastIndex(text, " ")+1:], "://"): // half an address is none
	case !v.plain:
		text = short(text, v.width())
	case text != "":
		text = fmt.Sprintf("%5.1fs  %s", time.Since(v.began).Seconds(), text)
	}
	fmt.Fprintln(v.out, text)
	v.spoke = time.Now()
}

// show brings the picture of a timeline up to date.
func (v *view) show(t timeline) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.plain {
		v.showChanges(t)
	} else {
		v.draw(t)
	}
	v.last = t
}

// quiet is how long plain output may stay silent while something runs.
const quiet = 2 * time.Second

func (v *view) showChanges(t timeline) {
	for i, l := range t.lanes {
		var before lane
		if v.last.title == t.title && i < len(v.last.lanes) {
			before = v.last.lanes[i]
		}
		if before.state == l.state || l.state == laneWaiting {
			continue
		}
		switch l.state {
		case laneRunning:
			v.line("  %-11s started   %s", l.name, l.note)
		case laneDone:
			v.line("  %-11s done      %s in %.1f s", l.name, l.note, l.took().Seconds())
		case laneFailed:
			v.line("  %-11s failed    %s", l.name, l.note)
		case laneNever:
			v.line("  %-11s never     %s", l.name, l.note)
		}
	}
	if time.Since(v.spoke) < quiet {
		return
	}
	var running []string
	for _, l := range t.lanes {
		if l.state == laneRunning {
			running = append(running, fmt.Sprintf("%s for %.0f s", l.name, time.Since(l.began).Seconds()))
		}
	}
	if len(running) > 0 {
		v.line("  … %s", strings.Join(running, ", "))
	}
}

// cell is how much time one character of a bar stands for.
const cell = 250 * time.Millisecond

const (
	nameWidth    = 13 // indented, with a space behind
	captionWidth = 32 // the time and a note
	mostCells    = 48
	fewestCells  = 10
)

func (v *view) draw(t timeline) {
	if v.drawn > 0 {
		fmt.Fprintf(v.out, "\x1b[%dA", v.drawn)
	}
	v.drawn = 0
	width, now := v.width(), time.Now()
	cells := min(max(width-nameWidth-captionWidth-2, fewestCells), mostCells)
	room := max(width-nameWidth-cells-12, 0) // for the note, so that no line wraps
	for _, l := range t.lanes {
		fmt.Fprintf(v.out, "\x1b[2K  %-10s %s %s\n", l.name, bar(t.pushed, l, now, cells), caption(l, now, room))
		v.drawn++
	}
}

// caption is the time that a lane took, in its color, and its note.
func caption(l lane, now time.Time, room int) string {
	note := short(l.note, room)
	switch l.state {
	case laneRunning:
		return fmt.Sprintf("\x1b[33m%5.1f s\x1b[0m  %s", now.Sub(l.began).Seconds(), note)
	case laneDone:
		return fmt.Sprintf("\x1b[32m%5.1f s\x1b[0m  %s", l.took().Seconds(), note)
	case laneFailed:
		return fmt.Sprintf("\x1b[31m%5.1f s  %s\x1b[0m", l.took().Seconds(), note)
	case laneNever:
		return fmt.Sprintf("    –    \x1b[2m%s\x1b[0m", note)
	}
	return "\x1b[2m    ·\x1b[0m"
}

// bar draws when something ran, on a scale that begins with the push.
func bar(from time.Time, l lane, now time.Time, cells int) string {
	if l.began.IsZero() || l.state == laneDone && l.took() == 0 {
		return "\x1b[2m" + strings.Repeat("·", cells) + "\x1b[0m"
	}
	end := l.ended
	if end.IsZero() {
		end = now
	}
	at := func(t time.Time) int { return min(max(int(t.Sub(from)/cell), 0), cells-1) }
	first, last := at(l.began), at(end)
	color := map[laneState]string{laneRunning: "33", laneDone: "32", laneFailed: "31"}[l.state]
	return fmt.Sprintf("\x1b[2m%s\x1b[0m\x1b[%sm%s\x1b[0m\x1b[2m%s\x1b[0m", strings.Repeat("·", first), color,
		strings.Repeat("█", last-first+1), strings.Repeat("·", cells-1-last))
}

// short cuts text to n characters, the last of which is then an ellipsis.
func short(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n || n < 1 {
		return text
	}
	return string(runes[:n-1]) + "…"
}
