package store

import "github.com/headstart-cd/headstart/bot"

// Deliveries and effects have queues of their own, so that slow effects never
// keep deliveries waiting. Nor do effects keep more urgent ones waiting: when a
// hundred pipelines move at once, or GitHub is slow, what is told about them hangs
// in slots of its own; and so does what nobody waits for. While many of the
// urgent ones are under way these wait for a moment besides: see backpressure.go.
const (
	queueDeliveries = "deliveries"
	queueEffects    = "effects"
	queuePublish    = "publishing"
	queueIdle       = "idle"
)

// How many of each are worked on at once by one instance.
const (
	deliverAtOnce = 64 // deliveries
	groupsAtOnce  = 16 // of deliveries that arrived together: all their bodies are in memory
	performAtOnce = 64
	publishAtOnce = 32
	idleAtOnce    = 8
)

// atOnce is how many jobs of a queue one instance works on at once.
func atOnce(queue string) int {
	switch queue {
	case queueDeliveries:
		return groupsAtOnce
	case queueEffects:
		return performAtOnce
	case queuePublish:
		return publishAtOnce
	}
	return idleAtOnce
}

func queues() []string { return []string{queueDeliveries, queueEffects, queuePublish, queueIdle} }

// River's priorities within a queue: 1 goes first. Nothing waits for ever behind
// that: a deploy has few effects that hold it up, and they are over in seconds.
const (
	priorityDeploy  = 1 // a deploy, or a person, waits for it
	priorityWatch   = 2 // looks how something goes that takes its time anyway
	priorityPublish = 3 // tells people
	priorityIdle    = 4 // nobody waits for it
)

// queueOf is the queue and the priority of an effect. Effects of one pipeline may overtake
// each other: those that must not are never under way at the same time.
func queueOf(e bot.Effect) (queue string, priority int) {
	if e.Idle {
		return queueIdle, priorityIdle
	}
	switch bot.TraitsOf(e.Do).Priority {
	case bot.PriorityDeploy:
		return queueEffects, priorityDeploy
	case bot.PriorityPublish:
		return queuePublish, priorityPublish
	}
	return queueEffects, priorityWatch
}
