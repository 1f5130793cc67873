// Package release follows a build and a promotion from start to end, including the rollback.
//
// Its functions fold the outcome of an effect into State. Each takes the state, the action, its outcome and the time.
// Apply calls them. Nothing here knows who asked for the release, or why.
//
// # A promotion
//
//	opened → started on each app → released on each → verified → closed
//	                 │                    │              │
//	                 └── refused, failed ─┴── bad answer ┴──▶ rollback or hold
//
// A promotion is one release on every app of a stage. It succeeds when all of them do. When one fails, OnFailure
// decides about the others. Either all apps are rolled back to the last good artifact, or the stage is held as it is.
//
// # Doubt
//
// An attempt whose outcome is unknown may still take effect, at most for bot.PlatformDoubt. Until then, what the
// platform shows counts as it is, not as what was requested: look before you act.
//
// Invariants, per stage: promotions under way <= 1, rollbacks under way <= 1.
//
// Begin with promotion.go, then rollback.go. verify.go and soak.go are what happens after a release has succeeded.
package release
