package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// position is a place in the file: line and column from 1, the column in
// characters. The zero value means the beginning.
type position struct{ line, column int }

// readYAML reads the one document of a file. It notes a problem and returns
// false where there is none, or where the file is not YAML at all.
func readYAML(file []byte, p *problems) (ast.Node, bool) {
	fail := func(at position, message, hint string) (ast.Node, bool) {
		p.add(at, "", message, hint)
		return nil, false
	}
	if err := outOfBounds(file); err != nil {
		return fail(err.at, err.message, err.hint)
	}
	if at, message, hint := unreadable(file); message != "" {
		return fail(at, message, hint)
	}
	doc, err := parseYAML(lineFeeds(file))
	if err != nil {
		return fail(err.at, err.message, err.hint)
	}
	switch {
	case len(doc) == 0:
		return fail(position{}, "the file is empty", "the shortest one has a stage: "+shortest)
	case len(doc) > 1:
		return fail(place(doc[1]), "a second YAML document starts here, expected only one", "remove the line ---")
	}
	return doc[0], true
}

// syntaxError is a file that is not YAML.
type syntaxError struct {
	at            position
	message, hint string
}

// parseYAML returns the documents of a file that are not empty.
func parseYAML(file []byte) (docs []ast.Node, failed *syntaxError) {
	// The YAML library is fed by strangers. Should one of them find a way to
	// crash it, the file is refused and the bot lives on.
	defer func() {
		if recover() != nil {
			docs, failed = nil, &syntaxError{message: "the file cannot be read as YAML"}
		}
	}()
	tokens := lexer.Tokenize(string(file))
	if failed := tooMuch(tokens); failed != nil {
		return nil, failed
	}
	// Duplicate keys are found by the walk, which reports all of them.
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		failed := &syntaxError{message: "not valid YAML: " + printable(firstLine(err.Error()))}
		var y yaml.Error
		if errors.As(err, &y) {
			failed.message = "not valid YAML: " + printable(strings.ReplaceAll(y.GetMessage(), "'\t'", "tab"))
			if t := y.GetToken(); t != nil {
				failed.at = at(t)
			}
		}
		failed.hint = syntaxHint(file, failed)
		tooDeep(file, failed)
		return nil, failed
	}
	for _, d := range f.Docs {
		switch d.Body.(type) {
		case nil, *ast.DirectiveNode, *ast.CommentGroupNode:
		default:
			docs = append(docs, d.Body)
		}
	}
	return docs, nil
}

// unquotedMark finds text that begins with a character of YAML's own where a value begins.
var unquotedMark = regexp.MustCompile("(?:^|[:\\[,{-])\\s*([*@`%][^\\s,\\]}]*)")

// tooDeep finds the line that YAML takes for more of the text above it, because it is indented further than that line's
// key, and says so there.
func tooDeep(file []byte, e *syntaxError) {
	lines := strings.Split(string(file), "\n")
	if !strings.Contains(e.message, "mapping value is not allowed") || e.at.line < 1 || e.at.line >= len(lines) {
		return
	}
	above := lines[e.at.line-1]
	key := len(above) - len(strings.TrimLeft(above, " -"))
	for i := e.at.line; i < len(lines); i++ {
		text := strings.TrimLeft(lines[i], " ")
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if indent := len(lines[i]) - len(text); indent > key && keyLine.MatchString(text) {
			e.at = position{i + 1, indent + 1}
			e.message, e.hint = "not valid YAML: this line is indented further than the one above, which has a value already", fmt.Sprintf("indent it by %d spaces", key)
		}
		return
	}
}

// keyLine is a line that begins with a key.
var keyLine = regexp.MustCompile(`^[A-Za-z_]+:( |$)`)

// syntaxHint explains the mistakes that YAML's own messages leave in the dark.
func syntaxHint(file []byte, e *syntaxError) string {
	lines := strings.Split(string(file), "\n")
	if e.at.line < 1 || e.at.line > len(lines) {
		return ""
	}
	line := lines[e.at.line-1]
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	value := strings.TrimSpace(line)
	if _, after, ok := strings.Cut(line, ": "); ok {
		value = strings.TrimSpace(after)
	}
	bare := unquotedMark.FindStringSubmatch(line)
	switch {
	case strings.Contains(indent, "\t"):
		return "indent with spaces, YAML allows no tabs there"
	case bare != nil && strings.HasPrefix(bare[1], "*"):
		return fmt.Sprintf("text that starts with * needs quotes: %q", bare[1])
	case bare != nil:
		return fmt.Sprintf("put text that starts with %s in quotes", bare[1][:1])
	case strings.Contains(value, ": "):
		return "put text that contains a colon in quotes"
	case strings.Contains(e.message, "not allowed in this context"), strings.Contains(e.message, "non-map value"):
		return "look at the indentation: what belongs together begins in the same column"
	}
	return ""
}

// unreadable finds what makes a file no text; the message is empty if it is.
func unreadable(file []byte) (at position, message, hint string) {
	if bytes.HasPrefix(file, []byte{0xff, 0xfe}) || bytes.HasPrefix(file, []byte{0xfe, 0xff}) {
		return at, "the file is UTF-16, expected UTF-8", "save it as UTF-8"
	}
	at = position{1, 0}
	for rest := lineFeeds(file); len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		at.column++
		switch {
		case r == utf8.RuneError && size == 1:
			return at, "this byte is not UTF-8", "save the file as UTF-8"
		case r == '\n':
			at = position{at.line + 1, 0}
		case r < ' ' && r != '\t', r == 0x7f, r == 0xfeff:
			return at, fmt.Sprintf("the invisible character %U is not allowed", r), "remove it"
		}
		rest = rest[size:]
	}
	return position{}, "", ""
}

// lineFeeds removes a byte order mark and makes every line end in \n, which
// moves no column.
func lineFeeds(file []byte) []byte {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	file = bytes.ReplaceAll(file, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(file, []byte("\r"), []byte("\n"))
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

func at(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{}
	}
	return position{t.Position.Line, t.Position.Column}
}

// place is where a node begins. A map in block style begins with its first key;
// the library's own position is that of the colon.
func place(n ast.Node) position {
	switch n := n.(type) {
	case nil:
		return position{}
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return place(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return place(n.Key)
	}
	return at(n.GetToken())
}
