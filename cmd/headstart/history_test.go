package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/history"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

// promotionLines asks for history as a script does.
func (b *bed) promotionLines(args ...string) (lines []promotionLine) {
	b.t.Helper()
	from := json.NewDecoder(strings.NewReader(b.operator(append([]string{"history", "--json"}, args...)...)))
	for from.More() {
		var line promotionLine
		b.must(from.Decode(&line))
		lines = append(lines, line)
	}
	return lines
}

// Two deploys and a rollback are history, beside the running server, after its restart,
// and for a database that is older than history: as far as its pipelines remember.
func TestHistoryOfDeploys(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		t := b.t
		b.must(b.shop.SetRole("zoe", "write"))
		first := b.deploy("first")
		second := b.deploy("second")
		b.done(second.Number(), "zoe", "/rollback production")
		b.until(time.Minute, "production runs the first commit again", b.runs(productionApp, first.SHA))
		b.pass(10 * time.Second)

		b.done(second.Number(), "zoe", "/incident production "+second.SHA+" the cart was empty")
		insights := func(cmd insightsCommand) string {
			t.Helper()
			var out bytes.Buffer
			cmd.DatabaseURL, cmd.Weeks, cmd.Pipeline = b.settings().DatabaseURL, 4, "acme/shop"
			b.must(cmd.at(t.Context(), b.clock.Now(), console{out: &out}))
			return out.String()
		}
		var numbers numbersLine
		b.must(json.Unmarshal([]byte(insights(insightsCommand{JSON: true})), &numbers))
		if d := numbers.Deploys; numbers.Deployments != 2 || numbers.Judged != 1 || numbers.Failed != 1 || numbers.Recovery.N != 1 || numbers.Lead.N != 2 || len(d) != 2 || d[0].SHA != first.SHA || d[0].Judged ||
			d[1].SHA != second.SHA || d[1].Failed != "it was rolled back" || len(d[1].Changes) != 1 || d[1].Changes[0].Lead < 0 {
			t.Errorf("the second of two deployments was rolled back, got %+v", numbers)
		}
		if text := insights(insightsCommand{}); !strings.Contains(text, "2 deployments on ") || !strings.Contains(text, "too few to say") || !strings.Contains(text, "1 of 1") {
			t.Errorf("two deployments are too few to say anything, got\n%s", text)
		}

		expect := func(when string) {
			t.Helper()
			lines := b.promotionLines("acme/shop", "--stage", "Production")
			if len(lines) != 3 {
				t.Fatalf("%s: production has three promotions, got %+v", when, lines)
			}
			back, ahead, begin := lines[0], lines[1], lines[2]
			if back.SHA != first.SHA || back.Replaced != second.SHA || back.Kind != "rollback" || back.Result != "proved" {
				t.Errorf("%s: the newest is the rollback from %s to %s, it is %+v", when, second.SHA, first.SHA, back)
			}
			if back.By != "zoe" {
				t.Errorf("%s: zoe rolled back, got %+v", when, back)
			}
			if ahead.SHA != second.SHA || ahead.Replaced != first.SHA || ahead.Kind != "forward" || ahead.Result != "proved" || ahead.Change == nil || ahead.Change.Pull != second.Number() || ahead.Change.Outcome != "live" {
				t.Errorf("%s: before it the second commit went live, got %+v, %+v", when, ahead, ahead.Change)
			}
			if begin.SHA != first.SHA || begin.Result != "proved" || begin.Change == nil || begin.Proved.Before(begin.Change.Pushed) {
				t.Errorf("%s: at first the first commit went live, got %+v, %+v", when, begin, begin.Change)
			}
			if ahead.Change != nil {
				var sum time.Duration
				for _, w := range ahead.Change.Waits {
					sum += time.Duration(w.Seconds * float64(time.Second)).Round(time.Microsecond)
				}
				if want := ahead.Change.Ended.Sub(ahead.Change.Pushed); sum != want {
					t.Errorf("%s: the parts of the second commit's way should add up to %s, got %s", when, want, sum)
				}
			}
			if lines := b.promotionLines(); len(lines) != 5 {
				t.Errorf("%s: with two of staging there are five promotions, got %+v", when, lines)
			}
			said := b.operator("history", "acme/shop")
			for _, want := range []string{"WHEN", "production", "staging", first.SHA[:7], second.SHA[:7], fmt.Sprintf("↩ #%d", first.Number()), "rollback from " + second.SHA[:7]} {
				if !strings.Contains(said, want) {
					t.Errorf("%s: the table should have %q, it is\n%s", when, want, said)
				}
			}
			expectNarrow(t, said)
		}
		expect("beside the server")
		b.restart()
		expect("after a restart")
		b.stopBot()
		expect("without a server")

		known := b.promotionLines("--stage", "production")
		b.forgetHistory()
		b.start(nil)
		eventually(t, "history is filled in", func() bool { return b.logs.FilterMessageSnippet("history was filled in").Len() == 1 })
		// The pipeline remembers what it could go back to, and less of it.
		filled := b.promotionLines("--stage", "production")
		if len(filled) < 2 {
			t.Errorf("what the pipeline remembers should be filled in, got %+v", filled)
		}
		for i, p := range filled[:min(2, len(filled))] {
			if was := known[i]; p.Number != was.Number || p.SHA != was.SHA || p.Kind != was.Kind || p.Result != was.Result || !p.Began.Equal(was.Began) || p.Change == nil {
				t.Errorf("the promotion should be filled in as\n%+v\nand is\n%+v", was, p)
			}
		}
	})
}

// forgetHistory makes the database as it was before history had tables.
func (b *bed) forgetHistory() {
	b.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(b.dir, "headstart.db"))
	b.must(err)
	for _, statement := range []string{`DELETE FROM history_changes`, `DELETE FROM history_promotions`, `DELETE FROM history_process`, `DELETE FROM history_audit`, `UPDATE history_pipelines SET filled = 0`} {
		_, err := db.Exec(statement)
		b.must(err)
	}
	b.must(db.Close())
}

func expectNarrow(t *testing.T, said string) {
	t.Helper()
	for _, line := range strings.Split(said, "\n") {
		if utf8.RuneCountInString(line) > historyWidth {
			t.Errorf("a line should have at most %d characters, this one has %d:\n%s", historyWidth, utf8.RuneCountInString(line), line)
		}
	}
}

// A long table is read at a glance.
func TestHistoryTable(t *testing.T) {
	now := time.Date(2026, 11, 29, 13, 12, 0, 0, time.UTC)
	sha := func(digit string) string { return strings.Repeat(digit, 40) }
	at := func(ago time.Duration) time.Time { return now.Add(-ago) }
	forward := func(digit string, ago, way time.Duration, commits int) history.Promotion {
		return history.Promotion{Stage: "production", SHA: sha(digit), Kind: history.KindForward, Began: at(ago + 20*time.Second), Released: at(ago + 5*time.Second), Proved: at(ago), Ended: at(ago), Result: history.ResultProved, Commits: commits}
	}
	back := history.Promotion{Stage: "production", SHA: sha("8"), Replaced: sha("1"), Kind: history.KindUndo, Why: "it answers with 500\nsince v118", Began: at(152 * time.Minute), Released: at(151 * time.Minute), Proved: at(151 * time.Minute), Ended: at(151 * time.Minute), Result: history.ResultProved}
	failed := forward("1", 160*time.Minute, 0, 1)
	failed.Result, failed.Proved, failed.Reason, failed.Who = history.ResultUnproved, time.Time{}, "the verification failed: https://shop.example.com/healthz answered 500 three times within two minutes", "kim"
	under := history.Promotion{Stage: "production", SHA: sha("7"), Kind: history.KindForward, Began: at(10 * time.Second)}
	hand := history.Promotion{Stage: "production", N: -109, Kind: history.KindByHand, Who: "dana@heroku", Began: at(500 * day), Released: at(500 * day), Ended: at(500 * day), Result: history.ResultUnverified}
	changes := map[string]history.Change{
		sha("7"): {Title: "Fix rounding", Pull: 416, PushedAt: at(6 * time.Minute)},
		sha("5"): {Title: "New header with a title that is much too long to be shown in eighty characters", Pull: 412, PushedAt: at(136 * time.Minute)},
		sha("8"): {Title: "Count the till", PushedAt: at(8 * day)},
		sha("1"): {Title: "Migrate orders (#409)", Pull: 409, PushedAt: at(170 * time.Minute)},
	}
	var out bytes.Buffer
	printPromotions(&out, bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}, Name: "api"}, "production", []history.Promotion{under, forward("5", 130*time.Minute, 0, 3), back, failed, forward("8", 7*day, 0, 1), hand}, changes, now)
	expectNarrow(t, out.String())
	const want = `acme/shop:api to production, times in UTC

WHEN          COMMIT   IN    RESULT      CHANGE
Nov 29 13:11  7777777  -     under way   #416 Fix rounding
Nov 29 11:01  5555555  6:00  live        #412 (+2) New header with a title that…
Nov 29 10:40  8888888  1:00  live 21:40  ↩ Count the till
  automatic rollback from 1111111: “it answers with 500 since v118”
Nov 29 10:31  1111111  0:20  not proved  #409 Migrate orders
  asked for or approved by kim: the verification failed: https://shop.example.c…
Nov 22 13:11  8888888  1d0h  live 6d21h  Count the till
Jul 17  2025  -        -     live 492d
  released by hand on the platform by dana@heroku
`
	if got := out.String(); got != want {
		t.Errorf("the table should be\n%s\nand is\n%s", want, got)
	}
}

// What cannot be shown is said with what can.
func TestHistorySaysWhatIsWrong(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "headstart.db")
	fill := func(names ...string) {
		t.Helper()
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			key := bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}, Name: name}
			began := time.Date(2026, 11, 29, 12, i, 0, 0, time.UTC)
			c := engine.Change{Pipeline: key, State: botpipeline.State{Pipeline: key}, History: []history.Entry{
				history.Process{At: began, Config: bot.Config{Stages: []bot.Stage{{Name: "staging"}, {Name: "production"}}}},
				history.Promotion{Stage: "canary", N: 1, SHA: strings.Repeat("a", 40), Kind: history.KindForward, Began: began},
			}}
			if err := s.Commit(context.WithoutCancel(t.Context()), c); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(want string, args ...string) {
		t.Helper()
		if _, _, err := headstart(t, append([]string{"history", "--database-url", url}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("headstart history %s should be refused with %q, got %v", strings.Join(args, " "), want, err)
		}
	}
	said := func(want string, args ...string) {
		t.Helper()
		out, _, err := headstart(t, append([]string{"history", "--database-url", url}, args...)...)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("headstart history %s should say %q, it says %v\n%s", strings.Join(args, " "), want, err, out)
		}
		if !strings.HasPrefix(out, "{") {
			expectNarrow(t, out)
		}
	}
	refused("there is no database at", "acme/shop")
	fill()
	refused("there is no pipeline yet")
	refused(`there is no pipeline "acme/shop". None is known yet`, "acme/shop")
	fill("api")
	said("acme/shop:api, times in UTC")
	said("aaaaaaa")
	refused(`there is no pipeline "acme/shop". Known: acme/shop:api`, "acme/shop")
	refused(`there is no pipeline "nonsense". Known: acme/shop:api`, "nonsense")
	refused(`acme/shop:api has no stage "prod": it has staging, production, canary`, "acme/shop:api", "--stage", "prod")
	said("acme/shop:api has no promotion to staging yet.", "acme/shop:api", "--stage", "staging")
	said("acme/shop:api to canary", "ACME/shop:API", "--stage", "Canary")
	refused(`--since "soon" is no duration: write 12h, 30d or 52w`, "acme/shop:api", "--since", "soon")
	refused("--limit 0 is no number of promotions", "acme/shop:api", "--limit", "0")
	fill("web", "worker-1", "worker-2", "worker-3", "worker-4", "worker-5", "worker-6", "worker-7", "worker-8")
	said("acme/shop:web")
	said("All of one: headstart history PIPELINE", "--limit", "2")
	said(`"pipeline":"acme/shop:worker-8","stage":"canary"`, "--json", "--limit", "1")
	refused("--stage needs a pipeline: headstart history PIPELINE --stage canary. Known: acme/shop:api", "--stage", "canary")
	refused("acme/shop:worker-6, and 2 more", "acme/shop:gone")
	said("acme/shop:api, times in UTC", "acme/shop:api", "--since", "5000w")
}
