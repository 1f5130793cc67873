package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/web/api"
)

// order is a command that is given to a pipeline by the API, in the words of a comment.
type order struct {
	remote
	Seen     string   `placeholder:"TEXT" help:"As headstart plan --json has it: refuse the command if what it depends on has moved since."`
	Pipeline string   `arg:"" help:"OWNER/NAME, or OWNER/NAME:PIPELINE."`
	Words    []string `arg:"" optional:"" help:"What follows the command in a comment, such as: production 3f2a91c."`
}

type (
	promoteCommand struct {
		order
		Urgent bool   `help:"Now: outside of windows, in a freeze and without soak. It takes maintain or admin, and --reason."`
		Reason string `placeholder:"TEXT" help:"Why, with --urgent."`
	}
	approveCommand struct {
		order
		Alone  bool   `help:"As an admin, in spite of four eyes. It takes --reason."`
		Reason string `placeholder:"TEXT" help:"Why, with --alone."`
	}
	rollbackCommand struct{ order }
	lockCommand     struct{ order }
	unlockCommand   struct{ order }
)

// Run promotes.
func (c *promoteCommand) Run(ctx context.Context, out console) error {
	return c.give(ctx, out, "promote", option("--urgent", c.Urgent), c.Reason)
}

// Run approves.
func (c *approveCommand) Run(ctx context.Context, out console) error {
	return c.give(ctx, out, "approve", option("--alone", c.Alone), c.Reason)
}

// Run rolls back.
func (c *rollbackCommand) Run(ctx context.Context, out console) error {
	return c.give(ctx, out, "rollback")
}

// Run locks a stage.
func (c *lockCommand) Run(ctx context.Context, out console) error { return c.give(ctx, out, "lock") }

// Run unlocks a stage.
func (c *unlockCommand) Run(ctx context.Context, out console) error {
	return c.give(ctx, out, "unlock")
}

func option(name string, set bool) string {
	if set {
		return name
	}
	return ""
}

// answeredWithin is how long a command is waited for that nobody watches: GitHub is asked whether its author may.
const answeredWithin = time.Minute

// give gives a command and says what it was answered; with --watch, how it ended.
func (c *order) give(ctx context.Context, out console, verb string, more ...string) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	line := oneLine("/" + verb + " " + strings.Join(append(c.Words, more...), " "))
	taken, err := client.Give(ctx, c.Pipeline, api.Order{Command: line, Seen: c.Seen})
	if err != nil {
		return remoteError(err)
	}
	every := c.remote
	if !every.Watch {
		every.Watch, every.Timeout = true, answeredWithin.String()
	}
	says := news{out: out.out}
	return every.follow(ctx, func(ctx context.Context) (bool, error) {
		is, err := client.Command(ctx, c.Pipeline, taken.ID)
		if err != nil {
			return false, err
		}
		if is.State == api.Asking {
			return false, nil
		}
		if is.State == api.Refused && !c.JSON {
			return true, errors.New(onTerminal(is.Answer))
		}
		if says.print(asText(c.JSON, is, onTerminal(is.Answer))); is.State == api.Refused {
			return true, errors.New(onTerminal(is.Answer))
		}
		return is.State == api.Done || !c.Watch, nil
	})
}

// asText is an answer as JSON, or as people read it.
func asText(asJSON bool, answer any, text string) string {
	if asJSON {
		return said(answer)
	}
	return text
}

// remoteError is a server's refusal as the command line says it.
func remoteError(err error) error {
	var problem *api.Error
	if errors.As(err, &problem) {
		return errors.New(onTerminal(problem.Error()))
	}
	return err
}

// planCommand says what a command would do.
type planCommand struct {
	Server   string   `env:"HEADSTART_SERVER" placeholder:"URL" help:"The server, such as https://headstart.example.com. The token is read from HEADSTART_TOKEN; make one at /tokens."`
	Token    string   `env:"HEADSTART_TOKEN" hidden:""`
	JSON     bool     `name:"json" help:"Write JSON, as the API answers, with what --seen takes."`
	Pipeline string   `arg:"" help:"OWNER/NAME, or OWNER/NAME:PIPELINE."`
	Words    []string `arg:"" help:"A command, as in a comment: promote production 3f2a91c."`
}

// Run says what the command would do, and exits with 1 if it would be refused.
func (c *planCommand) Run(ctx context.Context, out console) error {
	client, err := (&remote{Server: c.Server, Token: c.Token}).client()
	if err != nil {
		return err
	}
	plan, err := client.Plan(ctx, c.Pipeline, "/"+strings.TrimPrefix(oneLine(strings.Join(c.Words, " ")), "/"))
	switch {
	case err != nil:
		return remoteError(err)
	case c.JSON:
		fmt.Fprintln(out.out, said(plan))
	case plan.OK:
		fmt.Fprintf(out.out, "If GitHub says that you may: %s\n", onTerminal(plan.Says))
		if plan.Takes != "" {
			fmt.Fprintf(out.out, "It takes %s.\n", onTerminal(plan.Takes))
		}
		for _, along := range plan.Along {
			fmt.Fprintf(out.out, "Goes live with it: %s\n", commitText(along))
		}
		if plan.Back != nil {
			fmt.Fprintf(out.out, "It goes back to: %s\n", commitText(plan.Back.Commit))
		}
	}
	if !plan.OK {
		return errors.New("this would be refused: " + onTerminal(plan.Says))
	}
	return nil
}
