package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/headstart-cd/headstart/bot/words"
	"github.com/headstart-cd/headstart/web/api"
)

// remote is what commands need that ask a server.
type remote struct {
	Server  string `env:"HEADSTART_SERVER" placeholder:"URL" help:"The server, such as https://headstart.example.com. The token is read from HEADSTART_TOKEN; make one at /tokens."`
	Token   string `env:"HEADSTART_TOKEN" hidden:"" help:"The token, which other users of this machine could read in a flag."`
	JSON    bool   `name:"json" help:"Write JSON, as the API answers."`
	Watch   bool   `help:"Follow until it has ended."`
	Timeout string `default:"1h" placeholder:"DURATION" help:"With --watch: how long at most (default: ${default}). Then it exits with 4."`
}

// errTimedOut means that something has not ended in the time that was given.
var errTimedOut = errors.New("timed out")

// lookAgain is the pause between looks at what is followed.
const lookAgain = 2 * time.Second

// client returns a client of the server.
func (r *remote) client() (*api.Client, error) {
	switch {
	case r.Server == "":
		return nil, usage("--server is missing: write --server https://headstart.example.com, or set HEADSTART_SERVER")
	case r.Token == "":
		return nil, usage("HEADSTART_TOKEN is missing: make a token at %s/tokens", strings.TrimSuffix(r.Server, "/"))
	}
	c, err := api.NewClient(r.Server, r.Token)
	if err != nil {
		return nil, usage("--server: %w", err)
	}
	return c, nil
}

// follow calls look until it says that something has ended, or time is up. Without --watch it calls it once.
func (r *remote) follow(ctx context.Context, look func(context.Context) (ended bool, err error)) error {
	if !r.Watch {
		_, err := look(ctx)
		return err
	}
	most, ok := words.ParseDuration(r.Timeout)
	if !ok {
		return usage("--timeout %q is no duration: write 30s, 10m or 2h", oneLine(r.Timeout))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, most, errTimedOut)
	defer cancel()
	for troubles := 0; ; {
		ended, err := look(ctx)
		var problem *api.Error
		switch {
		case context.Cause(ctx) != nil:
			return r.late(ctx)
		case errors.As(err, &problem) && problem.Temporary && troubles < 10:
			troubles++
		case err != nil || ended:
			return err
		default:
			troubles = 0
		}
		select {
		case <-ctx.Done():
			return r.late(ctx)
		case <-time.After(lookAgain):
		}
	}
}

// late says why nothing is followed any more.
func (r *remote) late(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, errTimedOut) {
		return err
	}
	return fmt.Errorf("it has not ended within %s: %w", r.Timeout, errTimedOut)
}

// news writes texts that differ from the one before.
type news struct {
	out  io.Writer
	last string
}

func (c *news) print(text string) {
	if text != c.last {
		fmt.Fprintln(c.out, text)
		c.last = text
	}
}

// said is an answer as --json has it.
func said(answer any) string {
	data, err := json.Marshal(answer)
	if err != nil {
		return "" // what came as JSON can go as JSON
	}
	return string(data)
}

// onTerminal is a server's text without what a terminal could take for an order.
func onTerminal(text string) string {
	return oneLine(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.IsSpace(r) {
			return r
		}
		return -1
	}, text))
}
