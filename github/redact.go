package github

import (
	"regexp"
	"strings"
	"unicode"
)

// What looks like a secret, also in the middle of something else, such as an
// escaped URL. A token is opaque and may be long: everything that could belong
// to one goes.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|$)`),
	regexp.MustCompile(`LS0tLS1CRUdJTi[A-Za-z0-9+/=]*(\s+[A-Za-z0-9+/=]{20,})*`), // the same in base64
	regexp.MustCompile(`\bgh[a-z]_[A-Za-z0-9._-]+|gh[a-z]_[A-Za-z0-9._-]{16,}`),
	regexp.MustCompile(`github_pat_[A-Za-z0-9._-]+`),
	// JSON web tokens
	regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(\.[A-Za-z0-9_-]+)?`),
}

// What stands behind something that announces a secret: the announcement stays.
var announced = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(bearer|basic|authorization\W{1,4}token)\s+[A-Za-z0-9._~+/=-]+`), "$1 [redacted]"},
	{regexp.MustCompile(`(?i)("(?:[a-z_]*token|[a-z_]*secret|[a-z_]*password|[a-z_]*(?:api|private)_key|pem)"\s*:\s*")(?:[^"\\]|\\.)*`), "$1[redacted]"},
	{regexp.MustCompile(`(?i)\b([a-z_]*token|[a-z_]*secret|[a-z_]*password|[a-z_]*(?:api|private)_key|sig|x-amz-[a-z-]+)=[^\s"'&;<>]+`), "$1=[redacted]"},
	{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*)://[^\s/@"']+@`), "$1://[redacted]@"},
}

// Redact takes out of a text whatever looks like a secret: GitHub's tokens of
// every kind, JSON web tokens, private keys, Authorization headers, passwords
// in links, and the tickets of signed links.
func Redact(text string) string {
	for _, p := range secrets {
		text = p.ReplaceAllString(text, "[redacted]")
	}
	for _, a := range announced {
		text = a.pattern.ReplaceAllString(text, a.instead)
	}
	return text
}

// line makes one line of a text that came from outside, without secrets and
// without control characters, of at most n characters.
func line(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(Redact(text), "\uFFFD"))
	return cut(strings.Join(strings.Fields(text), " "), n)
}

// cut shortens a text to at most n characters, the last of them an ellipsis.
func cut(text string, n int) string {
	characters := []rune(text)
	if len(characters) <= n {
		return text
	}
	return strings.TrimRightFunc(string(characters[:n-1]), unicode.IsSpace) + "…"
}
