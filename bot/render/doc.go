// Package render makes the texts that Headstart publishes: commit statuses, the comment on a pull request, deployments,
// and answers to questions.
//
// Sentences are made here, last, from gates and records. Decisions use types and constants and never read a sentence; a
// test verifies that. A text to publish is a [Notice]. Package decide compares it with the published one and sends it
// if they differ.
//
// Texts read a gate.View and know no plan. One part of the plan is passed in: which builds begin right now
// ([Starting]), so that a build's status and the build are decided together.
//
// Invariants: len(status) <= 140 characters. Text from outside is redacted before it is stored, and escaped by
// words.Text before it is shown.
//
// Begin with comment.go for the pull request, and stage.go and build.go for the statuses of a commit.
package render
