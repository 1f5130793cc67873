package engine

import (
	"context"
	"slices"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// counter is a store that refuses whoever takes an app.
type counter struct {
	*shelf
	queue bot.BuildQueue // as it says that it is
	times int            // it refuses so many times
	seen  []Change
}

func (s *counter) Commit(ctx context.Context, c Change) error {
	takes := slices.ContainsFunc(c.Claims, func(p bot.QueueClaim) bool { return p.Takes != bot.RankNone })
	if takes && s.times > 0 {
		s.times--
		return &NotItsTurn{Queues: map[string]bot.BuildQueue{"builds": s.queue}}
	}
	s.seen = append(s.seen, c)
	return s.shelf.Commit(ctx, c)
}

func (s *counter) BuildQueues(context.Context, string, []string) (map[string]bot.BuildQueue, error) {
	return map[string]bot.BuildQueue{"builds": slices.Clone(s.queue)}, nil
}

// toBuild is a pipeline that has a commit to build.
func toBuild() pipeline.State {
	return pipeline.State{
		Pipeline: shop, Installation: 7, DefaultBranch: "main", Configured: true,
		Config: bot.Config{
			Platform: bot.PlatformHeroku, Checks: bot.Checks{None: true}, Prepare: bot.Prepare{Apps: []string{"builds"}},
			Stages: []bot.Stage{{Name: "production", Apps: []string{"shop"}}},
		},
		Candidates: []pipeline.Candidate{{SHA: "a1", Tree: "tree-a1", Branch: "main", PushedAt: noon, SeenAt: noon, ConfigRead: true}},
	}
}

func builds(c Change) bool {
	return slices.ContainsFunc(c.Effects, func(e bot.Effect) bool { _, ok := e.Do.(bot.StartBuild); return ok })
}

// A commit that the store refuses is decided anew, with what the store says of the queue:
// the pipeline waits. When it is called, it builds.
func TestWhoIsRefusedWaitsAndBuildsWhenItIsCalled(t *testing.T) {
	s := &counter{shelf: newShelf(), times: 1, queue: bot.BuildQueue{{Pipeline: api, Builds: noon}}}
	s.states[shop], s.versions[shop] = toBuild(), 1
	e := New(Options{Store: s, Clock: still{}})
	if err := e.update(t.Context(), shop, 0, nil); err != nil {
		t.Fatal(err)
	}
	if c := s.seen[0]; len(s.seen) != 1 || builds(c) || len(c.Claims) != 1 || c.Claims[0].Waits != bot.RankBranch || c.Wake.IsZero() {
		t.Errorf("it should wait with its branch, and look again by itself, it has committed %+v, wake %s", c.Claims, c.Wake)
	}
	s.queue = bot.BuildQueue{{Pipeline: shop, Waits: bot.RankBranch, Since: noon}}
	turn := bot.Effect{Key: "turn builds", At: noon, Do: bot.TakeTurn{App: "builds"}}
	if err := e.Perform(t.Context(), bot.Target{Pipeline: shop}, turn, false); err != nil {
		t.Fatal(err)
	}
	if c := s.seen[1]; !builds(c) || c.Claims[0].Takes != bot.RankBranch {
		t.Errorf("when it is called, it should build, it has committed %+v", c.Claims)
	}
	if err := e.Perform(t.Context(), bot.Target{Pipeline: api}, turn, false); err != nil || len(s.seen) != 2 {
		t.Errorf("a pipeline that nobody knows should not come about by being called, %v", err)
	}
}

// Whoever does not come to terms with the queue lets the others go first, and does not
// try for ever.
func TestWhoIsAlwaysRefusedLetsOthersGoFirst(t *testing.T) {
	s := &counter{shelf: newShelf(), times: 1 << 30}
	s.states[shop], s.versions[shop] = toBuild(), 1
	if err := New(Options{Store: s, Clock: still{}}).update(t.Context(), shop, 0, nil); err != nil {
		t.Fatal(err)
	}
	if c := s.seen[0]; builds(c) || len(c.Claims) != 1 || !c.Claims[0].Passes || c.Wake.IsZero() {
		t.Errorf("it should wait, let others go first and look again by itself, it has committed %+v, wake %s", c.Claims, c.Wake)
	}
}
