// Package apply folds events into State. It is the only way in which State changes.
//
// [Apply] takes a state and events and returns the state after them. It is total: any
// event can come at any time, twice, late, or out of order, and is folded or ignored
// but never refused. The state that it is given is not changed.
//
// Three kinds of facts come in:
//
//   - from webhooks and sweeps: pushes, checks, comments, what the platform runs.
//     They may be lost or reordered, so they are compared with what is known.
//   - that an effect was started, before it is performed. It is pending from then on.
//   - what came of it. The outcome goes to the code of its action; after a
//     retryable error the next attempt is set by how often it was tried.
//
// order.go keeps the commits of a branch in order though pushes are not; pending.go
// keeps effects under way; forget.go bounds what is remembered. How a build or a
// promotion goes on is told in release, what a command does in steer.
//
// Invariant: Apply(Apply(s, a...), b...) equals Apply(s, a..., b...).
//
// Begin with the switch in apply.go: it is the table of contents.
package apply
