package github

import "github.com/headstart-cd/headstart/bot/redact"

// line makes one line of a text that came from outside, without secrets and
// without control characters, of at most n characters.
func line(text string, n int) string { return redact.Line(redact.Redact(text), n) }
