package main

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// completionScripts ask the program itself what may follow, so that they never grow old.
var completionScripts = map[string]string{
	"bash": `# Completion of headstart for bash. In ~/.bashrc: source <(headstart completion bash)
_headstart() {
  local IFS=$'\n'
  COMPREPLY=($("$1" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -o bashdefault -F _headstart headstart
`,
	"zsh": `#compdef headstart
# Completion of headstart for zsh. In ~/.zshrc, after compinit: source <(headstart completion zsh)
_headstart() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( ${#found} )); then
    _describe headstart found
  else
    _files
  fi
}
compdef _headstart headstart
`,
	"fish": `# Completion of headstart for fish. In ~/.config/fish/config.fish: headstart completion fish | source
function __headstart_complete
    set -l words (commandline -opc)
    set -l found ($words[1] __complete -- $words[2..] (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c headstart -f -a '(__headstart_complete)'
`,
}

// Run prints the script for a shell.
func (cmd completionCommand) Run(c console) error {
	_, err := io.WriteString(c.out, completionScripts[cmd.Shell])
	return err
}

// completeCommand is what the scripts call: it lists what may stand in place of the last
// word, a line each, with a tab before what it means. Nothing: a file.
type completeCommand struct {
	Words []string `arg:"" optional:""`
}

// Run lists the completions.
func (cmd completeCommand) Run(c console, parser *kong.Kong) error {
	words := cmd.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, f := range completions(parser.Model.Node, words) {
		if _, err := fmt.Fprintf(c.out, "%s\t%s\n", f.word, f.help); err != nil {
			return err
		}
	}
	return nil
}

// completed is what may stand in place of a word.
type completed struct{ word, help string }

// completer is a command that knows what its argument may be.
type completer interface{ Completions() []string }

// completions lists what the last word may become, after the others.
func completions(node *kong.Node, words []string) (list []completed) {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	var open *kong.Flag // the flag that the next word is the value of
	for _, word := range words[:len(words)-1] {
		switch {
		case word == "=": // bash makes a word of it
		case open != nil:
			open = nil
		case strings.HasPrefix(word, "-"):
			open = openFlag(node, word)
		default:
			if i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word }); i >= 0 {
				node = node.Children[i]
			}
		}
	}
	add := func(word, help string) {
		if strings.HasPrefix(word, last) {
			list = append(list, completed{word, help})
		}
	}
	switch {
	case open != nil:
		if last == "=" {
			last = ""
		}
		for _, value := range values(open.Value) {
			add(value, "")
		}
	case strings.HasPrefix(last, "-"):
		for _, flags := range node.AllFlags(true) {
			for _, f := range flags {
				add("--"+f.Name, f.Help)
			}
		}
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				add(child.Name, child.Help)
			}
		}
		for _, name := range arguments(node) {
			add(name, "")
		}
	}
	return list
}

// openFlag is the flag that takes the word after this one as its value; nil: none does.
func openFlag(node *kong.Node, word string) *kong.Flag {
	for _, flags := range node.AllFlags(false) {
		for _, f := range flags {
			if word == "--"+f.Name && !f.IsBool() {
				return f
			}
		}
	}
	return nil
}

// arguments are what a command's argument may be, as far as that is known.
func arguments(node *kong.Node) []string {
	if node.Target.IsValid() && node.Target.Kind() == reflect.Struct {
		if c, ok := node.Target.Interface().(completer); ok {
			return c.Completions()
		}
	}
	for _, arg := range node.Positional {
		if list := values(arg); list != nil {
			return list
		}
	}
	return nil
}

// values are what a flag or an argument may be; nil: anything.
func values(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}
