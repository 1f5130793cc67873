package config

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// Whoever may push a branch feeds the YAML library, which takes time that grows
// with the square of some things: of how deep a file is nested, of empty lines in
// a row, of lines without a value. So a file is measured first, in time that grows
// with its length alone. A file of [MaxSize] with several hundred stages takes 5 ms, and the
// worst that these bounds let through about 50.
const (
	// MaxSize is how large a pipeline's file may be, in bytes: several hundred stages.
	MaxSize = 32 << 10
	// maxLines is how many lines it may have, be they empty or not.
	maxLines = 2000
	// maxEmpty is how many empty lines may follow one another.
	maxEmpty = 20
	// maxLine is how long a line may be, in bytes.
	maxLine = 4000
	// maxTokens is how many words and signs YAML may find in it.
	maxTokens = 8000
	// maxDepth is how deep lists and maps may be nested, in brackets or by
	// indentation; a valid file needs seven.
	maxDepth = 20
)

// outOfBounds finds what makes a file too large for the lexer; nil if nothing does.
func outOfBounds(file []byte) *syntaxError {
	if len(file) > MaxSize {
		return &syntaxError{
			message: fmt.Sprintf("the file is %d bytes long, %d are allowed", len(file), MaxSize),
			hint:    "shorten the file: remove comments, or move some pipelines into another repository",
		}
	}
	line, empty := 0, 0
	for rest := lineFeeds(file); len(rest) > 0; {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		line++
		if empty++; len(bytes.TrimSpace(text)) > 0 {
			empty = 0
		}
		switch {
		case line > maxLines:
			return &syntaxError{position{line, 1}, fmt.Sprintf("the file has more than %d lines", maxLines), "remove comments and empty lines"}
		case len(text) > maxLine:
			return &syntaxError{position{line, 1}, fmt.Sprintf("this line is %d bytes long, %d are allowed", len(text), maxLine), "break it into several lines"}
		case empty > maxEmpty:
			return &syntaxError{position{line, 1}, fmt.Sprintf("more than %d empty lines follow one another here", maxEmpty), "remove some of them"}
		}
	}
	return nil
}

// tooMuch finds what makes a file too large, or too deep, for the parser; nil if nothing does.
func tooMuch(tokens token.Tokens) *syntaxError {
	var (
		brackets int
		columns  []int // where the lists and maps begin that are open here, from the outermost
		line     int
		nesting  = true // the next token may begin a list or a map: it is the first of its line, or follows a sign
		onLine   int    // signs on this line that nest by themselves
	)
	for i, t := range tokens {
		if i == maxTokens {
			return &syntaxError{at(t), fmt.Sprintf("the file has more than %d words and signs", maxTokens), "shorten the file, or move some pipelines into another repository"}
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		}
		where := at(t)
		if where.line != line {
			line, nesting, onLine = where.line, true, 0
		}
		sign := false
		switch t.Type {
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType, token.AnchorType, token.TagType, token.AliasType:
			sign = true
		}
		if brackets == 0 && sign {
			onLine++
		}
		if brackets == 0 && nesting {
			for len(columns) > 0 && columns[len(columns)-1] >= where.column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, where.column)
		}
		nesting = sign && t.Type != token.MappingValueType
		if brackets > maxDepth || onLine > maxDepth || len(columns)+max(brackets, 0) > maxDepth {
			return &syntaxError{where, fmt.Sprintf("lists and keys are nested deeper than %d levels here", maxDepth), "a pipeline's file needs seven levels at most"}
		}
	}
	return nil
}
