package render

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// The texts of queues shared by several pipelines: the place, and which pipelines are ahead. A pipeline is named only
// to people who may know of its repository.

// shared is a pending build's status while other pipelines are ahead; nil: none is. It has one phase without the place:
// otherwise every turn of the queue would renew the statuses of all that wait.
func shared(v *gate.View, r bot.Rank) *Notice {
	if v.QueueText(r) == "" {
		return nil
	}
	return pendingNotice(bot.PhaseQueue, "Queued for a prepare app that other pipelines share; /why and /plan tell its place", "")
}

// queuesText is, for /status, the queue of each prepare app shared with other pipelines; empty: there is none.
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
