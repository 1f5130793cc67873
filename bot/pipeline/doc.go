// Package pipeline holds all that Headstart knows of one pipeline: [State], its records,
// and what is derived from them.
//
// State is a value. All of it comes from events, in their order, so the same events give
// the same State everywhere. It is stored as it is: renaming a field is a migration.
//
// # The records
//
//	State
//	├── Candidates   commits of the branch, oldest first; newer ones supersede
//	│   └── Progress     how far the candidate got, by stage
//	├── Stages       what a stage runs, its lock, and the promotion under way
//	│   └── Promoting    one release on each app of the stage
//	├── Builds       by tree: one build serves every commit with the same files
//	├── Pulls        open pull requests, and merged ones for a while
//	└── Pending      effects that are under way or wait for their next attempt
//
// A [Candidate] is a commit on its way, an artifact is what was built of it, a [Promotion]
// brings an artifact to the apps of a stage. Each record's comment describes its feature
// once; the other rooms do not repeat it.
//
// # What is here, and what is not
//
// Methods here read State, or keep a single record in order (Restore, Leave). Packages
// apply and release decide what follows from an event; package gate decides whether
// something may happen. The keys of effects are made here (PromoteKey, InspectKey, …),
// because those who ask for an effect and those who take its outcome must agree on them.
//
// Begin with state.go and candidate.go, then read verdict.go: it is the shortest example
// of something derived from State.
package pipeline
