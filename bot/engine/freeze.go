package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// The operator's word reaches a pipeline as a fact, in whatever is committed next:
// the pipeline's state then has it, and no instance that has not seen it yet
// can take it back, because an older word changes nothing.

// freezeEvery is how often each instance looks whether the operator has said
// something new.
const freezeEvery = time.Second

// operator is what an instance knows of the operator's freeze.
type operator struct {
	mu    sync.Mutex
	asked bool               // guarded by mu; the store was asked at least once
	word  bot.OperatorFreeze // guarded by mu; the newest

	passed time.Time // the word of this time has reached every pipeline; of LookAtFreeze alone
}

// WatchFreeze passes the operator's word on to every pipeline, and takes in the
// repositories that the operator has confirmed, until ctx ends. It
// returns nil then. The operator's commands come by the machine's time, whatever
// the pipelines' clock is.
func (e *Engine) WatchFreeze(ctx context.Context) error {
	tick := time.NewTicker(freezeEvery)
	defer tick.Stop()
	for {
		if err := e.LookAtFreeze(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("could not pass on the freeze; retrying in a second", zap.Error(err))
		}
		if err := e.LookAtConfirmed(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("could not read the confirmed repositories; retrying in ten seconds", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// LookAtFreeze looks once, and returns when every pipeline has what is new. It
// must not be called twice at the same time. A pipeline that appears meanwhile
// sees it with its next event: it has just begun to read its file.
func (e *Engine) LookAtFreeze(ctx context.Context) error {
	if e.freezes == nil {
		return nil
	}
	word, err := e.freezes.Freeze(ctx)
	if err != nil {
		return err
	}
	e.takeFreeze(word)
	if !word.At.After(e.operator.passed) {
		return nil
	}
	// Every state would have to be read to find out that all have seen it.
	if e.operator.passed, err = e.freezes.Passed(ctx); err != nil || !word.At.After(e.operator.passed) {
		return err
	}
	keys, err := e.freezes.All(ctx)
	if err != nil {
		return fmt.Errorf("find every pipeline: %w", err)
	}
	for _, key := range keys {
		state, _, err := e.store.Load(ctx, key) // another instance may have told it already
		if err != nil {
			return fmt.Errorf("load %s: %w", key, err)
		}
		if !word.At.After(state.Freeze.At) {
			continue
		}
		if err := e.update(ctx, key, 0, nil); err != nil {
			return err
		}
	}
	if err := e.freezes.SetPassed(ctx, word.At); err != nil {
		return err
	}
	e.operator.passed = word.At
	e.log.Info("freeze changed", zap.Bool("frozen", word.On), zap.String("reason", word.Reason), zap.Int("pipelines", len(keys)))
	return nil
}

func (e *Engine) takeFreeze(word bot.OperatorFreeze) {
	e.operator.mu.Lock()
	defer e.operator.mu.Unlock()
	e.operator.asked = true
	if word.At.After(e.operator.word.At) {
		e.operator.word = word
	}
}

// frozen is the operator's word as last read. Nothing is decided before it was
// asked for once.
func (e *Engine) frozen(ctx context.Context) (bot.OperatorFreeze, error) {
	e.operator.mu.Lock()
	word, heard := e.operator.word, e.operator.asked
	e.operator.mu.Unlock()
	if heard || e.freezes == nil {
		return word, nil
	}
	word, err := e.freezes.Freeze(ctx)
	if err != nil {
		return bot.OperatorFreeze{}, err
	}
	e.takeFreeze(word)
	return word, nil
}

// withFreeze adds the operator's word to a pipeline's facts, if it is new to it.
func withFreeze(state pipeline.State, word bot.OperatorFreeze, facts []bot.Fact) []bot.Fact {
	if !word.At.After(state.Freeze.At) {
		return facts
	}
	return append([]bot.Fact{word}, facts...)
}
