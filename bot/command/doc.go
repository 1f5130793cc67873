// Package command reads what people write in a comment: /promote production,
// /lock staging 2h because of the sale.
//
// [ParseCommands] takes the visible lines of a comment and finds those that begin with a
// command. It returns one [Command] for each, in order. A word that looks like a mistyped
// command becomes a command with a Problem: its author gets an answer. Everything else
// that begins with a slash is left alone.
//
// Nothing here knows a pipeline. Package steer checks that the stage exists, that the
// commit is recent, and that the person may command.
//
// Begin with [Command]: its verbs are the list of commands.
package command
