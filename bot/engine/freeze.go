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

// The operator's freeze reaches a pipeline as a fact in its next commit, and is then part of its state. An instance
// that has not seen it yet cannot undo it, because an older freeze changes nothing.

// freezeEvery is how often each instance looks for a new freeze.
const freezeEvery = time.Second

// operator is what an instance knows of the operator's freeze.
type operator struct {
	mu    sync.Mutex
	asked bool               // guarded by mu; the store was read at least once
	word  bot.OperatorFreeze // guarded by mu; the newest freeze

	passed time.Time // the time of the newest freeze that has reached every pipeline; used by LookAtFreeze alone
}

// WatchFreeze passes the operator's freeze on to every pipeline, and takes in confirmed repositories, until ctx ends.
// It then returns nil. It uses the machine's time, as the operator's commands do, not the pipelines' clock.
func (e *Engine) WatchFreeze(ctx context.Context) error {
	tick := time.NewTicker(freezeEvery)
	defer tick.Stop()
	for {
		if err := e.LookAtFreeze(ctx); err != nil && ctx.Err() == nil {
			e.warn("could not pass on the freeze; retrying every second", err)
		}
		if err := e.LookAtConfirmed(ctx); err != nil && ctx.Err() == nil {
			e.warn("could not read the confirmed repositories; retrying every ten seconds", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// LookAtFreeze looks once. It returns when every pipeline has the newest freeze. It must not be called twice at the
// same time. A pipeline that appears meanwhile gets the freeze with its next event: it has only begun to read its file.
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
	// To find out whether all have it, every state would have to be read.
	if e.operator.passed, err = e.freezes.Passed(ctx); err != nil || !word.At.After(e.operator.passed) {
		return err
	}
	keys, err := e.freezes.All(ctx)
	if err != nil {
		return fmt.Errorf("find every pipeline: %w", err)
	}
	for _, key := range keys {
		state, _, err := e.store.Load(ctx, key) // another instance may have passed it on already
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

// frozen returns the operator's freeze as last read. It reads it before the first decision.
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

// withFreeze adds the operator's freeze to a pipeline's facts, if the pipeline does not have it.
func withFreeze(state pipeline.State, word bot.OperatorFreeze, facts []bot.Fact) []bot.Fact {
	if !word.At.After(state.Freeze.At) {
		return facts
	}
	return append([]bot.Fact{word}, facts...)
}
