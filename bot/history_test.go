package bot_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// eventful is a pipeline with some of everything that can become of a change.
func eventful(t *testing.T) *story {
	s, do := newTale(t)
	do("role zoe maintain")
	do("config prepare=shop-prepare checks=ci approval.production=yes staging:shop-staging production:shop-us,shop-ca")
	do("takes build=20s release=5s")
	do("push aaaaaa1 pull=1")
	do("pr 1 merged as=aaaaaa1")
	do("check aaaaaa1 ci passed")
	do("wait 60s")
	do("say 1 zoe text=\"/approve production\"")
	do("wait 60s")
	do("push aaaaaa2")
	do("check aaaaaa2 ci failed")
	do("wait 60s")
	do("push aaaaaa3")
	do("wait 10s")
	do("push aaaaaa4")
	do("check aaaaaa4 ci passed")
	do("check aaaaaa3 ci passed")
	do("wait 60s")
	do("say 1 zoe text=\"/approve production aaaaaa4\"")
	do("wait 60s")
	do("say 1 zoe text=\"/rollback production\"")
	do("wait 60s")
	do("push aaaaaa5")
	do("wait 60s")
	return s
}

// changesOf are the changes among rows, by commit.
func changesOf(rows []history.Entry) map[string]history.Change {
	all := map[string]history.Change{}
	for _, row := range rows {
		if c, ok := row.(history.Change); ok {
			all[c.SHA] = c
		}
	}
	return all
}

// What a state says alone fills the tables of a pipeline that is older than they are.
func TestHistoryOfOneState(t *testing.T) {
	s := eventful(t)
	written, alone := &s.History, &bottest.History{}
	if err := alone.Take(history.Chronicle(pipeline.State{}, s.State), s.State); err != nil {
		t.Fatal(err)
	}
	want := map[string]history.Outcome{
		"aaaaaa1": history.OutcomeLive, "aaaaaa2": history.OutcomeFailed, "aaaaaa3": history.OutcomeSuperseded, "aaaaaa4": history.OutcomeLive, "aaaaaa5": "",
	}
	got := changesOf(written.Rows())
	for sha, outcome := range want {
		if got[sha].Outcome != outcome {
			t.Errorf("%s should be %q, it is told to be %+v", sha, outcome, got[sha])
		}
	}
	if again := changesOf(alone.Rows()); !reflect.DeepEqual(got, again) {
		t.Errorf("the state alone should tell the same of its changes:\n%+v\n%+v", got, again)
	}
	promotions := 0
	for _, row := range alone.Rows() {
		if p, ok := row.(history.Promotion); ok && p.Kind != history.KindByHand {
			promotions++
		}
	}
	if promotions != 5 {
		t.Errorf("the state still knows of five promotions: two to staging, two to production, and a rollback; it tells of %d", promotions)
	}
	if rows := history.Chronicle(s.State, s.State); len(rows) != 0 {
		t.Errorf("nothing has changed, and there are rows: %+v", rows)
	}
}

// What a state forgets is lost in no row.
func TestHistoryRemembersWhatAStateForgets(t *testing.T) {
	s := eventful(t)
	forgetful := s.State.Clone()
	clear(forgetful.Builds)
	forgetful.Pulls, forgetful.Requests = nil, nil
	for i := range forgetful.Candidates {
		c := &forgetful.Candidates[i]
		c.Reports, c.Diffs, c.Deployments, c.Approvals = pipeline.Reports{}, nil, nil, nil
	}
	if rows := history.Chronicle(s.State, forgetful); len(rows) != 0 {
		t.Errorf("nothing has happened, and there are rows: %+v", rows)
	}
	forgetful.Candidates[0].Title = "Found out later"
	rows := history.Chronicle(s.State, forgetful)
	was := changesOf(s.History.Rows())["aaaaaa1"]
	was.Title = "Found out later"
	if len(rows) != 1 || !reflect.DeepEqual(rows[0], history.Entry(was)) {
		t.Errorf("only the title has changed, and the rows are\n%+v\ninstead of\n%+v", rows, was)
	}
}

// A candidate that is dropped on its way has ended.
func TestHistoryEndsWhatIsDropped(t *testing.T) {
	s := eventful(t)
	after := s.State.Clone()
	after.At = after.At.Add(time.Minute)
	after.Candidates = after.Candidates[:len(after.Candidates)-1]
	rows := history.Chronicle(s.State, after)
	if len(rows) != 1 {
		t.Fatalf("the newest commit was dropped, and the rows are %+v", rows)
	}
	if c, ok := rows[0].(history.Change); !ok || c.SHA != "aaaaaa5" || c.Outcome != history.OutcomeSuperseded || !c.EndedAt.Equal(after.At) {
		t.Errorf("the newest commit was dropped before it had ended, and its row is %+v", rows[0])
	}
}

// A state that a version without history has written tells how its candidates ended, and tells the same when it goes on.
func TestHistoryOfAnOlderState(t *testing.T) {
	s := eventful(t)
	old := s.State.Clone()
	old.ConfigSince, old.ConfigFrom = time.Time{}, ""
	for i := range old.Candidates {
		c := &old.Candidates[i]
		c.Way, c.Build, c.Classes, c.RedAt, c.Red = pipeline.Way{}, pipeline.Build{}, nil, time.Time{}, nil
	}
	for _, st := range old.Stages {
		st.Ended = nil
	}
	known, first := changesOf(s.History.Rows()), changesOf(history.Chronicle(pipeline.State{}, old))
	same := func(when string, a, b map[string]history.Change) {
		t.Helper()
		for sha, is := range b {
			if was := a[sha]; was.Outcome != is.Outcome || was.By != is.By || !was.EndedAt.Equal(is.EndedAt) {
				t.Errorf("%s, %s is told to be %q since %s, it was %q since %s", when, sha, is.Outcome, is.EndedAt, was.Outcome, was.EndedAt)
			}
		}
	}
	same("by an older state", known, first)
	after := decide.Settle(old, s.Now.Add(time.Hour), bot.PlatformMoved{Platform: bot.PlatformHeroku, App: "shop-us"}).State
	same("when it goes on", first, changesOf(history.Chronicle(old, after)))
	same("later", first, changesOf(history.Chronicle(pipeline.State{}, after)))
}

// A deploy that waits for nothing but its build and checks records no gate, and writes few rows.
func TestRowsOfADeploy(t *testing.T) {
	s, do := newTale(t)
	do("config prepare=shop-prepare checks=ci/test staging:shop-staging production:shop-production")
	do("takes build=20s release=5s")
	do("push a1")
	do("check a1 ci/test passed")
	do("wait 5m")
	written, commits := map[string]int{}, 0
	s.Recorded = func(rows []history.Entry) {
		if len(rows) > 0 {
			commits++
		}
		for _, row := range rows {
			written[strings.TrimPrefix(fmt.Sprintf("%T", row), "history.")]++
		}
	}
	before := len(s.Events)
	do("push a2")
	do("check a2 ci/test pending")
	do("wait 10s")
	do("check a2 ci/test passed")
	do("wait 5m")
	events, held := s.Events[before:], 0
	for _, e := range events {
		if _, ok := e.Fact.(bot.Held); ok {
			held++
		}
	}
	t.Logf("%d events, %d of them which gate holds it; rows %v in %d commits", len(events), held, written, commits)
	if held != 0 || written["Change"] > 6 || written["Promotion"] > 4 || len(written) != 2 {
		t.Errorf("of %d events %d say which gate holds it, and %v rows were written", len(events), held, written)
	}
}

// A title is cut between characters.
func TestHistoryCutsTitles(t *testing.T) {
	s := eventful(t)
	after := s.State.Clone()
	after.Candidates[0].Title = strings.Repeat("ä", 300)
	rows := changesOf(history.Chronicle(s.State, after))
	if got := rows["aaaaaa1"].Title; got != strings.Repeat("ä", 199)+"…" {
		t.Errorf("a title should end after 199 characters and with an ellipsis: %q", got)
	}
}

// What has ended is noted once, event by event: each push, each promotion with its result, each command, and how each
// commit ended. The rows of history tell the same.
func TestNotesTellWhatHistoryTells(t *testing.T) {
	s := eventful(t)
	var notes []history.Note
	var state pipeline.State
	state.Pipeline = s.State.Pipeline
	for _, e := range s.Events {
		after := apply.Apply(state, e)
		notes = append(notes, history.Notes(&state, &after, []bot.Event{e}, history.Chronicle(state, after))...)
		state = after
	}
	times := map[string]int{}
	for _, n := range notes {
		switch n.What {
		case history.NotePush, history.NoteBuild:
			times[fmt.Sprint(n.What, " ", n.SHA)]++
		case history.NoteCommand:
			times[fmt.Sprint("command ", n.Command, " ", n.Who)]++
		case history.NoteCommit, history.NoteLive:
			times[fmt.Sprint(n.SHA, " ended ", n.Result)]++
		default:
			times[fmt.Sprint("release ", n.Stage, " ", n.Promotion, " ", n.Result)]++
		}
	}
	expect := func(what string) {
		t.Helper()
		if times[what] != 1 {
			t.Errorf("%q should be noted once, it is noted %d times of %v", what, times[what], times)
		}
		delete(times, what)
	}
	for _, row := range s.History.Rows() {
		switch r := row.(type) {
		case history.Change:
			expect("push " + r.SHA)
			if r.Built == history.BuiltAhead {
				expect("build " + r.SHA)
			}
			if r.Outcome != "" {
				expect(fmt.Sprint(r.SHA, " ended ", r.Outcome))
			}
		case history.Promotion:
			if r.Result == history.ResultProved {
				expect(fmt.Sprint("release ", r.Stage, " ", r.N, " ", history.Succeeded))
			}
		case history.Audit:
			expect(fmt.Sprint("command ", r.Command, " ", r.Who))
		}
	}
	for what := range times {
		t.Errorf("%q is noted, and no row tells of it", what)
	}
}
