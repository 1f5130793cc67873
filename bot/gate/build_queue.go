package gate

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// RankOf returns a candidate's rank in the queues of prepare apps.
func (v *View) RankOf(c *pipeline.Candidate) bot.Rank {
	switch {
	case c.FromPull:
		return bot.RankFromPull
	case c.Hurried():
		return bot.RankUrgent
	}
	return bot.RankBranch
}

// QueueText returns a rank's place in the shortest queue of a prepare app shared with other pipelines, and who is
// ahead; empty: it is in none.
func (v *View) QueueText(r bot.Rank) string {
	best, ahead := "", []bot.QueueEntry(nil)
	apps := v.State.Config.Prepare.Apps
	if r > bot.RankBranch {
		apps = v.State.Config.Prepare.ForPulls()
	}
	for _, app := range apps {
		queue, contended := v.State.Queues[app]
		if !contended || queue.Lets(v.State.Pipeline, r, v.Now) {
			return ""
		}
		if list := queue.Ahead(v.State.Pipeline, r, v.Now); best == "" || len(list) < len(ahead) {
			best, ahead = app, list
		}
	}
	if best == "" {
		return ""
	}
	last := fmt.Sprintf("place %d in the queue of %s", len(ahead)+1, best)
	sep := ": "
	if b := v.State.Queues[best].Builder(v.Now); b != nil {
		last, sep = last+sep+v.QueuedName(*b)+" builds there", "; "
	}
	if len(ahead) > 0 {
		last += sep + Join(v.QueuedNames(ahead)) + " goes first"
		if len(ahead) > 1 {
			last = strings.TrimSuffix(last, " goes first") + " go first"
		}
	}
	return last
}

// queuedText is QueueText after a separator; empty if that is empty.
func (v *View) queuedText(r bot.Rank) string { return words.After(": ", v.QueueText(r)) }

// mostNamed bounds how many pipelines ahead are named.
const mostNamed = 5

func (v *View) QueuedNames(list []bot.QueueEntry) (names []string) {
	for i, o := range list {
		if i == mostNamed {
			return append(names, fmt.Sprintf("%d more", len(list)-i))
		}
		names = append(names, v.QueuedName(o)+" ("+o.Waits.String()+")")
	}
	return names
}

// QueuedName names another pipeline in a queue, if people here may know of it.
func (v *View) QueuedName(o bot.QueueEntry) string {
	same := strings.EqualFold(o.Pipeline.Repo.String(), v.State.Pipeline.Repo.String())
	ours := v.State.Visibility == bot.Private && o.Installation == v.State.Installation
	switch {
	case o.Pipeline == v.State.Pipeline:
		return "this pipeline"
	case same || o.Public || ours:
		return o.Pipeline.String()
	}
	return "another pipeline"
}

// Join joins names for people.
func Join(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
