package github

import "github.com/headstart-cd/headstart/bot/redact"

// line returns text from outside as one line of at most n characters, without secrets and control characters.
func line(text string, n int) string { return redact.Line(redact.Redact(text), n) }
