package engine

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

const (
	// performing bounds one attempt of an effect. Nothing that is performed waits
	// for a build or a release, so this is many times what any of it takes.
	performing = 90 * time.Second
	// recording bounds saving an outcome, also while the process is shutting down.
	recording = 10 * time.Second
)

// Perform performs one effect and folds its outcome in. With again, an earlier
// attempt was begun and nobody knows how it ended. The error says that the
// outcome could not be recorded; the effect's own failure is an outcome.
func (e *Engine) Perform(ctx context.Context, target bot.Target, effect bot.Effect, again bool) error {
	if again {
		// Nobody knows when the earlier attempt sent its request: it may have waited
		// for long before it began. It was before now.
		now := e.clock.Now()
		effect.Unsure, effect.LostAt, effect.At = true, now, now
	}
	attempt, cancel := context.WithTimeout(ctx, performing)
	defer cancel()
	began := e.clock.Now()
	fact, err := e.perform.Perform(attempt, target, effect)
	finished := bot.Conclude(effect, fact, err)
	e.log.Debug("performed",
		zap.Stringer("pipeline", target.Pipeline), zap.String("effect", effect.Key), zap.Int("attempt", effect.Attempt),
		zap.String("outcome", string(finished.Outcome)), zap.String("reason", finished.Reason),
		zap.Duration("took", e.clock.Now().Sub(began)))

	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), recording)
	defer cancel()
	if err := e.update(record, target.Pipeline, []bot.Fact{finished}); err != nil {
		return fmt.Errorf("record the outcome of %s: %w", effect.Key, err)
	}
	return nil
}

// Router hands each effect to the performer of its kind.
type Router struct {
	GitHub   Performer
	Platform Performer
}

// Perform performs an effect on GitHub or on a platform.
func (r Router) Perform(ctx context.Context, target bot.Target, effect bot.Effect) (bot.Fact, error) {
	switch effect.Do.(type) {
	case bot.StartBuild, bot.WatchBuild, bot.CancelBuild, bot.Promote, bot.WatchRelease, bot.LookAtApp:
		return r.Platform.Perform(ctx, target, effect)
	}
	return r.GitHub.Perform(ctx, target, effect)
}
