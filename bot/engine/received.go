package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// A comment counts once, however often its delivery arrives, on any instance. The store remembers it in the transaction
// that saves its effects.

// withoutSeen returns facts without comments that the pipeline has seen, and the remaining comments.
func (e *Engine) withoutSeen(ctx context.Context, key bot.Key, facts []bot.Fact) ([]bot.Fact, []int64, error) {
	var comments []int64
	for _, f := range facts {
		if id := key.CommentOf(f); id != 0 && !slices.Contains(comments, id) {
			comments = append(comments, id)
		}
	}
	if len(comments) == 0 {
		return facts, nil, nil
	}
	heard, err := e.store.SeenComments(ctx, key, comments)
	if err != nil {
		return nil, nil, fmt.Errorf("look which comments %s has heard of: %w", key, err)
	}
	facts = slices.DeleteFunc(slices.Clone(facts), func(f bot.Fact) bool { return heard[key.CommentOf(f)] })
	return facts, slices.DeleteFunc(comments, func(id int64) bool { return heard[id] }), nil
}

// taken lists the comments that a pipeline has folded: all if it was configured for comments before or after, else
// none.
func taken(comments []int64, before, after pipeline.State) []int64 {
	if !before.TakesComments() && !after.TakesComments() {
		return nil
	}
	return comments
}
