package decide

import (
	"maps"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// rounds bounds how often a decision is repeated on its own effects.
const rounds = 10

// Settled is the result of [Settle].
type Settled struct {
	State   pipeline.State   // with all events folded in
	Events  []bot.Event      // the given facts, the start of each effect, and which gates hold whom since
	Effects []bot.Effect     // to be performed, in the order in which they were decided
	Plan    Plan             // the last one: it wants nothing more, unless Unstable
	Claims  []bot.QueueClaim // of the last plan, with the builds that any of the plans begins
	// Unstable reports that the last plan wanted still more: a mistake in Decide.
	Unstable bool
}

// Settle folds facts into a state and decides until nothing more is wanted. An effect counts as started once it is
// decided, so an effect and its publication are decided together. now is the time of every event and decision.
func Settle(s pipeline.State, now time.Time, facts ...bot.Fact) Settled {
	out := Settled{State: s}
	fold := func(facts ...bot.Fact) {
		n := len(out.Events)
		for _, f := range facts {
			out.Events = append(out.Events, bot.Event{At: now, Fact: f})
		}
		out.State = apply.Apply(out.State, out.Events[n:]...)
	}
	fold(facts...)
	takes := map[string]bot.Rank{}
	for range rounds {
		out.Plan = Decide(out.State, now)
		if out.Unstable = len(out.Plan.Effects) > 0; !out.Unstable {
			break
		}
		started := make([]bot.Fact, len(out.Plan.Effects))
		for i, effect := range out.Plan.Effects {
			started[i] = bot.Started{Effect: effect}
		}
		fold(started...)
		out.Effects = append(out.Effects, out.Plan.Effects...)
		maps.Copy(takes, out.Plan.Takes)
	}
	if len(out.Events) > 0 { // never a commit for this alone
		fold(heldBy(&out.State, out.Plan)...)
	}
	out.Claims = taking(out.Plan.Claims, takes)
	return out
}
