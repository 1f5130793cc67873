package render

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// What people are told of queues that several pipelines share: the place, and who goes
// first. Who that is is told only to those who may know of that repository.

// shared is what a pending build's status says while other pipelines go first; nil
// while none does. It is not said of what waits already: with every turn of the queue,
// it would be said of all that wait.
func shared(v *gate.View, r bot.Rank) *Notice {
	if v.QueueText(r) == "" {
		return nil
	}
	return pendingNotice(bot.PhaseQueue, "Queued for a prepare app that other pipelines share; /why and /plan tell its place", "")
}

// queuesText is the queue of each prepare app that other pipelines share, for /status;
// empty if there is none.
func queuesText(v *gate.View) string {
	var b strings.Builder
	for _, app := range pipeline.SortedKeys(v.State.Queues) {
		queue := v.State.Queues[app]
		fmt.Fprintf(&b, "\n\n**Queue of `%s`**: ", words.Code(app))
		if o := queue.Builder(v.Now); o != nil {
			fmt.Fprintf(&b, "%s builds there since %s", words.Text(v.QueuedName(*o)), words.Moment(o.Builds))
		} else {
			b.WriteString("no build is running there")
		}
		if list := queue.Order(v.Now); len(list) > 0 {
			b.WriteString("; next: " + words.Text(gate.Join(v.QueuedNames(list))))
		}
	}
	return b.String()
}
