package probe

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/headstart-cd/headstart/bot"
)

// namesCommit is what it means that a text names the commit, said once more: a
// number that nothing lengthens, of at least seven digits, that the SHA begins
// with.
var namesCommit = func() *regexp.Regexp {
	pattern := sha[:shortest]
	optional := ""
	for i := len(sha) - 1; i >= shortest; i-- {
		optional = "(?:" + sha[i:i+1] + optional + ")?"
	}
	return regexp.MustCompile(`(?i:(?:^|[^0-9a-f])` + pattern + optional + `(?:$|[^0-9a-f]))`)
}()

// Whatever somebody answers: it counts if and only if it names the commit, it is
// good or says why not, and what is shown is one short line without the secret
// that stood in the middle of it.
func FuzzAnswer(f *testing.F) {
	f.Fuzz(func(t *testing.T, before, after []byte, header string, status int) {
		body := append(append(before[:len(before):len(before)], " "+token+" "...), after...)
		seen := answer{status: status, header: http.Header{"X-Revision": {header}}, body: body}
		for revision, text := range map[string]string{"": sha, "body": string(body), "header X-Revision": header} {
			e, err := newExpectation(bot.Probe{SHA: sha, Verify: bot.Verify{URL: "https://shop.example", Revision: revision, Contains: "ok"}})
			if err != nil {
				t.Fatal(err)
			}
			got := e.judge(seen)
			named := namesCommit.MatchString(strings.ToValidUTF8(text, "?"))
			several := revision != "" && revision != "body" && e.another(text) != ""
			if got.Other != (!named || several) {
				t.Errorf("%q in %q: of another commit should be %v: %+v", revision, text, !named || several, got)
			}
			if want := !got.Other && status == http.StatusOK && strings.Contains(string(body), "ok"); got.OK != want || got.OK != (got.Reason == "") {
				t.Errorf("good should be %v: %+v", want, got)
			}
			for _, shown := range []string{got.Excerpt, got.Reason} {
				if strings.Contains(shown, token[4:]) {
					t.Errorf("%q repeats the secret", shown)
				}
				if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("%q is not one printable line", shown)
				}
			}
			if utf8.RuneCountInString(got.Excerpt) > maxExcerpt {
				t.Errorf("the excerpt %q is too long", got.Excerpt)
			}
		}
	})
}
