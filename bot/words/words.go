package words

import (
	"fmt"
	"strings"
)

// Capital makes a sentence of a phrase. A name such as ci/test, e2e or shop.example stays as it is written.
func Capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if first == "" || strings.ContainsAny(strings.TrimRight(first, ".,:;"), "/._@0123456789") {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Because returns a reason after a colon; empty without one.
func Because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// Names lists the first three names, and counts the others.
func Names(list []string) string {
	const most = 3
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// After puts before in front of words; empty if words is.
func After(before, words string) string {
	if words == "" {
		return ""
	}
	return before + words
}

// IsLogin reports whether a name may be a login of GitHub. If no account has the author's
// address, GitHub reports the name from git instead.
func IsLogin(name string) bool {
	name = strings.TrimSuffix(name, "[bot]")
	return name != "" && len(name) <= 39 && strings.IndexFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}
