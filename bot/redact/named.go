package redact

import (
	"regexp"
	"strings"
)

// What stands behind the name of a secret is one, however it looks: KEY=value, KEY:
// value, "key": "value", key => 'value'. But builds speak of such names, too ("password:
// must be longer", "token: string", "private_key: id_rsa.pem"), and what people need to
// read must stay.

const (
	// surely are the names, or ends of names, of what is a secret and nothing else.
	surely = `(?:password|passwd|passphrase|[_-](?:pwd|pass|secret|token|credentials?)|` +
		`(?:access|auth|refresh|api|session|deploy|bot|client|signing|shared|webhook|oauth|bearer)(?:token|secret)|` +
		`(?:api|access|secret|private|signing|encryption|auth|master|account|deploy|license)[_-]?key|secret[_-]?key[_-]?base|secret[_-]?access[_-]?key)`
	// perhaps are those of what may be something else: parsers and Kubernetes have tokens
	// and secrets of their own.
	perhaps = `(?:token|secret|credentials?|pwd)`
	// before is what such a name may begin with.
	before = `[a-z0-9_.-]*`
	// says stands between the name and the value; it ends with the quote of one that is quoted.
	says = `["'\]]?[ \t]{0,4}(?:=>|:=|:|=)[ \t]{0,4}`
)

// hints is in every text with such a name.
var hints = []string{"passw", "passphrase", "pwd", "pass", "secret", "token", "credential", "key"}

var namedForms = []form{
	// Without spaces an assignment is one, as in environments and links.
	{needs: []string{"="}, oneOf: hints, pattern: regexp.MustCompile(`(?i)\b((?:` + before + `(?:token|secret|pwd)|` + before + surely + `)=)([^\s"'&;<>=][^\s"'&;<>]*)`), only: isAssigned},
	// In quotes everything up to the next one is the value.
	{oneOf: hints, pattern: regexp.MustCompile(`(?i)(` + surely + says + `")((?:[^"\\\n]|\\.)+)`), only: isValue},
	{oneOf: hints, pattern: regexp.MustCompile(`(?i)(` + surely + says + `')((?:[^'\\\n]|\\.)+)`), only: isValue},
	{needs: []string{`"`, ":"}, oneOf: []string{"token", "secret", "pem"}, pattern: regexp.MustCompile(`(?i)("` + before + `(?:token|secret|pem)"\s*:\s*")((?:[^"\\]|\\.)*)`), only: isValue},
	// Without them it ends with the word.
	{oneOf: hints, pattern: regexp.MustCompile(`(?i)(` + surely + says + `)([^\s"'<>]+)`), only: isValue},
	{oneOf: hints, pattern: regexp.MustCompile(`(?i)(\b` + perhaps + says + `["']?)([^\s"'<>]+)`), only: isRandomValue},
}

// isAssigned reports whether what stands behind an equals sign without spaces is a
// secret: all that is no variable or placeholder.
func isAssigned(word string) bool { return !isReference(word) }

// isValue reports whether what stands behind the name of a secret is one.
func isValue(word string) bool {
	bare := strings.Trim(word, ".,;:!?()[]{}|*&\\`")
	return bare != "" && !isReference(word) && !ordinary[strings.ToLower(bare)] && !pathOrVersion.MatchString(bare) && !quotedCode.MatchString(word)
}

// isRandomValue is the same behind a name that may mean something else.
func isRandomValue(word string) bool {
	return isValue(word) && looksRandom(word) && !hyphenated.MatchString(word) && strings.Count(word, "/") < 2
}

// isReference reports whether a value says only where the secret is, or that it was
// taken out already.
func isReference(word string) bool {
	return strings.HasPrefix(word, redacted) || reference.MatchString(word) || strings.Trim(word, "*.•") == "" || len(word) > 3 && strings.Trim(word, "xX") == ""
}

var (
	reference = regexp.MustCompile(`^(?:\$[A-Z_][A-Z0-9_]*|\$\{.*|\$\(.*|\{\{.*|%[A-Z_]+%|\[[A-Za-z_ ]+\])[,;)}\]]*$`)
	// quotedCode is what compilers quote: a call, a type, or what an environment holds.
	quotedCode = regexp.MustCompile(`^(?:&?[A-Za-z_][\w.:]*\(|&(?:mut|str|\[)|(?:process\.env|os\.|env\.|ENV\[|System\.|config\.|settings\.|secrets\.|vars\.|self\.|this\.|req\.|request\.|params[\[.]|options\.|opts\.|props\.|data\.))`)
	// pathOrVersion is where a key lies, or the version of what has the name.
	pathOrVersion = regexp.MustCompile(`^(?:v?\d+\.\d+[\w.-]*|[~.]{0,2}/?[\w./-]*\.(?:pem|key|crt|cer|json|txt|ya?ml|env|p8|p12|pub|go|js|ts|py|rb|rs|java|c|h|cpp|php))$`)
	hyphenated    = regexp.MustCompile(`^[A-Za-z]+(?:[-_./][A-Za-z]+)+$`)
)

// ordinary are words that builds write behind such a name: types, answers, and the
// beginnings of sentences.
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
