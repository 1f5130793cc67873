package redact

import (
	"regexp"
	"strings"
)

// The value behind the name of a secret is a secret, however it looks: KEY=value, KEY:
// value, "key": "value", key => 'value'. But builds also write about such names:
// "password: must be longer", "token: string", "private_key: id_rsa.pem". People need to
// read these, so they stay.

const (
	// surely matches names, or ends of names, that only secrets have.
	surely = `(?:password|passwd|passphrase|[_-](?:pwd|pass|secret|token|credentials?)|` +
		`(?:access|auth|refresh|api|session|deploy|bot|client|signing|shared|webhook|oauth|bearer)(?:token|secret)|` +
		`(?:api|access|secret|private|signing|encryption|auth|master|account|deploy|license)[_-]?key|secret[_-]?key[_-]?base|secret[_-]?access[_-]?key)`
	// perhaps matches names that other things have, too: parsers and Kubernetes have
	// tokens and secrets of their own.
	perhaps = `(?:token|secret|credentials?|pwd)`
	// before matches the beginning of such a name.
	before = `[a-z0-9_.-]*`
	// says matches what stands between name and value; it ends with the opening quote, if
	// there is one.
	says = `["'\]]?[ \t]{0,4}(?:=>|:=|:|=)[ \t]{0,4}`
)

// Every text with such a name contains one of hints.
var hints = []string{"passw", "passphrase", "pwd", "pass", "secret", "token", "credential", "key"}

var namedForms = []form{
	// Without spaces it is an assignment, as in environments and links.
	{needs: []string{"="}, oneOf: hints, pattern: regexp.MustCompile(`(?i)\b((?:` + before + `(?:token|secret|pwd)|` + before + surely + `)=)([^\s"'&;<>=][^\s"'&;<>]*)`), only: isAssigned},
	// In quotes, the value ends with the next quote.
	{oneOf: hints, pattern: regexp.MustCompile(`(?i)(` + surely + says + `")((?:[^"\\\n]|\\.)+)`), only: isValue},
	{oneOf: hints, pattern: regexp.MustCompile(`(?i)(` + surely + says + `')((?:[^'\\\n]|\\.)+)`), only: isValue},
	{needs: []string{`"`, ":"}, oneOf: []string{"token", "secret", "pem"}, pattern: regexp.MustCompile(`(?i)("` + before + `(?:token|secret|pem)"\s*:\s*")((?:[^"\\]|\\.)*)`), only: isValue},
	// Without quotes, the value ends with the word.
	{oneOf: hints, pattern: regexp.MustCompile(`(?i)(` + surely + says + `)([^\s"'<>]+)`), only: isValue},
	{oneOf: hints, pattern: regexp.MustCompile(`(?i)(\b` + perhaps + says + `["']?)([^\s"'<>]+)`), only: isRandomValue},
}

// isAssigned reports whether the word behind an equals sign without spaces is a secret: it
// is no variable or placeholder.
func isAssigned(word string) bool { return !isReference(word) }

// isValue reports whether the word behind the name of a secret is one.
func isValue(word string) bool {
	bare := strings.Trim(word, ".,;:!?()[]{}|*&\\`")
	return bare != "" && !isReference(word) && !ordinary[strings.ToLower(bare)] && !pathOrVersion.MatchString(bare) && !quotedCode.MatchString(word)
}

// isRandomValue is isValue for a name that may mean something else.
func isRandomValue(word string) bool {
	return isValue(word) && looksRandom(word) && !hyphenated.MatchString(word) && strings.Count(word, "/") < 2
}

// isReference reports whether a value only names where the secret is, or is redacted
// already.
func isReference(word string) bool {
	return strings.HasPrefix(word, redacted) || reference.MatchString(word) || strings.Trim(word, "*.•") == "" || len(word) > 3 && strings.Trim(word, "xX") == ""
}

var (
	reference = regexp.MustCompile(`^(?:\$[A-Z_][A-Z0-9_]*|\$\{.*|\$\(.*|\{\{.*|%[A-Z_]+%|\[[A-Za-z_ ]+\])[,;)}\]]*$`)
	// quotedCode matches code that compilers quote: a call, a type, or a variable of the
	// environment.
	quotedCode = regexp.MustCompile(`^(?:&?[A-Za-z_][\w.:]*\(|&(?:mut|str|\[)|(?:process\.env|os\.|env\.|ENV\[|System\.|config\.|settings\.|secrets\.|vars\.|self\.|this\.|req\.|request\.|params[\[.]|options\.|opts\.|props\.|data\.))`)
	// pathOrVersion matches the path of a key, or a version.
	pathOrVersion = regexp.MustCompile(`^(?:v?\d+\.\d+[\w.-]*|[~.]{0,2}/?[\w./-]*\.(?:pem|key|crt|cer|json|txt|ya?ml|env|p8|p12|pub|go|js|ts|py|rb|rs|java|c|h|cpp|php))$`)
	hyphenated    = regexp.MustCompile(`^[A-Za-z]+(?:[-_./][A-Za-z]+)+$`)
)

// ordinary are words that builds write behind such a name: types, answers, and beginnings
// of sentences.
var ordinary = wordsOf(`all already an and any are arc argument array as at authentication auto b64 base64 bearer binary bool boolean box buffer
by byte bytes can can't cannot changed char chars check class confirmation const could created default deleted deprecated did disabled do
does doesn't empty enabled enter env error expected expired failed failure false field file for found from function generated get has have
hidden identifier if ignored ignoring in incorrect input int integer invalid is it length let literal login long masked max may min
mismatch missing mode module must mut need needs never new nil no none not null nullable number object of off ok on option optional or part
passed plain please protected provided public random read readonly received redacted filtered removed required reset result revoked
rotated run secret see seems self send set should skip skipped some step str string strings struct symbol text that the this to token too true type
unchanged undefined unexpected union unknown unless unset unused update updated use used user using uuid valid validated validation value
var varchar want vec verified void was were when will with without write wrong yes you your`)

func wordsOf(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}
