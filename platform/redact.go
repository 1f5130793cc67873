package platform

import (
	"regexp"
	"strings"
	"unicode"
)

// What looks like a secret in what platforms and apps say. A token is opaque and
// may be long: everything that could belong to one goes.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|$)`),
	regexp.MustCompile(`\bgh[a-z]_[A-Za-z0-9._-]+`),
	regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9._-]+`),
	regexp.MustCompile(`\bHRKU-[A-Za-z0-9_-]+`),
	regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?`), // JSON web tokens
	regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`),
}

// What stands behind something that announces a secret: the announcement stays.
var announced = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(authorization:)\s*(?:(?:bearer|token|basic)\s+)?[][A-Za-z0-9._~+/=-]+`), "$1 [redacted]"},
	{regexp.MustCompile(`(?i)\bbearer\s+[][A-Za-z0-9._~+/=-]+`), "[redacted]"},
	{regexp.MustCompile(`(?i)("[a-z_-]*(?:token|secret|password|passwd|api_?key|private_?key|pem)"\s*:\s*")(?:[^"\\]|\\.)*`), "$1[redacted]"},
	{regexp.MustCompile(`(?i)\b([a-z0-9_-]*(?:token|secret|password|passwd|api_?key|private_?key|signature)|sig|x-amz-[a-z-]+)=[^\s"'&;<>]+`), "$1=[redacted]"},
	{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*)://[^\s/"']+@`), "$1://[redacted]@"},
}

// Redact takes out of a text whatever looks like a secret: tokens and API keys,
// JSON web tokens, private keys, Authorization headers, passwords in links and
// in assignments, and the tickets of signed links; and every one of the known
// secrets, whatever it looks like. What terminals interpret goes too, because a
// secret is not known behind it. What a platform or an app said passes through
// here before it is shown to people.
func Redact(text string, known ...string) string {
	text = escapes.ReplaceAllString(text, "")
	for _, secret := range known {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	for _, p := range secrets {
		text = p.ReplaceAllString(text, "[redacted]")
	}
	for _, a := range announced {
		text = a.pattern.ReplaceAllString(text, a.instead)
	}
	return text
}

// escapes are what terminals interpret and people need not read.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// Line makes one line of a text that came from outside: without control
// characters, of at most n characters, the last of them an ellipsis if it was
// longer. What is secret in it has to be redacted before, because half of a
// secret is not known again.
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
