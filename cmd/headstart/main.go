// Command headstart is a continuous-deployment bot for GitHub: it builds each
// commit while its checks run, and promotes the finished build once they pass.
//
//	headstart serve   receive webhooks and deploy
//	headstart setup   make a GitHub App and write the settings
//	headstart demo    see it work on this machine, with nothing to set up
//	headstart check   validate pipelines' files and say what they mean
//	headstart docs    read the documentation
//	headstart freeze  promote nothing anywhere, until headstart unfreeze
//	headstart deliveries  list the webhooks that could not be processed
//	headstart history     list what was promoted, when and why
//	headstart insights    say how often it deploys, how long that takes, and how often it fails
//	headstart why         say what a commit waits for
//	headstart status, plan, promote, approve, rollback, lock, unlock, wait  ask a server's API
//	headstart doctor      look for what is wrong, and say what mends it
//	headstart backup      copy the database to a file
//	headstart repo    say which repository is meant by a name
//	headstart operator  say who the operators are
//	headstart completion  let a shell complete commands and flags
//	headstart healthy   say whether the server on this machine is ready
//	headstart version say which version this is
//
// It exits with 0, with 2 when it was called in a way that it does not understand,
// with 3 when a file that it was to check is not valid, with 4 when what it waited for did not end in time, and with 1
// for anything else, such as a command that was refused.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup makes it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "headstart:", err)
		fmt.Fprint(os.Stderr, seeHelp(err))
	}
	os.Exit(exitCode(err))
}

// commands is the command line.
type commands struct {
	Serve      serveCommand      `cmd:"" help:"Receive webhooks and deploy."`
	Setup      setupCommand      `cmd:"" help:"Make a GitHub App, find the apps on Heroku, write the settings."`
	Demo       demoCommand       `cmd:"" help:"Watch a deploy on this machine; nothing to set up."`
	Check      checkCommand      `cmd:"" help:"Validate pipelines' files and explain them."`
	Docs       docsCommand       `cmd:"" help:"Read the documentation, in a browser or here."`
	Freeze     freezeCommand     `cmd:"" help:"Stop all promotions; rollbacks still work."`
	Unfreeze   unfreezeCommand   `cmd:"" help:"Resume promotions."`
	Deliveries deliveriesCommand `cmd:"" help:"Count webhooks received, and list those that failed."`
	History    historyCommand    `cmd:"" help:"List promotions: when, of what, by whom, with what result."`
	Insights   insightsCommand   `cmd:"" help:"How often it deploys, how long that takes, and how often it fails."`
	Why        whyCommand        `cmd:"" help:"Say what a commit waits for, as /why does."`
	Status     statusCommand     `cmd:"" help:"Say where pipelines stand, by a server's API."`
	Plan       planCommand       `cmd:"" help:"Say what a command would do, by a server's API."`
	Promote    promoteCommand    `cmd:"" help:"Promote a commit, by a server's API."`
	Approve    approveCommand    `cmd:"" help:"Approve a commit, by a server's API."`
	Rollback   rollbackCommand   `cmd:"" help:"Roll a stage back, by a server's API."`
	Lock       lockCommand       `cmd:"" help:"Lock a stage, by a server's API."`
	Unlock     unlockCommand     `cmd:"" help:"Unlock a stage, by a server's API."`
	Wait       waitCommand       `cmd:"" help:"Wait until a commit is live on a stage, by a server's API."`
	Doctor     doctorCommand     `cmd:"" help:"Look for what is wrong, and say what mends it."`
	Backup     backupCommand     `cmd:"" help:"Copy the database to a file, while the server runs."`
	Repo       repoCommand       `cmd:"" help:"List repositories, or confirm a new owner of a name."`
	Operator   operatorCommand   `cmd:"" help:"List operators, or confirm an operator's new account."`
	Completion completionCommand `cmd:"" help:"Print a script with which a shell completes commands and flags."`
	Help       helpCommand       `cmd:"" help:"Explain a command."`
	Healthy    healthyCommand    `cmd:"" help:"Exit with 0 if the server on this machine is ready."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
	Complete   completeCommand   `cmd:"" name:"__complete" hidden:"" passthrough:"" help:"Called by the scripts of completion."`

	EnvFile     envFile          `placeholder:"FILE" help:"Read settings from this file, such as headstart.env: lines of NAME=value. The environment and flags win over it."`
	ShowVersion kong.VersionFlag `name:"version" short:"v" help:"Print the version."`
}

// console is where a command speaks to whoever called it.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// run is the whole program: it parses args, runs the command, and returns when
// that is done or ctx has ended. See [exitCode] for what its error means.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var c commands
	exited := false
	parser, err := kong.New(&c, append(mistakes{}.options(),
		kong.Name("headstart"),
		kong.Description("Builds each commit while its checks run, and promotes the finished build once they pass."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }), // after --help and --version
		kong.Vars{"version": "headstart " + version()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(console{in: os.Stdin, out: stdout, err: stderr}),
	)...)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if exited {
		return nil
	}
	if err != nil {
		return &usageError{err}
	}
	return command.Run(parser)
}

// usageError is about how a command was called.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// usage makes a [usageError].
func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// errInvalidFile is what a pipeline's file is that was refused.
var errInvalidFile = errors.New("not valid")

// exitCode is what the process ends with: 0, 2 for a call that is not understood, 3 for a file that is not valid, 4 for
// what did not end in time, and 1 for any other error.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.As(err, new(*usageError)):
		return 2
	case errors.Is(err, errInvalidFile):
		return 3
	case errors.Is(err, errTimedOut):
		return 4
	}
	return 1
}

// seeHelp says where the call is explained that is not understood; empty for other errors.
func seeHelp(err error) string {
	if exitCode(err) != 2 {
		return ""
	}
	command := "headstart help"
	if parse := new(kong.ParseError); errors.As(err, &parse) && parse.Context.Selected() != nil {
		command += " " + parse.Context.Selected().Path()
	}
	return "See: " + command + "\n"
}

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command; all of them by default."`
}

// Run explains a command as its --help does.
func (h helpCommand) Run(parser *kong.Kong) error {
	shown := false
	parser.Exit = func(int) { shown = true }
	if _, err := parser.Parse(append(h.Command, "--help")); err != nil && !shown {
		return &usageError{err}
	}
	return nil
}

// Completions are the names of the commands.
func (helpCommand) Completions() (names []string) {
	for f := range reflect.TypeFor[commands]().Fields() {
		if _, ok := f.Tag.Lookup("cmd"); ok && f.Tag.Get("name") == "" {
			names = append(names, strings.ToLower(f.Name))
		}
	}
	return names
}
