package web_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/doctor"
)

// findings are one of each kind. None names a repository that a test keeps secret.
var findings = []doctor.Finding{
	{Check: "database", Area: doctor.Server, Level: doctor.Well, Text: "The SQLite database headstart.db opens and can be written to; form 12, 3.4 MB"},
	{Check: "deliveries", Area: doctor.Server, Level: doctor.Wrong, Text: "GitHub's newest webhook (push, 2 min ago) did not arrive: the signature did not match. 3 of the last 30 failed", Next: "set the same secret as GITHUB_WEBHOOK_SECRET and on the App's settings page, under Webhook"},
	{Check: "contents", Area: doctor.Repositories, Subject: "corp/site", Level: doctor.Warning, Text: "Submodules are empty in the build: vendor/<b>theme</b>", Next: "commit their files, or fetch them in the build"},
	{Check: "heroku-app", Area: doctor.Heroku, Subject: "site-us", Level: doctor.Well, Text: "site-us is there, and the API key may deploy to it"},
}

func (w *world) examine(context.Context) doctor.Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.examined++
	return doctor.Report{At: w.now, Took: 1300 * time.Millisecond, Findings: w.found, GitHub: 14, Heroku: 9}
}

// However many operators look, GitHub and Heroku are asked once a minute.
func TestReportIsKeptForAMinute(t *testing.T) {
	w := newWorld(t)
	ops := w.browser().signIn("ops")
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if p := ops.get("/doctor"); p.StatusCode != http.StatusOK || !strings.Contains(p.body, "the signature did not match") {
				t.Errorf("the operator should read what is wrong, got %s", p)
			}
		})
	}
	all.Wait()
	w.pass(59 * time.Second)
	ops.get("/doctor")
	if w.examined != 1 {
		t.Errorf("within a minute it should be looked once, it was %d times", w.examined)
	}
	w.pass(time.Second)
	ops.get("/doctor")
	if w.examined != 2 {
		t.Errorf("after a minute it should be looked again, it was looked %d times", w.examined)
	}
}
