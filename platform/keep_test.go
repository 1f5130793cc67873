package platform_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	rows "github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/transcript"
)

// failing is a platform on which everything has ended in one way.
type failing struct {
	platform.Platform
	build   bot.BuildStatus
	release bot.ReleaseStatus
	text    string
}

func (f failing) Build(_ context.Context, app, id string) (bot.Build, error) {
	return bot.Build{ID: id, App: app, Commit: "a1", Status: f.build}, nil
}

func (f failing) Release(_ context.Context, app, id string) (bot.Release, error) {
	return bot.Release{ID: id, App: app, Status: f.release}, nil
}

func (f failing) Output(string, string) *transcript.Log { return transcript.Of(f.text, false) }

// keeper notes what it is to keep.
type keeper struct {
	kept []rows.Output
	err  error
}

func (k *keeper) KeepOutput(_ context.Context, pipeline bot.Key, o rows.Output) error {
	if pipeline.Repo.Name != "shop" {
		return errors.New("that is another pipeline's")
	}
	k.kept = append(k.kept, o)
	return k.err
}

// The outputs of failures are kept, once they are known, and nothing else.
func TestOutputsOfFailuresAreKept(t *testing.T) {
	allow, err := platform.ParseAllow("acme/shop=shop-*")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	build := rows.Output{App: "shop-prepare", ID: "b1", SHA: "a1", At: at}
	release := rows.Output{App: "shop-us", ID: "r1", Stage: "production", N: 7, At: at}
	for _, c := range []struct {
		name string
		on   failing
		do   bot.Action
		want rows.Output // zero: nothing is kept
	}{
		{"a build that failed", failing{build: bot.BuildFailed, text: "Error: no"}, bot.WatchBuild{App: "shop-prepare", ID: "b1"}, build},
		{"a build that the platform could not do", failing{build: bot.BuildErrored, text: "Error: no"}, bot.WatchBuild{App: "shop-prepare", ID: "b1"}, build},
		{"a build that runs", failing{build: bot.BuildPending, text: "Error: no"}, bot.WatchBuild{App: "shop-prepare", ID: "b1"}, rows.Output{}},
		{"a build that succeeded", failing{build: bot.BuildSucceeded, text: "Error: no"}, bot.WatchBuild{App: "shop-prepare", ID: "b1"}, rows.Output{}},
		{"a build that somebody cancelled", failing{build: bot.BuildCancelled, text: "Error: no"}, bot.WatchBuild{App: "shop-prepare", ID: "b1"}, rows.Output{}},
		{"a build that wrote nothing", failing{build: bot.BuildFailed, text: " \n"}, bot.WatchBuild{App: "shop-prepare", ID: "b1"}, rows.Output{}},
		{"a release that failed", failing{release: bot.ReleaseFailed, text: "Error: no"}, bot.WatchRelease{App: "shop-us", ID: "r1", Stage: "production", Promotion: 7}, release},
		{"a release that succeeded", failing{release: bot.ReleaseSucceeded, text: "Error: no"}, bot.WatchRelease{App: "shop-us", ID: "r1", Stage: "production", Promotion: 7}, rows.Output{}},
	} {
		for _, err := range []error{nil, errors.New("the database is gone")} {
			k := &keeper{err: err}
			p := platform.Performer{Platforms: map[string]platform.Platform{bot.PlatformHeroku: c.on}, Allow: allow, Keeper: k}
			target := bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, Platform: bot.PlatformHeroku}
			if learned, err := p.Perform(t.Context(), target, bot.Effect{Key: "x", Attempt: 1, At: at, Do: c.do}); err != nil || learned == nil {
				t.Errorf("%s should be learned, got %v, %v", c.name, learned, err)
			}
			var want []rows.Output
			if c.want.ID != "" {
				c.want.Text = "Error: no\n"
				want = append(want, rows.NewOutput(c.want))
			}
			if !reflect.DeepEqual(k.kept, want) {
				t.Errorf("%s should lead to %+v, got %+v", c.name, want, k.kept)
			}
		}
	}
}
