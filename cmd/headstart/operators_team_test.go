package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot/engine"
)

// Members of the operators' teams are operators as long as GitHub says so, and nobody is while it does not answer.
func TestMembersOfTeamsOperate(t *testing.T) {
	o, err := parseOperators("acme/release far/ops")
	if err != nil {
		t.Fatal(err)
	}
	members, trouble, asked := map[string]bool{"far/ops/ada": true}, error(nil), 0
	o.log = zap.NewNop()
	o.inTeam = func(_ context.Context, org, team, login string) (bool, error) {
		asked++
		return trouble == nil && members[org+"/"+team+"/"+login], trouble
	}
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	expect := func(when, login string, want bool, requests int) {
		t.Helper()
		asked = 0
		is, err := o.operates(t.Context(), engine.Person{Login: login, ID: int64(len(login))}, now)
		if err != nil || is != want || asked != requests {
			t.Errorf("%s, %s should be an operator: %v, by %d requests; got %v, %d, %v", when, login, want, requests, is, asked, err)
		}
	}
	expect("at first", "ada", true, 2)
	expect("a moment later", "ada", true, 0)
	expect("at first", "zoe", false, 2)
	expect("a moment later", "zoe", false, 0)
	members, now = nil, now.Add(membersLast)
	expect("once she has left the team", "ada", false, 2)
	trouble, members, now = errors.New("GitHub does not answer"), map[string]bool{"acme/release/ada": true}, now.Add(membersLast)
	expect("while GitHub does not answer", "ada", false, 2)
	trouble, now = nil, now.Add(membersPause)
	expect("a minute later", "ada", true, 1)
}
