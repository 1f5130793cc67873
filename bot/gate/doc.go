// Package gate decides whether a candidate may enter a stage. If it may not, it says why, since when, who can change
// that, and until when.
//
// A [Gate] is one condition with a sentence that explains it. It is open; or it waits and opens without anyone's
// action; or it is closed until a person acts. A candidate enters when every gate between it and the stage is open.
// Statuses, comments and answers to /why are made from the same gates, so people read what was decided.
//
// # The view
//
// All gates are methods of [View]: the state and a time, read only. A gate that opens at some time asks the view to
// look again then ([View.Due]). The view keeps the earliest such time. No code in this package knows a plan or asks for
// an effect.
//
// Invariant: evaluating a gate changes only View.WakeAt and the view's caches.
//
// # Adding a gate
//
// A gate has a name in gate.go, a file of its own, and a line in findGates, which lists the gates in the order of their
// explanation. Begin there.
package gate
