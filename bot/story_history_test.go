package bot_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// historySection begins the end of a script: the rows of each pipeline's history.
const historySection = "history:"

// history is every row, one a line, and what must be true of all of them together.
func (s *story) history() (string, error) {
	var out strings.Builder
	out.WriteString(historySection + "\n")
	for _, l := range s.all.Loops {
		rows := l.History.Rows()
		for _, kind := range []string{"process", "change", "promotion", "audit"} {
			for _, row := range rows {
				if line := s.row(row); strings.HasPrefix(line, kind) {
					out.WriteString("  " + label(l.State.Pipeline) + line + "\n")
				}
			}
		}
		if err := l.History.AddsUp(l.Now); err != nil {
			return "", err
		}
		one, err := bottest.Replay(pipeline.State{Pipeline: l.State.Pipeline}, l.Events)
		if err != nil {
			return "", err
		}
		if diff := l.History.Differs(one); diff != "" {
			return "", fmt.Errorf("with every event in a commit of its own, there are other rows: %s", diff)
		}
	}
	return out.String(), nil
}

// row is a row as a line.
func (s *story) row(row history.Entry) string {
	var b line
	switch row := row.(type) {
	case history.Process:
		b.add("process since %s, from %s: %s", s.when(row.At), row.SHA, strings.Join(row.Config.StageNames(), " "))
	case history.Change:
		s.change(&b, row)
	case history.Promotion:
		s.promotion(&b, row)
	case history.Audit:
		b.add("audit %s at %s: %s %q", row.ID, s.when(row.At), row.Who, row.Command)
		b.only(row.Role != "", "(%s)", row.Role)
		b.add("in #%d by %s %s", row.Pull, row.Via, map[bool]string{true: "done", false: "refused"}[row.OK])
		b.only(row.Answer != "", "%q", row.Answer)
		b.only(row.SHA != "", "about %s on %s", row.SHA, row.Stage)
	}
	return b.String()
}

func (s *story) change(b *line, row history.Change) {
	b.add("change %s %q by %s", row.SHA, row.Title, row.Author)
	b.only(row.Pull != 0, "(#%d)", row.Pull)
	b.add("pushed %s", s.when(row.PushedAt))
	if !row.SeenAt.Equal(row.PushedAt) {
		b.add("seen %s", s.when(row.SeenAt))
	}
	if !row.BuildBegan.IsZero() {
		b.add("| built on %s %s-%s %s", row.App, s.when(row.BuildBegan), s.when(row.BuildEnded), row.Built)
		b.only(row.BuiltOf != "", "of %s", row.BuiltOf)
		b.only(row.BuildFailed != "", "failed: %q", row.BuildFailed)
	}
	if !row.RedAt.IsZero() {
		b.add("| red %s: %s", s.when(row.RedAt), strings.Join(row.Red, ", "))
	}
	if !row.GreenAt.IsZero() {
		b.add("| green %s", s.when(row.GreenAt))
	}
	b.only(len(row.Classes) > 0, "| %s", strings.Join(row.Classes, ", "))
	if row.Outcome == "" {
		b.add("| on its way")
		return
	}
	b.add("| %s", row.Outcome)
	b.only(row.By != "", "by %s", row.By)
	b.add("%s", s.when(row.EndedAt))
	sep := "="
	for _, w := range row.Waits {
		b.add("%s", sep)
		b.only(w.Stage != "", "%s:", w.Stage)
		b.add("%s %s", w.Part, w.For)
		sep = "+"
	}
}

func (s *story) promotion(b *line, row history.Promotion) {
	name := fmt.Sprint(row.N)
	if row.N < 0 {
		name = "-"
	}
	b.add("promotion %s %s: %s", row.Stage, name, or(row.SHA, "unknown"))
	b.only(row.Pull != 0, "(#%d)", row.Pull)
	b.add("%s %s", row.Artifact, row.Kind)
	b.only(row.Who != "", "by %s", row.Who)
	b.only(row.Urgent, "urgent")
	b.only(row.Why != "", "because %q", row.Why)
	b.only(row.Replaced != "", "instead of %s", row.Replaced)
	b.add("| %s released %s proved %s ended %s", s.when(row.Began), s.when(row.Released), s.when(row.Proved), s.when(row.Ended))
	b.add("| %s", or(string(row.Result), "under way"))
	b.only(row.Reason != "", "%q", row.Reason)
	b.add("|")
	for _, app := range slices.Sorted(maps.Keys(row.Apps)) {
		b.add("%s v%d", app, row.Apps[app])
	}
	b.only(row.Commits != 0, "with %d", row.Commits)
}

// when is a time of the story; - if there is none.
func (s *story) when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	d := t.Sub(s.began)
	if d < 0 {
		return t.UTC().Format("2006-01-02")
	}
	return fmt.Sprintf("%d:%04.1f", int(d.Minutes()), (d % time.Minute).Seconds())
}

// line is made of parts with a space between.
type line struct{ parts []string }

func (l *line) add(format string, args ...any) {
	l.parts = append(l.parts, fmt.Sprintf(format, args...))
}

func (l *line) only(is bool, format string, args ...any) {
	if is {
		l.add(format, args...)
	}
}

func (l *line) String() string { return strings.Join(l.parts, " ") }
