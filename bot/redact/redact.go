package redact

import (
	"regexp"
	"strings"
	"unicode"
)

// What people, platforms and apps write may hold secrets, mostly by mistake.
// They are taken out where the text comes in, before it is stored, shown or cut:
// half of a secret is not known again.

const redacted = "[redacted]"

// escapes are what terminals interpret and people need not read.
var escapes = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~])?`)

// Redact takes out of a text whatever looks like a secret: tokens and API keys,
// JSON web tokens, private keys, Authorization headers, passwords in links, what
// stands behind the name of a secret, and the tickets of signed links; and every one of
// the known secrets, whatever it looks like. What terminals interpret goes too,
// because a secret is not known behind it. Redacting twice is redacting once. It takes
// time that grows with the length of the text alone.
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

// Line makes one line of a text that came from outside: without control
// characters, of at most n characters, the last of them an ellipsis if it was
// longer. What is secret in it has to be redacted before.
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

// maxTitle is how many characters are kept of a title or a name. GitHub bounds
// those of its own, but not what is in commits.
const maxTitle = 256

// Title is the title of a commit with that message, or of a pull request, as
// people wrote it but without secrets: the first line, at most 256 characters of
// it. A person's name is one too.
func Title(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return Cut(strings.TrimSpace(Redact(line)), maxTitle)
}
