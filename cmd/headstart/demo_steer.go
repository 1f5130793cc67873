package main

import (
	"context"
	"fmt"
	"time"

	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// rollBack comments on a pull request, as a person with write access does, and
// waits until production runs the commit again.
func (w *world) rollBack(ctx context.Context, number int, to string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, demoPatience, fmt.Errorf("production was not rolled back within %s", demoPatience))
	defer cancel()
	w.pull = number
	if err := w.repo.SetRole(githubtest.DefaultUser, "write"); err != nil {
		return err
	}
	began := time.Now()
	if _, err := w.repo.Comment(number, githubtest.DefaultUser, "/rollback production"); err != nil {
		return err
	}
	for {
		state, moved := w.look()
		if answer, ok := answered(state, number); ok {
			if !answer.OK || state.Stage("production").Live.SHA != to {
				return fmt.Errorf("the rollback was refused: %s", answer.Text)
			}
			w.view.print("   %.1f s after the comment the bot answers: %s", time.Since(began).Seconds(), answer.Text)
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-moved:
		}
	}
}

// answered finds what became of the last command on a pull request, once that is
// certain.
func answered(s botpipeline.State, number int) (botpipeline.Answer, bool) {
	for i := len(s.Requests) - 1; i >= 0; i-- {
		if r := s.Requests[i]; r.Number == number && len(r.Answers) > 0 {
			return r.Answers[0], !r.Answers[0].Open
		}
	}
	return botpipeline.Answer{}, false
}

// unlock lets promotions into production again, if it is locked.
func (w *world) unlock() error {
	state, _ := w.look()
	if state.Stage("production").Lock == nil {
		return nil
	}
	_, err := w.repo.Comment(w.pull, githubtest.DefaultUser, "/unlock production")
	return err
}
