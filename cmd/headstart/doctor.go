package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/doctor"
)

// doctorCommand looks for what is wrong, beside a running server or without one. It takes
// the server's settings.
type doctorCommand struct {
	settings
	JSON bool   `name:"json" help:"Write the report as one JSON object."`
	Repo string `placeholder:"OWNER/NAME" help:"Look at the pipelines of this repository alone."`
}

// Run prints the report. It returns an error if something is wrong.
func (cmd doctorCommand) Run(ctx context.Context, invalid mistakes, out console) error {
	cmd.wrong = invalid
	e, err := newExaminer(cmd.settings, time.Now)
	if err != nil {
		return err
	}
	defer e.close()
	report := e.examine(ctx, cmd.Repo)
	if cmd.JSON {
		err = printReportJSON(out.out, report)
	} else {
		err = printReport(out.out, report)
	}
	if n := report.Count(doctor.Wrong); err == nil && n > 0 {
		err = errors.New(strings.Split(report.Summary(), ".")[0]) // the exit code says it, too
	}
	return err
}

// printReport writes a line for each finding, below its area and its subject.
func printReport(out io.Writer, r doctor.Report) error {
	var b strings.Builder
	area, subject := doctor.Area(""), ""
	for _, f := range r.Findings {
		if f.Area != area {
			if area != "" {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "%s\n", f.Area)
			area, subject = f.Area, ""
		}
		about := ""
		if f.Subject != "" && f.Subject != subject && !strings.Contains(f.Text, f.Subject) {
			about = f.Subject + ": "
		}
		fmt.Fprintf(&b, "%s %s%s.\n", f.Level.Mark(), about, oneLine(f.Text))
		if f.Next != "" {
			fmt.Fprintf(&b, "  Next: %s.\n", oneLine(f.Next))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", r.Summary())
	_, err := io.WriteString(out, b.String())
	return err
}

// reportJSON is a report for scripts.
type reportJSON struct {
	Level    doctor.Level   `json:"level"` // the worst: ok, warning or error
	At       time.Time      `json:"at"`
	Seconds  float64        `json:"seconds"`
	Requests map[string]int `json:"requests"`
	LeftOut  int            `json:"left_out"`
	Findings []findingJSON  `json:"findings"`
}

type findingJSON struct {
	Check   string       `json:"check"`
	Area    doctor.Area  `json:"area"`
	Subject string       `json:"subject,omitempty"`
	Level   doctor.Level `json:"level"`
	Text    string       `json:"text"`
	Next    string       `json:"next,omitempty"`
}

func printReportJSON(out io.Writer, r doctor.Report) error {
	j := reportJSON{Level: r.Level(), At: r.At.UTC(), Seconds: r.Took.Seconds(), LeftOut: r.Left, Requests: map[string]int{"github": r.GitHub, "heroku": r.Heroku}, Findings: []findingJSON{}}
	for _, f := range r.Findings {
		j.Findings = append(j.Findings, findingJSON{f.Check, f.Area, f.Subject, f.Level, f.Text, f.Next})
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(j)
}
