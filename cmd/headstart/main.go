// Command headstart is a continuous-deployment bot for GitHub: it builds each
// commit while its checks run, and promotes the finished build once they pass.
//
//	headstart serve   receive webhooks and deploy
//	headstart setup   make a GitHub App and write the settings
//	headstart demo    see it work on this machine, with nothing to set up
//	headstart check   validate a pipeline's file and say what it means
//	headstart freeze  promote nothing anywhere, until headstart unfreeze
//	headstart deliveries  list the webhooks that could not be processed
//	headstart history     list what was promoted, when and why
//	headstart why         say what a commit waits for
//	headstart doctor      look for what is wrong, and say what mends it
//	headstart backup      copy the database to a file
//	headstart repo    say which repository is meant by a name
//	headstart operator  say who the operators are
//	headstart healthy   say whether the server on this machine is ready
//	headstart version say which version this is
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "headstart:", err)
		os.Exit(1)
	}
}

// commands is the command line.
type commands struct {
	Serve      serveCommand      `cmd:"" help:"Receive webhooks and deploy."`
	Setup      setupCommand      `cmd:"" help:"Make a GitHub App, find the apps on Heroku, write the settings."`
	Demo       demoCommand       `cmd:"" help:"Watch a deploy on this machine; nothing to set up."`
	Check      checkCommand      `cmd:"" help:"Validate a pipeline's file and explain it."`
	Freeze     freezeCommand     `cmd:"" help:"Stop all promotions; rollbacks still work."`
	Unfreeze   unfreezeCommand   `cmd:"" help:"Resume promotions."`
	Deliveries deliveriesCommand `cmd:"" help:"Count webhooks received, and list those that failed."`
	History    historyCommand    `cmd:"" help:"List promotions: when, of what, by whom, with what result."`
	Why        whyCommand        `cmd:"" help:"Say what a commit waits for, as /why does."`
	Doctor     doctorCommand     `cmd:"" help:"Look for what is wrong, and say what mends it."`
	Backup     backupCommand     `cmd:"" help:"Copy the database to a file, while the server runs."`
	Repo       repoCommand       `cmd:"" help:"List repositories, or confirm a new owner of a name."`
	Operator   operatorCommand   `cmd:"" help:"List operators, or confirm an operator's new account."`
	Healthy    healthyCommand    `cmd:"" help:"Exit with 0 if the server on this machine is ready."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// console is where a command speaks to whoever called it.
type console struct {
	out, err io.Writer
}

// run is the whole program: it parses args, runs the command, and returns when
// that is done or ctx has ended.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var c commands
	exited := false
	parser, err := kong.New(&c, append(mistakes{}.options(),
		kong.Name("headstart"),
		kong.Description("Builds each commit while its checks run, and promotes the finished build once they pass."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }), // after --help
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(console{out: stdout, err: stderr}),
	)...)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if exited {
		return nil
	}
	if err != nil {
		return err
	}
	return command.Run()
}
