package store

import (
	"context"
	"errors"
)

func openPostgres(ctx context.Context, url string, w *waker, log riverLog) (database, error) {
	return nil, errors.New("not yet")
}
