package webhooks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/webhooks"
)

// keeper is an inbox that keeps one body.
type keeper struct{ body []byte }

func (k *keeper) Receive(_ context.Context, _, _ string, body []byte) (bool, error) {
	k.body = body
	return false, nil
}

// stored is what is stored of a delivery; nil: nothing.
func stored(t testing.TB, event string, body []byte) (kept []byte, status int) {
	t.Helper()
	in := new(keeper)
	status, _ = answer(handler(t, in, nil), request(event, "guid-1", body))
	return in.body, status
}

// same holds what is stored of a delivery against the whole: whoever reads it later
// finds the same facts, or the same fault.
func same(t testing.TB, event string, body []byte) {
	t.Helper()
	whole, wholeErr := webhooks.Decode(event, body)
	kept, status := stored(t, event, body)
	switch {
	case kept == nil && status == 400:
		if wholeErr == nil && len(whole.Facts) > 0 {
			t.Errorf("%s: %.300q has the facts %+v and was refused", event, body, whole.Facts)
		}
		return
	case kept == nil:
		if wholeErr != nil || len(whole.Facts) > 0 {
			t.Errorf("%s: nothing was stored of %.300q, which has the facts %+v, %v", event, body, whole.Facts, wholeErr)
		}
		return
	}
	again, err := webhooks.Decode(event, kept)
	if (err == nil) != (wholeErr == nil) || err != nil && !strings.HasPrefix(err.Error(), wholeErr.Error()) {
		t.Errorf("%s: what is stored of %.300q has the fault\n%v\nand the whole\n%v", event, body, err, wholeErr)
	}
	if !reflect.DeepEqual(whole, again) {
		t.Errorf("%s: what is stored of %.300q says\n%+v\nand the whole\n%+v", event, body, again, whole)
	}
	if len(kept) > 300<<10 {
		t.Errorf("%s: %d bytes are stored of %d", event, len(kept), len(body))
	}
}

// What is stored of a delivery has the facts that the whole has.
func TestStoredSaysTheSame(t *testing.T) {
	for file, body := range realPayloads(t) {
		if eventOf(file) == webhooks.Heroku || eventOf(file) == "ping" {
			continue
		}
		same(t, eventOf(file), body)
		if kept, _ := stored(t, eventOf(file), body); len(kept) > 2000 {
			t.Errorf("%s: %d bytes are stored of %d, most of which nobody reads", file, len(kept), len(body))
		}
	}
}

// Every field of every real payload in turn is missing, of another type, or huge.
func TestStoredSaysTheSameWhateverIsWrong(t *testing.T) {
	for file, body := range realPayloads(t) {
		if !slices.Contains(webhooks.Events(), eventOf(file)) {
			continue
		}
		var p any
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatal(err)
		}
		right, _ := stored(t, eventOf(file), body)
		change(p, 3, func(set func(any)) {
			read := false // what is stored says something of the field
			for n, wrong := range []any{nil, 7, map[string]any{"x": nil}, "x\x00", []any{nil}, "", "/promote production <!-- \n/x -->"} {
				if n > 2 && !read {
					return // nor would it of other values
				}
				set(wrong)
				changed, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				same(t, eventOf(file), changed)
				kept, _ := stored(t, eventOf(file), changed)
				read = read || !bytes.Equal(kept, right)
			}
		})
	}
}

// Where a name stands twice, or in other capitals, the stored and the whole agree.
func TestStoredSaysTheSameOfOddJSON(t *testing.T) {
	for _, change := range [][2]string{
		{`"ref": "refs/heads/master"`, `"ref": "refs/heads/a", "ref": "refs/heads/b"`},
		{`"ref": "refs/heads/master"`, `"Ref": "refs/heads/a", "ref": "refs/heads/b", "REF": "refs/heads/c"`},
		{`"ref": "refs/heads/master"`, `"REF": "refs/heads/c"`},
		{`"ref": "refs/heads/master"`, `"ref": "refs/heads/a", "repository": {"full_name": "eve/shop", "id": 7}`},
		{`"ref": "refs/heads/master"`, `"ref": "refs/heads/a", "head_commit": {"message": "another"}, "head_commit": null`},
		{`"ref": "refs/heads/master"`, `"ref": "refs/heads/\ud800"`},
		{`"ref": "refs/heads/master"`, "\"ref\": \"refs/heads/\xff\""},
		{`"ref": "refs/heads/master"`, `"ref": "refs/heads/a", "kept": true, "command_lines": ["/promote"], "fault": "none", "headstart": 1`},
	} {
		body := strings.Replace(string(payload(t, "push.branch")), change[0], change[1], 1)
		if body == string(payload(t, "push.branch")) {
			t.Fatalf("the example does not say %s", change[0])
		}
		same(t, "push", []byte(body))
	}
	said := strings.Replace(string(comment(t, nil)), `"body":"Looks good.`, `"command_lines":["/rollback"],"lines":["/rollback"],"body":"Looks good.`, 1)
	same(t, "issue_comment", []byte(said))
	same(t, "issue_comment", []byte(strings.Replace(said, `"comment":{`, `"command_lines":["/rollback"],"comment":{`, 1)))
}

func FuzzStored(f *testing.F) {
	for file, body := range realPayloads(f) {
		if eventOf(file) != webhooks.Heroku {
			f.Add(eventOf(file), body)
		}
	}
	f.Add("push", []byte(`{"ref":"refs/heads/a","Ref":7,"ref":"refs/heads/b","before":"`+first+`","after":"`+second+`","repository":{"full_name":"a/b"}}`))
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		if !slices.Contains(webhooks.Events(), event) || strings.HasPrefix(string(body), "headstart ") {
			return
		}
		same(t, event, body)
	})
}

// What is not a fact yet, but who did it and to which repository by its number, is
// kept: an upgrade finds it in what waits.
func TestStoredKeepsWhoAndWhere(t *testing.T) {
	for file, want := range map[string][]string{
		"push.branch":           {`"id":186853002`, `"sender":{"id":21031067,"login":"Codertocat","type":"User"}`, `"pusher":{"name":"Codertocat"}`, `"committer":{"name":`},
		"pull_request.opened":   {`"id":186853002`, `"sender":{"id":21031067`, `"user":{"id":21031067`},
		"issue_comment.command": {`"id":186853002`, `"id":492700400`, `"created_at":"2019-05-15T15:20:21Z"`, `"user":{"id":21031067`, `"/promote production"`},
	} {
		kept, _ := stored(t, eventOf(file), realPayloads(t)[file])
		for _, part := range want {
			if !strings.Contains(string(kept), part) {
				t.Errorf("%s: of this %s should be kept, it is\n%s", file, part, kept)
			}
		}
		if strings.Contains(string(kept), "Looks good") {
			t.Errorf("%s: what people write is theirs, it was kept:\n%s", file, kept)
		}
	}
}

// A delivery may wait while another version is installed.
func TestStoredByAnotherVersion(t *testing.T) {
	push := `{"ref":"refs/heads/main","before":"` + first + `","after":"` + second + `","repository":{"full_name":"acme/shop"}}`
	want := bot.Pushed{Branch: "main", Before: first, After: second}
	for what, body := range map[string]string{"a whole body": push, "the first form, with what is unknown to it": "headstart 1\n" + push[:len(push)-1] + `,"new":{"x":1}}`} {
		d, err := webhooks.Decode("push", []byte(body))
		if err != nil || len(d.Facts) != 1 || d.Facts[0] != bot.Fact(want) {
			t.Errorf("%s that an older version has stored should say %+v, got %+v, %v", what, want, d.Facts, err)
		}
	}
	for body, want := range map[string]string{
		"headstart 2\n{}":        "push: a newer version of Headstart has stored this (form 2; this version reads up to 1): run that version again, or redeliver it from GitHub",
		"headstart 2 zip\n\x00":  `push: the stored delivery is damaged: its form is "2 zip"`,
		"headstart ":             `push: the stored delivery is damaged: its form is ""`,
		"headstart 1\n{\"ref\":": "push: expected JSON",
	} {
		if d, err := webhooks.Decode("push", []byte(body)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q should fail with %q, got %+v, %v", body, want, d, err)
		}
	}
	if _, status := stored(t, "push", []byte("headstart 1\n"+push)); status != 400 {
		t.Errorf("what is sent in a form of ours is no JSON, it was answered with %d", status)
	}
}

// A body with a fault is kept for a version that may understand it; of one that is
// larger than any that makes sense, the fault is.
func TestStoredFaultsAreBounded(t *testing.T) {
	small := edit(t, "push.branch", "after", "main")
	if kept, _ := stored(t, "push", small); string(kept) != string(small) {
		t.Errorf("a body with a fault should be kept whole, it is %.200q", kept)
	}
	large := edit(t, "push.branch", "commits", strings.Repeat("x", 2<<20))
	large = []byte(strings.Replace(string(large), first, "main", -1))
	kept, status := stored(t, "push", large)
	if len(kept) > 1000 || status != 202 {
		t.Fatalf("%d bytes of %d are kept, answered with %d", len(kept), len(large), status)
	}
	if _, err := webhooks.Decode("push", kept); err == nil || !strings.HasPrefix(err.Error(), `push: after: expected a full SHA, found "main" (the body of `) {
		t.Errorf("the fault should be told as it was, got %v", err)
	}
}

// Nothing that is sent costs more than its length to take in.
func TestStoringTakesLinearTime(t *testing.T) {
	linear(t, "a comment", func(length int) {
		body := comment(t, map[string]any{
			"comment.body": strings.Repeat("[](", length/3-10) + "\n/status",
			"issue":        map[string]any{"number": 1, "pull_request": map[string]any{}, "body": strings.Repeat("x", 16*length)},
		})
		if kept, _ := stored(t, "issue_comment", body); len(kept) > 2000 {
			t.Errorf("%d bytes are kept of a comment", len(kept))
		}
	})
}
