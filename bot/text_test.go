package bot

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/words"
)

func TestTook(t *testing.T) {
	from := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		0: "0.0 s", -time.Second: "0 s", 1540 * time.Millisecond: "1.5 s", 42 * time.Second: "42 s",
		65 * time.Second: "1 min 05 s", 3725 * time.Second: "1 h 02 min",
		9990 * time.Millisecond: "10 s", 59700 * time.Millisecond: "1 min 00 s",
	} {
		if got := words.Took(from, from.Add(d)); got != want {
			t.Errorf("%s is told as %q, want %q", d, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for text, want := range map[string]string{"": "", "kurz": "kurz", "fünf!": "fünf!", "sechs!": "sech…", "größer": "größ…"} {
		if got := redact.Cut(text, 5); got != want {
			t.Errorf("%q cut to five characters is %q, want %q", text, got, want)
		}
	}
}

var mention = regexp.MustCompile(`@[A-Za-z0-9]`)

// Whatever comes from outside stays within its cell of a table, on its line,
// formats nothing and mentions nobody.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a|b", `a\|b`, "@octocat", "&#64;octocat", "line\nline", "<!-- x -->", "[x](y)", "`rm`", "*b*", "#12", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := words.Text(s)
		if strings.ContainsAny(out, "|\n\r\v\f\u0085\u2028\u2029<>`*[]\\") || mention.MatchString(out) {
			t.Errorf("%q becomes %q, which is not plain text on one line", s, out)
		}
		for _, amp := range strings.Split(out, "&")[1:] {
			if !regexp.MustCompile(`^(amp|lt|gt|#124|#96|#92|#42|#126|#91|#93);`).MatchString(amp) {
				t.Errorf("%q becomes %q, with an entity that is not ours", s, out)
			}
		}
		if out := words.Code(s); strings.ContainsAny(out, "|\n\r`") {
			t.Errorf("%q becomes %q, which does not stay between backquotes", s, out)
		}
		if out := words.Link("https://x/" + s); strings.ContainsAny(strings.TrimSuffix(strings.TrimPrefix(out, "[open]("), ")"), "|\n\r()<> ") {
			t.Errorf("%q becomes the link %q, which ends early", s, out)
		}
		if out := redact.Cut(s, MaxStatusText); utf8.ValidString(s) && utf8.RuneCountInString(out) > MaxStatusText {
			t.Errorf("%q is cut to %d characters", s, utf8.RuneCountInString(out))
		}
	})
}

func FuzzParseRepo(f *testing.F) {
	for _, s := range []string{"acme/shop", "acme", "a/b/c", "/", "a/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRepo(s)
		if err == nil && r.String() != s {
			t.Errorf("%q is read as %+v, which is written %q", s, r, r)
		}
	})
}
