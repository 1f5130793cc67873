package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
)

// AuditFilter says which commands to list.
type AuditFilter struct {
	ID     string        // only the one of this ID; empty: any
	Before history.Audit // only older ones, of which the time and the ID count; zero: from the newest
	Who    string        // only those of this login, in any case; empty: anybody's
	Has    string        // only those with this text in the command; empty: any
	OK     *bool         // only those that were carried out, or only the others; nil: all
	Limit  int
}

// auditPage are the commands that a pipeline was given.
type auditPage struct {
	Key, Path    string // of the pipeline
	Who, Has     string // what is looked for
	Result       string
	Rows         []auditRow
	CSV, JSONL   string // where the same is, for machines
	Older, Empty string
}

// auditRow is one command.
type auditRow struct {
	At              moment
	Who, Role, Via  string
	Command, Answer string
	Level           level
	Word, PullURL   string
	Pull            int
}

const (
	auditOnPage = 100
	// mostExported bounds the rows of one file, which says where the next ones are.
	mostExported = 10_000
)

// audit lists the commands to a pipeline: who, when, by what way, the words and the answer.
func (s *site) audit(v *visit) (answer, error) {
	q := v.URL.Query()
	f := AuditFilter{Who: strings.TrimPrefix(oneLine(q.Get("who")), "@"), Has: oneLine(q.Get("has")), Before: auditCursor(q.Get("before")), Limit: auditOnPage + 1}
	switch q.Get("result") {
	case "done", "refused":
		done := q.Get("result") == "done"
		f.OK = &done
	}
	format := q.Get("as")
	if format != "" {
		f.Limit = mostExported
	}
	rows, err := s.history.Audit(v.Context(), v.key, f)
	if err != nil {
		return answer{}, err
	}
	switch format {
	case "csv":
		return plainAnswer(auditCSV(rows)), nil
	case "jsonl":
		return plainAnswer(auditLines(rows)), nil
	}
	r, err := s.reading(v.Context(), v.key, v.seesPipeline)
	if err != nil {
		return answer{}, err
	}
	if r == nil {
		return notFound, nil
	}
	page := auditPage{Key: v.key.String(), Path: pathOf(v.key), Who: f.Who, Has: f.Has, Result: q.Get("result")}
	link := func(key, value string) string {
		with := url.Values{}
		for _, k := range []string{"who", "has", "result"} {
			if q.Get(k) != "" {
				with.Set(k, q.Get(k))
			}
		}
		with.Set(key, value)
		return page.Path + "/audit?" + with.Encode()
	}
	page.CSV, page.JSONL = link("as", "csv"), link("as", "jsonl")
	if len(rows) > auditOnPage {
		rows = rows[:auditOnPage]
		last := rows[auditOnPage-1]
		page.Older = link("before", fmt.Sprintf("%d.%s", last.At.UnixMicro(), last.ID))
	}
	for _, a := range rows {
		page.Rows = append(page.Rows, r.auditRow(a))
	}
	return answer{page: "audit", title: "Audit · " + page.Key, data: page}, nil
}

func (r *reading) auditRow(a history.Audit) auditRow {
	row := auditRow{At: momentOf(a.At, r.view.Now), Who: a.Who, Role: a.Role, Via: a.Via, Command: shortened(a.Command), Answer: sentence(a.Answer), Level: quiet, Word: resultOf(a.OK), Pull: a.Pull}
	if !a.OK {
		row.Level = needsSomebody
	}
	if a.Pull != 0 {
		row.PullURL = r.pullURL(a.Pull)
	}
	return row
}

// auditCursor reads where a page begins; zero: with the newest.
func auditCursor(before string) history.Audit {
	var at int64
	time10, id, _ := strings.Cut(before, ".")
	if _, err := fmt.Sscanf(time10, "%d", &at); err != nil || id == "" {
		return history.Audit{}
	}
	return history.Audit{At: time.UnixMicro(at), ID: id}
}

func plainAnswer(text string) answer { return answer{plain: &text} }

// auditCSV is the rows as comma-separated values, with a head.
func auditCSV(rows []history.Audit) string {
	return csvOf([]string{"at", "who", "role", "via", "pull", "command", "result", "answer"}, rows, func(a history.Audit) []string {
		return []string{a.At.UTC().Format(time.RFC3339Nano), a.Who, a.Role, a.Via, fmt.Sprint(a.Pull), a.Command, resultOf(a.OK), a.Answer}
	})
}

// auditLines is the rows as lines of JSON.
func auditLines(rows []history.Audit) string {
	return jsonLines(rows, func(a history.Audit) map[string]any {
		return map[string]any{"id": a.ID, "at": a.At.UTC(), "who": a.Who, "role": a.Role, "via": a.Via, "pull": a.Pull, "command": a.Command, "ok": a.OK, "answer": a.Answer}
	})
}

func resultOf(ok bool) string {
	if ok {
		return "done"
	}
	return "refused"
}

// csvOf is rows as comma-separated values, with a head. A spreadsheet takes no cell for a formula.
func csvOf[Row any](head []string, rows []Row, cells func(Row) []string) string {
	var text strings.Builder
	w := csv.NewWriter(&text)
	_ = w.Write(head) // a builder takes everything
	for _, row := range rows {
		line := cells(row)
		for i := range line {
			line[i] = harmless(line[i])
		}
		_ = w.Write(line)
	}
	w.Flush()
	return text.String()
}

// jsonLines is rows as lines of JSON.
func jsonLines[Row any](rows []Row, fields func(Row) map[string]any) string {
	var text strings.Builder
	for _, row := range rows {
		if line, err := json.Marshal(fields(row)); err == nil { // text and numbers always become JSON
			text.Write(line)
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// harmless keeps a spreadsheet from reading a cell as a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
