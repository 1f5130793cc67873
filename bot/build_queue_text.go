package bot

import (
	"fmt"
	"strings"
)

// What people are told of queues that several pipelines share: the place, and who goes
// first. Who that is is told only to those who may know of that repository.

// shared is what a pending build's status says while other pipelines go first; nil
// while none does. It is not said of what waits already: with every turn of the queue,
// it would be said of all that wait.
func (d *view) shared(r Rank) *notice {
	if d.queueText(r) == "" {
		return nil
	}
	return pendingNotice(PhaseQueue, "Queued for a prepare app that other pipelines share; /why and /plan tell its place", "")
}

// queueText says which place a build of a rank has in the queue of a prepare app that
// other pipelines share, and who goes before it: that of the shortest queue. It is empty
// where it waits for none of them.
func (d *view) queueText(r Rank) string {
	best, ahead := "", []QueueEntry(nil)
	apps := d.s.Config.Prepare.Apps
	if r > RankBranch {
		apps = d.s.Config.Prepare.forPulls()
	}
	for _, app := range apps {
		queue, contended := d.s.Queues[app]
		if !contended || queue.Lets(d.s.Pipeline, r, d.now) {
			return ""
		}
		if list := queue.ahead(d.s.Pipeline, r, d.now); best == "" || len(list) < len(ahead) {
			best, ahead = app, list
		}
	}
	if best == "" {
		return ""
	}
	last := fmt.Sprintf("place %d in the queue of %s", len(ahead)+1, best)
	sep := ": "
	if b := d.s.Queues[best].builder(d.now); b != nil {
		last, sep = last+sep+d.queuedName(*b)+" builds there", "; "
	}
	if len(ahead) > 0 {
		last += sep + listed(d.queuedNames(ahead)) + " goes first"
		if len(ahead) > 1 {
			last = strings.TrimSuffix(last, " goes first") + " go first"
		}
	}
	return last
}

// queuedText is queueText after a comma, if there is any.
func (d *view) queuedText(r Rank) string { return after(": ", d.queueText(r)) }

// mostNamed is how many of those that go first are named.
const mostNamed = 5

func (d *view) queuedNames(list []QueueEntry) (names []string) {
	for i, o := range list {
		if i == mostNamed {
			return append(names, fmt.Sprintf("%d more", len(list)-i))
		}
		names = append(names, d.queuedName(o)+" ("+o.Waits.String()+")")
	}
	return names
}

// queuedName names another pipeline in a queue, where people here may know of it.
func (d *view) queuedName(o QueueEntry) string {
	same := strings.EqualFold(o.Pipeline.Repo.String(), d.s.Pipeline.Repo.String())
	ours := d.s.Visibility == Private && o.Installation == d.s.Installation
	switch {
	case o.Pipeline == d.s.Pipeline:
		return "this pipeline"
	case same || o.Public || ours:
		return o.Pipeline.String()
	}
	return "another pipeline"
}

// String names a rank for people.
func (r Rank) String() string {
	switch r {
	case RankUrgent:
		return "urgent"
	case RankBranch:
		return "branch"
	case RankGroup:
		return "merge group"
	case RankFromPull, RankPull:
		return "pull request"
	}
	return "nothing"
}

// listed joins names for people.
func listed(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// queuesText is the queue of each prepare app that other pipelines share, for /status;
// empty if there is none.
func (d *view) queuesText() string {
	var b strings.Builder
	for _, app := range sortedKeys(d.s.Queues) {
		queue := d.s.Queues[app]
		fmt.Fprintf(&b, "\n\n**Queue of `%s`**: ", code(app))
		if o := queue.builder(d.now); o != nil {
			fmt.Fprintf(&b, "%s builds there since %s", text(d.queuedName(*o)), moment(o.Builds))
		} else {
			b.WriteString("no build is running there")
		}
		if list := queue.order(d.now); len(list) > 0 {
			b.WriteString("; next: " + text(listed(d.queuedNames(list))))
		}
	}
	return b.String()
}
