package engine

import (
	"context"
	"slices"
)

// Work is done because of deliveries: one decides on effects, their outcomes on further effects, and so on. The context
// of the work carries them, and the store keeps them with each effect, so that a log line names the deliveries that led
// to it. What a timer or a sweep begins has none.

// mostCauses bounds how many deliveries are named: a commit may fold many together.
const mostCauses = 4

type causeKey struct{}

// WithCause returns ctx for work that is done because of the given deliveries, and of no others.
func WithCause(ctx context.Context, deliveries []string) context.Context {
	if len(deliveries) == 0 && len(CauseOf(ctx)) == 0 {
		return ctx
	}
	return context.WithValue(ctx, causeKey{}, deliveries)
}

// CauseOf returns the deliveries because of which work is done, the first ones of them; nil: none, or unknown.
func CauseOf(ctx context.Context) []string {
	list, _ := ctx.Value(causeKey{}).([]string)
	return list
}

// causes adds deliveries to others, each once.
func causes(list, more []string) []string {
	for _, id := range more {
		if id != "" && len(list) < mostCauses && !slices.Contains(list, id) {
			list = append(slices.Clip(list), id)
		}
	}
	return list
}
