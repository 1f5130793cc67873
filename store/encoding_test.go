package store

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// States that differ in which of their fields are zero are read as they were
// written, whether by this version or by one that used encoding/json.
func TestStoredStates(t *testing.T) {
	t.Parallel()
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		seconds := rapid.Int64Range(0, 4e9).Draw(t, "seconds")
		if seconds%3 == 0 {
			return time.Time{}
		}
		return time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC()
	})
	// A configuration has a form of its own for the key `checks`.
	checks := rapid.SampledFrom([]bot.Checks{{}, {None: true}, {Names: bot.CheckNames("test")}, {Names: []bot.CheckName{{Name: "lint", App: "github-actions"}}}})
	states := rapid.MakeCustom[pipeline.State](rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
		reflect.TypeFor[time.Time](): moment.AsAny(), reflect.TypeFor[bot.Checks](): checks.AsAny(),
	}})
	rapid.Check(t, func(t *rapid.T) {
		state := states.Draw(t, "state")
		now, err := encode(state)
		if err != nil {
			t.Fatal(err)
		}
		before, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		for _, written := range [][]byte{now, before} {
			var read pipeline.State
			if err := decode(written, &read); err != nil {
				t.Fatalf("%v: %s", err, written)
			}
			if again, _ := json.Marshal(read); string(again) != string(before) {
				t.Fatalf("what was written is read as another state:\n%s\n%s", before, again)
			}
		}
	})
}

// An effect in a job, an event and the effect within an outcome keep the names of
// their facts' and actions' types.
func TestStoredNames(t *testing.T) {
	effect := bot.Effect{Key: "build a1", Attempt: 1, At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Do: bot.StartBuild{}}
	events := []bot.Event{
		{Fact: bot.Started{Effect: effect}},
		{Fact: bot.Finished{Effect: effect, Outcome: bot.Done, Fact: bot.BuildSeen{}}},
		{Fact: bot.Finished{Effect: effect, Outcome: bot.Refuse, Reason: "it <b>has</b> no \u2028 such \xff app"}},
	}
	for _, e := range events {
		now, err := encode(e)
		if err != nil {
			t.Fatal(err)
		}
		before, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var read, old bot.Event
		if err := decode(now, &read); err != nil {
			t.Fatalf("%v: %s", err, now)
		}
		if err := json.Unmarshal(before, &old); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(read, old) {
			t.Errorf("what was written is read as another event:\n%+v\n%+v", old, read)
		}
		if len(now) >= len(before) {
			t.Errorf("nothing is left out of %s", now)
		}
	}
	var done work
	data, err := encode(work{Effect: effect})
	if err == nil {
		err = decode(data, &done)
	}
	if err != nil || !reflect.DeepEqual(done.Effect, effect) {
		t.Errorf("the effect of a job is read as %+v: %v", done.Effect, err)
	}
}
