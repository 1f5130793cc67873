package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// Measures of the picture, in pixels; a character is charWidth wide.
const (
	columns   = 80
	charWidth = 8.0
	rowHeight = 18
	rowsShown = 24
	padding   = 14
	restsFor  = 8 * time.Second // before it begins again
)

// drawing is the picture in the making. What moves is in keyframes, so that a reader who
// wants no motion, or has a program that knows none, sees how it ends.
type drawing struct {
	body, frames bytes.Buffer
	total        time.Duration
	row          int
	scrolls      []string
	known        map[string]bool
}

// drawDemo draws what a demo showed.
func drawDemo(scenes []scene) []byte {
	d := &drawing{known: map[string]bool{}}
	for _, s := range scenes {
		d.total = max(d.total, s.At)
		if s.Show != nil && s.Show.Steps != nil {
			d.total = max(d.total, s.Show.Pushed+sum(s.Show.Steps))
		}
	}
	d.total += restsFor
	for _, s := range scenes {
		if s.Show == nil {
			for _, line := range wrap(s.Line, columns) {
				d.line(s.At, line)
			}
			continue
		}
		d.timeline(s.At, *s.Show)
	}
	width, height := columns*charWidth+2*padding, rowsShown*rowHeight+2*padding
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %d" width="%g" height="%d" role="img" aria-labelledby="title">
<title id="title">headstart demo: a commit, a pull request and its merge go to production; what each took, and what it takes without Headstart</title>
<!-- Drawn by go test ./cmd/headstart -run TestDemoPicture -update from what a demo said, with its times. -->
<style>
svg{--back:#fff;--text:#1f2328;--soft:#6e7781;--line:#d1d9e0;--good:#1a7f37;--bad:#cf222e;--bar:#eaeef2}
@media(prefers-color-scheme:dark){svg{--back:#0d1117;--text:#e6edf3;--soft:#8b949e;--line:#3d444d;--good:#3fb950;--bad:#ff7b72;--bar:#21262d}}
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:var(--text);white-space:pre}
.s{fill:var(--soft)}.good{fill:var(--good)}.bad{fill:var(--bad)}.bar{fill:var(--bar)}
.w0{fill:var(--soft);opacity:.35}.w1{fill:var(--soft);opacity:.65}.w2{fill:var(--soft);opacity:.5}
.m,#all{animation-duration:%.1fs;animation-iteration-count:infinite;animation-timing-function:linear}
.g{transform-box:fill-box;transform-origin:left}
#all{animation-name:scroll;animation-timing-function:step-end;transform:translateY(%dpx)}
%s@keyframes scroll{0%%{transform:none}%s}
@media(prefers-reduced-motion:reduce){.m,#all{animation:none}}
</style>
<rect x=".5" y=".5" width="%g" height="%d" rx="8" fill="var(--back)" stroke="var(--line)"/>
<svg x="%d" y="%d" width="%g" height="%d">
<g id="all">
%s</g>
</svg>
</svg>
`, width, height, width, height, d.total.Seconds(), -d.hidden()*rowHeight, d.frames.String(), strings.Join(d.scrolls, ""),
		width-1, height-1, padding, padding, columns*charWidth, rowsShown*rowHeight, d.body.String())
	return out.Bytes()
}

func sum(list []time.Duration) (all time.Duration) {
	for _, d := range list {
		all += d
	}
	return all
}

// percent is when something happens, as keyframes count.
func (d *drawing) percent(at time.Duration) string {
	return fmt.Sprintf("%.2f%%", 100*min(max(at, 0), d.total).Seconds()/d.total.Seconds())
}

// hidden is how many rows have left the picture at its top.
func (d *drawing) hidden() int { return max(d.row-rowsShown, 0) }

// next begins a row, and scrolls to it.
func (d *drawing) next(at time.Duration) (y int) {
	y = d.row*rowHeight + 13
	d.row++
	if n := d.hidden(); n > 0 {
		d.scrolls = append(d.scrolls, fmt.Sprintf("%s{transform:translateY(%dpx)}", d.percent(at), -n*rowHeight))
	}
	return y
}

// appears is the class and the style of what is there from a time on.
func (d *drawing) appears(at time.Duration) string {
	name := "a" + fmt.Sprint(at.Milliseconds()/100)
	if !d.known[name] {
		d.known[name] = true
		p := 100 * at.Seconds() / d.total.Seconds()
		fmt.Fprintf(&d.frames, "@keyframes %s{0%%,%.2f%%{opacity:0}%.2f%%,to{opacity:1}}\n", name, p, p+.01)
	}
	return name
}

// grows is the animation of a bar between two times.
func (d *drawing) grows(from, to time.Duration) string {
	name := fmt.Sprintf("g%d-%d", from.Milliseconds(), to.Milliseconds())
	if !d.known[name] {
		d.known[name] = true
		fmt.Fprintf(&d.frames, "@keyframes %s{0%%,%s{transform:scaleX(0)}%s,to{transform:none}}\n", name, d.percent(from), d.percent(to))
	}
	return name
}

func (d *drawing) line(at time.Duration, text string) {
	y := d.next(at)
	if text != "" {
		d.text(at, 0, y, "", text)
	}
}

func (d *drawing) text(at time.Duration, column float64, y int, class, text string) {
	trimmed := strings.TrimLeft(text, " ")
	column += float64(len(text) - len(trimmed))
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(trimmed)) // a buffer takes everything
	fmt.Fprintf(&d.body, `<text x="%g" y="%d" textLength="%g" class="m %s" style="animation-name:%s">%s</text>`+"\n",
		column*charWidth, y, float64(len([]rune(trimmed)))*charWidth, class, d.appears(at), escaped.Bytes())
}

// rect draws a bar; one that does not grow is there from the beginning on.
func (d *drawing) rect(x, width float64, y int, class, animation string) {
	style := ""
	if animation != "" {
		class, style = "m g "+class, fmt.Sprintf(` style="animation-name:%s"`, animation)
	}
	fmt.Fprintf(&d.body, `<rect x="%.1f" y="%d" width="%.1f" height="12" class="%s"%s/>`+"\n", x, y-11, max(width, 1), class, style)
}

// timeline draws bars on the scale of the longest.
func (d *drawing) timeline(at time.Duration, t recordedTimeline) {
	const nameColumns, barColumns = 20.0, 27.0
	longest := sum(t.Steps)
	failed := at // when what was not released is known to be so
	for _, l := range t.Lanes {
		longest = max(longest, l.Ended-t.Pushed)
		if l.State == laneFailed {
			failed = l.Ended
		}
	}
	left, scale := nameColumns*charWidth, barColumns*charWidth/longest.Seconds()
	caption := nameColumns + barColumns + 1
	for _, l := range t.Lanes {
		y := d.next(at)
		d.text(at, 2, y, "", l.Name)
		d.appearing(at, func() { d.rect(left, barColumns*charWidth, y, "bar", "") })
		class := map[laneState]string{laneDone: "good", laneFailed: "bad"}[l.State]
		began := max(l.Began, t.Pushed) // CI may be told of a push first
		switch took := l.Ended - began; {
		case l.State == laneNever:
			d.text(failed, caption, y, "s", "    –    "+cut(l.Note, 23))
		case took == 0:
			d.text(max(at, l.Ended), caption, y, "good", fmt.Sprintf("%5.1f s  %s", 0.0, cut(l.Note, 23)))
		default:
			d.rect(left+(began-t.Pushed).Seconds()*scale, took.Seconds()*scale, y, class, d.grows(began, l.Ended))
			d.text(l.Ended, caption, y, "", fmt.Sprintf("%5.1f s  %s", (l.Ended-l.Began).Seconds(), cut(l.Note, 23)))
		}
	}
	if t.Steps == nil {
		return
	}
	y := d.next(at)
	d.text(at, 2, y, "s", withoutLane)
	d.appearing(at, func() { d.rect(left, barColumns*charWidth, y, "bar", "") })
	begins := t.Pushed
	for i, took := range t.Steps {
		if took > 0 {
			d.rect(left+(begins-t.Pushed).Seconds()*scale, took.Seconds()*scale, y, fmt.Sprintf("w%d", i), d.grows(begins, begins+took))
		}
		begins += took
	}
	d.text(begins, caption, y, "s", fmt.Sprintf("%5.1f s  %.1f s later", sum(t.Steps).Seconds(), max(begins-t.Live, 0).Seconds()))
}

// appearing draws what is there from a time on.
func (d *drawing) appearing(at time.Duration, draw func()) {
	fmt.Fprintf(&d.body, `<g class="m" style="animation-name:%s">`, d.appears(at))
	draw()
	fmt.Fprintln(&d.body, "</g>")
}
