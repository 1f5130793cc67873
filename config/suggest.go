package config

import (
	"fmt"
	"strings"
)

// didYouMean is the hint that names the option most like what was written, or
// empty if none is.
func didYouMean(written string, options []string) string {
	if best := nearest(written, options); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return ""
}

// nearest finds the option that differs least from what was written: in case,
// in dashes, by a missing end or by a few letters. Empty if all are too far.
func nearest(written string, options []string) string {
	if len(written) > 60 {
		return ""
	}
	w := plain(written)
	best, least := "", 1+max(1, len(w)/3)
	for _, o := range options {
		d := distance(w, plain(o))
		if len(w) >= 3 && (strings.HasPrefix(plain(o), w) || strings.HasPrefix(w, plain(o))) {
			d = min(d, 1)
		}
		if d < least {
			best, least = o, d
		}
	}
	return best
}

func plain(s string) string {
	return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(s))
}

// distance counts the letters to add, remove, replace or swap with a neighbour
// to get from a to b.
func distance(a, b string) int {
	before := make([]int, len(b)+1) // the row before the last
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// oneOf lists options for people: a, b or c.
func oneOf(options []string, word string) string {
	switch n := len(options); n {
	case 0:
		return ""
	case 1:
		return options[0]
	default:
		return strings.Join(options[:n-1], ", ") + " " + word + " " + options[n-1]
	}
}

// quote shows what was written, bounded and on one line.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
