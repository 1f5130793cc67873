package redact

import "unicode/utf8"

// Cut shortens text to n characters; the last is an ellipsis if text was longer.
func Cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)
	return string(runes[:n-1]) + "…"
}
