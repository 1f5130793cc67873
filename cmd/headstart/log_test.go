package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// line is a line of the log, as who operates the server has it.
type line struct {
	Level, Message                                                     string
	Repository, Pipeline, SHA, Stage, App, Result, Reason, Who, Effect string
	Command, Outcome                                                   string
	Deliveries                                                         []string
}

// logged are the lines from a level on, the oldest first.
func (b *bed) logged(from zapcore.Level) (list []line) {
	b.t.Helper()
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "message", LevelKey: "level", EncodeLevel: zapcore.LowercaseLevelEncoder})
	for _, e := range b.logs.All() {
		if e.Level < from {
			continue
		}
		text, err := encoder.EncodeEntry(e.Entry, e.Context)
		b.must(err)
		var l line
		b.must(json.Unmarshal(text.Bytes(), &l))
		list = append(list, l)
	}
	return list
}

func spaced(list ...string) string { return strings.Join(strings.Fields(strings.Join(list, " ")), " ") }

// guidOf is the newest delivery of an event about a commit.
func (b *bed) guidOf(event, sha string) string {
	b.t.Helper()
	guid := ""
	for _, d := range b.gh.Deliveries() {
		if d.Event == event && strings.Contains(string(d.Payload), sha) && (event != "check_run" || strings.Contains(string(d.Payload), `"success"`)) {
			guid = d.GUID
		}
	}
	if guid == "" {
		b.t.Fatalf("there should be a %s about %s", event, sha)
	}
	return guid
}

// A deploy is a line for its push, its build and each stage. The push's delivery and the check's that let it in lead to
// the line of the promotion.
func TestLogOfADeploy(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		before := len(b.logged(zapcore.InfoLevel))
		c := b.push(change("a"))
		b.pass(2 * time.Minute) // the build is done, the check is not
		b.report(c.SHA, "success")
		b.until(5*time.Minute, "it is live", b.live(c.SHA))
		b.pass(time.Minute)

		push, check := b.guidOf("push", c.SHA), b.guidOf("check_run", c.SHA)
		var said []string
		for _, l := range b.logged(zapcore.InfoLevel)[before:] {
			if l.Repository == "" {
				continue // of a platform, which has no repositories
			}
			said = append(said, spaced(l.Message, l.Stage, l.Result))
			if l.Level != "info" || l.Repository != shopRepo || l.SHA != c.SHA || !slices.Contains(l.Deliveries, push) {
				t.Errorf("a line should name the repository, the commit and the push's delivery: %+v", l)
			}
			if l.Message == "promotion ended" && (l.Effect == "" || l.Stage == "staging" && !slices.Contains(l.Deliveries, check)) {
				t.Errorf("a promotion's line should name its effect, and the delivery of the check that let it in (%s): %+v", check, l)
			}
		}
		if want := []string{"push", "build ended succeeded", "promotion ended staging succeeded", "promotion ended production succeeded"}; !slices.Equal(said, want) {
			t.Errorf("a deploy should be the lines %q, it is %q", want, said)
		}
		for series, want := range map[string]float64{
			`headstart_builds_total{repository="acme/shop",result="succeeded"}`:                                        1,
			`headstart_builds_total{repository="acme/shop",result="failed"}`:                                           0,
			`headstart_promotions_total{repository="acme/shop",result="succeeded",stage="production"}`:                 1,
			`headstart_promotions_total{repository="acme/shop",result="failed",stage="production"}`:                    0,
			`headstart_rollbacks_total{kind="automatic",repository="acme/shop",result="succeeded",stage="production"}`: 0,
			"headstart_push_to_live_seconds_count":                                                                     1, "headstart_green_to_live_seconds_count": 1, "headstart_build_seconds_count": 1,
			`headstart_queue_depth{queue="effects"}`: 0,
		} {
			if n := b.metric(series); n != want {
				t.Errorf("%s should be %v, it is %v", series, want, n)
			}
		}
	})
}

// What fails is a warning: the verification, and what was done about it. A person's command is a line, with its answer,
// and leads to the rollback's.
func TestLogOfAFailure(t *testing.T) {
	onHeroku(t, choices{pipeline: verified + "    on_failure: hold\n"}, func(b *bed, _ *herokuPlace) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.deploy("good")
		before := len(b.logged(zapcore.InfoLevel))
		bad := b.merge("bad")
		b.sick(productionApp, bad.SHA, http.StatusInternalServerError, "boom")
		b.until(5*time.Minute, "production says that it failed", b.hasStatus(bad.SHA, "headstart/production", "failure"))
		b.pass(10 * time.Minute)
		b.done(bad.Number(), "zoe", "/rollback production")
		b.pass(time.Minute)
		said := map[string]line{}
		for _, l := range b.logged(zapcore.InfoLevel)[before:] {
			if l.Repository != "" {
				said[spaced(l.Message, l.Stage, l.Result, l.Level)] = l
			}
		}
		for _, want := range []string{
			"push info", "build ended succeeded info", "promotion ended staging succeeded info", "verification ended production failed warn",
			"promotion ended production failed warn", "command succeeded info", "rollback ended production succeeded info", "commit ended without going live failed info",
		} {
			if _, ok := said[want]; !ok {
				t.Errorf("the log should have the line %q, it has %v", want, said)
			}
		}
		if l := said["verification ended production failed warn"]; !strings.Contains(l.Reason, "500") {
			t.Errorf("the verification's line should say what was answered: %+v", l)
		}
		comment := said["command succeeded info"]
		if comment.Who != "zoe" || comment.Command != "/rollback production" || len(comment.Deliveries) == 0 {
			t.Errorf("a command's line should name the person, the line and the delivery: %+v", comment)
		}
		if l := said["rollback ended production succeeded info"]; l.Who != "zoe" || len(comment.Deliveries) > 0 && !slices.Contains(l.Deliveries, comment.Deliveries[0]) {
			t.Errorf("the rollback's line should name the person and the comment's delivery: %+v", l)
		}
		for series, want := range map[string]float64{
			`headstart_verifications_total{repository="acme/shop",result="failed",stage="production"}`:              1,
			`headstart_rollbacks_total{kind="manual",repository="acme/shop",result="succeeded",stage="production"}`: 1,
		} {
			if n := b.metric(series); n != want {
				t.Errorf("%s should be %v, it is %v", series, want, n)
			}
		}
	})
}

// What GitHub refuses is a warning with the reason. The same refusal again is one an hour later.
func TestRefusalsAreWarnedOfOnceAnHour(t *testing.T) {
	onHeroku(t, choices{pipeline: steered}, func(b *bed, _ *herokuPlace) {
		b.deploy("first")
		b.gh.Inject(githubtest.Fault{Match: "POST *statuses/*", Times: -1, Status: http.StatusForbidden, Body: `{"message":"Resource not accessible by integration"}`})
		c := b.merge("second")
		b.pass(10 * time.Minute)
		refused := func() (n int, last line) {
			for _, l := range b.logged(zapcore.WarnLevel) {
				if l.Message == "refused" && l.SHA == c.SHA && strings.Contains(l.Effect, "headstart/build") {
					n, last = n+1, l
				}
			}
			return n, last
		}
		n, l := refused()
		if n != 1 || l.Repository != shopRepo || l.Outcome != "refused" || l.Reason == "" {
			t.Errorf("a refused status should be one warning with its reason, there are %d: %+v", n, l)
		}
	})
}
