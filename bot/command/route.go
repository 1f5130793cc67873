package command

import (
	"slices"
	"strings"
)

// RouteOf returns the pipeline that a command names (or empty), and the command without
// that name. The problem is one of the name, or why the command cannot be understood.
func RouteOf(c Command, names []string) (pipeline string, rest Command, problem string) {
	words := strings.Fields(c.Text)
	if len(words) < 2 {
		return "", c, c.Problem
	}
	name, stage, colon := strings.Cut(words[1], ":")
	whole := c.Verb == VerbStatus || c.Verb == VerbPlan || c.Verb == VerbCancel // these take no stage
	switch {
	case !colon && (!whole || c.SHA != "" && meansHex(name)), name == "":
		return "", c, c.Problem
	case !slices.Contains(verbs, c.Verb):
		return "", c, c.Problem
	}
	found := Resolve(name, names)
	if found.name == "" { // also after /lock: a reason with that beginning would lock another pipeline
		return "", c, found.problem("pipeline")
	}
	line := words[0]
	if stage != "" {
		line += " " + stage
	}
	rest, _ = parseCommand(strings.Join(append([]string{line}, words[2:]...), " "), "")
	rest.Written = c.Text
	return found.name, rest, ""
}

// Example returns a command with the name of a pipeline.
func Example(c Command, pipeline string) string {
	words := strings.Fields(c.Text)
	switch c.Verb {
	case VerbStatus, VerbPlan, VerbCancel:
		return words[0] + " " + pipeline
	case VerbLock:
		return words[0] + " " + pipeline + ":" + c.Stage
	}
	if len(words) > 1 && c.Stage == words[1] {
		return words[0] + " " + pipeline + ":" + strings.Join(words[1:], " ")
	}
	return strings.TrimSpace(words[0] + " " + pipeline + ": " + strings.Join(words[1:], " "))
}
