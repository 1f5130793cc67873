package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

const (
	// performing bounds one attempt of an effect. No attempt waits for a build or a release, so this is many times what
	// any attempt takes.
	performing = 90 * time.Second
	// recording bounds saving an outcome, also during the shutdown.
	recording = 10 * time.Second
	// prompt is how soon after its decision an attempt begins that cannot have been given up meanwhile.
	prompt = time.Minute
)

// Perform performs one effect and folds its outcome. With again, an earlier attempt was begun and its outcome is
// unknown. The error means that the outcome could not be recorded; the effect's own failure is an outcome.
//
// An attempt that begins late may have been given up; then it is not performed. A late attempt that would create
// something is not performed either: nobody waits for its result any more. Its outcome is that it must be decided anew.
func (e *Engine) Perform(ctx context.Context, target bot.Target, effect bot.Effect, again bool) error {
	target, known, err := e.retarget(ctx, target)
	if err != nil || !known {
		return err // while the name is unknown, the attempt counts as lost
	}
	if turn, ok := effect.Do.(bot.TakeTurn); ok {
		return e.takeTurn(ctx, target.Pipeline, turn.App)
	}
	late := e.clock.Now().Sub(effect.At) > prompt
	if late || again {
		if goes, err := e.claim(ctx, target, effect); !goes || err != nil {
			return err
		}
	}
	if late && effect.Creates() {
		err = &bot.Retryable{Reason: "it waited too long to be begun"}
		if again {
			err = &bot.Unknown{Reason: "the instance that did it has ended"}
		}
		return e.record(ctx, target, bot.Conclude(effect, nil, err), nil)
	}
	if again {
		// It is unknown when the earlier attempt sent its request: it may have waited long before it began. The request
		// came after the decision and before now, even if this clock is behind the one that dated the decision.
		now := e.clock.Now()
		if now.Before(effect.At) {
			now = effect.At
		}
		effect.Unsure, effect.LostAt, effect.At = true, now, now
	}
	attempt, cancel := context.WithTimeout(ctx, performing)
	defer cancel()
	coming := e.updates.expect(target.Pipeline)
	defer e.updates.giveUp(target.Pipeline, coming)
	began := e.clock.Now()
	if r, ok := e.memory.recall(target.Pipeline); ok {
		effect = r.state.Beginning(effect)
	}
	fact, err := e.do(attempt, target, effect)
	finished := bot.Conclude(effect, fact, err)
	e.attempted(target.Pipeline, finished, e.clock.Now().Sub(began), CauseOf(ctx))
	e.metrics.attempted(finished)
	return e.record(ctx, target, finished, coming)
}

// quiet reports whether an outcome leads to nothing, as that of a publication. It is recorded together with other
// outcomes of the pipeline, if some are expected.
func quiet(f bot.Finished) bool {
	_, told := f.Fact.(bot.Acknowledged)
	return told && f.Outcome == bot.Done && bot.TraitsOf(f.Effect.Do).Priority == bot.PriorityPublish
}

// record folds an outcome, which was expected unless coming is nil.
func (e *Engine) record(ctx context.Context, target bot.Target, finished bot.Finished, coming *expected) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recording)
	defer cancel()
	c, led, err := e.commitExpected(ctx, target.Pipeline, target.RepoID, []bot.Fact{finished}, coming, quiet(finished))
	if err == nil && led {
		e.notifyNeeding(ctx, c.moved)
	}
	if target.RepoID == 0 && errors.Is(err, ErrElsewhere) {
		return nil
	}
	if errors.Is(err, ErrElsewhere) && e.names.Identities != nil { // the repository was renamed meanwhile
		if target, _, err = e.lookUp(ctx, target); err == nil {
			err = e.update(ctx, target.Pipeline, target.RepoID, []bot.Fact{finished})
		}
	}
	if err != nil {
		return fmt.Errorf("record the outcome of %s: %w", finished.Effect.Key, err)
	}
	return nil
}

// claim reports whether a delayed attempt may begin. It may not if another one has replaced it, or if its outcome is
// recorded. It then has as much time, before it is given up, as an attempt without a delay.
func (e *Engine) claim(ctx context.Context, target bot.Target, effect bot.Effect) (bool, error) {
	nobodys := e.store.Together(ctx, nil) // the work goes on
	c, err := e.commit(nobodys, target.Pipeline, target.RepoID, []bot.Fact{bot.AttemptBegun{Key: effect.Key, Attempt: effect.Attempt, Since: effect.Since}})
	if err != nil {
		return false, fmt.Errorf("begin %s: %w", effect.Key, err)
	}
	return c.State.Underway(effect), nil
}

// Router passes each effect to the performer of its kind.
type Router struct {
	GitHub   Performer
	Platform Performer
	Web      Performer // probes the addresses of stages
}

// Perform performs an effect on GitHub, on a platform, or on the web.
func (r Router) Perform(ctx context.Context, target bot.Target, effect bot.Effect) (bot.Fact, error) {
	switch bot.TraitsOf(effect.Do).To {
	case bot.ToGitHub:
		return r.GitHub.Perform(ctx, target, effect)
	case bot.ToPlatform:
		return r.Platform.Perform(ctx, target, effect)
	case bot.ToWeb:
		return r.Web.Perform(ctx, target, effect)
	}
	return nil, &bot.Refused{Reason: fmt.Sprintf("nobody performs %q", bot.NameOf(effect.Do))}
}
