package bot

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// fill sets every field of a value to something that is not zero.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString("text " + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Interface: // a fact or an action in one
		if v.Type() == reflect.TypeFor[Fact]() {
			v.Set(reflect.ValueOf(ChecksMoved{SHA: "inner"}))
		} else {
			v.Set(reflect.ValueOf(FindPullRequest{SHA: "inner"}))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 2, 12, 0, *n%60, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	}
}

// throughJSON writes a value and reads it again.
func throughJSON[T any](t *testing.T, v T) T {
	t.Helper()
	var back T
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &back)
	}
	if err != nil {
		t.Fatalf("%+v does not survive being stored: %v", v, err)
	}
	return back
}

// sample is a value of a registered type with every field set.
func sample(typ reflect.Type) reflect.Value {
	v, n := reflect.New(typ).Elem(), 0
	if typ == reflect.TypeFor[ConfigRead]() {
		// A configuration has either all checks, or none, or names.
		v.Set(reflect.ValueOf(ConfigRead{Ref: "a", Found: true, Problem: "p", Config: Config{
			Branch: "main", Platform: PlatformLocal, Build: "make", Checks: Checks{Names: CheckNames("t")},
			Prepare: Prepare{Apps: []string{"p"}, PullRequests: true, Reuse: ReuseTree},
			Stages:  []Stage{{Name: "s", Apps: []string{"a"}}},
		}}))
		return v
	}
	fill(v, &n)
	return v
}

// Every fact and every action is stored and read again as it was, whatever
// field is added to it.
func TestWire(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for name, typ := range factTypes {
		v := sample(typ)
		e := Event{At: at, Fact: v.Interface().(Fact)}
		if back := throughJSON(t, e); !reflect.DeepEqual(back, e) {
			t.Errorf("the fact %s comes back changed:\n%+v\n%+v", name, e, back)
		}
		e = Event{At: at, Fact: Finished{Effect: Effect{Key: "k", Do: SetStatus{SHA: "a"}}, Outcome: Done, Fact: e.Fact}}
		if back := throughJSON(t, e); !reflect.DeepEqual(back, e) {
			t.Errorf("an outcome with %s comes back changed:\n%+v\n%+v", name, e, back)
		}
	}
	for name, typ := range actionTypes {
		v, n := reflect.New(reflect.TypeFor[Effect]()).Elem(), 0
		fill(v, &n)
		e := v.Interface().(Effect)
		e.Do = sample(typ).Interface().(Action)
		if back := throughJSON(t, e); !reflect.DeepEqual(back, e) {
			t.Errorf("the effect %s comes back changed:\n%+v\n%+v", name, e, back)
		}
	}
}

func TestWireRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, text := range []string{`{"Fact":{"Is":"Invented"}}`, `{"Fact":{"Is":"Pushed","Value":7}}`, `{"Fact":7}`} {
		var e Event
		if err := json.Unmarshal([]byte(text), &e); err == nil {
			t.Errorf("%s is read as %+v", text, e)
		}
	}
	var e Effect
	if err := json.Unmarshal([]byte(`{"Do":{"Is":"Invented"}}`), &e); err == nil {
		t.Errorf("an invented action is read as %+v", e)
	}
	if b, err := json.Marshal(Event{}); err != nil || json.Unmarshal(b, &Event{}) != nil {
		t.Errorf("an event without a fact: %s, %v", b, err)
	}
}
