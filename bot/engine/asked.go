package engine

import (
	"context"
	"errors"

	"github.com/headstart-cd/headstart/bot"
)

// ErrNothingToCommand means that a pipeline has no stages that a command could be about: it is unknown, or its file is
// gone.
var ErrNothingToCommand = errors.New("there is no pipeline's file on the branch, so there is nothing to command")

// Ask folds a command that did not come as a comment into a pipeline, and returns once it is stored. Its At is set. Its
// answer will be in the state, with the request of its ID. The same ID again changes nothing. Errors:
// ErrNothingToCommand, or that it could not be stored; then it may be sent again.
func (e *Engine) Ask(ctx context.Context, key bot.Key, f bot.Asked) error {
	state, version, err := e.load(ctx, key)
	if err != nil {
		return err
	}
	if version == 0 || !state.Configured {
		return ErrNothingToCommand
	}
	f.At = timeOf(state, e.clock.Now())
	return e.update(ctx, key, 0, []bot.Fact{f})
}
