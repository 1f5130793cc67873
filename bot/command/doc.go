// Package command reads what people write in a comment: /promote production,
// /lock staging 2h because of the sale.
//
// [ParseCommands] takes the lines of a comment that people read and finds those that
// begin with a command. It gives one [Command] for each, in their order. A word that
// looks like a mistyped command becomes one, too, with its Problem: somebody meant
// something by it and gets an answer. Everything else that begins with a slash is left
// alone.
//
// Nothing here knows a pipeline. Whether a stage exists, whether the commit is one of
// the last ones, and whether the person may do that is found out by steer.
//
// Begin with [Command]: its verbs are the list of what can be said.
package command
