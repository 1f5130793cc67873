package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot/engine"
)

// An operator's login becomes somebody else's: that account is not the operator, until
// somebody says so beside the running server.
func TestAnOperatorsLoginIsTakenOver(t *testing.T) {
	onHeroku(t, choices{pipeline: steered, settings: func(s *settings) { s.Operators = "@Zoe acme/ops" }}, func(b *bed, _ *herokuPlace) {
		pull := b.deploy("first")
		is := func(id int64) bool {
			t.Helper()
			ok, err := b.srv.people.is(t.Context(), engine.Person{Login: "zoe", ID: id})
			b.must(err)
			return ok
		}
		if said := b.operator("operator", "list"); !strings.Contains(said, "No operator was seen yet") {
			t.Errorf("nobody was seen yet, the list says:\n%s", said)
		}
		b.comment(pull.Number(), "zoe", "/status")
		b.pass(time.Second)
		zoe := b.gh.UserID("zoe")
		if said := b.operator("operator", "list"); !strings.Contains(said, fmt.Sprint(zoe)) || !strings.Contains(said, "first seen") {
			t.Errorf("the first account of the login should be kept and shown, the list says:\n%s", said)
		}
		other := b.gh.TakeOver("zoe")
		b.comment(pull.Number(), "zoe", "/status")
		b.pass(time.Second)
		want := fmt.Sprintf("headstart operator confirm zoe %d", other)
		if said := b.operator("operator", "list"); !strings.Contains(said, want) || !strings.Contains(said, "refused") {
			t.Errorf("the list should show the other account and what to do, it says:\n%s", said)
		}
		if n := len(b.logs.FilterMessageSnippet("another account comes with an operator's login").All()); n != 1 {
			t.Errorf("the log should say so once, it says so %d times", n)
		}
		if !is(zoe) || is(other) {
			t.Error("the first account should be the operator, and the other one not")
		}
		b.operator("operator", "confirm", "@zoe", fmt.Sprint(other))
		if is(zoe) || !is(other) {
			t.Error("the confirmed account should be the operator, and the first one not any more")
		}
		// The setting wins over whatever was seen or said.
		b.stopBot()
		b.start(func(s *settings) { s.Operators = fmt.Sprintf("zoe#%d", zoe) })
		if !is(zoe) || is(other) {
			t.Error("the account that the setting pins should be the operator, and the other one not")
		}
	})
}

func TestParseOperators(t *testing.T) {
	o, err := parseOperators(" @ada, Bob#7\tbob#7 acme/release-team @octo-cat#12,enterprise_user")
	if err != nil || len(o.logins) != 4 || o.logins["ada"] != 0 || o.logins["bob"] != 7 || o.logins["octo-cat"] != 12 || len(o.teams) != 1 {
		t.Errorf("expected four people and a team, got %+v, %v", o, err)
	}
	for text, want := range map[string]string{
		"ada#x":          "is no account's number",
		"ada#":           "is no account's number",
		"ada#0":          "is no account's number",
		"@ada#-1":        "is no account's number",
		"ada#1 Ada#2":    "pinned to two accounts, 1 and 2",
		"@acme/ops":      "is no team",
		"acme/ops#3":     "is no team",
		"acme/a/b":       "is no team",
		"@":              "is no login",
		"ada!":           "is no login",
		"#12":            "is no login",
		"two--hyphens-!": "is no login",
	} {
		if _, err := parseOperators(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q should be refused with %q, got %v", text, want, err)
		}
	}
}
