package web

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"
)

// Reads reports whether GitHub gives an account at least read on a known repository, asked without a token of the
// account's. Errors are of bot's kinds.
type Reads func(ctx context.Context, known Known, login string, id int64) (bool, error)

const (
	// mostRead bounds how many answers about accounts and repositories are kept.
	mostRead = 100_000
	// readsAtOnce is how many repositories of a list are asked about side by side.
	readsAtOnce = 6
)

// readers remember who reads which repository, by GitHub's word of the last ten minutes.
type readers struct {
	ask    Reads
	now    func() time.Time
	asking singleflight.Group

	mu    sync.Mutex
	known map[readerOf]readAt // guarded by mu
}

type readerOf struct {
	login            string // in small letters
	person, repo     int64
	installation     int64 // which the question goes to
	repoOwnerAndName string
}

type readAt struct {
	at    time.Time
	reads bool
}

// of reports whether the person of a token reads a pipeline.
func (r *readers) of(ctx context.Context, t Token, k Known) (bool, error) {
	if k.RepoID == 0 || k.Pipeline.Repo.Nameless() || !t.allows(k.Pipeline) {
		return false, nil
	}
	of := readerOf{strings.ToLower(t.Login), t.Person, k.RepoID, k.Installation, k.Pipeline.Repo.String()}
	r.mu.Lock()
	last, found := r.known[of]
	r.mu.Unlock()
	if found && r.now().Sub(last.at) < sightLasts {
		return last.reads, nil
	}
	answer, err, _ := r.asking.Do(fmt.Sprint(of), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
		defer cancel()
		at := r.now()
		reads, err := r.ask(ctx, k, t.Login, t.Person)
		if err != nil {
			return false, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.known == nil || len(r.known) >= mostRead {
			r.known = map[readerOf]readAt{}
		}
		r.known[of] = readAt{at, reads}
		return reads, nil
	})
	if err != nil {
		return false, err
	}
	return answer.(bool), nil
}

// among lists those of some pipelines that the person of a token reads, in their order.
func (r *readers) among(ctx context.Context, t Token, all []Known) (list []Known, err error) {
	reads := make([]bool, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for i, k := range all {
		group.Go(func() (err error) { reads[i], err = r.of(ctx, t, k); return err })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, k := range all {
		if reads[i] {
			list = append(list, k)
		}
	}
	return list, nil
}
