package doctor

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func known[T any](v T) Read[T] { return Read[T]{Value: v, Done: true} }

func unknown[T any](err error) Read[T] { return Read[T]{Err: err, Done: true} }

var away = &bot.Retryable{Reason: "Could not read it: GitHub did not answer in time."}

// healthy are facts about which no check has anything to say.
func healthy() *Facts {
	cfg := bot.Config{Prepare: bot.Prepare{Apps: []string{"shop-prepare"}}, Checks: bot.Checks{Names: bot.CheckNames("ci/test")}, Stages: []bot.Stage{{Name: "production", Apps: []string{"shop-us"}}}}
	return &Facts{
		Now: noon, URL: "https://headstart.example.com", AppID: 12345, Backups: "/backups", Backup: known(noon.Add(-3 * time.Hour)),
		Database: known(Database{Name: "the SQLite database headstart.db", Form: 12, Bytes: 4 << 20}), Lead: known(time.Second),
		GitHub: known(GitHubApp{Slug: "headstart"}), Hook: known(Hook{URL: "https://headstart.example.com/webhooks/github", JSON: true, Secret: true}),
		Attempts: known([]Attempt{{Event: "push", At: noon.Add(-time.Minute), OK: true, Status: 202}, {Event: "ping", At: noon.Add(-time.Hour), OK: true, Status: 202}}),
		Heard:    map[string]time.Time{"push": noon.Add(-time.Minute), "ping": noon.Add(-time.Hour)}, Installations: known([]Installation{{Account: "acme"}}), Allowed: func(string) bool { return true },
		Pipelines: []Pipeline{{
			Key: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, File: known(bot.ConfigRead{Found: true, Config: cfg}), PushedAt: noon.Add(-2 * time.Hour),
			Checks: known(bot.ChecksRead{Checks: []bot.Check{{Kind: bot.CheckRun, Name: "ci/test"}}, Required: &bot.Required{}}), Queue: known(true), Source: known(bot.SourceRead{Of: bot.SourceOfTree}),
		}},
		Heroku: known(Credentials{Email: "deploys@example.com", Scope: "write-protected", Left: 4000, Limit: 4500}), HerokuHook: true,
		Apps: []HerokuApp{{
			Name: "shop-us", Source: "shop-prepare", Inspected: known(bot.Inspected{}), Buildpacks: known([]string{"heroku/go"}), Of: known([]string{"heroku/go"}),
			Hooks: known([]HerokuHook{{URL: "https://headstart.example.com/webhooks/heroku", Include: []string{"api:build", "api:release"}}}), Auto: known(""),
		}},
	}
}

// ill says of each check what makes it find something, and what it says then.
var ill = map[string][]struct {
	change func(*Facts)
	level  Level
	says   string
}{
	"settings": {
		{func(f *Facts) { f.Problems = []string{"PORT: expected a number up to 65535"} }, Wrong, "PORT: expected"},
		{func(f *Facts) { f.Doubts = []string{"GITHUB_WEBHOOK_SECRET: it can be guessed"} }, Warning, "can be guessed"},
	},
	"database": {
		{func(f *Facts) { f.Database = unknown[Database](errors.New("it was written by a newer Headstart")) }, Wrong, "newer Headstart"},
		{func(f *Facts) { f.Database.Value.ReadOnly = errors.New("attempt to write a readonly database") }, Wrong, "Nothing can be written"},
	},
	"backup": {
		{func(f *Facts) { f.Backup.Value = noon.Add(-70 * time.Hour) }, Warning, "2 days old"},
		{func(f *Facts) { f.Backup.Value = time.Time{} }, Warning, "There is no backup in /backups"},
		{func(f *Facts) { f.Backup = unknown[time.Time](errors.New("no such file or directory")) }, Warning, "no such file"},
	},
	"clock": {
		{func(f *Facts) { f.Lead.Value = 10 * time.Second }, Warning, "10 s behind GitHub's"},
		{func(f *Facts) { f.Lead.Value = -3 * time.Minute }, Wrong, "3 min ahead of GitHub's, so that GitHub refuses"},
		{func(f *Facts) { f.Lead = unknown[time.Duration](away) }, Wrong, "GitHub cannot be reached"},
	},
	"webhook-url": {
		{func(f *Facts) { f.Hook.Value.URL = "" }, Wrong, "GitHub sends webhooks nowhere"},
		{func(f *Facts) { f.Hook.Value.URL = "https://old.example.com/webhooks/github" }, Wrong, "and this server is https://headstart.example.com"},
		{func(f *Facts) { f.URL, f.Hook.Value.URL = "", "https://headstart.example.com/" }, Wrong, "where the server takes none"},
		{func(f *Facts) { f.Hook.Value.JSON = false }, Wrong, "as forms"},
		{func(f *Facts) { f.Hook.Value.Secret = false }, Wrong, "does not sign"},
		{func(f *Facts) { f.Hook.Value.Insecure = true }, Warning, "certificate"},
		{func(f *Facts) { f.Hook = unknown[Hook](away) }, Wrong, "cannot be read"},
	},
	"deliveries": {
		{func(f *Facts) { f.Attempts.Value = nil }, Warning, "no webhook within three days"},
		{func(f *Facts) { f.Attempts.Value[1].OK = false }, Warning, "1 of GitHub's last 2 webhooks failed"},
		{answer(401), Wrong, "the signature did not match"},
		{answer(404), Wrong, "another path, or another server"},
		{answer(413), Wrong, "too large"},
		{answer(502), Wrong, "answered 502"},
		{answer(302), Wrong, "answered 302"},
		{answer(0), Wrong, "no answer in time"},
		{func(f *Facts) { f.Attempts = unknown[[]Attempt](away) }, Wrong, "cannot be read"},
	},
	"arrival": {
		{func(f *Facts) { f.Heard["push"] = noon.Add(-time.Hour) }, Wrong, "another server took it"},
		{func(f *Facts) { f.Heard = map[string]time.Time{} }, Wrong, "another server took it"},
	},
	"credentials": {{func(f *Facts) {
		f.GitHub = unknown[GitHubApp](&bot.Refused{Reason: "GitHub does not accept the App's credentials."})
	}, Wrong, "does not accept the App 12345"}},
	"permissions": {
		{func(f *Facts) { f.GitHub.Value.MissingPermissions = []string{`the permission "checks: read"`} }, Wrong, `lacks the permission "checks: read"`},
		{func(f *Facts) { f.GitHub.Value.ExcessPermissions = []string{`the permission "contents: write"`} }, Warning, "more than Headstart uses"},
	},
	"events": {
		{func(f *Facts) { f.GitHub.Value.MissingEvents = []string{`the event "status"`} }, Wrong, `does not get the event "status"`},
		{func(f *Facts) { f.GitHub.Value.ExcessEvents = []string{`the event "fork"`} }, Warning, "more than Headstart uses"},
	},
	"installed": {
		{func(f *Facts) { f.Installations.Value = nil }, Wrong, "installed on no account"},
		{func(f *Facts) { f.Installations.Value[0].Suspended = true }, Wrong, "suspended on acme"},
		{func(f *Facts) { f.Installations = unknown[[]Installation](away) }, Warning, "cannot be read"},
	},
	"accepted": {{func(f *Facts) { f.Installations.Value[0].Missing = []string{`the permission "members: read"`} }, Wrong, "acme has not granted"}},
	"allowed":  {{func(f *Facts) { f.Allowed = func(string) bool { return false } }, Warning, "HEADSTART_ALLOW names no repository of it"}},
	"file": {
		{func(f *Facts) { f.Pipelines[0].File.Value = bot.ConfigRead{} }, Wrong, "There is no .github/headstart.yml"},
		{func(f *Facts) { f.Pipelines[0].File.Value = bot.ConfigRead{Problem: "stages: is missing."} }, Wrong, "stages: is missing"},
		{func(f *Facts) {
			f.Pipelines[0].File.Value, f.Pipelines[0].Key.Name = bot.ConfigRead{Names: []string{"web"}}, "api"
		}, Wrong, "no pipeline api any more"},
		{func(f *Facts) { f.Pipelines[0].File = unknown[bot.ConfigRead](away) }, Wrong, "cannot be read"},
		{func(f *Facts) {
			f.Pipelines[0].Installed = unknown[int64](&bot.Refused{Reason: "Not Found", Err: bot.ErrNotFound})
		}, Wrong, "not installed on acme/shop"},
		{func(f *Facts) { f.Pipelines[0].Installed = unknown[int64](away) }, Wrong, "does not say whether"},
	},
	"checks": {
		{func(f *Facts) { f.Pipelines[0].Checks.Value.Checks[0].Name = "ci/tests" }, Warning, "The file waits for ci/test, which has never reported"},
		{func(f *Facts) {
			f.Pipelines[0].File.Value.Config.Checks = bot.Checks{}
			f.Pipelines[0].Checks.Value.Required = &bot.Required{Checks: []bot.RequiredCheck{{Name: "ci/lint"}}}
		}, Warning, "GitHub requires it of the branch: Headstart waits for ci/lint"},
		{func(f *Facts) {
			f.Pipelines[0].File.Value.Config.Checks, f.Pipelines[0].Checks.Value.Checks = bot.Checks{}, nil
		}, Warning, "No check reports"},
		{func(f *Facts) { f.Pipelines[0].Checks = unknown[bot.ChecksRead](away) }, Wrong, "cannot be read"},
	},
	"own-status":  {{func(f *Facts) { f.Pipelines[0].Never = []string{"headstart/production"} }, Wrong, "nothing can be merged"}},
	"merge-queue": {{func(f *Facts) { f.GitHub.Value.MissingEvents = []string{`the event "merge_group"`} }, Wrong, "gets no event merge_group"}, {func(f *Facts) { f.Pipelines[0].Queue = unknown[bool](away) }, Warning, "does not say"}},
	"contents": {
		{func(f *Facts) { f.Pipelines[0].Source.Value.Absent = &bot.Absent{Submodules: []string{"vendor/theme"}} }, Warning, "Submodules are empty in the build: vendor/theme"},
		{func(f *Facts) { f.Pipelines[0].Source.Value.Absent = &bot.Absent{LFS: []string{"*.psd"}} }, Warning, "Git LFS files are pointers in the build: *.psd"},
		{func(f *Facts) { f.Pipelines[0].Source = unknown[bot.SourceRead](away) }, Warning, "cannot be listed"},
	},
	"heroku-key": {{func(f *Facts) {
		f.Heroku = unknown[Credentials](&bot.Refused{Reason: "Heroku does not accept the API key"})
	}, Wrong, "does not accept the API key"}},
	"heroku-scope":  {{func(f *Facts) { f.Heroku.Value.Scope = "global" }, Warning, "may do anything"}, {func(f *Facts) { f.Heroku.Value.Scope = "read" }, Wrong, "the scope read"}, {func(f *Facts) { f.Heroku.Value.Scope = "" }, Warning, "does not say"}},
	"heroku-budget": {{func(f *Facts) { f.Heroku.Value.Left = 900 }, Warning, "900 of about 4500"}, {func(f *Facts) { f.Heroku.Value.Left = 90 }, Wrong, "deploys wait"}},
	"heroku-app":    {{func(f *Facts) { f.Apps[0].Inspected.Value.Problem = "Heroku has no app shop-us" }, Wrong, "Heroku has no app shop-us"}, {func(f *Facts) { f.Apps[0].Inspected = unknown[bot.Inspected](away) }, Warning, "cannot be looked at"}},
	"heroku-preflight": {{func(f *Facts) {
		f.Apps[0].Inspected.Value.Warnings = []string{"shop-us is on the stack heroku-22, and shop-prepare builds for heroku-24"}
	}, Warning, "on the stack heroku-22"}},
	"heroku-buildpacks": {{func(f *Facts) { f.Apps[0].Buildpacks.Value = []string{"heroku/ruby"} }, Warning, "has the buildpacks heroku/ruby"}},
	"heroku-webhooks":   {{func(f *Facts) { f.Apps[0].Hooks.Value = nil }, Warning, "Heroku tells nothing of shop-us"}, {func(f *Facts) { f.HerokuHook = false }, Warning, "the server takes none"}},
	"heroku-automatic":  {{func(f *Facts) { f.Apps[0].Auto.Value = "main" }, Wrong, "Heroku deploys main to shop-us by itself"}},
}

func answer(status int) func(*Facts) {
	return func(f *Facts) { f.Attempts.Value[0].OK, f.Attempts.Value[0].Status = false, status }
}

// Each check is silent about what is well but for a line, and says what is wrong in another world. A check without both
// is no check.
func TestEachCheckFindsSomething(t *testing.T) {
	for _, f := range Judge(healthy()) {
		if f.Level != Well {
			t.Errorf("in a healthy world %s should be well, it says %s %s", f.Check, f.Level.Mark(), f.Text)
		}
	}
	for _, c := range Checks {
		if !slices.ContainsFunc(Judge(healthy()), func(f Finding) bool { return f.Check == c.Name && f.Level == Well }) {
			t.Errorf("%s has no world in which it is well", c.Name)
		}
		if len(ill[c.Name]) == 0 {
			t.Errorf("%s has no world in which it finds something", c.Name)
		}
		for _, world := range ill[c.Name] {
			f := healthy()
			world.change(f)
			found := slices.DeleteFunc(Judge(f), func(f Finding) bool { return f.Check != c.Name || f.Level == Well })
			if len(found) != 1 || found[0].Level != world.level || !strings.Contains(found[0].Text, world.says) {
				t.Errorf("%s should find %s %q, got %+v", c.Name, world.level, world.says, found)
				continue
			}
			if found[0].Next == "" && found[0].Level == Wrong {
				t.Errorf("%s should say what mends it: %s", c.Name, found[0].Text)
			}
			if strings.HasSuffix(found[0].Text, ".") || strings.HasSuffix(found[0].Next, ".") || c.Question == "" || c.Area == "" {
				t.Errorf("%s should be a sentence without its full stop: %+v", c.Name, found[0])
			}
		}
	}
	for name := range ill {
		if !slices.ContainsFunc(Checks, func(c Check) bool { return c.Name == name }) {
			t.Errorf("there is no check %s any more", name)
		}
	}
}

// What cannot be read is told once, and hides nothing else.
func TestOneFailureIsToldOnce(t *testing.T) {
	refused := &bot.Refused{Reason: "GitHub does not accept the App's credentials."}
	f := healthy()
	f.GitHub, f.Hook, f.Attempts, f.Installations = unknown[GitHubApp](refused), unknown[Hook](refused), unknown[[]Attempt](refused), unknown[[]Installation](refused)
	f.Pipelines = nil
	var bad, good []string
	for _, found := range Judge(f) {
		if found.Level == Well {
			good = append(good, found.Check)
		} else {
			bad = append(bad, found.Check)
		}
	}
	if !slices.Equal(bad, []string{"credentials"}) || !slices.Contains(good, "database") || !slices.Contains(good, "heroku-app") {
		t.Errorf("only the credentials should be the matter, got %v, and well are %v", bad, good)
	}
	if found := Judge(&Facts{Now: noon}); len(found) != 2 { // settings, and no backups to look at
		t.Errorf("without facts there is little to say, got %+v", found)
	}
}

// What is young is given time, what is pinned to an app is another check, and several pipelines are told apart.
func TestWellInOtherWays(t *testing.T) {
	for what, change := range map[string]func(*Facts){
		"no check is waited for":  func(f *Facts) { f.Pipelines[0].File.Value.Config.Checks = bot.Checks{None: true} },
		"everything that reports": func(f *Facts) { f.Pipelines[0].File.Value.Config.Checks = bot.Checks{} },
		"a young push": func(f *Facts) {
			f.Pipelines[0].Checks.Value.Checks, f.Pipelines[0].PushedAt = nil, noon.Add(-time.Minute)
		},
		"a check that reported before": func(f *Facts) {
			f.Pipelines[0].Reported, f.Pipelines[0].Checks.Value.Checks = f.Pipelines[0].Checks.Value.Checks, nil
		},
		"several pipelines":               func(f *Facts) { f.Pipelines[0].File.Value = bot.ConfigRead{Names: []string{"api", "web"}} },
		"no buildpacks of its own":        func(f *Facts) { f.Apps[0].Buildpacks.Value = nil },
		"polled":                          func(f *Facts) { f.HerokuHook, f.Apps[0].Hooks.Value = false, nil },
		"an account that is not told":     func(f *Facts) { f.Heroku.Value.Email = "" },
		"no merge queue":                  func(f *Facts) { f.Pipelines[0].Queue.Value = false },
		"nobody says where backups are":   func(f *Facts) { f.Backups = "" },
		"an app that builds itself":       func(f *Facts) { f.Apps[0].Source = "" },
		"no pages, and the right path":    func(f *Facts) { f.URL = ""; f.Apps[0].Hooks.Value[0].URL = "https://other.example.com/webhooks/heroku" },
		"automatic deploys are not shown": func(f *Facts) { f.Apps[0].Auto = unknown[string](away) },
	} {
		f := healthy()
		change(f)
		for _, found := range Judge(f) {
			if found.Level != Well {
				t.Errorf("%s: %s should be well, it says %s", what, found.Check, found.Text)
			}
		}
	}
}
