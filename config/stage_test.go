package config_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/calendar"
	"github.com/headstart-cd/headstart/config"
)

// around is a file with two stages, of which the second has the given keys.
func around(keys string) []byte {
	return []byte("changes: {migration: [db/**], docs: [docs/**]}\n" +
		"windows: {nights: {from: \"20:00\", to: \"06:00\", zone: UTC}}\n" +
		"stages:\n- {name: first, app: shop-first}\n- name: production\n  app: shop\n  " + strings.ReplaceAll(keys, "\n", "\n  ") + "\n" +
		"- {name: last, app: shop-last}\n")
}

func TestParseStage(t *testing.T) {
	verify := func(change func(v *bot.Verify)) func(s *bot.Stage) {
		return func(s *bot.Stage) {
			s.Verify = &bot.Verify{URL: "https://shop.example.com/", Status: 200, Successes: 1, Within: 5 * time.Minute}
			change(s.Verify)
		}
	}
	const url = "url: https://shop.example.com/"
	tests := []struct {
		keys string
		want func(s *bot.Stage)
	}{
		{"allow: write", func(s *bot.Stage) {}},
		{"promote: auto", func(s *bot.Stage) {}},
		{"promote: approval", func(s *bot.Stage) { s.Approval = true }},
		{"promote: approval\nfour_eyes: true", func(s *bot.Stage) { s.Approval, s.FourEyes = true, true }},
		{"hold: {migration: approval}\nfour_eyes: true", func(s *bot.Stage) { s.Hold, s.FourEyes = []bot.Hold{{Class: "migration"}}, true }},
		{"hold: {migration: nights, docs: approval}", func(s *bot.Stage) { s.Hold = []bot.Hold{{Class: "migration", Window: "nights"}, {Class: "docs"}} }},
		{"windows: [nights]", func(s *bot.Stage) { s.Windows = []string{"nights"} }},
		{"skip: [docs, migration]", func(s *bot.Stage) { s.Skip = []string{"docs", "migration"} }},
		{"maintenance: [migration]", func(s *bot.Stage) { s.Maintenance = []string{"migration"} }},
		{"soak: 1h30m", func(s *bot.Stage) { s.Soak = 90 * time.Minute }},
		{"soak: 45s", func(s *bot.Stage) { s.Soak = 45 * time.Second }},
		{"on_failure: rollback", func(s *bot.Stage) {}},
		{"on_failure: hold", func(s *bot.Stage) { s.OnFailure = bot.FailureHold }},
		{"rehearse: {copy_from: shop-last}", func(s *bot.Stage) { s.Rehearse = &bot.Rehearse{CopyFrom: "shop-last"} }},
		{"verify: {" + url + "}", verify(func(*bot.Verify) {})},
		{"verify: {" + url + ", status: 204}", verify(func(v *bot.Verify) { v.Status = 204 })},
		{"verify: {" + url + ", contains: all well}", verify(func(v *bot.Verify) { v.Contains = "all well" })},
		{"verify: {" + url + ", revision: body}", verify(func(v *bot.Verify) { v.Revision = "body" })},
		{"verify: {" + url + ", revision: header X-Revision}", verify(func(v *bot.Verify) { v.Revision = "header X-Revision" })},
		{"verify: {" + url + ", successes: 3, within: 90s}", verify(func(v *bot.Verify) { v.Successes, v.Within = 3, 90*time.Second })},
		{"needs: [acme/api:production, acme/mono.git_x:web:live]", func(s *bot.Stage) {
			s.Needs = []bot.Need{
				{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "api"}}, Stage: "production"},
				{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "mono.git_x"}, Name: "web"}, Stage: "live"},
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.keys, func(t *testing.T) {
			cfg, err := config.Parse(around(tt.keys), "f")
			if err != nil {
				t.Fatalf("refused:\n%v", err)
			}
			want := stage("production", "shop")
			tt.want(&want)
			if got := cfg.Stages[1]; !reflect.DeepEqual(got, want) {
				t.Errorf("the stage means something else:\ngot  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestParseRefusesStage(t *testing.T) {
	tests := []struct{ keys, want string }{
		{"windows: [night]", `f:7:13: there is no window "night"; did you mean "nights"?`},
		{"skip: [styles]", `f:7:10: there is no class of change "styles"; define it under changes`},
		{"maintenance: [migrations]", `f:7:17: there is no class of change "migrations"; did you mean "migration"?`},
		{"hold: {doc: approval}", `f:7:10: there is no class of change "doc"; did you mean "docs"?`},
		{"hold: {docs: approve}", `f:7:16: there is no window "approve"; did you mean "approval"?`},
		{"hold: {docs: nights}\nfour_eyes: true", "f:8:14: four_eyes has nothing to apply to: this stage needs no approval; add promote: approval, or remove four_eyes"},
		{"four_eyes: true", "f:7:14: four_eyes has nothing to apply to: this stage needs no approval; add promote: approval, or remove four_eyes"},
		{"promote: manual\nfour_eyes: true", `f:7:12: expected auto or approval, found "manual"; write approval`},
		{"soak: 0s", `f:7:9: "0s" is out of bounds, expected 1s to 7d`},
		{"soak: 15", "f:7:9: expected a duration such as 90s, 15m, 1h30m or 1d, found the number 15; name the unit: 15s or 15m"},
		{"on_failure: roll-back", `f:7:15: expected rollback or hold, found "roll-back"; did you mean "rollback"?`},
		{"verify: {status: 200}", `f:7:11: "url" is missing in the keys of verify; for example url: https://shop-staging.example.com/healthz`},
		{"verify: {url: https://shop.example.com, status: 101}", `f:7:51: expected an HTTP status from 200 to 599, found "101"`},
		{"verify: {url: https://shop.example.com, successes: 0}", `f:7:54: expected a number from 1 to 100, found "0"`},
		{"verify: {url: https://shop.example.com, status: 304, revision: body}", "f:7:66: an answer with status 304 has no body that could name a commit; write header NAME, or expect another status"},
		{"verify: {url: https://shop.example.com, successes: 100, within: 1m30s}", "f:7:54: 100 answers, a second apart, do not fit into the 1m30s of within; raise within, or expect fewer"},
		{"rehearse: {copy_from: shop}", "f:7:25: the stage production rehearses on a copy of its own database; name the app of a later stage, whose database the release phase must not harm"},
		{"rehearse: {copy_from: shop-first}", `f:7:25: the rehearsal comes after the stage first, which has run the release phase on "shop-first" already; move the rehearsal before it`},
		{"rehearse: {copy_from: shop-lost}", `f:7:25: no later stage has an app "shop-lost"; did you mean "shop-last"?`},
		{"rehearse: {copy_from: shop-last, command: ./copy}", `f:7:36: "command" is possible only with platform: local; remove it: on Heroku the database's add-on is forked`},
		{"needs: [acme/api]", `f:7:11: expected OWNER/REPOSITORY:STAGE or OWNER/REPOSITORY:PIPELINE:STAGE, found "acme/api"; name the stage too: acme/api:production`},
		{"needs: [acme/api:production, acme/api:production]", `f:7:32: "acme/api:production" is listed twice; remove one of them`},
		{"needs: {acme/api:production}", "f:7:10: expected a list of stages of other pipelines, found keys and values"},
	}
	for _, tt := range tests {
		t.Run(tt.keys, func(t *testing.T) {
			_, err := config.Parse(around(tt.keys), "f")
			if err == nil {
				t.Fatalf("accepted, expected to be refused with:\n%s", tt.want)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("refused in other words:\ngot:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestParseTimes(t *testing.T) {
	days := func(on ...time.Weekday) (days [7]bool) {
		for _, d := range on {
			days[d] = true
		}
		return days
	}
	everyDay := [7]bool{true, true, true, true, true, true, true}
	tests := []struct {
		days string
		want [7]bool
	}{
		{"", everyDay},
		{"days: mon-sun,", everyDay},
		{"days: sun-sat,", everyDay},
		{"days: wed,", days(time.Wednesday)},
		{"days: wed-wed,", days(time.Wednesday)},
		{"days: mon-fri,", days(time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday)},
		{`days: "sat,sun",`, days(time.Saturday, time.Sunday)},
		{"days: fri-mon,", days(time.Friday, time.Saturday, time.Sunday, time.Monday)},
		{"days: sat-sun,", days(time.Saturday, time.Sunday)},
		{`days: "mon, wed-thu, wed",`, days(time.Monday, time.Wednesday, time.Thursday)},
	}
	for _, tt := range tests {
		file := "windows: {nights: {" + tt.days + " from: \"23:05\", to: \"00:00\", zone: Europe/Kyiv}}\nstages: [{name: production, app: shop}]\n"
		cfg, err := config.Parse([]byte(file), "f")
		if err != nil {
			t.Errorf("%q was refused: %v", tt.days, err)
			continue
		}
		if want := []calendar.Window{{Name: "nights", Days: tt.want, From: 23*60 + 5, To: 0, Zone: "Europe/Kyiv"}}; !reflect.DeepEqual(cfg.Windows, want) {
			t.Errorf("%q means something else:\ngot  %+v\nwant %+v", tt.days, cfg.Windows, want)
		}
	}
	cfg, err := config.Parse([]byte("freezes:\n- {from: 2026-12-23, to: 2027-01-02, zone: UTC, reason: holidays}\n- {from: 2027-05-01, to: 2027-05-01, zone: Asia/Tokyo}\nstages: [{name: production, app: shop}]\n"), "f")
	want := []calendar.Freeze{{From: "2026-12-23", To: "2027-01-02", Zone: "UTC", Reason: "holidays"}, {From: "2027-05-01", To: "2027-05-01", Zone: "Asia/Tokyo"}}
	if err != nil || !reflect.DeepEqual(cfg.Freezes, want) {
		t.Errorf("the freezes mean something else:\ngot  %+v, %v\nwant %+v", cfg.Freezes, err, want)
	}
}
