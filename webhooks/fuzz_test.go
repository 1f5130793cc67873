package webhooks_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/webhooks"
)

// realPayloads are GitHub's own examples, by the name of the file: of every event
// that may come, and of every action of those that matter.
func realPayloads(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, dir := range []string{"testdata", "../github/githubtest/testdata"} {
		files, err := filepath.Glob(dir + "/payloads/*.json")
		if err != nil || len(files) == 0 {
			t.Fatalf("the payloads in %s are missing: %v", dir, err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all[strings.TrimSuffix(filepath.Base(file), ".json")] = body
		}
	}
	all["issue_comment.command"] = comment(t, nil)
	all["heroku"] = []byte(`{"id":"w1","resource":"build","data":{"app":{"name":"shop"}},"webhook_metadata":{"event":{"id":"e1"}}}`)
	return all
}

func eventOf(file string) string {
	event, _, _ := strings.Cut(file, ".")
	return event
}

// decodes has Decode read a body, and looks at what it says: facts that can be
// stored, or a short sentence that names the event and no more.
func decodes(t testing.TB, event string, body []byte) {
	t.Helper()
	d, err := webhooks.Decode(event, body)
	if err != nil {
		if len(d.Facts) > 0 {
			t.Errorf("facts come without an error: %v, %v", d.Facts, err)
		}
		if text := err.Error(); !strings.HasPrefix(text, event+": ") || len(text) > 400 || strings.ContainsAny(text, "\r\n\x00") || !utf8.ValidString(text) {
			t.Errorf("the error should be a short sentence about %s, got %q", event, text)
		}
	}
	for _, fact := range d.Facts {
		data, err := json.Marshal(bot.Event{Fact: fact})
		if err != nil {
			t.Fatalf("a fact that cannot be stored: %+v: %v", fact, err)
		}
		var back bot.Event
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("a fact that cannot be read again: %s: %v", data, err)
		}
	}
}

// Whatever is in a body, Decode answers with facts that can be stored, or with
// an error.
func FuzzDecode(f *testing.F) {
	for file, body := range realPayloads(f) {
		f.Add(eventOf(file), body)
		f.Add(eventOf(file), body[:len(body)/2])
	}
	f.Add("push", []byte(`{"ref":"refs/heads/`+"\\u0000"+`","repository":{"full_name":"a/b","pushed_at":99999999999999}}`))
	f.Fuzz(decodesOf)
}

func decodesOf(t *testing.T, event string, body []byte) { decodes(t, event, body) }

// Every field of every real payload in turn is missing, of another type, or
// beyond all bounds.
func TestEveryFieldOfEveryPayloadMayBeWrong(t *testing.T) {
	huge := json.Number("1" + strings.Repeat("0", 1000))
	for file, body := range realPayloads(t) {
		if !slices.Contains(webhooks.Events(), eventOf(file)) && file != "heroku" {
			decodes(t, eventOf(file), body)
			continue
		}
		var p any
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatal(err)
		}
		change(p, 4, func(set func(any)) {
			for _, wrong := range []any{nil, "x\x00", huge, []any{nil}, map[string]any{"x": nil}} {
				set(wrong)
				changed, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				decodes(t, eventOf(file), changed)
			}
		})
	}
}

// change hands out the way to replace every value that is at most depth levels
// down, and puts it back afterwards. Most links, and some objects that Decode
// never looks into, it removes for good: what is left is read faster.
func change(v any, depth int, each func(set func(any))) {
	fields, ok := v.(map[string]any)
	if !ok {
		return
	}
	for name, old := range fields {
		switch {
		case strings.HasSuffix(name, "_url") && name != "details_url" && name != "target_url",
			slices.Contains([]string{"owner", "license", "organization", "commit", "commits", "_links", "permissions"}, name):
			delete(fields, name)
			continue
		case depth > 0:
			each(func(to any) { fields[name] = to })
			fields[name] = old
		}
		change(old, depth-1, each)
	}
}

// No header gets a delivery in but the signature of its body with one of our
// secrets, and no secret that is empty gets a handler made.
func FuzzSignature(f *testing.F) {
	body := []byte(`{"zen":"x"}`)
	right := sign("new", body)
	for _, header := range []string{
		right, sign("old", body), sign("guess", body), sign("", body), sign("new", nil), "", "sha256=", "sha256", "=", "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
		strings.ToUpper(right), "sha256=" + strings.ToUpper(right[7:]), strings.Replace(right, "sha256", "SHA256", 1), right[7:], right[:60], right[:70], right + "0", right + "00",
		" " + right, right + " ", right + "\n", right + "," + right, "sha256=" + right, "sha256=0x" + right[9:], "sha256=" + strings.Repeat("g", 64), "sha256=" + strings.Repeat("ａ", 64),
		"sha256=" + base64.StdEncoding.EncodeToString([]byte(right[:48])),
	} {
		f.Add(header, body, "old", "new")
	}
	f.Add(right, body, "new", "new")
	f.Add(right, body, "new", "")
	f.Add(sign("", body), body, "", "")
	f.Add(sign("new", []byte("{")), []byte("{"), "old", "new")
	f.Add(sign("new,old", body), body, "new", "old")
	f.Fuzz(func(t *testing.T, header string, body []byte, first, second string) {
		in := new(inbox)
		h, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte(first), []byte(second)}, Inbox: in})
		if first == "" || second == "" {
			if err == nil {
				t.Error("an empty secret would let anybody in")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		r := request("push", "guid-1", body)
		r.Header["X-Hub-Signature-256"] = []string{header}
		status, text := answer(h, r)
		right := strings.HasPrefix(header, "sha256=") &&
			(strings.EqualFold(header, sign(first, body)) || strings.EqualFold(header, sign(second, body)))
		want := 401
		if right {
			want = 400
			if json.Valid(body) {
				want = 202
			}
		}
		if stored := len(in.received) > 0; status != want || stored != (want == 202) {
			t.Errorf("the signature %q of %q with the secrets %q and %q: expected %d, got %d %q, stored %v", header, body, first, second, want, status, text, stored)
		}
	})
}

// The same of Heroku's, which are in base64.
func FuzzHerokuSignature(f *testing.F) {
	body := []byte(`{"resource":"build","data":{"app":{"name":"shop"}},"webhook_metadata":{"event":{"id":"e1"}}}`)
	mac := func(secret string, body []byte) []byte {
		sum := hmac.New(sha256.New, []byte(secret))
		sum.Write(body)
		return sum.Sum(nil)
	}
	right := base64.StdEncoding.EncodeToString(mac("s", body))
	for _, header := range []string{right, "", "=", right[:40], right + right, strings.TrimRight(right, "="), base64.URLEncoding.EncodeToString(mac("s", body)), sign("s", body), right + "\n"} {
		f.Add(header, body)
	}
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		in := new(inbox)
		h, err := webhooks.HerokuHandler(webhooks.Options{Secrets: [][]byte{[]byte("s")}, Inbox: in})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/webhooks/heroku", bytes.NewReader(body))
		r.Header = http.Header{"Content-Type": {"application/json"}, "Heroku-Webhook-Hmac-Sha256": {header}}
		status, text := answer(h, r)
		got, err := base64.StdEncoding.DecodeString(header)
		signed := err == nil && bytes.Equal(got, mac("s", body))
		if signed == (status == 401) {
			t.Errorf("the signature %q of %q is answered with %d %q", header, body, status, text)
		}
		if stored := len(in.received) > 0; stored != (status == 202) || status >= 500 {
			t.Errorf("%q is answered with %d %q, stored %v", body, status, text, stored)
		}
	})
}

// Whatever a sender says of a delivery in its headers, the answer is one of those
// that are documented, and what is stored, logged and counted has names that
// need no care.
func FuzzHeaders(f *testing.F) {
	for _, c := range []struct {
		method, event, guid, kind string
		length                    int64
	}{
		{"POST", "push", "0b989ba4-242f-11e5-81e1-c7b6966d2516", "application/json", 2},
		{"POST", "ping", "g", "application/json; charset=utf-8", -1},
		{"POST", "brand_new", "g", "application/json", 0},
		{"POST", "", "g", "application/json", 2},
		{"POST", "push", "", "application/json", 2},
		{"POST", "push\nx", "'; --", "application/json", 2},
		{"POST", "push", "\x00", "application/json;;;", 2},
		{"POST", "push", strings.Repeat("g", 101), "application/x-www-form-urlencoded", 2},
		{"POST", strings.Repeat("e", 65), "g", "", 2},
		{"POST", "push", "g", "application/json", 1 << 60},
		{"GET", "push", "g", "application/json", 2},
		{"post", "Push", "G", "APPLICATION/JSON", 2},
		{"POST", "pushü", "g", "text/plain", 2},
	} {
		f.Add(c.method, c.event, c.guid, c.kind, c.length)
	}
	f.Fuzz(func(t *testing.T, method, event, guid, kind string, length int64) {
		in, body := new(inbox), []byte("{}")
		var logged bytes.Buffer
		h, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte("new")}, Inbox: in, Logger: loggerTo(&logged)})
		if err != nil {
			t.Fatal(err)
		}
		r := request("", "", body)
		r.Method, r.ContentLength = method, length
		r.Header["X-Github-Event"], r.Header["X-Github-Delivery"], r.Header["Content-Type"] = []string{event}, []string{guid}, []string{kind}
		status, text := answer(h, r)
		if !slices.Contains([]int{200, 202, 400, 405, 413, 415}, status) {
			t.Errorf("%s %q %q %q of %d bytes is answered with %d %q", method, event, guid, kind, length, status, text)
		}
		if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, ".\n") {
			t.Errorf("an answer is one sentence, got %q", text)
		}
		if _, stored := in.received[guid]; stored != (status == 202) {
			t.Errorf("answered with %d, stored is %v", status, stored)
		}
		for guid, event := range in.received {
			if !slices.Contains(webhooks.Events(), event) || guid == "" || strings.ContainsFunc(guid, func(c rune) bool { return c < '-' || c > 'z' }) {
				t.Errorf("stored as %q %q", event, guid)
			}
		}
		for _, line := range strings.Split(strings.TrimSpace(logged.String()), "\n") {
			if !json.Valid([]byte(line)) || len(line) > 1000 {
				t.Errorf("an entry of the log is damaged: %q", line)
			}
		}
	})
}

func loggerTo(into *bytes.Buffer) *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m", LevelKey: "l", EncodeLevel: zapcore.LowercaseLevelEncoder})
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(into)), zap.DebugLevel))
}
