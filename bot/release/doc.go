// Package release follows a build and a promotion from their start to their end, the
// rollback among the ends.
//
// Its functions fold the outcome of an effect into State. Each takes the state first,
// then the action, what came of it, and the time. Apply calls them; nothing here
// knows who asked for the release, or why.
//
// # A promotion
//
//	opened → started on each app → released on each → verified → closed
//	                 │                    │              │
//	                 └── refused, failed ─┴── bad answer ┴──▶ rollback or hold
//
// A promotion is one release on every app of a stage. It succeeds when all of them
// do. When one fails, OnFailure says what becomes of the others: the last good
// artifact goes back on all of them, or the stage is held as it is.
//
// # Doubt
//
// An attempt whose outcome is unknown may still come true. Until it no longer can
// (MayStillLandFor), what the platform shows is taken as it is, and not as what was
// asked for: look before you act.
//
// Invariant: a stage has at most one promotion and at most one rollback under way.
//
// Begin with promotion.go, then rollback.go; verify.go and soak.go are what happens
// after a release succeeded.
package release
