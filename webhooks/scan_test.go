package webhooks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What is no delivery of GitHub's, but may come all the same.
var oddJSON = []string{
	``, ` `, `{`, `{}`, ` { } `, `{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{"ref":"x","ref":"y"}`, `[]`, `[1,]`, `[1 2]`, `[`, `]`,
	`null`, `nul`, `nullx`, `true`, `false`, `0`, `-0`, `00`, `01`, `-`, `1.`, `.1`, `1.5e`, `1e+`, `1e-7`, `1E5 `, `+1`, `--1`,
	`"`, `"\"`, `"\u12"`, `"\u12g4"`, `"\u00e4"`, `"\x"`, "\"\x01\"", "\"\xff\"", `"a" "b"`,
	`{"REF":"x"}`, `{"\u0072ef":"x"}`, `{"Ref":{"a":1}}`, `{"repository":[]}`, `{"repository":null}`, `{"repository":{"Full_Name":"a/b","other":{"full_name":1}}}`,
	`{"repo` + "\u017f" + `itory":{"full_name":"a/b"}}`, `{"installation":{"id":"x"}}`, `{"check_run":{"started_at":{"a":[1,2]}}}`,
	`{"issue":{"pull_request":{"url":"x","a":{}}}}`, `{"issue":{"pull_request":3}}`, `{"": 1, "head_commit": {"": {}}}`,
	strings.Repeat("[", deepest) + strings.Repeat("]", deepest), strings.Repeat("[", deepest+1) + strings.Repeat("]", deepest+1),
	strings.Repeat(`{"repository":`, deepest) + "1" + strings.Repeat("}", deepest), strings.Repeat(`{"a":`, deepest+1) + "1" + strings.Repeat("}", deepest+1),
}

func TestScan(t *testing.T) {
	for _, text := range oddJSON {
		scansAlike(t, []byte(text))
	}
	for _, body := range payloads(t) {
		scansAlike(t, body)
	}
}

// FuzzScan has what is scanned here understood as encoding/json does by itself.
func FuzzScan(f *testing.F) {
	for _, text := range oddJSON {
		if len(text) < deepest {
			f.Add([]byte(text))
		}
	}
	for _, body := range payloads(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { scansAlike(t, body) })
}

func payloads(tb testing.TB) (list [][]byte) {
	files, err := filepath.Glob("testdata/payloads/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("there should be payloads: %v", err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, body)
	}
	return list
}

func scansAlike(t *testing.T, body []byte) {
	t.Helper()
	if got, want := valid(body), json.Valid(body); got != want {
		t.Fatalf("whether it is JSON should be %t: %.200q", want, body)
	}
	var got, want payload
	err := read(body, payloadShape, &got)
	if expected := json.Unmarshal(body, &want); (err == nil) != (expected == nil) {
		t.Fatalf("reading it should give the error %v, not %v: %.200q", expected, err, body)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("it should be read as %+v, not %+v: %.200q", want, got, body)
	}
}

// BenchmarkDecode understands a check that has ended, which is what most
// deliveries are about.
func BenchmarkDecode(b *testing.B) {
	body, err := os.ReadFile("testdata/payloads/check_run.completed.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.Run("valid", func(b *testing.B) {
		for b.Loop() {
			if !valid(body) {
				b.Fatal("it is JSON")
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := Decode("check_run", body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
