package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"
)

type demoCommand struct {
	Repo  string        `placeholder:"PATH" help:"Deploy this git repository (it needs a Procfile) in place of the sample app."`
	Build string        `placeholder:"COMMAND" help:"Command that builds --repo (default: guessed)."`
	Keep  bool          `help:"Keep everything running until Ctrl-C."`
	Port  int           `default:"8081" help:"Port of the deployed apps."`
	CI    time.Duration `default:"5s" help:"Least duration of the checks."`
}

// Run shows the whole way of a commit on this machine: the stand-in for GitHub,
// a git repository, the embedded platform, and the bot as `serve` runs it.
func (cmd demoCommand) Run(ctx context.Context, c console) (err error) {
	if _, err := exec.LookPath("git"); err != nil {
		return errors.New("the demo needs git, and there is no git command: install it and try again")
	}
	dir, err := os.MkdirTemp("", "headstart-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if e := os.RemoveAll(dir); e != nil && err == nil {
			err = fmt.Errorf("clean up: %w", e)
		}
	}()
	v := newView(c.out)
	w, err := openWorld(ctx, cmd, dir, v)
	if err != nil {
		return err
	}
	defer w.close()
	err = w.story(ctx)
	switch {
	case err != nil:
	case cmd.Keep:
		w.keep(ctx)
	case ctx.Err() == nil:
		w.view.print("")
		w.view.print("The pages go with the demo. To stay, look around and push: headstart demo --keep")
	}
	if ctx.Err() != nil {
		v.print("")
		v.print("Stopped; everything is cleaned up.")
		return nil
	}
	return err
}

// story is what the demo shows.
func (w *world) story(ctx context.Context) error {
	w.view.print("Headstart %s, with a stand-in for GitHub, a git repository", version())
	w.view.print("and the embedded platform. Nothing leaves this machine.")
	w.view.print("Watch it in a browser (the link is good for one):")
	w.view.print("    %s", w.link)
	w.view.print("")

	w.view.print("1. A commit is pushed: its build starts at once, while CI runs.")
	pushed := time.Now()
	first, err := w.repo.Commit(w.branch, w.app.first)
	if err != nil {
		return err
	}
	deploy, err := w.follow(ctx, "push of "+first.SHA[:7], first.SHA, pushed)
	if err != nil {
		return err
	}
	if err := w.showStatuses(ctx, first.SHA); err != nil {
		return err
	}
	if err := w.expectLive(ctx, deploy, 0); err != nil {
		return err
	}
	w.view.print("")

	w.view.print("2. A pull request is built before it is merged …")
	pull, err := w.openPull("a-new-greeting", "Greet the reviewers", w.app.change(1))
	if err != nil {
		return err
	}
	if _, err := w.follow(ctx, fmt.Sprintf("pull request #%d", pull.Number()), pull.HeadSHA(), time.Now()); err != nil {
		return err
	}
	w.view.print("   … so the merge goes live without a build, as soon as its checks pass.")
	merge, merged, err := w.merge(pull)
	if err != nil {
		return err
	}
	if deploy, err = w.follow(ctx, fmt.Sprintf("merge of #%d", pull.Number()), merge.SHA, merged); err != nil {
		return err
	}
	if err := w.showStatuses(ctx, merge.SHA); err != nil {
		return err
	}
	if err := w.expectLive(ctx, deploy, 1); err != nil {
		return err
	}
	w.view.print("")

	w.view.print("3. A commit that breaks the tests never gets through, although it was built.")
	pushed = time.Now()
	broken, err := w.repo.Commit(w.branch, w.app.spoil())
	if err != nil {
		return err
	}
	if _, err := w.follow(ctx, "broken "+broken.SHA[:7], broken.SHA, pushed); err != nil {
		return err
	}
	if err := w.showStatuses(ctx, broken.SHA); err != nil {
		return err
	}
	if err := w.expectLive(ctx, deploy, 1); err != nil {
		return err
	}
	w.view.print("")

	w.view.print("4. A comment on the pull request takes production back: /rollback production")
	if err := w.rollBack(ctx, pull.Number(), first.SHA); err != nil {
		return err
	}
	if err := w.expectLive(ctx, deploy, 0); err != nil {
		return err
	}
	w.view.print("")
	w.table()
	return nil
}

// keep leaves everything running and says how to go on.
func (w *world) keep(ctx context.Context) {
	w.view.print("")
	w.view.print("Everything keeps running until Ctrl-C. To push another commit:")
	w.view.print("")
	w.view.print("    git clone %s && cd demo", w.repo.CloneURL())
	w.view.print("    %s", w.app.mend)
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
		if _, err := w.follow(ctx, "push of "+sha[:7], sha, time.Now()); err != nil {
			if ctx.Err() == nil {
				w.view.print("   %v", err)
			}
			continue
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
