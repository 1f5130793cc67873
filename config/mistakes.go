package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// What people write before they have read the documentation, and what they mean.

// synonyms are other words for the values of keys with a few options.
var synonyms = map[string]string{
	"manual": "approval", "manually": "approval", "approve": "approval", "approved": "approval", "required": "approval", "gated": "approval",
	"automatic": "auto", "automatically": "auto", "always": "auto",
	"none": "hold", "nothing": "hold", "stop": "hold", "keep": "hold", "pause": "hold", "ignore": "hold",
	"revert": "rollback", "undo": "rollback", "back": "rollback",
	"embedded": "local", "self": "local", "docker": "local",
}

// meansOption is the option that another word stands for; empty: none.
func meansOption(written string, options []string) string {
	meant := synonyms[strings.ToLower(written)]
	for _, o := range options {
		if o == meant {
			return o
		}
	}
	return ""
}

var spokenTime = regexp.MustCompile(`(?i)^([0-9]{1,6})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$`)

// meansDuration is a duration that was written as it is spoken, as in 5 min; empty: it was not.
func meansDuration(s string) string {
	parts := spokenTime.FindStringSubmatch(strings.TrimSpace(s))
	if parts == nil {
		return ""
	}
	return parts[1] + strings.ToLower(parts[2][:1])
}

var (
	daysAre    = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	dayWord    = regexp.MustCompile(`(?i)\b(mon|tue|wed|thu|fri|sat|sun)(day|s|sday|nesday|rs|rsday|urday)?s?\b`)
	dayThrough = regexp.MustCompile(`(?i)\s*(–|—|-|\bto\b|\bthrough\b|\buntil\b|\bbis\b)\s*`)
	dayAnd     = regexp.MustCompile(`(?i)\s*(,|;|/|\+|&|\band\b)\s*`)
)

// checkDays says which days were meant.
func checkDays(s string) (message, hint string) {
	if daysPattern.MatchString(s) {
		return "", ""
	}
	meant := strings.ToLower(strings.TrimSpace(s))
	switch strings.NewReplacer(" ", "", "-", "", "_", "").Replace(meant) {
	case "weekdays", "weekday", "workdays", "workingdays", "businessdays":
		return generic, "write mon-fri"
	case "weekend", "weekends":
		return generic, "write sat,sun"
	case "daily", "everyday", "all", "always", "*":
		return generic, "every day is the default: remove the key"
	}
	meant = dayAnd.ReplaceAllString(dayThrough.ReplaceAllString(meant, "-"), ",")
	meant = dayWord.ReplaceAllStringFunc(meant, func(day string) string { return day[:3] })
	if daysPattern.MatchString(meant) {
		return generic, "write " + meant
	}
	return generic, "days are " + strings.Join(daysAre, ", ")
}

// meansAppName is the app that an address is of; empty: it is none.
func meansAppName(s string) string {
	if !strings.ContainsAny(s, "./:") {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	host := u.Hostname()
	if u.Scheme == "" { // shop.herokuapp.com/path
		host, _, _ = strings.Cut(s, "/")
	}
	for _, end := range []string{".herokuapp.com", ".localhost"} {
		if name, ok := strings.CutSuffix(host, end); ok && appNamePattern.MatchString(name) {
			return name
		}
	}
	if _, rest, ok := strings.Cut(u.Path, "/apps/"); ok && host == "dashboard.heroku.com" {
		if name, _, _ := strings.Cut(rest, "/"); appNamePattern.MatchString(name) {
			return name
		}
	}
	return ""
}

// hintForObject helps with what stands where keys are expected: the text of its one required key, or of its first one.
func hintForObject(o object, n node) string {
	s, ok := scalar(n)
	if !ok {
		if _, isList := n.(*ast.SequenceNode); isList && len(o.keys) > 0 {
			return "write its keys, as in " + o.keys[0].example
		}
		return ""
	}
	if strings.Contains(s, ":") && !strings.Contains(s, "://") {
		return "put a space after the colon"
	}
	var required []key
	for _, k := range o.keys {
		if k.required {
			required = append(required, k)
		}
	}
	if len(required) == 0 {
		return ""
	}
	t, isText := required[0].value.(text)
	if message, _ := t.refuses(s); !isText || message != "" {
		return ""
	}
	rest := ""
	if o.is == stage.is {
		rest = ", app: NAME"
	} else if len(required) > 1 {
		return ""
	}
	return fmt.Sprintf("write {%s: %s%s}", required[0].name, bare(s), rest)
}

// hintForList helps with a list that stands where one text is expected.
func hintForList(t text, k string, seq *ast.SequenceNode) string {
	var texts []string
	for _, item := range seq.Values {
		s, ok := scalar(item)
		if !ok {
			return ""
		}
		texts = append(texts, s)
	}
	for _, s := range texts {
		if message, _ := t.refuses(s); message != "" {
			return ""
		}
	}
	switch {
	case strings.HasSuffix(k, ".app"):
		return fmt.Sprintf("write apps: [%s]", strings.Join(texts, ", "))
	case t.is == weekdays.is:
		return "write " + strings.Join(texts, ",")
	case len(texts) == 1:
		return "write " + bare(texts[0]) + ", without brackets"
	}
	return ""
}

// curly are the quotes that a word processor makes of plain ones.
var curly = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'")

// hintForQuotes helps where quotes are part of the text; empty: they are not.
func hintForQuotes(s string) string {
	if plain := curly.Replace(s); plain != s && len(plain) > 1 && plain[0] == plain[len(plain)-1] && strings.Contains(`"'`, plain[:1]) {
		return `use plain quotes: "` + plain[1:len(plain)-1] + `"`
	}
	return ""
}
