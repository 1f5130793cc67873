// Package decide says what to do now: State and a time in, a [Plan] out.
//
// [Decide] is read from top to bottom. Each part looks at the state alone and wants
// the effects that are missing: there are no steps to remember, and after a crash the
// same state gives the same plan. An effect that is under way, or waits for its next
// attempt, is not wanted again: its key is in State.Pending.
//
// A decision is a gate.View with a plan. It reads through the view like gates and
// texts do; what only a decision can do is want. The plan also says when to decide
// again though nothing happened, and explains what waits for what.
//
// [Settle] is the fixed point: it folds facts, decides, counts the wanted effects as
// started, and decides again until nothing more is wanted. An effect and what is
// published about it are thereby decided together.
//
// Invariant: after Settle, Decide at the same time wants nothing. Unstable says that
// this was broken.
//
// Begin with [Decide], then read promotion.go (who enters a stage) and build.go (what
// is built where).
package decide
