// Package render makes the texts that Headstart publishes: commit statuses, the
// comment on a pull request, deployments, and answers to questions.
//
// Sentences are made here, last, from gates and records. No decision reads them: types
// and constants decide, and a test holds that. What is to be published is a [Notice];
// whether it differs from what was published before, and therefore has to be sent, is
// decided by decide.
//
// Texts read a gate.View and know no plan. The one thing that they have to know of it
// is handed in: which builds begin right now ([Starting]), so that a build's status
// and the build itself are decided together.
//
// Invariants: a status has at most 140 characters. Text that others wrote is
// redacted before it is stored and made harmless by words.Text before it is shown.
//
// Begin with comment.go for the pull request, and stage.go and build.go for the
// statuses of a commit.
package render
