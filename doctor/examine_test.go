package doctor

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// silent is a GitHub that knows its App and answers nothing else.
type silent struct{ asked atomic.Int64 }

func (g *silent) App(context.Context) (GitHubApp, error) { return GitHubApp{Slug: "headstart"}, nil }

func (g *silent) Lead(ctx context.Context) (time.Duration, error) { return hang[time.Duration](ctx, g) }
func (g *silent) Hook(ctx context.Context) (Hook, error)          { return hang[Hook](ctx, g) }
func (g *silent) Attempts(ctx context.Context) ([]Attempt, error) { return hang[[]Attempt](ctx, g) }
func (g *silent) Installations(ctx context.Context) ([]Installation, error) {
	return hang[[]Installation](ctx, g)
}
func (g *silent) InstalledOn(ctx context.Context, _ bot.Repo) (int64, error) {
	return hang[int64](ctx, g)
}
func (g *silent) MergeQueue(ctx context.Context, _ bot.Target, _ string) (bool, error) {
	return hang[bool](ctx, g)
}
func (g *silent) Perform(ctx context.Context, _ bot.Target, _ bot.Effect) (bot.Fact, error) {
	return hang[bot.Fact](ctx, g)
}

func hang[T any](ctx context.Context, g *silent) (v T, err error) {
	g.asked.Add(1)
	<-ctx.Done()
	return v, &bot.Retryable{Reason: "It was not answered in time.", Err: ctx.Err()}
}

// Whoever does not answer holds up neither the other readings nor the end, and of very many pipelines some are looked at.
func TestExaminationEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &silent{}
		var all []Known
		for i := range 30 {
			all = append(all, Known{Target: bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: fmt.Sprint("shop", i)}}, Installation: 1}})
		}
		f := healthy()
		f.Heroku, f.Apps = Read[Credentials]{}, nil
		r := Examine(t.Context(), Ports{GitHub: g}, f, all)
		if r.Took > lookWithin+time.Second || r.Left != 30-mostPipelines || len(f.Pipelines) != mostPipelines {
			t.Errorf("it should end within %s and leave 10 of 30 out, it took %s and left %d out", lookWithin, r.Took, r.Left)
		}
		if n := g.asked.Load(); n > 4+mostPipelines {
			t.Errorf("what is not answered should be asked once, it was asked %d times", n)
		}
		well := func(check string) bool {
			return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Check == check && f.Level == Well })
		}
		if !well("database") || !well("credentials") || well("clock") || r.Level() != Wrong {
			t.Errorf("what was read should be told all the same, got %+v", r.Findings)
		}
	})
}

// An app that several stages and pipelines use is looked at once, and apps of the embedded platform are none of Heroku's.
func TestAppsAreLookedAtOnce(t *testing.T) {
	cfg := bot.Config{Prepare: bot.Prepare{Apps: []string{"prepare"}}, Stages: []bot.Stage{{Name: "a", Apps: []string{"one", "two"}}, {Name: "b", Apps: []string{"two", "three"}}}}
	here := cfg
	here.Platform = bot.PlatformLocal
	p := func(c bot.Config) Pipeline { return Pipeline{File: known(bot.ConfigRead{Found: true, Config: c})} }
	var names []string
	for _, a := range herokuApps([]Pipeline{p(cfg), p(cfg), p(here), {}}) {
		names = append(names, fmt.Sprintf("%s<%s", a.Name, a.Source))
	}
	if want := []string{"prepare<", "one<prepare", "two<prepare", "three<prepare"}; !slices.Equal(names, want) {
		t.Errorf("the apps are %v, got %v", want, names)
	}
}
