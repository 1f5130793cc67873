package main

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/headstart-cd/headstart/bot/redact"
)

// tellFailure says why a build or a release of the demo failed: the reason, the end of its
// output, and what to try.
func (w *world) tellFailure(ctx context.Context, l lane) {
	what := "The build failed."
	if l.name != "build" {
		what = "The release to " + l.name + " failed."
	}
	w.view.print("")
	reason := l.note
	if said, why, ok := strings.Cut(reason, ": "); ok && strings.HasPrefix(said, "the release failed on ") {
		reason = why
	}
	w.view.print("%s %s", what, redact.Line(reason, 400))
	tail := w.tail(ctx, l.output)
	if n := len(tail); n > 0 && strings.HasPrefix(reason, tail[n-1]) {
		tail = tail[:n-1] // the platform ends an output with the reason
	}
	if len(tail) > 0 {
		w.view.print("")
		w.view.print("The end of its output:")
		for _, line := range tail {
			w.view.print("%s%s", verbatim, line)
		}
	}
	if w.app.again == "" {
		return // the sample: this is a defect of ours, or of the machine
	}
	w.view.print("")
	w.view.print("What to try:")
	for _, line := range w.advice(l) {
		w.view.print("%s", line)
	}
}

// tailLines is how much of an output is shown.
const tailLines = 12

// escapes are what colors a terminal.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// tail is the end of what a build or a release wrote, without what Headstart itself wrote.
func (w *world) tail(ctx context.Context, output string) []string {
	u, err := url.Parse(output)
	if err != nil || output == "" {
		return nil
	}
	text, err := w.fetch(ctx, u.Hostname(), u.RequestURI())
	if err != nil {
		return nil // the reason is said all the same
	}
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.ReplaceAll(escapes.ReplaceAllString(line, ""), "\t", "  ")
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		lines = append(lines, indent+redact.Line(line, 160))
	}
	return lines[max(len(lines)-tailLines, 0):]
}

// advice is what may mend a failure, a line each; lines to copy are indented.
func (w *world) advice(l lane) []string {
	reason := l.note
	has := func(part string) bool { return strings.Contains(reason, part) }
	switch {
	case l.name == "build" && has("Procfile"):
		return []string{"Name the command that starts the app:", verbatim + w.app.again + " --web COMMAND"}
	case l.name == "build" && has("symbolic link"):
		return []string{"Remove the link, or make it point inside of the repository."}
	case l.name == "build":
		return []string{"A build has the committed files only, and no config vars. Another command:", verbatim + w.app.again + " --build COMMAND"}
	case has("The release command"):
		return []string{"The Procfile's release line has to work with nothing but its config vars. Give it some:", verbatim + w.app.again + " --env KEY=VALUE"}
	case has("PORT"):
		return []string{"The app has to listen on the port that the variable PORT names. Where it takes it as an option:",
			verbatim + w.app.again + " --web 'COMMAND --port $PORT'"}
	case has("it answers"):
		return []string{"GET / has to be answered with a status below 500. If it wants config vars:", verbatim + w.app.again + " --env KEY=VALUE"}
	}
	return []string{"The app has to start with the committed files, PORT and its config vars alone. Give it some:", verbatim + w.app.again + " --env KEY=VALUE",
		"Or start it another way:", verbatim + w.app.again + " --web COMMAND"}
}
