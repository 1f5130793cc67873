package web

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// sightLasts is how long GitHub's answer about what a person sees is believed.
	sightLasts = 10 * time.Minute
	// sightAnew is how soon GitHub is asked again because a pipeline was begun that it was not asked about.
	sightAnew = 5 * time.Second
	// askWithin bounds one look at all that a person sees.
	askWithin = 30 * time.Second
	// mostSights bounds how many people's answers are kept.
	mostSights = 10_000
)

// sights remember what people see, by their tokens: two sessions of one person may see different things.
type sights struct {
	people People
	now    func() time.Time
	asking singleflight.Group

	mu    sync.Mutex
	known map[[sha256.Size]byte]sight // guarded by mu
}

// sight is what one token sees.
type sight struct {
	at    time.Time
	asked map[int64]bool // the repositories that GitHub was asked about
	sees  map[int64]bool
}

// of returns what a person sees, of repositories with known pipelines. Refused: the token is not good any more.
func (s *sights) of(ctx context.Context, p Person, known []Known) (sight, error) {
	at, found := s.look(p.Token)
	age := s.now().Sub(at.at)
	if !found || age >= sightLasts || age >= sightAnew && at.misses(known) {
		answer, err, _ := s.asking.Do(p.Token, func() (any, error) { return s.ask(context.WithoutCancel(ctx), p.Token, known) })
		if err != nil {
			return sight{}, err
		}
		at = answer.(sight)
	}
	return at, nil
}

// shownBy reports whether the pipeline is one of a repository with one of the numbers.
func (k Known) shownBy(sees map[int64]bool) bool {
	return k.RepoID != 0 && sees[k.RepoID] && !k.Pipeline.Repo.Nameless()
}

func (s *sights) look(token string) (sight, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, found := s.known[sha256.Sum256([]byte(token))]
	return at, found
}

// misses reports whether there is a repository that GitHub was not asked about.
func (at sight) misses(known []Known) bool {
	for _, k := range known {
		if k.RepoID != 0 && !at.asked[k.RepoID] {
			return true
		}
	}
	return false
}

func (s *sights) ask(ctx context.Context, token string, known []Known) (sight, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	at := sight{at: s.now(), asked: map[int64]bool{}}
	var numbered []Known
	for _, k := range known {
		if k.RepoID != 0 && !at.asked[k.RepoID] {
			at.asked[k.RepoID] = true
			numbered = append(numbered, k)
		}
	}
	var err error
	if at.sees, err = s.people.Sees(ctx, token, numbered); err != nil {
		return sight{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= mostSights {
		s.known = map[[sha256.Size]byte]sight{} // GitHub is asked anew by those who are still there
	}
	s.known[sha256.Sum256([]byte(token))] = at
	return at, nil
}
