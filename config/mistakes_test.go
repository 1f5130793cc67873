package config_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/config"
)

// What people write before they have read the documentation is answered with what they mean, at the place where it
// stands.
func TestUsualMistakes(t *testing.T) {
	const head = "stages:\n  - name: production\n    app: shop\n"
	window := func(keys string) string { return head + "    windows: [w]\nwindows:\n  w: {" + keys + "}\n" }
	hours := `from: "09:00", to: "17:00", zone: UTC`
	for _, c := range []struct{ name, file, want string }{
		{"an empty list of stages", "stages: []\n", `f:1:9: the list is empty, expected a list of stages; for example stages: [{name: production, app: NAME}]`},
		{"stages without a value", "stages:\n", `there is no value, expected a list of stages; for example stages: [{name: production, app: NAME}]`},
		{"stages by name", "stages:\n  production:\n    app: shop\n", `begin each entry with a dash`},
		{"names of stages", "stages: [staging, production]\n", `f:1:10: expected a stage, found the text "staging"; write {name: staging, app: NAME}`},

		{"a path with a star", head + "changes:\n  docs: [docs/**, *.md]\n", `f:5:19: `},
		{"says quotes", head + "changes:\n  docs: [docs/**, *.md]\n", `text that starts with * needs quotes: "*.md"`},
		{"a path with a star in a line", head + "changes:\n  docs:\n    - *.md\n", `f:6:7: `},
		{"says quotes there, too", head + "changes:\n  docs:\n    - *.md\n", `text that starts with * needs quotes: "*.md"`},
		{"a star alone", head + "changes: {all: [**]}\n", `text that starts with * needs quotes: "**"`},
		{"braces", head + "changes: {docs: [\"{docs,help}/**\"]}\n", `braces are not possible in the path "{docs,help}/**"; write a path for each: "docs/**", "help/**"`},

		{"minutes as they are spoken", head + "    verify: {url: https://shop.example.com, within: 5 min}\n", `f:4:53: expected a duration such as 90s, 15m, 1h30m or 1d, found "5 min"; write 5m`},
		{"minutes in a word", head + "    verify: {url: https://shop.example.com, within: 10 Minutes}\n", `write 10m`},
		{"a number alone", head + "    verify: {url: https://shop.example.com, within: 5}\n", `name the unit: 5s or 5m`},

		{"names of days", window("days: Monday-Friday, " + hours), `found "Monday-Friday"; write mon-fri`},
		{"days with words", window("days: Mon to Thurs and Saturday, " + hours), `write mon-thu,sat`},
		{"days in capitals", window(`days: "Mon,Wed", ` + hours), `write mon,wed`},
		{"weekdays", window("days: weekdays, " + hours), `write mon-fri`},
		{"every day", window("days: every day, " + hours), `every day is the default: remove the key`},
		{"a list of days", window("days: [mon, tue], " + hours), `write mon,tue`},
		{"an hour", window(`from: "9", to: 5pm, zone: UTC`), `write "17:00"`},
		{"an hour without a zero", window(`from: 9:00, to: "17:00", zone: UTC`), `write "09:00"`},
		{"an offset", window(`from: "09:00", to: "17:00", zone: UTC+2`), `there is no time zone "UTC+2"; name a city, whose summer time is known, such as "Europe/Helsinki"`},
		{"an offset alone", window(`from: "09:00", to: "17:00", zone: "-05:00"`), `such as "America/New_York"`},
		{"an abbreviation", window(`from: "09:00", to: "17:00", zone: PST`), `name a city, whose summer time is known: "America/Los_Angeles"?`},

		{"a login without its @", head + "    allow: ada\n", `f:4:12: expected write, maintain, admin, team/NAME or @NAME, found "ada"; write "@ada" for a person, or team/ada for a team`},
		{"a login in a list", head + "    allow: [maintain, ada]\n", `write "@ada" for a person`},
		{"a login without quotes", head + "    allow: @ada\n", `f:4:12: not valid YAML: '@' is a reserved character; put text that starts with @ in quotes`},
		{"a login without quotes in a list", head + "    allow: [maintain, @ada]\n", `put text that starts with @ in quotes`},
		{"a team as GitHub writes it", head + "    allow: acme/releasers\n", `write team/releasers`},
		{"everybody", head + "    allow: everyone\n", `that is the default: remove the key`},

		{"manual", head + "    promote: manual\n", `f:4:14: expected auto or approval, found "manual"; write approval`},
		{"nothing on a failure", head + "    on_failure: nothing\n", `write hold`},
		{"revert on a failure", head + "    on_failure: revert\n", `write rollback`},

		{"a list of apps for an app", "stages:\n  - name: production\n    app: [shop-us, shop-ca]\n", `f:3:10: expected the name of an app (3 to 30 lowercase letters, digits and dashes, a letter first), found a list; write apps: [shop-us, shop-ca]`},
		{"an app for a list", "stages:\n  - name: production\n    apps: shop\n", `write [shop]`},
		{"a list of apps that build", head + "prepare: [shop-a, shop-b]\n", `write {apps: [shop-a, shop-b]}`},
		{"an app's address", "stages:\n  - name: production\n    app: https://shop-us.herokuapp.com/\n", `write the name alone: shop-us`},
		{"an app's page", "stages:\n  - name: production\n    app: https://dashboard.heroku.com/apps/shop-us/deploy\n", `write the name alone: shop-us`},

		{"a bare address", head + "    verify: https://shop.example.com/healthz\n", `f:4:13: expected the keys of verify, found the text "https://shop.example.com/healthz"; write {url: "https://shop.example.com/healthz"}`},
		{"an address without https", head + "    verify: {url: shop.example.com/healthz}\n", `begin it with https://`},
		{"a text with curly quotes", window("from: “09:00”, to: “17:00”, zone: UTC"), `use plain quotes: "09:00"`},
		{"a date of another country", head + "freezes: [{from: 23.12.2026, to: 2027-01-02, zone: UTC}]\n", `write 2026-12-23`},
		{"a colon without its space", "stages:\n  - name:production\n", `put a space after the colon`},
		{"a check alone", head + "checks: ci/test\n", `write [ci/test]`},

		{"a key too far left", "stages:\n  - name: production\n   app: shop\n", "f:3:4: not valid YAML: value is not allowed in this context; look at the indentation: what belongs together begins in the same column"},
		{"a key too far right", "stages:\n  - name: production\n     app: shop\n", "f:3:6: not valid YAML: this line is indented further than the one above, which has a value already; indent it by 4 spaces"},
		{"a dash too far left", "stages:\n  - name: staging\n    app: shop-staging\n - name: production\n   app: shop\n", "f:4:2: not valid YAML: value is not allowed in this context; look at the indentation"},
		{"a dash too far right", "stages:\n  - name: staging\n    app: shop-staging\n    - name: production\n      app: shop\n", "f:4:5: not valid YAML: non-map value is specified; look at the indentation"},
		{"a key at the wrong depth", "stages:\n  - name: production\n    app: shop\n    verify:\n    url: https://shop.example.com\n", `f:5:5: unknown key "url" in a stage; it is a key of verify`},
		{"a tab", "stages:\n  - name: production\n\tapp: shop\n", "f:3:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := config.Parse([]byte(c.file), "f")
			if err == nil {
				t.Fatalf("accepted, expected to be refused with %q", c.want)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q\nshould be refused with\n%s\nit is with\n%s", c.file, c.want, err)
			}
		})
	}
}
