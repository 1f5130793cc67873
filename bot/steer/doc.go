// Package steer runs the commands that people write in comments: promote, roll back, lock, approve, retry, cancel.
//
// A command is run once, in the event that tells who asks. [Execution] is one command being run. Either it changes
// State and answers what it did, or it refuses and changes nothing. A command that requests a release leaves an order
// behind; decide acts on the order when the gates allow.
//
// Two questions come first: what is the command's subject (a pipeline.Subject), and is the command late? A webhook may
// arrive long after the comment was written. If the subject has changed since, the command is refused, and the answer
// shows how to repeat it. See outdated.go.
//
// A promotion is tried on a copy of the state first: a refusal by a gate must leave nothing behind.
//
// Begin with [Execution.Run], which is a table of the verbs.
package steer
