package platform_test

import (
	"context"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// recorder is a platform that notes which apps left maintenance mode, and whose
// copies were removed.
type recorder struct {
	platform.Platform
	off, removed []string
}

func (r *recorder) SetMaintenance(_ context.Context, app string, _ bool) error {
	r.off = append(r.off, app)
	return nil
}

func (r *recorder) RemoveCopy(_ context.Context, c platform.Copy) error {
	r.removed = append(r.removed, c.ID)
	return nil
}

// What was begun on one platform is ended there, also after the pipeline's file
// has moved to another one.
func TestEndsWhereItBegan(t *testing.T) {
	old, now := &recorder{}, &recorder{}
	allow, err := platform.ParseAllow("acme/shop=shop-*")
	if err != nil {
		t.Fatal(err)
	}
	p := platform.Performer{Platforms: map[string]platform.Platform{bot.PlatformHeroku: old, bot.PlatformLocal: now}, Allow: allow}
	target := bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, Platform: bot.PlatformLocal}
	for _, do := range []bot.Action{
		bot.SetMaintenance{App: "shop-us", Platform: bot.PlatformHeroku},
		bot.RemoveCopy{App: "shop-rehearsal", ID: "copy1", Platform: bot.PlatformHeroku},
		bot.SetMaintenance{App: "shop-ca"},
	} {
		if _, err := p.Perform(context.Background(), target, bot.Effect{Key: bot.NameOf(do), Attempt: 1, Do: do}); err != nil {
			t.Errorf("%+v: %v", do, err)
		}
	}
	if len(old.off) != 1 || old.off[0] != "shop-us" || len(old.removed) != 1 || len(now.off) != 1 || now.off[0] != "shop-ca" || len(now.removed) != 0 {
		t.Errorf("maintenance mode ended on %v of the old platform and %v of the new one, copies were removed from %v and %v", old.off, now.off, old.removed, now.removed)
	}
}
