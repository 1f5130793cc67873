package main

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	webLine     = regexp.MustCompile(`(?m)^[ \t]*web:[ \t]*\S`)
	processLine = regexp.MustCompile(`(?m)^([ \t]*(?:web|release):)[ \t]*(\S.*)$`)
	anyLine     = regexp.MustCompile(`(?m)^[ \t]*([A-Za-z0-9_-]+):[ \t]*\S`)
)

// plan says how a repository is built and started. What it guessed it says, a line each.
// procfile is empty where the repository's own one serves. The error says what is missing, and
// what to try.
func plan(dir string, has files, cmd demoCommand) (build, procfile string, said []string, err error) {
	r := guess(has)
	build = cmd.Build
	switch {
	case build == "" && r.needs != "" && !has.tool(r.needs):
		return "", "", nil, fmt.Errorf("%s has a %s, so it is %s and needs %s, and there is no such command here. Install it, or choose another build:\n    headstart demo --repo %s --build COMMAND",
			dir, r.why, r.kind, r.needs, quoteShell(dir))
	case build != "":
		said = append(said, "Build: "+build)
	case r.build == "" && r.kind == "":
		said = append(said, "Build: none (no known language was found; --build COMMAND)")
	case r.build == "":
		said = append(said, fmt.Sprintf("Build: none (guessed: %s needs none here; --build COMMAND)", r.kind))
	default:
		build = r.build
		said = append(said, fmt.Sprintf("Build: %s", build), fmt.Sprintf("  (guessed, as there is a %s: %s. Another one: --build COMMAND)", r.why, r.kind))
	}
	own, around := has.read("Procfile"), r.around
	if cmd.Build != "" {
		around = "" // nobody knows where this build puts things
	}
	web := cmd.Web
	switch {
	case web != "":
		said = append(said, "Web: "+web)
	case webLine.MatchString(own):
		if around == "" {
			return build, "", said, nil
		}
		return build, processLine.ReplaceAllString(own, "${1} "+strings.ReplaceAll(around, "$", "$$")+"${2}"), said, nil
	case r.web == "":
		return "", "", nil, noWeb(dir, has, own)
	default:
		web = around + r.web
		said = append(said, "Web: "+web, fmt.Sprintf("  (guessed, as %s. Another one: --web COMMAND)", lacks(own)))
	}
	return build, withWeb(own, web), said, nil
}

// withWeb is a Procfile with another web line.
func withWeb(own, web string) string {
	var lines []string
	for line := range strings.Lines(own) {
		if !strings.HasPrefix(strings.TrimSpace(line), "web:") {
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	return strings.Join(append(lines, "web: "+web), "\n") + "\n"
}

func lacks(procfile string) string {
	if procfile == "" {
		return "there is no Procfile"
	}
	return "the Procfile has no web line"
}

// noWeb says that nobody knows how an app starts.
func noWeb(dir string, has files, procfile string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "how does the app in %s start? ", dir)
	var types []string
	for _, m := range anyLine.FindAllStringSubmatch(procfile, -1) {
		types = append(types, m[1])
	}
	switch {
	case procfile == "":
		b.WriteString("It has no Procfile committed at its top, and its files do not tell.")
	case len(types) == 0:
		b.WriteString("Its Procfile has no web line.")
	default:
		fmt.Fprintf(&b, "Its Procfile has no web line, but %s.", strings.Join(types, ", "))
	}
	fmt.Fprintf(&b, "\nName the command, which has to listen on $PORT:\n    headstart demo --repo %s --web COMMAND", quoteShell(dir))
	for _, name := range procfiles(has) {
		fmt.Fprintf(&b, "\nOr deploy the folder that has a Procfile:\n    headstart demo --repo %s", quoteShell(path.Join(dir, path.Dir(name))))
	}
	return fmt.Errorf("%s", b.String())
}

// procfiles are those below the top, at most three.
func procfiles(has files) (found []string) {
	for name := range has.names {
		if path.Base(name) == "Procfile" && name != "Procfile" {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found[:min(len(found), 3)]
}
