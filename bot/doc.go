// Package bot is the vocabulary of Headstart's decisions: facts, actions, their
// outcomes, and the configuration of a pipeline. The decisions themselves are made
// in the rooms below it. All of them are pure: no I/O, no clock, no randomness, no
// goroutines, no logging. Time comes in as data.
//
//	facts (events) ──apply.Apply──▶ State ──decide.Decide(state, now)──▶ Plan
//	      ▲                                                               │
//	      └────────────── outcome of each effect ◀── perform ─────────────┘
//
// # Facts and actions
//
// A [Fact] is something that happened: a push, a check's report, a comment. An [Event] is
// a fact with its time. An [Action] is something to do; an [Effect] is one attempt at it
// under a key, and the same key is never under way twice. The result of an attempt is a
// fact too: [Finished], with one of four outcomes. Errors come in three kinds, [Refused],
// [Retryable] and [Unknown], and [Conclude] turns them into outcomes. The [Traits] of an
// action stand beside it: where it goes, what it creates, its deadline and its priority.
//
// # The rooms
//
//   - redact, words, calendar: secrets, phrases, windows and freezes
//   - command: what people can write in a comment
//   - pipeline: State and its records, and what can be read off them
//   - gate: may a candidate enter a stage, and if not, why
//   - render: statuses, comments, answers
//   - release: the course of a build and of a promotion, to the rollback
//   - steer: carries out commands
//   - apply: events → State
//   - decide: State → Plan
//   - history: State before, State after → the rows that people look back on
//
// A feature has the same file name in every room. imports_test.go enforces which room may
// import which. Begin with [Fact] and [Action], then read decide.Decide.
package bot
