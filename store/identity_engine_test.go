package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

// directory is what GitHub knows of names.
type directory struct {
	now   map[int64]bot.Repo // by number
	leads map[string]int64   // redirects from names of before
	err   error
	asked int
}

func (d *directory) Whereabouts(_ context.Context, _, id int64, _ ...bot.Repo) (bot.Repo, error) {
	d.asked++
	return d.now[id], d.err
}

func (d *directory) Leads(_ context.Context, _, id int64, name bot.Repo) (leads bool, _ error) {
	return d.leads[name.String()] == id, d.err
}

// busy performs nothing.
type busy struct{}

func (busy) Perform(context.Context, bot.Target, bot.Effect) (bot.Fact, error) {
	return nil, &bot.Retryable{Reason: "later"}
}

// stillClock stands.
type stillClock struct{}

func (stillClock) Now() time.Time                             { return noon }
func (stillClock) Alarm(time.Time) (<-chan time.Time, func()) { return nil, func() {} }

func newEngine(s *store.Store, d *directory) *engine.Engine {
	return engine.New(engine.Options{Store: s, Perform: busy{}, Clock: stillClock{}, Identities: s, Directory: d})
}

func sha(c string) string { return strings.Repeat(c, 40) }

// from is a push to a repository.
func from(repo bot.Repo, id int64, c string) engine.Delivery {
	return engine.Delivery{Repo: repo, RepoID: id, Facts: []bot.Fact{
		bot.Installed{RepoID: id, Installation: 7, DefaultBranch: "main"},
		bot.Pushed{Branch: "main", Before: sha("0"), After: sha(c), PushedAt: noon},
	}}
}

// pushes lists what the pipeline under a name has seen.
func pushes(t *testing.T, s *store.Store, repo bot.Repo) (id int64, list []string) {
	t.Helper()
	state, _, err := s.Load(t.Context(), bot.Key{Repo: repo})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range state.Candidates {
		list = append(list, c.SHA[:1])
	}
	slices.Sort(list)
	return state.RepoID, list
}

func expectPushes(t *testing.T, s *store.Store, repo bot.Repo, id int64, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got, list := pushes(t, s, repo); got != id || !slices.Equal(list, want) {
		t.Errorf("%s should be the repository %d with the pushes %v, it is %d with %v", repo, id, want, got, list)
	}
}

// Two instances on one database: what one has seen names counts for the other, which
// remembers pipelines under names of before.
func TestRenamesOfSeveralInstances(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := openerOf(url)(t, store.Options{})
		defer s.Close()
		d := &directory{now: map[int64]bot.Repo{1: oldName}}
		one, two := newEngine(s, d), newEngine(s, d)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(one.Deliver(ctx, from(oldName, 1, "a")))
		must(two.Deliver(ctx, from(oldName, 1, "b")))
		if d.asked != 0 {
			t.Errorf("GitHub should not be asked for names while the number fits, it was %d times", d.asked)
		}
		state, version, err := s.Load(ctx, bot.Key{Repo: oldName})
		must(err)
		var effect bot.Effect
		for key, f := range state.Pending {
			effect = bot.Effect{Key: key, Do: bot.ReadConfig{}, Attempt: f.Attempt, Since: f.Since, At: noon}
		}
		target := state.Target()

		// GitHub does not answer: the delivery is tried again, and nothing changes.
		d.now[1], d.err = newName, errors.New("not now")
		if err := one.Deliver(ctx, from(newName, 1, "c")); err == nil {
			t.Error("a delivery whose repository cannot be found out should fail, so that it is tried again")
		}
		expectPushes(t, s, oldName, 1, "a", "b")
		d.err = nil
		must(one.Deliver(ctx, from(newName, 1, "c")))
		expectPushes(t, s, newName, 1, "a", "b", "c")

		// The other one: an effect of before, an old delivery, a wake time, a new delivery.
		must(two.Perform(ctx, target, effect, false))
		if _, now, err := s.Load(ctx, bot.Key{Repo: newName}); err != nil || now <= version+1 {
			t.Errorf("the outcome should be recorded under the new name, whose version is %d, %v", now, err)
		}
		late := from(oldName, 1, "d")
		late.Facts[0] = bot.Installed{RepoID: 1, Installation: 6, DefaultBranch: "main"}
		must(two.Deliver(ctx, late))
		_, _, err = two.Tick(ctx)
		must(err)
		must(two.Deliver(ctx, from(newName, 1, "e")))
		expectPushes(t, s, newName, 1, "a", "b", "c", "d", "e")
		expectPushes(t, s, oldName, 0)
		if state, _, err := s.Load(ctx, bot.Key{Repo: newName}); err != nil || state.Installation != 7 {
			t.Errorf("a delivery of the old name should not bring the old installation back, got %d, %v", state.Installation, err)
		}

		// Another one under the old name, at both.
		for _, e := range []*engine.Engine{one, two} {
			must(e.Deliver(ctx, from(oldName, 2, "f")))
		}
		expectPushes(t, s, oldName, 0)
		b := openOperator(t, url)
		_, err = b.Confirm(ctx, oldName, 2, "ops", noon)
		must(err)
		d.now[2] = oldName
		must(two.LookAtConfirmed(ctx))
		must(one.LookAtConfirmed(ctx))
		expectPushes(t, s, oldName, 2, "f")
		expectPushes(t, s, newName, 1, "a", "b", "c", "d", "e")
		must(one.Deliver(ctx, from(oldName, 2, "7")))
		expectPushes(t, s, oldName, 2, "f", "7")
	})
}

// What a version stored that knew names alone takes the number of the first delivery, or
// of GitHub's first answer; and it is found if it was renamed before that.
func TestPipelinesOfBeforeThereWereNumbers(t *testing.T) {
	for what, first := range map[string]func(*engine.Engine, *directory) (bot.Repo, error){
		"a delivery": func(e *engine.Engine, _ *directory) (bot.Repo, error) {
			return oldName, e.Deliver(context.Background(), from(oldName, 1, "b"))
		},
		"an answer": func(e *engine.Engine, _ *directory) (bot.Repo, error) {
			e.Named(context.Background(), 7, 1, oldName)
			return oldName, e.Deliver(context.Background(), from(oldName, 1, "b"))
		},
		"a delivery under a new name": func(e *engine.Engine, d *directory) (bot.Repo, error) {
			d.now[1], d.leads = newName, map[string]int64{oldName.String(): 1}
			return newName, e.Deliver(context.Background(), from(newName, 1, "b"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := openerOf("sqlite::memory:")(t, store.Options{})
			defer s.Close()
			d := &directory{now: map[int64]bot.Repo{1: oldName}}
			before := from(oldName, 0, "a")
			if err := newEngine(s, d).Deliver(t.Context(), before); err != nil {
				t.Fatal(err)
			}
			expectPushes(t, s, oldName, 0, "a")
			e := newEngine(s, d)
			repo, err := first(e, d)
			if err != nil {
				t.Fatal(err)
			}
			expectPushes(t, s, repo, 1, "a", "b")
			if err := e.Deliver(t.Context(), from(repo, 2, "c")); err != nil {
				t.Fatal(err)
			}
			expectPushes(t, s, repo, 1, "a", "b")
		})
	}
}

// A name that another repository has is not taken by renaming to it, though both are
// allowed; nobody asks GitHub again and again.
func TestARenameOntoAKnownName(t *testing.T) {
	s := openerOf("sqlite::memory:")(t, store.Options{})
	defer s.Close()
	d := &directory{now: map[int64]bot.Repo{1: oldName, 2: newName}}
	e := newEngine(s, d)
	for _, first := range []engine.Delivery{from(oldName, 1, "a"), from(newName, 2, "b")} {
		if err := e.Deliver(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	d.now[1], d.now[2] = newName, bot.Repo{} // 2 was deleted
	for range 50 {
		if err := e.Deliver(t.Context(), from(newName, 1, "c")); err != nil {
			t.Fatal(err)
		}
	}
	expectPushes(t, s, bot.Nameless(1), 1, "a")
	expectPushes(t, s, bot.Nameless(2), 2, "b")
	for _, name := range []bot.Repo{oldName, newName} {
		expectPushes(t, s, name, 0)
	}
	if due, err := s.SweepsDue(t.Context(), noon.Add(24*365*time.Hour), nil, 10); err != nil || len(due) != 0 {
		t.Errorf("both should rest, due are %v, %v", due, err)
	}
	if list, err := s.Refusals(t.Context(), false); err != nil || len(list) != 1 || list[0].ID != 1 || list[0].Known != 2 || list[0].Repo != newName {
		t.Errorf("expected one refusal, of 1 under the name of 2, got %+v, %v", list, err)
	}
	if d.asked > 4 {
		t.Errorf("GitHub should be asked once in a while, it was %d times", d.asked)
	}
}

// Whoever needs a stage of a repository that was renamed is answered for it, though the
// file still has the old name, and never for another one under that name.
func TestNeedsOfARepositoryThatWasRenamed(t *testing.T) {
	ctx := t.Context()
	s := openerOf("sqlite::memory:")(t, store.Options{})
	defer s.Close()
	d := &directory{now: map[int64]bot.Repo{1: oldName}}
	var answers []bot.StageRuns
	e := engine.New(engine.Options{Store: s, Perform: busy{}, Clock: stillClock{}, Identities: s, Directory: d, Observe: func(c engine.Commit) {
		for _, event := range c.Events {
			if f, ok := event.Fact.(bot.Finished); ok {
				answers = append(answers, f.Fact.(bot.StageRuns))
			}
		}
	}})
	asker := bot.Repo{Owner: "acme", Name: "web"}
	for id, repo := range map[int64]bot.Repo{1: oldName, 3: asker} {
		if err := s.Settle(ctx, repo, id, ""); err != nil {
			t.Fatal(err)
		}
		c := numbered(repo, "", id, 0)
		c.State.Configured, c.State.Config = true, bot.Config{Stages: []bot.Stage{{Name: "production", Apps: []string{"app"}}}}
		c.State.Stages = map[string]*pipeline.StageState{"production": {Live: pipeline.Live{SHA: sha("a"), Artifact: "x", Since: noon}}}
		if err := s.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	ask := func() {
		t.Helper()
		err := e.Perform(ctx, bot.Target{Pipeline: bot.Key{Repo: asker}, RepoID: 3, Installation: 7}, bot.Effect{
			Key: "need", Attempt: 1, At: noon, Since: noon, Do: bot.AskStage{Need: bot.Need{Pipeline: bot.Key{Repo: oldName}, Stage: "production"}},
		}, false)
		if err != nil {
			t.Fatal(err)
		}
		if last := answers[len(answers)-1]; !last.Found || last.SHA != sha("a") {
			t.Errorf("the answer should be about the repository that had the name, got %+v", last)
		}
	}
	ask()
	d.now[1] = newName
	if err := e.Deliver(ctx, from(newName, 1, "b")); err != nil {
		t.Fatal(err)
	}
	ask()
	if err := e.Deliver(ctx, from(oldName, 2, "c")); err != nil {
		t.Fatal(err)
	}
	ask()
}
