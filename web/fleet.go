package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/headstart-cd/headstart/bot"
)

// fleet remembers the list of all pipelines while it is right, so that not every page reads it.
type fleet struct {
	pipelines Pipelines
	asking    singleflight.Group

	mu   sync.Mutex
	last *listing // guarded by mu; nil: not read yet
}

// listing is the list as it was once read.
type listing struct {
	known   []Known
	stamp   int64           // differs if a pipeline has changed, or was added or removed
	changed <-chan struct{} // closed when this instance has changed a pipeline since
	at      time.Time
	// byName finds a pipeline in known, by its name in small letters: GitHub's names are the same in capitals.
	byName func() map[string]int
}

// named finds the pipeline with a name; false: there is none.
func (l *listing) named(key bot.Key) (Known, bool) {
	i, found := l.byName()[strings.ToLower(key.String())]
	if !found || l.known[i].Pipeline.Name != key.Name {
		return Known{}, false
	}
	return l.known[i], true
}

// shownBy are the pipelines of repositories with some numbers.
func (l *listing) shownBy(sees map[int64]bool) (list []Known) {
	for _, k := range l.known {
		if k.shownBy(sees) {
			list = append(list, k)
		}
	}
	return list
}

// good reports whether nothing can have changed but by another instance, a moment ago.
func (l *listing) good() bool {
	select {
	case <-l.changed:
		return false
	default:
		return time.Since(l.at) < lookEvery
	}
}

// list returns the list as of now, or of a moment ago by another instance's changes.
func (f *fleet) list(ctx context.Context) (*listing, error) {
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()
	if last != nil && last.good() {
		return last, nil
	}
	return f.anew(ctx)
}

// anew reads the list. Who asks at the same time shares the answer.
func (f *fleet) anew(ctx context.Context) (*listing, error) {
	began := time.Now()
	for {
		answer, err, _ := f.asking.Do("", func() (any, error) { return f.read(context.WithoutCancel(ctx)) })
		if err != nil {
			return nil, err
		}
		if l := answer.(*listing); !l.at.Before(began) || l.good() {
			return l, nil
		} // somebody else's answer, which is older than the question
	}
}

func (f *fleet) read(ctx context.Context) (*listing, error) {
	l := &listing{changed: f.pipelines.Changed(), at: time.Now()} // first, so that no change is missed
	var err error
	if l.known, err = f.pipelines.Listing(ctx); err != nil {
		return nil, err
	}
	// A database may have another order of names.
	slices.SortFunc(l.known, func(a, b Known) int { return compareKeys(a.Pipeline, b.Pipeline) })
	l.stamp = int64(len(l.known)) << 40
	for _, k := range l.known {
		l.stamp += k.Version
	}
	l.byName = sync.OnceValue(func() map[string]int {
		names := make(map[string]int, len(l.known))
		for i, k := range l.known {
			names[strings.ToLower(k.Pipeline.String())] = i
		}
		return names
	})
	f.mu.Lock()
	f.last = l
	f.mu.Unlock()
	return l, nil
}

// compareKeys orders pipelines by name.
func compareKeys(a, b bot.Key) int {
	return cmp.Or(strings.Compare(a.Repo.Owner, b.Repo.Owner), strings.Compare(a.Repo.Name, b.Repo.Name), strings.Compare(a.Name, b.Name))
}
