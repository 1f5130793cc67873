package pipeline

import (
	"reflect"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Look returns the queues, as read, that the pipeline must know; asked are queues in which
// it may not stand yet. ok is false if that is nothing new.
func (s State) Look(lines map[string]bot.BuildQueue, asked map[string]bool, now time.Time) (seen bot.QueuesSeen, ok bool) {
	for app, line := range lines {
		mine := line.Of(s.Pipeline)
		others := slices.ContainsFunc(line, func(o bot.QueueEntry) bool { return o.Pipeline != s.Pipeline && o.Active() })
		if !others || !mine.Active() && !asked[app] {
			continue
		}
		line = slices.DeleteFunc(slices.Clone(line), func(o bot.QueueEntry) bool {
			return o.Pipeline != s.Pipeline && o.Over(now)
		})
		Put(&seen.Queues, app, line)
	}
	return seen, len(seen.Queues)+len(s.Queues) > 0 && !reflect.DeepEqual(seen.Queues, s.Queues)
}

// Hurried reports whether an urgent promotion of the candidate was asked for.
func (c *Candidate) Hurried() bool {
	for _, o := range c.Ordered {
		if o.Urgent {
			return true
		}
	}
	return false
}
