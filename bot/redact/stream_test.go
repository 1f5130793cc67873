package redact

import (
	"strings"
	"testing"
)

// stream redacts a text in pieces of n bytes.
func stream(text string, n int, known ...string) string {
	s := Stream{Known: known}
	var out strings.Builder
	for len(text) > n {
		out.WriteString(s.Add([]byte(text[:n])))
		text = text[n:]
	}
	out.WriteString(s.Add([]byte(text)))
	out.WriteString(s.End())
	return out.String()
}

func TestStream(t *testing.T) {
	const config = "a value of a config var"
	key := "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\nDEFghi\n-----END RSA PRIVATE KEY-----"
	packed := "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ\n" + strings.Repeat("A", 64) + "\n" + strings.Repeat("B", 64)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"an empty line", "\n", "\n"},
		{"lines", "a\nb\n\nc", "a\nb\n\nc\n"},
		{"a token", "push with ghs_0123456789abcdefghij\nfailed\n", "push with [redacted]\nfailed\n"},
		{"a config var", "it is " + config + ".\n", "it is [redacted].\n"},
		{"a password by its name", "API_KEY=f7c0d2b19a\n", "API_KEY=[redacted]\n"},
		{"a key", "before\n" + key + "\nafter\n", "before\n[redacted]\nafter\n"},
		{"a key without an end", "before\n-----BEGIN PRIVATE KEY-----\nMIIEabc\n", "before\n[redacted]\n"},
		{"a key in one line", `{"key": "-----BEGIN KEY-----\nMIIE\n-----END KEY-----"}` + "\nafter\n", "{\"key\": \"[redacted]\"}\nafter\n"},
		{"a key in base64", "before\n" + packed + "\nafter\n", "before\n[redacted]\nafter\n"},
		{"colours", "\x1b[31mghs_0123456789\x1b[0m is red\n", "[redacted] is red\n"},
		{"what a terminal hides", "ghs_01234\x00567\x0889 is hidden\n", "[redacted] is hidden\n"},
		{"progress", "10 %\r55 %\r100 %\r\nDone\r\n", "100 %\nDone\n"},
		{"signs of life", "\x00\x00a\x00\n", "a\n"},
		{"a line that is too long", "x " + strings.Repeat("y", longestLine) + " z\nnext\n", "x […]\nnext\n"},
		{"no text", "\xff\xfe\n", "\uFFFD\n"},
	} {
		for n := 1; n <= len(c.text)+1; n += 1 + n/10*n {
			if got := stream(c.text, n, config); got != c.want {
				t.Errorf("%s, in pieces of %d bytes, should become %q, got %q", c.name, n, c.want, got)
			}
		}
	}
}

// A key whose end does not come holds back a bounded text. What follows is shown.
func TestStreamGoesOn(t *testing.T) {
	got := stream("-----BEGIN CERTIFICATE-----\n"+strings.Repeat("line\n", 2*longestKey/5)+"the end\n", 1000)
	if !strings.HasPrefix(got, "[redacted]\n") || !strings.HasSuffix(got, "the end\n") {
		t.Errorf("the text should go on after a while, got %.50q … %q", got, got[max(0, len(got)-50):])
	}
}

// No form of a secret gets through, wherever it is cut.
func TestStreamRedactsEverything(t *testing.T) {
	for name, secret := range planted() {
		text := "one\nit is " + secret + "\nthree\n"
		for cut := range len(text) {
			var s Stream
			got := s.Add([]byte(text[:cut])) + s.Add([]byte(text[cut:])) + s.End()
			for part := range strings.SplitSeq(secret, "\n") {
				if len(part) > 6 && !strings.HasPrefix(part, "-----") && strings.Contains(got, part[4:]) {
					t.Fatalf("%s should be gone, cut at %d: %q", name, cut, got)
				}
			}
		}
	}
}

func FuzzStream(f *testing.F) {
	for _, secret := range planted() {
		f.Add("a "+secret+"\nb", 3)
	}
	f.Add("\r\n\r-----BEGIN A-----\x1b\n", 1)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n = max(1, min(n, len(text)))
		whole := stream(text, len(text)+1)
		if got := stream(text, n); got != whole {
			t.Fatalf("%q in pieces of %d should be the same as a whole: %q and %q", text, n, got, whole)
		}
		if strings.ContainsFunc(whole, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == '\x7f' }) {
			t.Fatalf("%q should have no control characters: %q", text, whole)
		}
	})
}

// BenchmarkStream redacts what a build usually writes.
func BenchmarkStream(b *testing.B) {
	for name, line := range map[string]string{
		"plain": "       golang.org/x/net/html/atom\n",
		"link":  "       Installing golang.org/x/net v0.47.0 (sum h1:Mx+4dIFzqraBXUugkia1OOvlD6LemFo1ALMHjrXDOhY=) from https://proxy.golang.org\n",
		"npm":   "npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory. Do not use it. Check out lru-cache if you want a good way\n",
	} {
		b.Run(name, func(b *testing.B) {
			text := []byte(strings.Repeat(line, 100))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var s Stream
				s.Add(text)
			}
		})
	}
}
