// Package gate says whether a candidate may enter a stage, and if not, why, since
// when, who can change that, and until when it lasts.
//
// A [Gate] is one condition with a sentence that explains it. It is open, or it waits
// and opens by itself, or it is closed until somebody acts. A candidate enters when
// every gate between it and the stage is open. The same gates make the statuses, the
// comments, and the answer to /why, so that what people read is what was decided.
//
// # The view
//
// All gates are methods of [View]: the state and a time, to be read only. A gate that
// opens at some time asks the view to look again then ([View.Due]); the view keeps
// the earliest such time. Nothing in this room knows a plan or asks for an effect.
//
// Invariant: asking for a gate changes nothing but View.WakeAt and what the view
// remembers to be asked only once.
//
// # Adding one
//
// A gate has a name in gate.go, a file of its own, and a line in findGates, which
// lists them in the order in which they are explained. Begin there.
package gate
