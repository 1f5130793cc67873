// Package decide decides what to do now: State and a time in, a [Plan] out.
//
// [Decide] is read from top to bottom. Each part reads only the state and wants the effects that are missing. There are
// no steps to remember: after a crash the same state gives the same plan. An effect that is under way, or waits for its
// next attempt, is not wanted again: its key is in State.Pending.
//
// A decision is a gate.View with a plan. It reads through the view, as gates and texts do; only a decision can want
// effects. The plan also contains when to decide again if nothing happens, and explains what waits for what.
//
// [Settle] is the fixed point. It folds facts, decides, counts the wanted effects as started, and decides again until
// nothing more is wanted. An effect and its publication are thus decided together.
//
// Invariant: after Settle, Decide at the same time wants nothing. Settled.Unstable reports a violation.
//
// Begin with [Decide], then read promotion.go (what enters a stage) and build.go (what is built where).
package decide
