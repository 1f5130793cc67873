package web

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"go.uber.org/zap"
)

// Doing is something that was done with the server itself, or was refused.
type Doing struct {
	ID     string
	At     time.Time
	Who    string // empty: the server
	Via    string // "page", "command line" or "server"
	What   string
	Answer string
	OK     bool
}

// Doings keeps what is done with the server itself. Nothing of it can be changed.
type Doings interface {
	NoteDoing(ctx context.Context, d Doing) error
	// Doings lists at most limit that are older than before, of which At and ID count, the newest first; zero before:
	// from the newest.
	Doings(ctx context.Context, before Doing, limit int) ([]Doing, error)
}

// note records what somebody did on a page. What cannot be recorded is in the log, and happens all the same: people
// must be able to sign in while the database is busy.
func (s *site) note(ctx context.Context, d Doing) {
	d.At, d.Via = s.now(), "page"
	if err := s.doings.NoteDoing(ctx, d); err != nil {
		s.log.Error("what was done on a page could not be recorded in the audit", zap.String("who", d.Who), zap.String("what", d.What), zap.Error(err))
	}
}

// doingsPage is what was done with the server.
type doingsPage struct {
	Rows       []doingRow
	CSV, JSONL string // where the same is, for machines
	Older      string // where older ones are; empty: there are none
}

type doingRow struct {
	At                     moment
	Who, Via, What, Answer string
	Level                  level
	Word                   string
}

// serverAudit lists what was done with the server itself.
func (s *site) serverAudit(v *visit) (answer, error) {
	q := v.URL.Query()
	from := auditCursor(q.Get("before"))
	limit := auditOnPage + 1
	if q.Get("as") != "" {
		limit = mostExported
	}
	rows, err := s.doings.Doings(v.Context(), Doing{At: from.At, ID: from.ID}, limit)
	if err != nil {
		return answer{}, err
	}
	switch q.Get("as") {
	case "csv":
		return plainAnswer(doingsCSV(rows)), nil
	case "jsonl":
		return plainAnswer(doingsLines(rows)), nil
	}
	page := doingsPage{CSV: "/audit?as=csv", JSONL: "/audit?as=jsonl"}
	if len(rows) > auditOnPage {
		rows = rows[:auditOnPage]
		last := rows[auditOnPage-1]
		page.Older = "/audit?" + url.Values{"before": {fmt.Sprintf("%d.%s", last.At.UnixMicro(), last.ID)}}.Encode()
	}
	for _, d := range rows {
		row := doingRow{At: momentOf(d.At, s.now()), Who: d.Who, Via: d.Via, What: d.What, Answer: sentence(d.Answer), Level: quiet, Word: resultOf(d.OK)}
		if !d.OK {
			row.Level = needsSomebody
		}
		page.Rows = append(page.Rows, row)
	}
	return answer{page: "doings", title: "Audit", data: page}, nil
}

func doingsCSV(rows []Doing) string {
	return csvOf([]string{"at", "who", "via", "what", "result", "answer"}, rows, func(d Doing) []string {
		return []string{d.At.UTC().Format(time.RFC3339Nano), d.Who, d.Via, d.What, resultOf(d.OK), d.Answer}
	})
}

func doingsLines(rows []Doing) string {
	return jsonLines(rows, func(d Doing) map[string]any {
		return map[string]any{"id": d.ID, "at": d.At.UTC(), "who": d.Who, "via": d.Via, "what": d.What, "ok": d.OK, "answer": d.Answer}
	})
}
