package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/doctor"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/webhooks"
)

// examined has the doctor look at this world, by a clock that is off.
func (b *bed) examined(off time.Duration, change func(*settings)) doctor.Report {
	b.t.Helper()
	s := b.settings()
	s.URL, s.GitHub.ClientSecret = b.url, b.gh.ClientSecret()
	s.Backups = filepath.Join(b.dir, "backups")
	if change != nil {
		change(&s)
	}
	e, err := newExaminer(s, func() time.Time { return b.clock.Now().Add(off) })
	b.must(err)
	defer e.close()
	return e.examine(b.t.Context(), "")
}

// found lists what a report says of a check.
func found(r doctor.Report, check string) (list []doctor.Finding) {
	for _, f := range r.Findings {
		if f.Check == check {
			list = append(list, f)
		}
	}
	return list
}

// In this world all is well, as each check says, and few requests are made to find that out.
func TestDoctorWhereAllIsWell(t *testing.T) {
	onHeroku(t, choices{options: func(o *githubtest.Options) { o.Events = webhooks.Events() }}, func(b *bed, p *herokuPlace) {
		b.must(os.Mkdir(filepath.Join(b.dir, "backups"), 0o700))
		p.apps[stagingApp].SetPreboot(true)
		p.apps[productionApp].SetPreboot(true)
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.until(5*time.Minute, "it is live", b.live(c.SHA))
		b.operator("backup", filepath.Join(b.dir, "backups", "today.db"))
		b.pass(10 * time.Second)
		eventually(t, "the counts are saved", func() bool { return strings.Contains(b.operator("deliveries"), "push") })

		r := b.examined(0, nil)
		for _, check := range doctor.Checks {
			if len(found(r, check.Name)) == 0 {
				t.Errorf("in a healthy world %s should say so", check.Name)
			}
		}
		for _, f := range r.Findings {
			if f.Level != doctor.Well {
				t.Errorf("in a healthy world %s should be well: %s %s", f.Check, f.Level.Mark(), f.Text)
			}
		}
		if r.GitHub == 0 || r.GitHub > 17 || r.Heroku == 0 || r.Heroku > 26 {
			t.Errorf("GitHub should have been asked up to 17 times and Heroku up to 26 times, they were %d and %d times", r.GitHub, r.Heroku)
		}
		for _, q := range b.gh.Requests() {
			if strings.Contains(q.Path, "/installation") && q.Method != http.MethodPost && q.Method != http.MethodGet {
				t.Errorf("the doctor should only read: %s %s", q.Method, q.Path)
			}
		}
	})
}

// In these worlds everything is wrong that can be at once, and each check says that: over HTTP, from the settings to the
// sentence.
func TestDoctorWhereMuchIsWrong(t *testing.T) {
	onHeroku(t, choices{options: func(o *githubtest.Options) {
		o.Permissions = githubtest.DefaultPermissions()
		o.Permissions["contents"] = "write"
		delete(o.Permissions, "members")
		o.Events = append([]string{"fork"}, slices.DeleteFunc(webhooks.Events(), func(e string) bool { return e == "merge_group" })...)
	}}, sick)
}

func sick(b *bed, p *herokuPlace) {
	t := b.t
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer elsewhere.Close()
	b.must(os.Mkdir(filepath.Join(b.dir, "backups"), 0o700))
	b.settle()
	if _, err := b.shop.Push("main", githubtest.Change{Files: change("a"), Submodules: map[string]string{"vendor/theme": strings.Repeat("1", 40)}}); err != nil {
		t.Fatal(err)
	}
	b.pass(75 * time.Minute)
	b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: "headstart/production"})
	b.shop.AddRule("main", githubtest.MergeQueueRule())
	p.setBroken()
	corp, err := b.gh.CreateRepo("corp/site", githubtest.RepoOptions{})
	b.must(err)
	_, err = corp.Commit("main", map[string]string{config.Path: "stages: []\n"})
	b.must(err)
	far, err := b.gh.CreateRepo("far/till", githubtest.RepoOptions{})
	b.must(err)
	_, err = far.Commit("main", map[string]string{"a": "1"})
	b.must(err)
	b.must(b.gh.Suspend("far", true))
	b.gh.SetWebhook(elsewhere.URL, webhookSecret) // takes everything, as another server would
	b.must(b.gh.Flush(t.Context()))
	elsewhere.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	_, err = b.shop.Commit("topic", change("b"))
	b.must(err)
	b.must(b.gh.Flush(t.Context()))

	reports := map[string]doctor.Report{
		"many things": b.examined(-10*time.Minute, func(s *settings) {
			s.LogFormat, s.Allow, s.Heroku.WebhookSecret = "xml", s.Allow+" corp/site=site-* no/such=x", herokuSecret
		}),
		"another database": b.examined(0, func(s *settings) { s.DatabaseURL = "sqlite:" + filepath.Join(b.dir, "none.db") }),
		"another App":      b.examined(0, func(s *settings) { s.GitHub.AppID++ }),
		"another key":      b.examined(0, func(s *settings) { s.Heroku.APIKey = "no-such-key-0f0f0f" }),
		"no GitHub":        b.examined(0, func(s *settings) { s.GitHub.APIURL = "http://127.0.0.1:1" }),
	}
	for _, check := range doctor.Checks {
		seen := false
		for _, r := range reports {
			seen = seen || slices.ContainsFunc(found(r, check.Name), func(f doctor.Finding) bool { return f.Level != doctor.Well })
		}
		if !seen {
			t.Errorf("%s should find something, it says %+v", check.Name, found(reports["many things"], check.Name))
		}
	}
	for _, k := range []struct{ report, check, says string }{
		{"many things", "arrival", "another server took it"}, {"many things", "deliveries", "the signature did not match"},
		{"many things", "file", "The App is not installed on no/such"}, {"many things", "file", "The pipeline's file is not valid"},
		{"many things", "contents", "Submodules are empty in the build: vendor/theme"}, {"many things", "installed", "suspended on far"},
		{"many things", "allowed", "The App is installed on far, and HEADSTART_ALLOW names no repository of it"}, {"many things", "heroku-scope", "may do anything"}, {"many things", "heroku-automatic", "Heroku deploys main to shop-staging"},
		{"another App", "credentials", "GitHub does not accept the App"}, {"another key", "heroku-key", "Heroku does not accept the API key"},
		{"no GitHub", "clock", "GitHub cannot be reached"}, {"another database", "database", "there is no database"},
	} {
		if !slices.ContainsFunc(found(reports[k.report], k.check), func(f doctor.Finding) bool { return f.Level != doctor.Well && strings.Contains(f.Text, k.says) }) {
			t.Errorf("with %s, %s should say %q, it says %+v", k.report, k.check, k.says, found(reports[k.report], k.check))
		}
	}
	for _, f := range reports["no GitHub"].Findings {
		if f.Level == doctor.Wrong && f.Check != "clock" && f.Area != doctor.Heroku || f.Check == "database" && f.Level != doctor.Well {
			t.Errorf("without GitHub that alone is wrong, and hides nothing: %+v", f)
		}
	}
}

// setBroken makes of Heroku what nobody would want.
func (p *herokuPlace) setBroken() {
	p.SetScope("global")
	p.SetRemaining(150)
	p.apps[stagingApp].SetStack("heroku-22")
	p.apps[stagingApp].SetBuildpacks("heroku/ruby")
	p.apps[stagingApp].DeployAutomatically("main")
	p.apps[productionApp].Grant("view")
}

// The command prints a line for each finding, for people and for scripts, and its exit code says whether something is wrong.
func TestDoctorCommand(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(dir, "none.db"))
	out, _, err := headstart(t, "doctor")
	if err == nil || !strings.Contains(err.Error(), "wrong") {
		t.Errorf("without settings much is wrong, got %v", err)
	}
	for _, want := range []string{"Server\n", "✗ GITHUB_APP_ID is missing", "✗ The database cannot be used: there is no database", "  Next: "} {
		if !strings.Contains(out, want) {
			t.Errorf("it should say %q, it says\n%s", want, out)
		}
	}
	out, _, err = headstart(t, "doctor", "--json")
	var report reportJSON
	if e := json.Unmarshal([]byte(out), &report); e != nil || err == nil || report.Level != doctor.Wrong || len(report.Findings) < 3 || report.Findings[0].Check != "settings" {
		t.Errorf("a script should get the same, got %v, %v, %+v", e, err, report)
	}
}
