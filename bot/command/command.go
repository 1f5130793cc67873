package command

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/headstart-cd/headstart/bot/redact"
)

// Verb names what a command does.
type Verb string

// The commands, as written in a comment.
const (
	VerbPromote  Verb = "promote"
	VerbRollback Verb = "rollback"
	VerbLock     Verb = "lock"
	VerbUnlock   Verb = "unlock"
	VerbApprove  Verb = "approve"
	VerbRetry    Verb = "retry"
	VerbCancel   Verb = "cancel"
	VerbWhy      Verb = "why"
	VerbPlan     Verb = "plan"
	VerbStatus   Verb = "status"
	VerbIncident Verb = "incident"
	VerbHelp     Verb = "help"
)

var verbs = []Verb{VerbPromote, VerbRollback, VerbLock, VerbUnlock, VerbApprove, VerbRetry, VerbCancel, VerbWhy, VerbPlan, VerbStatus, VerbIncident, VerbHelp}

// Command is one line of a comment that asks the bot for something, as people wrote it.
// Whether its stage and its commit exist is checked when it is run.
type Command struct {
	Verb    Verb
	Stage   string        // as written, perhaps shortened; empty: none
	SHA     string        // as written, at least seven digits; empty: none
	Version int           // of a release, as in v12; 0: none
	Config  bool          // a rollback that also restores the config vars
	Urgent  bool          // a promotion despite windows, freezes and soak, for Reason
	Alone   bool          // an approval despite four eyes, for Reason
	For     time.Duration // how long a lock lasts; 0: until it is unlocked
	Reason  string        // the rest of the line, if the command takes one
	Text    string        // the line, for answers; it parses to the same command
	Written string        // the line with the name of its pipeline; empty: it named none
	// Problem says why the line cannot be understood, and what was perhaps meant; empty if
	// it can be.
	Problem string
}

// Asks reports whether the command only asks a question. Everybody may ask, and nothing
// changes.
func (v Verb) Asks() bool {
	return v == VerbWhy || v == VerbPlan || v == VerbStatus || v == VerbHelp
}

// Limits of one comment. Nobody reaches them by accident.
const (
	maxCommands  = 10
	maxLine      = 300 // bytes of a command's line that are read
	MaxReason    = 140
	typoDistance = 2
)

// ParseCommands finds the lines that start with a command, and returns the commands in
// order; nil if there are none. Words that look like a mistyped command become a command
// with a Problem. Everything else that starts with a slash is left alone.
func ParseCommands(lines string) []Command {
	var list []Command
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "/") {
			continue
		}
		if c, ok := parseCommand(line, ""); ok && len(list) < maxCommands {
			list = append(list, c)
		}
	}
	return list
}

var (
	commitWord  = regexp.MustCompile(`^[0-9a-f]{7,40}$`)
	versionWord = regexp.MustCompile(`^v[0-9]{1,9}$`)
	verbWord    = regexp.MustCompile(`^/[a-z]+$`)
)

// parseCommand reads one line that starts with a slash; false: it is no command of ours.
// It drops what looks like a secret after the verb, because the bot would repeat it in its
// answers. A Problem names the pipeline, unless that is empty.
func parseCommand(line, pipeline string) (Command, bool) {
	end := strings.IndexFunc(line, unicode.IsSpace)
	if end < 0 {
		end = len(line)
	}
	first := line[:min(end, maxLine)]
	if !verbWord.MatchString(strings.ToLower(first)) {
		return Command{}, false
	}
	line = first + " " + redact.Redact(strings.Join(strings.Fields(line[end:]), " "))
	if len(line) > maxLine {
		line = strings.ToValidUTF8(line[:maxLine], "")
	}
	words := strings.Fields(line)
	first = strings.ToLower(first)
	c := Command{Verb: Verb(first[1:]), Text: strings.Join(words, " ")}
	if !slices.Contains(verbs, c.Verb) {
		near, ok := nearest(string(c.Verb), verbNames())
		if !ok || len(c.Verb) < 4 {
			return Command{}, false
		}
		c.Problem = fmt.Sprintf("there is no command /%s; did you mean /%s?", c.Verb, near)
		return c, true
	}
	c.parseWords(words[1:], pipeline)
	return c, true
}

// ProblemIn returns the Problem as the command's pipeline words it.
func (c Command) ProblemIn(pipeline string) string {
	if pipeline == "" || c.Problem == "" {
		return c.Problem
	}
	again, _ := parseCommand(c.Text, pipeline)
	return again.Problem
}

func verbNames() []string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = string(v)
	}
	return names
}

// parseWords reads what follows the verb of a command for a pipeline.
func (c *Command) parseWords(words []string, pipeline string) {
	switch c.Verb {
	case VerbLock:
		c.takeStage(&words)
		c.takeDuration(&words)
		c.Reason = redact.Cut(strings.Join(words, " "), MaxReason)
		return
	case VerbIncident:
		c.takeIncident(words, pipeline)
		return
	case VerbPlan, VerbStatus, VerbHelp:
	case VerbCancel:
		c.takeNamed(&words)
	case VerbPromote, VerbApprove:
		c.takeStage(&words)
		if c.Verb == VerbApprove {
			c.takeAlone(&words, pipeline)
		}
		if c.Alone || c.Problem != "" {
			break
		}
		if c.takeUrgent(&words, pipeline); c.Problem == "" && !c.Urgent {
			c.takeCommit(&words)
		}
	case VerbRollback:
		c.takeStage(&words)
		c.takeTarget(&words)
		c.takeConfig(&words)
	default:
		c.takeStage(&words)
		if c.Verb == VerbRetry {
			c.takeNamed(&words)
		}
	}
	if len(words) > 0 && c.Problem == "" {
		c.Problem = fmt.Sprintf("%q is not understood after /%s; /help says what it takes", redact.Cut(strings.Join(words, " "), 40), c.Verb)
	}
}

// takeStage takes a word that may be a stage's name: neither a commit nor a word of the
// language. After /lock it may be the first word of a reason; the stages' names decide
// later.
func (c *Command) takeStage(words *[]string) {
	if len(*words) == 0 {
		return
	}
	w := strings.ToLower((*words)[0])
	if isOption(w) || c.Verb == VerbLock && (isDuration(w) || w == "for" && len(*words) > 1 && isDuration(strings.ToLower((*words)[1]))) {
		return
	}
	if commitWord.MatchString(w) || c.Verb == VerbRollback && (w == "to" || w == "with" || versionWord.MatchString(w)) {
		return
	}
	c.Stage, *words = (*words)[0], (*words)[1:]
}

func (c *Command) takeCommit(words *[]string) {
	if len(*words) == 0 {
		return
	}
	if w := strings.ToLower((*words)[0]); commitWord.MatchString(w) {
		c.SHA, *words = w, (*words)[1:]
	} else {
		c.Problem = fmt.Sprintf("%q is no commit: expected at least seven digits of its SHA", redact.Cut(w, 40))
	}
}

// takeNamed takes a word that is a commit.
func (c *Command) takeNamed(words *[]string) {
	if len(*words) > 0 && meansHex((*words)[0]) {
		c.SHA, *words = strings.ToLower((*words)[0]), (*words)[1:]
	}
}

// takeTarget reads `to SHA`, `to vN`, `SHA` or `vN`.
func (c *Command) takeTarget(words *[]string) {
	if len(*words) > 0 && strings.EqualFold((*words)[0], "to") {
		*words = (*words)[1:]
		if len(*words) == 0 {
			c.Problem = "after `to` a commit or a release such as v12 is missing"
			return
		}
	} else if len(*words) == 0 || strings.EqualFold((*words)[0], "with") {
		return
	}
	w := strings.ToLower((*words)[0])
	if versionWord.MatchString(w) {
		c.Version, _ = strconv.Atoi(w[1:])
		*words = (*words)[1:]
		return
	}
	c.takeCommit(words)
}

func (c *Command) takeConfig(words *[]string) {
	if len(*words) >= 2 && strings.EqualFold((*words)[0], "with") && strings.EqualFold((*words)[1], "config") {
		c.Config, *words = true, (*words)[2:]
	}
}

// nearest finds the name that is at most one typo away from what was written: up to two
// letters too many, missing, wrong or swapped.
func nearest(written string, names []string) (string, bool) {
	best, least := "", typoDistance+1
	for _, name := range names {
		if d := editDistance(written, name); d < least {
			best, least = name, d
		}
	}
	return best, least <= typoDistance && least < len(best)
}

// editDistance counts the letters to change, insert, remove or swap with a neighbour to
// turn a into b.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// resolved says which of some names a word of a command means.
type resolved struct {
	name   string   // the name; empty: none
	begins []string // the names that the word begins, if there are several
	near   string   // the name that is a typo away; empty: none

	written string
	names   []string
}

// Resolve finds the name that a word means: the name in any case, or an unambiguous
// beginning of it.
func Resolve(written string, names []string) resolved {
	r := resolved{written: written, names: names}
	w := strings.ToLower(written)
	for _, name := range names {
		if strings.ToLower(name) == w {
			return resolved{name: name}
		}
		if strings.HasPrefix(strings.ToLower(name), w) {
			r.begins = append(r.begins, name)
		}
	}
	if len(r.begins) == 1 {
		return resolved{name: r.begins[0]}
	}
	if near, ok := nearest(w, names); ok && len(r.begins) == 0 {
		r.near = near
	}
	return r
}

// Meant reports whether the word means a name, but it is unclear which.
func (r resolved) Meant() bool { return len(r.begins) > 0 || r.near != "" }

// problem says what is wrong if no name was found; empty: one was. of is the kind of the
// names: a stage or a pipeline.
func (r resolved) problem(of string) string {
	written := redact.Cut(r.written, 40)
	switch {
	case r.name != "":
		return ""
	case len(r.begins) > 0:
		return fmt.Sprintf("%q may be %s", written, strings.Join(r.begins, " or "))
	case r.near != "":
		return fmt.Sprintf("there is no %s %q; did you mean %s?", of, written, r.near)
	}
	return fmt.Sprintf("there is no %s %q; the %ss are %s", of, written, of, strings.Join(r.names, ", "))
}

// ResolveStage finds the stage that a word of a command means. If it means none, problem
// says why.
func ResolveStage(written string, stages []string) (stage, problem string) {
	r := Resolve(written, stages)
	return r.name, r.problem("stage")
}
