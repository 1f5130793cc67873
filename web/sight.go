package web

import (
	"context"
	"crypto/sha256"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/headstart-cd/headstart/bot"
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

// of returns those of the known pipelines that a person sees. Refused: the token is not good any more.
func (s *sights) of(ctx context.Context, p Person, known []Known) ([]Known, error) {
	at, found := s.look(p.Token)
	age := s.now().Sub(at.at)
	if !found || age >= sightLasts || age >= sightAnew && at.misses(known) {
		answer, err, _ := s.asking.Do(p.Token, func() (any, error) { return s.ask(context.WithoutCancel(ctx), p.Token, known) })
		if err != nil {
			return nil, err
		}
		at = answer.(sight)
	}
	var list []Known
	for _, k := range known {
		if k.shownBy(at.sees) {
			list = append(list, k)
		}
	}
	return list, nil
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

// named finds a pipeline by the name in a path: GitHub's names are the same in capitals and in small letters.
func named(list []Known, key bot.Key) (bot.Key, bool) {
	for _, k := range list {
		if strings.EqualFold(k.Pipeline.Repo.String(), key.Repo.String()) && k.Pipeline.Name == key.Name {
			return k.Pipeline, true
		}
	}
	return bot.Key{}, false
}
