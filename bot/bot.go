// Package bot is Headstart's domain and every decision it takes. It is pure:
// no I/O, no clock, no randomness, no goroutines, no logging.
//
// Facts come in as events, [Apply] folds them into a [State], and [Decide]
// reads the state and says what to do next: effects to perform, when to look
// again, and an explanation of what waits for what.
//
//	facts (events) ──Apply──▶ State ──Decide(state, now)──▶ Plan
//	      ▲                                                   │
//	      └────────── outcome of each effect ◀── perform ─────┘
//
// Everything that touches the world lives in the rooms around this one; they
// speak in the types of this package.
package bot
