package apply

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
)

func TestParseUrgent(t *testing.T) {
	for body, want := range map[string]command.Command{
		"/promote production --urgent the till is down":           {Stage: "production", Reason: "the till is down"},
		"/promote production the till is down --urgent":           {Stage: "production", Reason: "the till is down"},
		"/promote production 0123ABCD --urgent the till is down":  {Stage: "production", SHA: "0123abcd", Reason: "the till is down"},
		"/promote production --URGENT 0123abcd the till is down":  {Stage: "production", SHA: "0123abcd", Reason: "the till is down"},
		"/promote production abcdefa --urgent down":               {Stage: "production", SHA: "abcdefa", Reason: "down"},
		"/promote production --urgent defaced by vandals":         {Stage: "production", Reason: "defaced by vandals"},
		"/promote prod —urgent written on a telephone":            {Stage: "prod", Reason: "written on a telephone"},
		"/promote prod --urgent use ghp_0123456789abcdef":         {Stage: "prod", Reason: "use [redacted]"},
		"/promote prod --urgent " + strings.Repeat("a b ", 60):    {Stage: "prod", Reason: redact.Cut(strings.TrimSpace(strings.Repeat("a b ", 60)), command.MaxReason)},
		"/promote production --urgent the -- dashes do no --harm": {Stage: "production", Reason: "the -- dashes do no --harm"},
	} {
		got := command.ParseCommands(body)[0]
		if got.Problem != "" || !got.Urgent || got.Stage != want.Stage || got.SHA != want.SHA || got.Reason != want.Reason {
			t.Errorf("%q should be urgent with %+v, got %+v", body, want, got)
		}
	}
	for body, want := range map[string]string{
		"/promote production --urgnet it burns": "there is no --urgnet; did you mean --urgent?",
		"/promote production -urgent it burns":  "there is no -urgent; did you mean --urgent?",
		"/promote production --urgent":          "the reason is missing",
		"/promote production 0123abc --urgent":  "the reason is missing",
		"/promote --urgent it burns":            "names its stage first",
		"/promote production --force":           "there is no --force",
		"/promote production urgent it burns":   `"urgent" is no commit`,
	} {
		if got := command.ParseCommands(body)[0]; !strings.Contains(got.Problem, want) || strings.Contains(want, "--force") && strings.Contains(got.Problem, "mean") {
			t.Errorf("%q should be refused with %q, got %+v", body, want, got)
		}
	}
}

func TestParseLockTimes(t *testing.T) {
	for body, want := range map[string]command.Command{
		"/lock production 2h a migration":     {Stage: "production", For: 2 * time.Hour, Reason: "a migration"},
		"/lock production for 2h a migration": {Stage: "production", For: 2 * time.Hour, Reason: "a migration"},
		"/lock 30m":                           {For: 30 * time.Minute},
		"/lock for 1d why":                    {For: 24 * time.Hour, Reason: "why"},
		"/lock prod 1H30M":                    {Stage: "prod", For: 90 * time.Minute},
		"/lock prod 90s x":                    {Stage: "prod", For: 90 * time.Second, Reason: "x"},
		"/lock prod 30d x":                    {Stage: "prod", For: command.MaxLock, Reason: "x"},
		"/lock prod for the night":            {Stage: "prod", Reason: "for the night"},
		"/lock prod 3 people look at it":      {Stage: "prod", Reason: "3 people look at it"},
		"/lock for reasons":                   {Stage: "for", Reason: "reasons"},
	} {
		if got := command.ParseCommands(body)[0]; got.Problem != "" || got.Stage != want.Stage || got.For != want.For || got.Reason != want.Reason {
			t.Errorf("%q should be read as %+v, got %+v", body, want, got)
		}
	}
	for body, want := range map[string]string{
		"/lock production 31d":                   "at most 30 days",
		"/lock production 999999d999999d999999d": "at most 30 days",
		"/lock production 0m":                    "a lock of 0m is none",
		"/lock production 2hours":                "no time: write 30m",
		"/lock 1.5h":                             "no time: write 30m",
		"/lock for 2weeks":                       "no time: write 30m",
	} {
		if got := command.ParseCommands(body)[0]; !strings.Contains(got.Problem, want) {
			t.Errorf("%q should be refused with %q, got %+v", body, want, got)
		}
	}
}

// An older word of the operator changes nothing, however late it comes.
func TestTheNewestWordCounts(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := pipeline.State{}
	for _, f := range []bot.OperatorFreeze{
		{On: true, Reason: "first", At: noon}, {At: noon.Add(2)}, {On: true, Reason: "late", At: noon.Add(1)}, {On: true, Reason: "again", At: noon.Add(2)},
	} {
		s = Apply(s, bot.Event{At: noon, Fact: f})
	}
	if gate.Frozen(&s, noon) != nil {
		t.Errorf("the newest word is that nothing is frozen, it is %+v", s.Freeze)
	}
	s = Apply(s, bot.Event{At: noon, Fact: bot.OperatorFreeze{On: true, Until: noon.Add(time.Hour), At: noon.Add(3)}})
	if gate.Frozen(&s, noon.Add(time.Hour-1)) == nil || gate.Frozen(&s, noon.Add(time.Hour)) != nil {
		t.Error("a freeze should hold until its end, and not longer")
	}
}
