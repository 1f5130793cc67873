package web

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/headstart-cd/headstart/doctor"
)

// examinedFor is how long a report is shown before the next view asks GitHub and Heroku again.
const examinedFor = time.Minute

// examined keeps the last report of the doctor.
type examined struct {
	examine func(context.Context) doctor.Report
	now     func() time.Time
	asking  singleflight.Group

	mu   sync.Mutex
	last doctor.Report // guarded by mu
	at   time.Time     // guarded by mu: when it was made; zero: there is none
}

// report returns a report that is at most examinedFor old. However many ask at once, there is one examination, which
// also ends as a whole when who asked for it is gone.
func (e *examined) report(ctx context.Context) doctor.Report {
	e.mu.Lock()
	last, at := e.last, e.at
	e.mu.Unlock()
	if age := e.now().Sub(at); !at.IsZero() && age >= 0 && age < examinedFor {
		return last
	}
	made, _, _ := e.asking.Do("", func() (any, error) {
		r := e.examine(context.WithoutCancel(ctx))
		e.mu.Lock()
		defer e.mu.Unlock()
		e.last, e.at = r, e.now()
		return r, nil
	})
	return made.(doctor.Report)
}

// doctorPage is a report.
type doctorPage struct {
	Level   level
	Summary string
	At      moment
	Areas   []doctorArea
}

type doctorArea struct {
	Name string
	Rows []doctorRow
}

type doctorRow struct {
	Level               level
	Word                string
	Subject, Text, Next string
}

// doctor shows what is wrong, and what mends it.
func (s *site) doctor(v *visit) (answer, error) {
	r := s.examined.report(v.Context())
	page := doctorPage{Level: howBad(r.Level()), Summary: r.Summary(), At: momentOf(r.At, s.now())}
	for _, f := range r.Findings {
		if n := len(page.Areas); n == 0 || page.Areas[n-1].Name != string(f.Area) {
			page.Areas = append(page.Areas, doctorArea{Name: string(f.Area)})
		}
		area := &page.Areas[len(page.Areas)-1]
		area.Rows = append(area.Rows, doctorRow{
			Level: howBad(f.Level), Word: map[doctor.Level]string{doctor.Well: "well", doctor.Warning: "warning", doctor.Wrong: "wrong"}[f.Level],
			Subject: f.Subject, Text: f.Text, Next: f.Next,
		})
	}
	return answer{page: "doctor", title: "Doctor", data: page}, nil
}

func howBad(l doctor.Level) level {
	return map[doctor.Level]level{doctor.Well: quiet, doctor.Warning: waits, doctor.Wrong: needsSomebody}[l]
}
