// Package apply folds events into State. State changes in no other way.
//
// [Apply] takes a state and events and returns the state after them. It is total: any event can come at any time,
// twice, late, or out of order. It is folded or ignored, never refused. The given state is not changed.
//
// There are three kinds of facts:
//
//   - Webhooks and sweeps: pushes, checks, comments, what the platform runs. They may be lost or
//     reordered, so they are compared with what is known.
//   - An effect was started. This is recorded before it is performed; from then on it is pending.
//   - An effect's outcome. It goes to the code of its action. After a retryable error, the number of
//     attempts sets the time of the next one.
//
// order.go orders a branch's commits even if their pushes arrive out of order. pending.go keeps effects under way.
// forget.go bounds what is remembered. The steps of a build or a promotion are in release, those of a command in steer.
//
// Invariant: Apply(Apply(s, a...), b...) equals Apply(s, a..., b...).
//
// Begin with the switch in apply.go: it is the table of contents.
package apply
