package bot

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Phrases that sentences are made of.

// capital makes a sentence of words that stand within one elsewhere.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// cut shortens text to n characters, the last of which is then an ellipsis.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)
	return string(runes[:n-1]) + "…"
}

// because puts a reason after a colon, if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// names joins up to three names for a sentence.
func names(list []string) string {
	const most = 3
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// after puts something before words, if there are any.
func after(before, words string) string {
	if words == "" {
		return ""
	}
	return before + words
}
