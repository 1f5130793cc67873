package store

import (
	"context"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Listing lists every pipeline, by name, without its state.
func (b *Operator) Listing(ctx context.Context) ([]Listed, error) { return listing(ctx, b.db) }

// Load returns a pipeline's state and its version, as [Store.Load] does.
func (b *Operator) Load(ctx context.Context, key bot.Key) (pipeline.State, int64, error) {
	return loadAgain(key, func() (state pipeline.State, version int64, err error) {
		data, tail, version, err := readState(ctx, b.db, key)
		if err == nil && version != 0 {
			state, err = fold(data, tail)
		}
		return state, version, err
	})
}
