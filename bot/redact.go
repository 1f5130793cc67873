package bot

import (
	"regexp"
	"strings"
	"unicode"
)

// What people, platforms and apps write may hold secrets, mostly by mistake.
// They are taken out where the text comes in, before it is stored, shown or cut:
// half of a secret is not known again.

const redacted = "[redacted]"

// form is what a secret can look like. A token is opaque and may be long:
// everything that could belong to one goes.
type form struct {
	// needs are all in the small letters of every text that the pattern matches.
	// Looking for them is much faster than matching.
	needs   []string
	pattern *regexp.Regexp
	// instead stands where the secret was. What announced the secret stays.
	instead string
	// only says of a pattern that also matches ordinary words whether its last
	// group, which alone goes then, is a secret; nil: always.
	only func(word string) bool
}

var forms = []form{
	{needs: []string{"-----begin"}, pattern: regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|$)`), instead: redacted},
	// The same in base64, perhaps in lines.
	{needs: []string{"ls0tls1crudjti"}, pattern: regexp.MustCompile(`LS0tLS1CRUdJTi[A-Za-z0-9+/=]*(\s+[A-Za-z0-9+/=]{20,})*`), instead: redacted},
	// GitHub's tokens: also in the middle of something else, such as an escaped URL.
	{needs: []string{"gh", "_"}, pattern: regexp.MustCompile(`\bgh[opsur]_[A-Za-z0-9._-]+|gh[a-z]_[A-Za-z0-9._-]{16,}`), instead: redacted},
	{needs: []string{"github_pat_"}, pattern: regexp.MustCompile(`github_pat_[A-Za-z0-9._-]+`), instead: redacted},
	// Heroku's and Amazon's keys.
	{needs: []string{"hrku-"}, pattern: regexp.MustCompile(`HRKU-[A-Za-z0-9_-]+`), instead: redacted},
	{needs: []string{"ia"}, pattern: regexp.MustCompile(`\bA[KS]IA[A-Z0-9]{16}\b`), instead: redacted},
	// JSON web tokens.
	{needs: []string{"eyj", "."}, pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(\.[A-Za-z0-9_-]+)?`), instead: redacted},
	// Headers. Whatever follows the name of a scheme there is a credential; without
	// the header's name it may be a title such as "Basic support for bearer tokens".
	{needs: []string{"authorization"}, pattern: regexp.MustCompile(`(?i)(authorization\W{1,4}(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]+`), instead: "${1}" + redacted},
	{needs: []string{"authorization"}, pattern: regexp.MustCompile(`(?i)(authorization\W{1,4}?(?:[a-z]+\s+)?)([A-Za-z0-9._~+/=-]+)`), only: looksRandom},
	{needs: []string{"bearer"}, pattern: regexp.MustCompile(`\b(Bearer\s+)([A-Za-z0-9._~+/=-]+)`), only: isNoTopic},
	{needs: []string{"bearer"}, pattern: regexp.MustCompile(`(?i)\b(bearer\s+)([A-Za-z0-9._~+/=-]+)`), only: looksRandom},
	{needs: []string{"basic"}, pattern: regexp.MustCompile(`(?i)\b(basic\s+)([A-Za-z0-9._~+/=-]+)`), only: looksRandom},
	// JSON, assignments and signed links, and passwords in links.
	{needs: []string{`"`, ":"}, pattern: regexp.MustCompile(`(?i)("[a-z0-9_-]*(?:token|secret|password|passwd|api_?key|private_?key|pem)"\s*:\s*")(?:[^"\\]|\\.)*`), instead: "${1}" + redacted},
	{needs: []string{"="}, pattern: regexp.MustCompile(`(?i)\b((?:[a-z0-9_-]*(?:token|secret|password|passwd|api_?key|private_?key|signature)|sig|x-amz-[a-z-]+)=)[^\s"'&;<>]+`), instead: "${1}" + redacted},
	{needs: []string{"://", "@"}, pattern: regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)[^\s/"']+@`), instead: "${1}" + redacted + "@"},
}

// escapes are what terminals interpret and people need not read.
var escapes = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~])?`)

// Redact takes out of a text whatever looks like a secret: tokens and API keys,
// JSON web tokens, private keys, Authorization headers, passwords in links, in
// JSON and in assignments, and the tickets of signed links; and every one of the
// known secrets, whatever it looks like. What terminals interpret goes too,
// because a secret is not known behind it. Redacting twice is redacting once.
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

func (f form) mayBeIn(small string) bool {
	for _, need := range f.needs {
		if !strings.Contains(small, need) {
			return false
		}
	}
	return true
}

func (f form) redact(text string) string {
	if f.only == nil {
		return f.pattern.ReplaceAllString(text, f.instead)
	}
	return f.pattern.ReplaceAllStringFunc(text, func(match string) string {
		if group := f.pattern.FindStringSubmatch(match); f.only(group[2]) {
			return group[1] + redacted
		}
		return match
	})
}

// How long a word is before it looks random for its digits, for its capitals,
// and for its length alone.
const (
	minDigits   = 7 // "OAuth2" and "HTTP/2" are ordinary
	minCapitals = 10
	minLength   = 24
)

// looksRandom reports whether nobody would write such a word by hand.
func looksRandom(word string) bool {
	switch n := len(word); {
	case n >= minLength:
		return true
	case n >= minDigits && strings.ContainsAny(word, "0123456789=+~"):
		return true
	case n < minCapitals:
		return false
	}
	humps := 0
	for i := 1; i < len(word); i++ {
		if 'a' <= word[i-1] && word[i-1] <= 'z' && 'A' <= word[i] && word[i] <= 'Z' {
			humps++
		}
	}
	return humps > 1 // "JavaScript" has one
}

// isNoTopic reports whether a word behind Bearer, written as in a header, is
// something else than what titles are about.
func isNoTopic(word string) bool { return !topics[strings.ToLower(strings.TrimRight(word, "."))] }

var topics = map[string]bool{"auth": true, "authentication": true, "authorization": true, "credentials": true, "header": true, "headers": true,
	"scheme": true, "token": true, "tokens": true}

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
	return cut(strings.TrimSpace(Redact(line)), maxTitle)
}
