package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/store"
)

// historyWidth is how wide the tables are: a terminal's usual width.
const historyWidth = 80

// promotionRow is a row of the table.
type promotionRow struct {
	history.Promotion
	change history.Change // zero: it is not kept
	until  time.Time      // when the stage got something else; zero: it did not, as far as is listed
}

// printPromotions writes a table, the newest promotion first. What else is to be said of
// one stands in a line below it.
func printPromotions(out io.Writer, key bot.Key, stage string, list []history.Promotion, changes map[string]history.Change, now time.Time) {
	fmt.Fprintf(out, "%s%s, times in UTC\n\n", key, toStage(stage))
	cells := [][]string{{"WHEN", "STAGE", "COMMIT", "IN", "RESULT", "CHANGE"}}
	var below []string
	until := map[string]time.Time{} // by stage
	for _, p := range list {
		r := promotionRow{p, changes[p.SHA], until[p.Stage]}
		cells = append(cells, []string{moment(p.Began, now), oneLine(p.Stage), shortSHA(p.SHA), r.took(), r.result(), r.title()})
		below = append(below, r.because())
		if r.released() {
			until[p.Stage] = p.Began
		}
	}
	if stage != "" {
		for i, row := range cells {
			cells[i] = append(row[:1:1], row[2:]...)
		}
	}
	widths := make([]int, len(cells[0])-1) // the last column has the rest
	for _, row := range cells {
		for i := range widths {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for i, row := range cells {
		var line strings.Builder
		for c, width := range widths {
			line.WriteString(row[c] + strings.Repeat(" ", width-utf8.RuneCountInString(row[c])+2))
		}
		room := max(20, historyWidth-utf8.RuneCountInString(line.String()))
		fmt.Fprintln(out, strings.TrimRight(line.String()+redact.Cut(row[len(row)-1], room), " "))
		if i > 0 && below[i-1] != "" {
			fmt.Fprintln(out, "  "+redact.Cut(below[i-1], historyWidth-2))
		}
	}
}

// moment writes a time in twelve characters, as ls does.
func moment(at, now time.Time) string {
	const recent = 300 * day
	switch at = at.UTC(); {
	case at.IsZero():
		return "-"
	case now.Sub(at) > recent:
		return at.Format("Jan _2  2006")
	}
	return at.Format("Jan _2 15:04")
}

func shortSHA(sha string) string {
	if sha == "" {
		return "-"
	}
	return redact.Cut(oneLine(bot.Short(sha)), 12)
}

// live reports whether it put something live that stayed there.
func (r promotionRow) live() bool {
	return r.Result == history.ResultProved || r.Kind == history.KindByHand
}

// released reports whether it replaced what was live.
func (r promotionRow) released() bool { return r.live() || !r.Released.IsZero() }

// took is how long a change took from its push until it was live, and anything else from
// its beginning to its end.
func (r promotionRow) took() string {
	from, to := r.Began, r.Ended
	if r.Kind == history.KindForward && r.live() && !r.change.PushedAt.IsZero() && r.change.PushedAt.Before(r.Began) {
		from, to = r.change.PushedAt, r.Proved
	}
	if r.Kind == history.KindByHand || from.IsZero() || to.Before(from) {
		return "-"
	}
	return length(to.Sub(from))
}

// length writes a time in at most six characters: 0:21, 5:48, 1h12m, 3d4h, 120d.
func length(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Hour:
		return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
	case d < day:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= 100*day:
		return fmt.Sprintf("%dd", d/day)
	}
	return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
}

// result says how it ended, and how long it was live.
func (r promotionRow) result() string {
	switch {
	case r.Result == "":
		return "under way"
	case !r.live():
		return string(r.Result)
	case r.until.IsZero():
		return "live"
	}
	return "live " + length(r.until.Sub(r.Began))
}

// title names what was promoted.
func (r promotionRow) title() string {
	var parts []string
	text := r.change.Title
	if r.Kind == history.KindRollback || r.Kind == history.KindUndo {
		parts = append(parts, "↩")
	}
	if pull := cmp.Or(r.change.Pull, r.Pull); pull != 0 {
		parts = append(parts, fmt.Sprintf("#%d", pull))
		text = strings.TrimSuffix(text, fmt.Sprintf(" (#%d)", pull)) // as GitHub ends the title of a squashed one
	}
	if r.Commits > 1 { // before the title, of which the end may be cut
		parts = append(parts, fmt.Sprintf("(+%d)", r.Commits-1))
	}
	return strings.Join(append(parts, strings.Fields(text)...), " ")
}

// because says who wanted it, why, and why it did not succeed; empty: there is nothing to
// say.
func (r promotionRow) because() string {
	var parts []string
	by, from := "", ""
	if who := oneLine(r.Who); who != "" {
		by = " by " + who
	}
	if r.Replaced != "" {
		from = " from " + shortSHA(r.Replaced)
	}
	switch r.Kind {
	case history.KindRollback:
		parts = append(parts, "rollback"+from+by)
	case history.KindUndo:
		parts = append(parts, "automatic rollback"+from)
	case history.KindByHand:
		parts = append(parts, "released by hand on the platform"+by)
	default:
		if by != "" {
			parts = append(parts, "asked for or approved"+by)
		}
	}
	if why := oneLine(r.Why); why != "" {
		parts = append(parts, "“"+why+"”")
	}
	if reason := oneLine(r.Reason); reason != "" {
		parts = append(parts, reason)
	}
	return redact.Redact(strings.Join(parts, ": "))
}

// printLatest writes the newest promotion of each pipeline.
func printLatest(out io.Writer, latest []store.Latest, since, now time.Time) error {
	if len(latest) == 0 {
		fmt.Fprintf(out, "No pipeline has a promotion%s.\n", sinceText(since))
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PIPELINE\tWHEN (UTC)\tSTAGE\tCOMMIT\tRESULT")
	for _, l := range latest {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", l.Pipeline, moment(l.Began, now), oneLine(l.Stage), shortSHA(l.SHA), promotionRow{Promotion: l.Promotion}.result())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nThe newest promotion of each pipeline. All of one: headstart history PIPELINE")
	return nil
}
