package command

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseCommands(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string // verb|stage|sha|version|config|reason, or verb!problem
	}{
		{"nothing", "looks good to me", nil},
		{"one", "/promote", []string{"promote|||0|false|"}},
		{"in any case, indented a little", "   /PROMOTE Production", []string{"promote|Production||0|false|"}},
		{"with a commit only", "/promote 0123abc", []string{"promote||0123abc|0|false|"}},
		{"with both", "/promote staging 0123ABCD", []string{"promote|staging|0123abcd|0|false|"}},
		{"several lines, in order", "please:\r\n/unlock production\r\n/promote production\r\nthanks", []string{"unlock|production||0|false|", "promote|production||0|false|"}},
		{"not within a line", "you can say /promote here", nil},
		{"not quoted", "> /promote production\n", nil},
		{"a rollback", "/rollback", []string{"rollback|||0|false|"}},
		{"a rollback to a release", "/rollback production to v12", []string{"rollback|production||12|false|"}},
		{"a rollback to a commit", "/rollback to 0123abc", []string{"rollback||0123abc|0|false|"}},
		{"a rollback without `to`", "/rollback prod v3", []string{"rollback|prod||3|false|"}},
		{"a rollback with config", "/rollback production with config", []string{"rollback|production||0|true|"}},
		{"a rollback to a release with config", "/rollback production to v3 with config", []string{"rollback|production||3|true|"}},
		{"a lock with a reason", "/lock production  we are  on television", []string{"lock|production||0|false|we are on television"}},
		{"a retry", "/retry build", []string{"retry|build||0|false|"}},
		{"paths are no commands", "/usr/bin/env\n/etc\n/", nil},
		{"other bots' commands", "/lgtm\n/assign @x", nil},
		{"a token where a stage is meant", "/promote ghp_0123456789abcdef 0123abc", []string{"promote|[redacted]|0123abc|0|false|"}},
		{"secrets in a reason", "/lock production as Authorization:      Bearer\u00a0hush, https://zoe:hush@h/ and \x1b[31mghs_0123456789\x1b[0m say",
			[]string{"lock|production||0|false|as Authorization: Bearer [redacted], https://[redacted]@h/ and [redacted] say"}},
		{"a secret that is longer than a line", "/lock production because https://zoe:" + strings.Repeat("hush", 100) + "@h/ is gone", []string{"lock|production||0|false|because https://[redacted]@h/ is gone"}},
		{"a key with commands around", "/lock production -----BEGIN RSA PRIVATE KEY-----\r\nMIIE\r\n/status\r\n", []string{"lock|production||0|false|[redacted]", "status|||0|false|"}},
		{"a header with a command behind", "Authorization:\n/status\n\"token\": \"\n/help\n", []string{"status|||0|false|", "help|||0|false|"}},
		{"no command by a terminal's interpretation", "/pro\x1b[1mmote", nil},
		{"a typo", "/promte production", []string{"promte!there is no command /promte; did you mean /promote?"}},
		{"swapped letters", "/rollbakc", []string{"rollbakc!there is no command /rollbakc; did you mean /rollback?"}},
		{"too much", "/cancel everything", []string{`cancel!"everything" is not understood after /cancel; /help says what it takes`}},
		{"no commit", "/promote staging soon", []string{`promote!"soon" is no commit: expected at least seven digits of its SHA`}},
		{"an approval alone", "/approve production 0123abc --alone nobody else is here", []string{"approve|production|0123abc|0|false|nobody else is here"}},
		{"an approval alone by telephone", "/approve Prod 0123ABC —Alone the shop is down", []string{"approve|Prod|0123abc|0|false|the shop is down"}},
		{"an approval alone without a reason", "/approve production 0123abc --alone", []string{"approve!the reason is missing: /approve production 0123abc --alone REASON; it is shown to everybody"}},
		{"an approval alone without a commit", "/approve production --alone 0123abc is mine", []string{"approve!the commit is missing: an approval alone names it, as in /approve STAGE SHA --alone REASON"}},
		{"an approval alone without a stage", "/approve 0123abc --alone it is mine", []string{"approve!an approval alone names the stage first: /approve STAGE SHA --alone REASON"}},
		{"an approval alone of something", "/approve production this --alone it is mine", []string{`approve!"this" is no commit: expected at least seven digits of its SHA, as in /approve STAGE SHA --alone REASON`}},
		{"an approval almost alone", "/approve production 0123abc --alnoe it is mine", []string{"approve!there is no --alnoe; did you mean --alone?"}},
		{"a promotion alone", "/promote production 0123abc --alone it is mine", []string{"promote!there is no --alone of a promotion; it goes with /approve STAGE SHA"}},
		{"a secret in the reason", "/approve production 0123abc --alone the token is ghp_0123456789abcdef", []string{"approve|production|0123abc|0|false|the token is [redacted]"}},
		{"no target", "/rollback production to", []string{"rollback!after `to` a commit or a release such as v12 is missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, k := range ParseCommands(c.body) {
				if k.Problem != "" {
					got = append(got, fmt.Sprintf("%s!%s", k.Verb, k.Problem))
				} else {
					got = append(got, fmt.Sprintf("%s|%s|%s|%d|%t|%s", k.Verb, k.Stage, k.SHA, k.Version, k.Config, k.Reason))
				}
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("the comment %q asks for\n%q, and was read as\n%q", c.body, c.want, got)
			}
		})
	}
}

func TestStagesMayBeShortened(t *testing.T) {
	stages := []string{"staging", "canary", "canada", "production"}
	for written, want := range map[string]string{
		"staging": "staging", "PROD": "production", "p": "production", "s": "staging",
		"can":       `!"can" may be canary or canada`,
		"prodution": `!there is no stage "prodution"; did you mean production?`,
		"moon":      `!there is no stage "moon"; the stages are staging, canary, canada, production`,
	} {
		stage, problem := ResolveStage(written, stages)
		if got := stage; got != want && "!"+problem != want {
			t.Errorf("%q means %q, and was taken for %q (%s)", written, want, got, problem)
		}
	}
}

// Words of a reason such as "no" begin no name, though they are short enough to become
// one by two letters.
func TestShortWordsMeanNoStage(t *testing.T) {
	names := []string{"qa", "production"}
	if r := Resolve("no", names); r.name != "" || r.Meant() {
		t.Errorf("the word no is taken for %q, or for something like %q", r.name, r.near)
	}
	for _, word := range []string{"productino", "produktion"} {
		if r := Resolve(word, names); r.name != "" || !r.Meant() {
			t.Errorf("%s is taken for a word of a reason: it may be production", word)
		}
	}
	if got, want := Resolve("moon", names).problem("pipeline"), `there is no pipeline "moon"; the pipelines are qa, production`; got != want {
		t.Errorf("what is wrong with moon reads %q, not %q", got, want)
	}
}

func FuzzParseCommands(f *testing.F) {
	for _, seed := range []string{"/promote production 0123abc", "> /x", "/rollback to v1 with config", "/lock \x00\xff", "\t/why"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		list := ParseCommands(body)
		if len(list) > maxCommands {
			t.Fatalf("%d commands were taken out of one comment", len(list))
		}
		for _, c := range list {
			if !strings.Contains(strings.ToLower(body), "/"+string(c.Verb)) {
				t.Errorf("the command /%s is not in the comment %q", c.Verb, body)
			}
			if len(c.Text) > maxLine || utf8.RuneCountInString(c.Reason) > MaxReason {
				t.Errorf("a command of %d bytes was taken out of %q", len(c.Text), body)
			}
			if utf8.ValidString(body) && !utf8.ValidString(c.Text+c.Reason+c.Stage+c.Problem) {
				t.Errorf("%q was cut within a letter", body)
			}
			if again := ParseCommands(c.Text); len(again) != 1 || again[0].Verb != c.Verb || again[0].Stage != c.Stage {
				t.Errorf("the command %q is read as %+v", c.Text, again)
			}
			if quoted := "> " + strings.ReplaceAll(c.Text, "\n", "\n> "); len(ParseCommands(quoted)) != 0 {
				t.Errorf("quoting %q is still a command", c.Text)
			}
		}
	})
}
