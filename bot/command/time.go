package command

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/words"
)

// Durations of locks, and urgent promotions.

const (
	urgentWord = "--urgent"
	// MaxLock bounds a lock, or an operator's freeze, that has an end. One without an end
	// lasts until it is lifted.
	MaxLock = 30 * 24 * time.Hour
)

// almostDuration matches what people write when they mean a duration.
var almostDuration = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?(s|m|h|d|w|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|weeks?|months?)$`)

// isDuration reports whether a word is, or is meant to be, a duration.
func isDuration(w string) bool {
	_, ok := words.ParseDuration(w)
	return ok || almostDuration.MatchString(w)
}

// takeDuration reads `2h` or `for 2h`.
func (c *Command) takeDuration(rest *[]string) {
	list := *rest
	if len(list) >= 2 && strings.EqualFold(list[0], "for") && isDuration(strings.ToLower(list[1])) {
		list = list[1:]
	}
	if len(list) == 0 {
		return
	}
	w := strings.ToLower(list[0])
	d, ok := words.ParseDuration(w)
	switch {
	case !ok && almostDuration.MatchString(w):
		c.Problem = fmt.Sprintf("%q is no time: write 30m, 2h, 1d or 1h30m", redact.Cut(w, 40))
	case !ok:
		return
	case d == 0:
		c.Problem = fmt.Sprintf("a lock of %s is none; without a time it lasts until /unlock", w)
	case d > MaxLock:
		c.Problem = fmt.Sprintf("a lock with an end lasts at most %d days; without a time it lasts until /unlock", MaxLock/(24*time.Hour))
	default:
		c.For = d
	}
	*rest = list[1:]
}

// isOption reports whether a word begins with two dashes, or with the dash that telephones
// make of them.
func isOption(w string) bool {
	name, ok := strings.CutPrefix(dashes(w), "--")
	return ok && strings.Trim(name, "-") != ""
}

func dashes(w string) string {
	for _, dash := range []string{"—", "–"} {
		if rest, ok := strings.CutPrefix(w, dash); ok {
			return "--" + strings.TrimLeft(rest, "-")
		}
	}
	return w
}

// options lists the words with two dashes that a command takes.
func (c *Command) options() []string {
	if c.Verb == VerbApprove {
		return []string{"urgent", "alone"}
	}
	return []string{"urgent"}
}

// takeUrgent reads --urgent and the reason. A commit may stand on either side of --urgent;
// everything else is the reason.
func (c *Command) takeUrgent(words *[]string, pipeline string) {
	var rest []string
	named := len(*words) > 0 && commitWord.MatchString(strings.ToLower((*words)[0]))
	for _, w := range *words {
		switch option := strings.ToLower(dashes(w)); {
		case c.Problem != "" || c.Urgent || !isOption(w) && !strings.EqualFold(w, "-urgent"):
			rest = append(rest, w)
		case option == urgentWord:
			c.Urgent = true
		default:
			c.Problem = fmt.Sprintf("there is no %s", redact.Cut(w, 40))
			if near, ok := nearest(strings.TrimLeft(option, "-"), c.options()); ok {
				c.Problem += "; did you mean --" + near + "?"
			} else if option == AloneWord {
				c.Problem += " of a promotion; it goes with /approve STAGE SHA"
			}
		}
	}
	*words = rest
	if !c.Urgent || c.Problem != "" {
		return
	}
	if len(rest) > 0 && (named || meansCommit(strings.ToLower(rest[0]))) {
		c.SHA, rest = strings.ToLower(rest[0]), rest[1:]
	}
	c.Reason, *words = redact.Cut(strings.Join(rest, " "), MaxReason), nil
	switch {
	case c.Stage == "":
		c.Problem = "what is urgent names its stage first: /promote STAGE " + urgentWord + " REASON"
	case c.Reason == "":
		c.Problem = "the reason is missing: /promote " + redact.Cut(InPipeline(pipeline, c.Stage), 40) + " " + urgentWord + " REASON; it is shown to everybody"
	}
}

// meansCommit reports whether the first word of a possible reason is a commit: "defaced"
// is not.
func meansCommit(w string) bool {
	return commitWord.MatchString(w) && strings.ContainsAny(w, "0123456789")
}
