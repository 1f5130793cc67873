package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// typist is who answers the questions of a command: a person at a terminal, or a script through a pipe.
type typist struct {
	out   io.Writer
	lines *bufio.Reader
	fd    int // of the terminal; -1: there is none
}

func newTypist(c console) *typist {
	t := &typist{out: c.out, lines: bufio.NewReader(c.in), fd: -1}
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.fd = int(f.Fd())
	}
	return t
}

// Patient reports whether a person answers.
func (t *typist) Patient() bool { return t.fd >= 0 }

// Say writes lines.
func (t *typist) Say(format string, args ...any) { fmt.Fprintf(t.out, format+"\n", args...) }

// Ask asks for a line.
func (t *typist) Ask(ctx context.Context, question string) (string, error) {
	t.question(question)
	answer, err := t.read(ctx, t.line)
	if err == nil && t.fd < 0 {
		t.Say("%s", answer) // as a terminal shows it
	}
	return answer, err
}

// AskSecret asks for a line that the terminal does not show; without a question, for one more of the same answer.
func (t *typist) AskSecret(ctx context.Context, question string) (string, error) {
	t.question(question)
	if t.fd < 0 {
		answer, err := t.read(ctx, t.line)
		if question != "" {
			t.Say("")
		}
		return answer, err
	}
	before, err := term.GetState(t.fd)
	if err != nil {
		return "", err
	}
	answer, err := t.read(ctx, func() (string, error) {
		text, err := term.ReadPassword(t.fd)
		return string(text), err
	})
	if ctx.Err() != nil {
		err = errors.Join(err, term.Restore(t.fd, before)) // who reads shows nothing until a line comes
	}
	if question != "" {
		t.Say("")
	}
	return answer, err
}

func (t *typist) question(text string) {
	switch {
	case text == "": // it goes on with the one before
	case strings.HasSuffix(text, "?"):
		fmt.Fprintf(t.out, "%s ", text)
	default:
		fmt.Fprintf(t.out, "%s: ", text)
	}
}

func (t *typist) line() (string, error) {
	line, err := t.lines.ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// read reads, until ctx ends. Nothing can end a read of a terminal: the process ends with it.
func (t *typist) read(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", errors.New("stopped")
	case a := <-got:
		if errors.Is(a.err, io.EOF) {
			a.err = errors.New("the answers have ended before the questions")
		}
		return a.text, a.err
	}
}
