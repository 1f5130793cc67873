package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

type demoCommand struct {
	Repo     string   `placeholder:"DIR" help:"Deploy this git repository, or this folder of one, in place of the sample app."`
	Build    string   `placeholder:"COMMAND" help:"Command that builds --repo (default: guessed)."`
	Web      string   `placeholder:"COMMAND" help:"Command that starts --repo (default: its Procfile's web line, or guessed)."`
	Env      []string `placeholder:"KEY=VALUE" sep:"none" help:"Config var of --repo; may be given several times."`
	Keep     bool     `help:"Keep everything running until Ctrl-C."`
	Port     int      `default:"8081" help:"Port of the deployed apps."`
	CI       span     `default:"5s" help:"Least duration of the checks, and of the sample's build."`
	Estimate estimate `placeholder:"build=TIME,ci=TIME,release=TIME" help:"End with what these durations come to."`
}

// Run shows the whole way of a commit on this machine: the stand-in for GitHub,
// a git repository, the embedded platform, and the bot as `serve` runs it.
func (cmd demoCommand) Run(ctx context.Context, c console) error {
	if _, err := exec.LookPath("git"); err != nil {
		return errors.New("the demo needs git, and there is no git command: install it and try again")
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// Without this, writing to a closed pipe would end the process before it has cleaned up.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)

	v := newView(untilClosed{c.out, func() { stop(errClosed) }})
	err := cmd.show(ctx, v)
	switch {
	case errors.Is(context.Cause(ctx), errClosed):
		return nil // nobody is there to read more
	case ctx.Err() != nil:
		v.print("")
		v.print("Stopped; everything is cleaned up.")
		return nil
	}
	return err
}

// show runs the demo in a folder of its own, of which nothing is left.
func (cmd demoCommand) show(ctx context.Context, v view) (err error) {
	dir, err := os.MkdirTemp("", "headstart-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if e := os.RemoveAll(dir); e != nil && err == nil {
			err = fmt.Errorf("clean up: %w", e)
		}
	}()
	w, err := openWorld(ctx, cmd, dir, v)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.story(ctx); err != nil {
		if !cmd.Keep || ctx.Err() != nil {
			return err
		}
		v.print("")
		v.print("The demo stopped here: %v.", err)
		w.keep(ctx, "$EDITOR .  # mend what failed")
		return nil
	}
	w.table()
	w.estimate(cmd.Estimate)
	if cmd.Keep {
		w.keep(ctx, w.app.mend)
		return nil
	}
	v.print("")
	v.print("The pages go with the demo. To stay, look around and push: headstart demo --keep")
	return nil
}

// errClosed is why a demo ends whose output nobody reads any more.
var errClosed = errors.New("the output was closed")

// untilClosed tells when its output cannot be written to any more: the reader of the pipe,
// or the terminal, is gone.
type untilClosed struct {
	io.Writer
	closed func()
}

func (u untilClosed) Write(b []byte) (int, error) {
	n, err := u.Writer.Write(b)
	if err != nil {
		u.closed()
	}
	return n, err
}

// keep leaves everything running and says how to go on: mend is a line for a shell that
// changes a file.
func (w *world) keep(ctx context.Context, mend string) {
	w.view.print("")
	w.view.print("Everything keeps running until Ctrl-C. To push another commit:")
	w.view.print("")
	w.view.print("    git clone %s && cd demo", w.repo.CloneURL())
	w.view.print("    %s", mend)
	w.view.print("    git commit -am 'Mend it' && git push")
	w.view.print("")
	w.view.print("A rollback locks production until someone comments /unlock. The demo unlocks it when you push.")
	w.view.print("")
	w.view.print("    production   %s", w.appURL("demo-production"))
	w.view.print("    staging      %s", w.appURL("demo-staging"))
	w.view.print("    the bot      %s (/metrics, /readyz)", w.botURL)
	w.view.print("")
	w.view.print("See it in the browser, by the same link as above:")
	w.view.print("    %s", w.link)
	w.view.print("")
	for len(w.pushes) > 0 {
		<-w.pushes // those of the story
	}
	for {
		sha, err := w.nextPush(ctx)
		if err != nil {
			return
		}
		w.view.print("%s was pushed.", sha[:7])
		if err := w.unlock(); err != nil {
			w.view.print("   %v", err)
		}
		if t, err := w.follow(ctx, "push of "+sha[:7], sha, time.Now()); err != nil {
			if ctx.Err() == nil {
				w.view.print("   %v", err)
			}
			continue
		} else if l, failed := t.failed(); failed && l.name != "checks" {
			w.tellFailure(ctx, l)
		}
		w.view.print("")
	}
}

// freePort refuses a port that somebody else listens on, before anything starts.
func freePort(port int) error {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("port %d, where the apps are to answer, is taken: stop the process that listens there, or choose another with --port", port)
	}
	return l.Close()
}
