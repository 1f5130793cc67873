package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing in a pipeline's file that cannot stay as it is.
type Problem struct {
	File    string // as it was handed to Parse
	Line    int    // from 1
	Column  int    // in characters, from 1
	Key     string // where in the file, as in stages[0].app; empty: the file as a whole
	Message string // what is wrong and what was expected
	Hint    string // what to write instead; empty if nothing better is known
}

// String is the problem on one line: FILE:LINE:COLUMN: message; hint.
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// Error is a pipeline's file that was refused, with everything that is wrong
// with it in the order of the file.
type Error struct {
	Problems []Problem // at least one, at most maxProblems
	More     int       // how many further problems were only counted

	lines []string // of the file, for Detail
}

// maxProblems bounds what a hostile or hopeless file makes us keep and print.
const maxProblems = 100

// Error lists the problems, one a line.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n… and %d more", e.More)
	}
	return b.String()
}

// Detail lists the problems for a terminal: each with its line of the file and
// a caret below the place. It ends with a newline.
func (e *Error) Detail() string {
	var b strings.Builder
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "%s:%d:%d: %s\n", p.File, p.Line, p.Column, p.Message)
		if line, column, ok := e.excerpt(p); ok {
			number := fmt.Sprintf("%5d", p.Line)
			fmt.Fprintf(&b, "%s | %s\n", number, line)
			fmt.Fprintf(&b, "%s | %s^\n", strings.Repeat(" ", len(number)), strings.Repeat(" ", column))
		}
		if p.Hint != "" {
			fmt.Fprintf(&b, "      = %s\n", p.Hint)
		}
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "… and %d more\n", e.More)
	}
	return b.String()
}

// excerpt is the line of a problem, made fit for a terminal, and how many
// columns precede the place that is meant.
func (e *Error) excerpt(p Problem) (line string, column int, ok bool) {
	if p.Line < 1 || p.Line > len(e.lines) {
		return "", 0, false
	}
	const width = 100
	runes := []rune(printable(e.lines[p.Line-1]))
	column = min(max(p.Column-1, 0), len(runes))
	if column >= width { // a very long line: show where it matters
		cut := column - width/2
		runes = append([]rune("…"), runes[cut:]...)
		column -= cut - 1
	}
	if len(runes) > width {
		runes = append(runes[:width:width], '…')
	}
	return string(runes), column, true
}

// printable replaces what would move the caret or play with the terminal, one
// character for one character.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError:
			return '?'
		}
		return r
	}, s)
}

// problems gathers what is wrong with one file.
type problems struct {
	file string
	all  []Problem
}

// add notes a problem. The hint may be empty.
func (p *problems) add(at position, key, message, hint string) {
	p.all = append(p.all, Problem{
		File: p.file, Line: max(at.line, 1), Column: max(at.column, 1),
		Key: key, Message: message, Hint: hint,
	})
}

// err is what was gathered, sorted as in the file; nil if there was nothing.
func (p *problems) err(file []byte) error {
	if len(p.all) == 0 {
		return nil
	}
	slices.SortStableFunc(p.all, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	e := &Error{Problems: p.all, lines: strings.Split(string(lineFeeds(file)), "\n")}
	if len(p.all) > maxProblems {
		e.Problems, e.More = p.all[:maxProblems], len(p.all)-maxProblems
	}
	return e
}
