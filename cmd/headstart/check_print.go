package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
)

// printChecked explains valid files, and points into the others.
func printChecked(c console, list []checked) error {
	said := false
	for _, is := range list {
		switch {
		case is.err != nil:
			continue // the command's error says it
		case is.problems != nil:
			fmt.Fprintln(c.err, is.problems.Detail())
			continue
		}
		text := config.ExplainAll(is.pipelines) + mayBeRequired(is.pipelines)
		for _, advice := range config.Advice(is.pipelines) {
			text += "\nAdvice: " + advice + "\n"
		}
		if len(list) > 1 {
			text = is.name + "\n\n" + text
		}
		if said {
			text = "\n" + text
		}
		if _, err := io.WriteString(c.out, text); err != nil {
			return err
		}
		said = true
	}
	return nil
}

// fileJSON is a file's verdict for programs.
type fileJSON struct {
	File      string        `json:"file"`
	Valid     bool          `json:"valid"`
	Problems  []problemJSON `json:"problems"`
	More      int           `json:"more,omitempty"` // problems that were only counted
	Error     string        `json:"error,omitempty"`
	Pipelines []string      `json:"pipelines"` // their names; the only one of a file may have none
	Advice    []string      `json:"advice"`
}

type problemJSON struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Key     string `json:"key,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// printCheckedJSON writes one object: {"files": […]}.
func printCheckedJSON(c console, list []checked) error {
	files := []fileJSON{}
	for _, is := range list {
		f := fileJSON{File: is.name, Valid: is.pipelines != nil, Problems: []problemJSON{}, Pipelines: []string{}, Advice: []string{}}
		if is.err != nil {
			f.Error = is.err.Error()
		}
		if is.problems != nil {
			f.More = is.problems.More
			for _, p := range is.problems.Problems {
				f.Problems = append(f.Problems, problemJSON{Line: p.Line, Column: p.Column, Key: p.Key, Message: p.Message, Hint: p.Hint})
			}
		}
		f.Pipelines = slices.AppendSeq(f.Pipelines, maps.Keys(is.pipelines))
		slices.Sort(f.Pipelines)
		f.Advice = append(f.Advice, config.Advice(is.pipelines)...)
		files = append(files, f)
	}
	out := json.NewEncoder(c.out)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(map[string]any{"files": files})
}

// printAnnotations writes workflow commands, which GitHub shows at the lines of a pull
// request: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
func printAnnotations(c console, list []checked) error {
	var b strings.Builder
	for _, is := range list {
		at := "file=" + property.Replace(is.name)
		if is.err != nil {
			fmt.Fprintf(&b, "::error title=headstart::%s\n", message.Replace(is.err.Error()))
		}
		if is.problems != nil {
			for _, p := range is.problems.Problems {
				text := p.Message
				if p.Hint != "" {
					text += "; " + p.Hint
				}
				fmt.Fprintf(&b, "::error %s,line=%d,col=%d,title=headstart::%s\n", at, p.Line, p.Column, message.Replace(text))
			}
			if n := is.problems.More; n > 0 {
				fmt.Fprintf(&b, "::error %s,title=headstart::… and %d more\n", at, n)
			}
		}
		for _, advice := range config.Advice(is.pipelines) {
			fmt.Fprintf(&b, "::notice %s,title=headstart::%s\n", at, message.Replace(advice))
		}
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}

var (
	message  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// mayBeRequired says which of Headstart's statuses GitHub may require before a merge.
func mayBeRequired(pipelines map[string]bot.Config) string {
	var may, not []string
	for _, name := range slices.Sorted(maps.Keys(pipelines)) {
		prefix := "headstart/"
		if name != "" {
			prefix += name + "/"
		}
		may = append(may, prefix+"build")
		for _, stage := range pipelines[name].StageNames() {
			not = append(not, prefix+stage)
		}
	}
	return fmt.Sprintf("\nGitHub may require %s before a merge. Do not require %s:\nHeadstart sets them only after the merge, so nothing could be merged.\n",
		strings.Join(may, ", "), strings.Join(not, ", "))
}
