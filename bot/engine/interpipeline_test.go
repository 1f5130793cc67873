package engine

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

var (
	shop = bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}
	api  = bot.Key{Repo: shop.Repo, Name: "api"}
	noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
)

// shelf is a store in memory.
type shelf struct {
	mu       sync.Mutex
	states   map[bot.Key]pipeline.State
	versions map[bot.Key]int64
	effects  []bot.Effect
	targets  []bot.Target
	saving   func(Change) // is called before a change is saved; may be nil
}

func newShelf() *shelf {
	return &shelf{states: map[bot.Key]pipeline.State{}, versions: map[bot.Key]int64{}}
}

func (s *shelf) Load(_ context.Context, key bot.Key) (pipeline.State, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states[key], s.versions[key], nil
}

func (s *shelf) Commit(_ context.Context, c Change) error {
	if s.saving != nil {
		s.saving(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.versions[c.Pipeline] != c.Version {
		return ErrMoved
	}
	s.states[c.Pipeline] = c.State
	s.versions[c.Pipeline]++
	for _, e := range c.Effects {
		s.effects, s.targets = append(s.effects, e), append(s.targets, c.Target)
	}
	return nil
}

func (s *shelf) Together(ctx context.Context, _ []context.Context) context.Context { return ctx }

func (s *shelf) Pipelines(_ context.Context, repo bot.Repo) (keys []bot.Key, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.states {
		if key.Repo == repo {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (s *shelf) SeenComments(context.Context, bot.Key, []int64) (map[int64]bool, error) {
	return nil, nil
}

func (s *shelf) Needing(_ context.Context, stage bot.Need) (keys []bot.Key, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, state := range s.states {
		if slices.Contains(state.Awaited(), strings.ToLower(stage.String())) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (s *shelf) BuildQueues(context.Context, string, []string) (map[string]bot.BuildQueue, error) {
	return nil, nil
}

func (s *shelf) Using(context.Context, string, string) ([]bot.Key, error) { return nil, nil }

func (s *shelf) Due(context.Context, time.Time, int) ([]bot.Key, time.Time, error) {
	return nil, time.Time{}, nil
}

// still is a clock that does not move.
type still struct{}

func (still) Now() time.Time                             { return noon }
func (still) Alarm(time.Time) (<-chan time.Time, func()) { return nil, func() {} }

// file is a GitHub whose only file names one pipeline, api; it knows nothing else.
type file struct{}

func (file) Perform(_ context.Context, target bot.Target, e bot.Effect) (bot.Fact, error) {
	if do, ok := e.Do.(bot.ReadConfig); ok {
		cfg := bot.Config{Platform: bot.PlatformHeroku, Stages: []bot.Stage{{Name: "production", Apps: []string{"shop"}}}}
		read := bot.ConfigRead{Ref: do.Ref, Names: []string{"api"}}
		if target.Pipeline.Name == "api" {
			read.Found, read.Config = true, cfg
		}
		return read, nil
	}
	return nil, &bot.Refused{Reason: "not here"}
}

func push(sha string, at time.Duration) []bot.Fact {
	return []bot.Fact{bot.Installed{Installation: 7, DefaultBranch: "main"},
		bot.Pushed{Branch: "main", After: sha, Tree: "tree-" + sha, PushedAt: noon.Add(at)}}
}

// perform has the effects of one kind performed that are to be.
func (s *shelf) perform(t *testing.T, e *Engine, kind string) {
	t.Helper()
	s.mu.Lock()
	effects, targets := s.effects, s.targets
	s.effects, s.targets = nil, nil
	s.mu.Unlock()
	n := 0
	for i, effect := range effects {
		if bot.NameOf(effect.Do) == kind {
			n++
			if err := e.Perform(t.Context(), targets[i], effect, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n == 0 {
		t.Fatalf("somebody should want %s, there is %v", kind, effects)
	}
}

func (s *shelf) candidates(key bot.Key) (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.states[key].Candidates {
		list = append(list, c.SHA)
	}
	return list
}

// A push that arrives at any moment while a pipeline is opened reaches it: it is
// told by whoever opens it, or by the delivery itself.
func TestAPushWhileAPipelineIsOpened(t *testing.T) {
	for what, when := range map[string]func(Change) bool{
		"before the new pipeline is saved":          func(c Change) bool { return c.Pipeline == api },
		"before it is noted that it was opened":     func(c Change) bool { return c.Pipeline == shop && slices.Contains(c.State.Opened, "api") },
		"while the delivery is saved for the first": nil,
	} {
		s := newShelf()
		e := New(Options{Store: s, Perform: file{}, Clock: still{}})
		if err := e.Deliver(t.Context(), Delivery{Repo: shop.Repo, Facts: push("a1", 0)}); err != nil {
			t.Fatal(err)
		}
		s.perform(t, e, "ReadConfig")
		opening := slices.Clone(s.effects)
		target := s.targets
		if when != nil {
			once := true
			s.saving = func(c Change) {
				if once && when(c) {
					once = false
					s.saving = nil
					other := New(Options{Store: s, Perform: file{}, Clock: still{}}) // another instance
					if err := other.Deliver(t.Context(), Delivery{Repo: shop.Repo, Facts: push("a2", time.Second)}); err != nil {
						t.Error(err)
					}
				}
			}
			s.perform(t, e, "OpenPipelines")
		} else {
			// The delivery has listed the pipelines; the other one is opened and noted
			// before it saves anything.
			s.saving = func(Change) {
				s.saving = nil
				other := New(Options{Store: s, Perform: file{}, Clock: still{}})
				for i, effect := range opening {
					if _, ok := effect.Do.(bot.OpenPipelines); ok {
						if err := other.Perform(t.Context(), target[i], effect, false); err != nil {
							t.Error(err)
						}
					}
				}
			}
			if err := e.Deliver(t.Context(), Delivery{Repo: shop.Repo, Facts: push("a2", time.Second)}); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 { // it may take another telling
			if !slices.Contains(s.states[shop].Opened, "api") {
				s.perform(t, e, "OpenPipelines")
			}
		}
		if got := s.candidates(api); !slices.Equal(got, []string{"a1", "a2"}) && !slices.Equal(got, []string{"a2"}) {
			t.Errorf("a push that came %s should reach the pipeline, it knows %v", what, got)
		}
	}
}

// Whoever waits for a stage of another pipeline sees it at once when something
// else runs there.
func TestStageMovedIsTold(t *testing.T) {
	s := newShelf()
	web := bot.Key{Repo: bot.Repo{Owner: "acme", Name: "web"}}
	need := bot.Need{Pipeline: shop, Stage: "production"}
	s.states[web] = pipeline.State{
		Pipeline: web, Installation: 7, DefaultBranch: "main", Configured: true,
		Config:     bot.Config{Platform: bot.PlatformHeroku, Checks: bot.Checks{None: true}, Stages: []bot.Stage{{Name: "production", Apps: []string{"web"}, Needs: []bot.Need{need}}}},
		Candidates: []pipeline.Candidate{{SHA: "w1", Tree: "t", Branch: "main", ConfigRead: true, PushedAt: noon, SeenAt: noon, Needs: map[string]pipeline.NeedSeen{need.String(): {StageRuns: bot.StageRuns{Found: true, SHA: "a1", Missing: "a2"}, At: noon}}}},
	}
	s.states[shop] = pipeline.State{
		Pipeline: shop, Installation: 7, Configured: true,
		Config: bot.Config{Platform: bot.PlatformHeroku, Stages: []bot.Stage{{Name: "production", Apps: []string{"shop"}}}},
		Candidates: []pipeline.Candidate{{SHA: "a2", Tree: "t2", Branch: "main", ConfigRead: true, PushedAt: noon, SeenAt: noon, Artifact: "slug2",
			Progress: map[string]pipeline.Progress{"production": {State: pipeline.ProgressReleasing, Promotion: 1}}}},
		Stages: map[string]*pipeline.StageState{"production": {Live: pipeline.Live{SHA: "a1"}, Promoting: &pipeline.Promotion{N: 1, SHA: "a2", Apps: map[string]pipeline.AppRelease{
			"shop": {State: bot.ReleasePending, ID: "r1"},
		}}}},
		Pending: map[string]pipeline.PendingEffect{"watch release production shop 1": {Underway: true, Attempt: 1, Since: noon, LastAt: noon}},
	}
	s.versions[web], s.versions[shop] = 1, 1
	watch := bot.Effect{Key: "watch release production shop 1", Attempt: 1, Since: noon, At: noon, Do: bot.WatchRelease{Stage: "production", Promotion: 1, App: "shop", ID: "r1"}}
	ended := bot.Finished{Effect: watch, Outcome: bot.Done, Fact: bot.ReleaseSeen{Release: bot.Release{ID: "r1", Artifact: "slug2", Status: bot.ReleaseSucceeded, Current: true, Version: 2}}}
	e := New(Options{Store: s, Perform: file{}, Clock: still{}})
	if err := e.record(t.Context(), bot.Target{Pipeline: shop, Installation: 7}, ended, nil); err != nil {
		t.Fatal(err)
	}
	end := s.states[shop]
	if live := end.Stage("production").Live.SHA; live != "a2" {
		t.Fatalf("a2 should be live by now, it is %q", live)
	}
	for i, effect := range s.effects {
		if do, ok := effect.Do.(bot.AskStage); ok && s.targets[i].Pipeline == web && do.Need == need && !effect.Idle {
			return
		}
	}
	t.Errorf("the pipeline that needs the stage should ask it again at once, it wants %+v", s.effects)
}

// What another installation speaks for is not told of, not even that it exists.
func TestNobodyLearnsOfAnotherInstallation(t *testing.T) {
	s := newShelf()
	secret := bot.Key{Repo: bot.Repo{Owner: "initech", Name: "vault"}}
	s.states[secret] = pipeline.State{
		Pipeline: secret, Installation: 8, Configured: true, Config: bot.Config{Stages: []bot.Stage{{Name: "production"}}},
		Stages: map[string]*pipeline.StageState{"production": {Live: pipeline.Live{SHA: "5ec3e7"}}},
	}
	e := New(Options{Store: s, Perform: file{}, Clock: still{}})
	ask := bot.Effect{Do: bot.AskStage{Need: bot.Need{Pipeline: secret, Stage: "production"}}}
	for installation, found := range map[int64]bool{7: false, 8: true, 0: false} {
		fact, err := e.do(t.Context(), bot.Target{Pipeline: shop, Installation: installation}, ask)
		if err != nil {
			t.Fatal(err)
		}
		if runs := fact.(bot.StageRuns); runs.Found != found || !found && runs.SHA != "" {
			t.Errorf("installation %d should find the stage: %t, and learn nothing else; got %+v", installation, found, runs)
		}
	}
}
