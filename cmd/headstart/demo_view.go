package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// view shows a demo: as bars that grow in a terminal, and as plain lines, one for each
// thing that happens, anywhere else.
type view interface {
	// print prints a line that stays. One that is indented by four spaces is meant to be
	// copied, and is never broken.
	print(format string, args ...any)
	// show brings the picture of a timeline up to date.
	show(t timeline)
	// runOn shows how long a commit that is live would have been on its way still.
	runOn(ctx context.Context, t timeline)
}

// newView returns bars for a terminal, and plain lines for anything else, or if the
// environment has NO_COLOR (https://no-color.org).
func newView(out untilClosed) view {
	f, ok := out.Writer.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return &plainView{out: out, began: time.Now()}
	}
	return &terminalView{out: out, now: time.Now, width: func() int {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
		return 80
	}}
}

// plainView writes lines, each with the time since the demo began.
type plainView struct {
	out   io.Writer
	began time.Time

	mu    sync.Mutex
	last  timeline  // as last shown; guarded by mu
	spoke time.Time // when the last line was written; guarded by mu
}

func (v *plainView) print(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = timeline{}
	v.line(format, args...)
}

// line is called with mu held.
func (v *plainView) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if text != "" {
		text = fmt.Sprintf("%5.1fs  %s", time.Since(v.began).Seconds(), text)
	}
	fmt.Fprintln(v.out, text)
	v.spoke = time.Now()
}

// quiet is how long plain output may stay silent while something runs.
const quiet = 2 * time.Second

func (v *plainView) show(t timeline) {
	v.mu.Lock()
	defer v.mu.Unlock()
	before := v.last
	v.last = t
	for i, l := range t.lanes {
		var was lane
		if before.title == t.title && i < len(before.lanes) {
			was = before.lanes[i]
		}
		if was.state == l.state || l.state == laneWaiting {
			continue
		}
		switch l.state {
		case laneRunning:
			v.line("  %-11s started   %s", l.name, l.note)
		case laneDone:
			if l.took() == 0 {
				v.line("  %-11s done      %s: 0 s", l.name, l.note)
				continue
			}
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

// runOn does not wait: it says what a terminal shows.
func (v *plainView) runOn(_ context.Context, t timeline) {
	v.mu.Lock()
	defer v.mu.Unlock()
	live, _ := t.live()
	v.line("  live after %.1f s; without Headstart after %.1f s: checks, build, releases", live.Sub(t.pushed).Seconds(), t.without().Seconds())
}
