package history

import (
	"hash/fnv"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/redact"
)

// Output is the end of what a failed build or release wrote. Its key is App and ID. It is the one row that does not
// come from states: the failure's outcome is recorded after it was written.
type Output struct {
	App, ID     string // as the platform names them
	SHA         string // the commit that was built; empty: a release
	Stage       string // of a release; empty: a build
	N           int    // the number of the release's promotion
	At          time.Time
	Text        string // at most 64 kB, without secrets
	Cut         bool   // something was written before
	Error       string // the last of the lines that Fingerprint is of
	Fingerprint int64  // equal for failures that look the same; 0: it is unknown
	// Seen is how many outputs of the pipeline have that fingerprint, in the 30 days up to At, itself included. It is only
	// read.
	Seen int
}

const (
	// SeenFor is the time in which equal failures are counted.
	SeenFor = 30 * 24 * time.Hour
	// lastErrors is how many lines tell failures apart.
	lastErrors = 3
	// errorAtMost is how many characters of the error are kept.
	errorAtMost = 200
)

// NewOutput completes an output whose text is known.
func NewOutput(o Output) Output {
	lines := errorsOf(o.Text)
	if len(lines) == 0 {
		return o
	}
	h := fnv.New64a()
	for _, line := range lines {
		h.Write([]byte(usual(line) + "\n"))
	}
	o.Error, o.Fingerprint = redact.Line(unmarked(lines[len(lines)-1]), errorAtMost), int64(h.Sum64())
	return o
}

// errorsOf are the last lines of a text that tell of an error, in their order; if none does, its last lines.
func errorsOf(text string) (lines []string) {
	var all, loud []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if unmarked(line) == "" {
			continue
		}
		all = append(all, line)
		if IsError(line) {
			loud = append(loud, line)
		}
	}
	told := slices.DeleteFunc(slices.Clone(loud), func(line string) bool { return closing.MatchString(unmarked(line)) })
	for _, list := range [][]string{told, loud, all} {
		if len(list) > 0 {
			return list[max(0, len(list)-lastErrors):]
		}
	}
	return nil
}

// IsError reports whether a line of an output tells of an error, by what compilers, package managers and buildpacks write.
func IsError(line string) bool {
	line = strings.TrimSpace(line)
	switch {
	case strings.HasPrefix(line, "$ "): // a command, which is about to begin
		return false
	case marked.MatchString(line):
		return unmarked(line) != ""
	case place.MatchString(line):
		return !harmless.MatchString(line)
	}
	return tells.MatchString(none.ReplaceAllString(line, ""))
}

var (
	// marked are the lines that Heroku and its buildpacks mark.
	marked = regexp.MustCompile(`^(?:remote:)?\s*!(?:\s|$)`)
	// place is where a compiler found something.
	place    = regexp.MustCompile(`^[\w./@-]+\.\w+:\d+(?::\d+)?:\s`)
	harmless = regexp.MustCompile(`(?i)\b(?:warning|note|info|hint)\b`)
	tells    = regexp.MustCompile(`(?i)(?:^|[\s\[("'*>:.])(?:\w*error|\w*exception|errors|err!|fatal|fail|fails|failed|failure|panic|traceback|cannot|can't|could not|couldn't|unable to|not found|no such|undefined|denied|refused|rejected|aborted|killed|exit (?:status|code):? [1-9]\d*)(?:[\s:;,!)\]\["']|\.?$|\.\s)`)
	none     = regexp.MustCompile(`(?i)\b(?:0|no|zero|without) (?:\w+ )?(?:errors?|exceptions?|fail(?:ed|ures?)?)\b`)
	// closing are the lines that end every failure of a kind.
	closing = regexp.MustCompile(`(?i)^(?:push (?:rejected|failed)|build failed|we're sorry|the (?:build|release) (?:command|phase) ended|make(?:\[\d+\])?: \*\*\*|exit status|npm (?:err!|error) (?:a complete log|.*-debug-|code |path |command |errno )|process completed|error: command failed|elifecycle)`)
)

// unmarked returns a line without the mark of a platform.
func unmarked(line string) string { return strings.TrimSpace(marks.ReplaceAllString(line, "")) }

var marks = regexp.MustCompile(`^\s*(?:remote:)?\s*(?:!|-{3,}>)?`)

// usual returns a line without what differs from one failure to the next: addresses, folders, hashes, times and numbers.
func usual(line string) string {
	line = strings.ToLower(unmarked(line))
	for _, v := range varies {
		line = v.ReplaceAllString(line, "#")
	}
	return strings.Join(strings.Fields(line), " ")
}

var varies = []*regexp.Regexp{
	regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^\s"'<>)]+`),
	regexp.MustCompile(`[\w.@~+-]*(?:/[\w.@~+-]+)+/?`),
	regexp.MustCompile(`\b[0-9a-f]+(?:-[0-9a-f]+){4}\b`),
	regexp.MustCompile(`\b[0-9a-f]*\d[0-9a-f]*[a-f][0-9a-f]*\b|\b[0-9a-f]*[a-f][0-9a-f]*\d[0-9a-f]*\b`),
	regexp.MustCompile(`\b(?:\d+(?:\.\d+)?(?:ns|µs|us|ms|s|m|h|d) ?)+\b`),
	regexp.MustCompile(`\d+(?:[.,:]\d+)*`),
}
