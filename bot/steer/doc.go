// Package steer carries out what people ask for in comments: promote, roll back, lock,
// approve, retry, cancel.
//
// A command is run once, in the event that tells who asks. [Execution] is one command
// being run: it either changes State and says so, or refuses and changes nothing. A
// command that asks for a release leaves an order behind, and decide acts on it when
// the gates allow.
//
// Two things are found out before anything else: what the command is about (a
// pipeline.Subject), and whether it is late. A webhook may arrive long after the
// comment was written; if what the comment meant has changed since, the command is
// refused and the answer says how to repeat it. See outdated.go.
//
// A promotion is tried on a copy of the state first: where a gate refuses, nothing
// may be left behind.
//
// Begin with [Execution.Run], which is a table of the verbs.
package steer
