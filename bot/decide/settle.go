package decide

import (
	"maps"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// rounds bounds how often a decision is taken again on its own effects.
const rounds = 10

// Settled is what came of a decision that was taken until nothing more was wanted.
type Settled struct {
	State   pipeline.State   // with all events folded in
	Events  []bot.Event      // the facts that were given, and that each effect was started
	Effects []bot.Effect     // to be performed, in the order in which they were decided
	Plan    Plan             // the last one: it wants nothing more, unless Unstable
	Claims  []bot.QueueClaim // of the last plan, with the builds that all of them begin
	// Unstable says that the last plan wanted still more. That is a mistake in Decide.
	Unstable bool
}

// Settle folds facts into a state and decides until nothing more is wanted: what is
// published about an effect is decided together with the effect. An effect counts as
// started once it is decided. now is the time of every event, and of the decisions.
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
	out.Claims = taking(out.Plan.Claims, takes)
	return out
}
