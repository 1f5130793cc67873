package words

import (
	"fmt"
	"strings"
)

// Phrases that sentences are made of.

// Capital makes a sentence of words that stand within one elsewhere.
func Capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Because puts a reason after a colon, if there is one.
func Because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// Names joins up to three names for a sentence.
func Names(list []string) string {
	const most = 3
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// After puts something before words, if there are any.
func After(before, words string) string {
	if words == "" {
		return ""
	}
	return before + words
}

// IsLogin reports whether a name may be a login of GitHub, which git's names of
// authors stand in for where no account has their address.
func IsLogin(name string) bool {
	name = strings.TrimSuffix(name, "[bot]")
	return name != "" && len(name) <= 39 && strings.IndexFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}
