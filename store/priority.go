package store

import "github.com/headstart-cd/headstart/bot"

// Deliveries and effects have separate queues, so that slow effects never keep deliveries waiting. Publications, and
// effects that nobody waits for, have slots of their own. So they do not keep urgent effects waiting when a hundred
// pipelines move at once, or when GitHub is slow. While many urgent effects are under way, the others also wait for a
// moment: see backpressure.go.
const (
	queueDeliveries = "deliveries"
	queueEffects    = "effects"
	queuePublish    = "publishing"
	queueIdle       = "idle"
)

// How many jobs of each kind one instance works on at once.
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

// River's priorities within a queue: 1 goes first. Nothing waits forever behind it: a deploy has few effects that hold
// it up, and they take seconds.
const (
	priorityDeploy  = 1 // a deploy, or a person, waits for it
	priorityWatch   = 2 // looks at a build or a release that takes its time anyway
	priorityPublish = 3 // publishes
	priorityIdle    = 4 // nobody waits for it
)

// queueOf returns the queue and the priority of an effect. Effects of one pipeline may overtake each other: those that
// must not are never under way at the same time.
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
