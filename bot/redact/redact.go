package redact

import (
	"regexp"
	"strings"
	"unicode"
)

// Text of people, platforms and apps may hold secrets, mostly by mistake. Secrets are
// redacted where the text comes in, before it is stored, shown or cut: half of a secret is
// not recognized.

const redacted = "[redacted]"

// escapes are the control sequences of terminals, which people need not read.
var escapes = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~])?`)

// Redact returns the text without secrets: tokens, API keys, JSON web tokens, private
// keys, Authorization headers, passwords in links, signatures of signed links, and values
// named like secrets. It also removes each of the known secrets, whatever its form.
// Control sequences of terminals go too, because they would hide a secret.
// Redact(Redact(t)) = Redact(t). Its time grows with the length of the text alone.
func Redact(text string, known ...string) string {
	if strings.Contains(text, "\x1b") {
		text = escapes.ReplaceAllString(text, "")
	}
	for _, secret := range known {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	small := strings.ToLower(text)
	for _, f := range forms {
		if f.mayBeIn(small) {
			text = f.redact(text)
		}
	}
	return text
}

// Line makes one line of outside text, without control characters. It has at most n
// characters, the last an ellipsis if the text was longer. Secrets must be redacted
// before.
func Line(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= n {
		return string(runes)
	}
	return strings.TrimRightFunc(string(runes[:n-1]), unicode.IsSpace) + "…"
}

// maxTitle is how many characters of a title or a name are kept. GitHub bounds its own
// titles, but not those in commits.
const maxTitle = 256

// Title is the title of a commit with that message, or of a pull request, without secrets:
// the first line, at most 256 characters. It also serves for names of people.
func Title(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return Cut(strings.TrimSpace(Redact(line)), maxTitle)
}
