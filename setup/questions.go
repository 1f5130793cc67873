package setup

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Person answers questions in a terminal.
type Person interface {
	// Say writes lines.
	Say(format string, args ...any)
	// Ask returns one line that was typed. An error says that there will be none.
	Ask(ctx context.Context, question string) (string, error)
	// AskSecret is Ask for what nobody may see. Without a question the answer goes on.
	AskSecret(ctx context.Context, question string) (string, error)
	// Patient reports whether a question can be asked again after its answer was refused. A script has written its answers
	// already, and the next one would go to the wrong question.
	Patient() bool
}

// silence is why there is no answer.
type silence struct{ error }

func (s *silence) Unwrap() error { return s.error }

// Questions does the steps of the pages by asking a person, up to the last one, which it describes. Its error is what
// ended it before: there are no answers any more, or an impatient person's was refused.
func (s *Setup) Questions(ctx context.Context, who Person) error {
	q := questions{s, who}
	steps := map[string]func(context.Context, page) error{
		"server": q.server, "github": q.github, "install": q.install, "heroku": q.heroku, "pipeline": q.pipeline, "make": q.make,
		"config": q.config,
	}
	for {
		p, err := s.page()
		if err != nil {
			return err
		}
		ask, open := steps[p.Open]
		if !open {
			q.file(p)
			return nil
		}
		if err := ask(ctx, p); err != nil {
			if errors.As(err, new(*silence)) || !who.Patient() {
				return err
			}
			who.Say("")
			who.Say("%s", reasonOf(err))
		}
		who.Say("")
	}
}

// questions are the steps as a terminal asks for them.
type questions struct {
	*Setup
	who Person
}

func (q questions) ask(ctx context.Context, format string, args ...any) (string, error) {
	answer, err := q.who.Ask(ctx, fmt.Sprintf(format, args...))
	if err != nil {
		return "", &silence{err}
	}
	return strings.TrimSpace(answer), nil
}

func (q questions) secret(ctx context.Context, question string) (string, error) {
	answer, err := q.who.AskSecret(ctx, question)
	if err != nil {
		return "", &silence{err}
	}
	return strings.TrimSpace(answer), nil
}

// agree asks for a yes or a no; it is "1" or empty, as a box on the page is.
func (q questions) agree(ctx context.Context, format string, args ...any) (string, error) {
	answer, err := q.ask(ctx, format+" (y/n)?", args...)
	switch {
	case err != nil:
		return "", err
	case strings.EqualFold(answer, "y"), strings.EqualFold(answer, "yes"):
		return "1", nil
	case strings.EqualFold(answer, "n"), strings.EqualFold(answer, "no"):
		return "", nil
	}
	return "", errors.New("expected y or n")
}

// pick asks for one of several by its number. Where there is one it asks nothing.
func (q questions) pick(ctx context.Context, what string, list []string) (int, error) {
	if len(list) == 1 {
		q.who.Say("%s: %s", what, list[0])
		return 0, nil
	}
	q.who.Say("%s:", what)
	for i, one := range list {
		q.who.Say("  %d  %s", i+1, one)
	}
	answer, err := q.ask(ctx, "Number")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(answer)
	if err != nil || n < 1 || n > len(list) {
		return 0, fmt.Errorf("expected a number from 1 to %d", len(list))
	}
	return n - 1, nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
