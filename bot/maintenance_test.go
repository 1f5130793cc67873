package bot_test

import (
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// A pipeline that moves to another platform while maintenance mode is on ends it
// where it was turned on.
func TestMaintenanceEndsWhereItBegan(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := pipeline.State{
		Pipeline: bot.Key{Repo: bottest.Repo}, Configured: true,
		Config: bot.Config{Platform: bot.PlatformHeroku, Stages: []bot.Stage{{Name: "production", Apps: []string{"shop-us"}}}},
	}
	on := bot.Effect{Key: "maintenance shop-us", Attempt: 1, At: at, Since: at, Do: bot.SetMaintenance{Stage: "production", App: "shop-us", On: true}}
	s = apply.Apply(s, bot.Event{At: at, Fact: bot.Started{Effect: on}})
	s = apply.Apply(s, bot.Event{At: at, Fact: bot.Finished{Effect: on, Outcome: bot.Done, Fact: bot.MaintenanceSet{}}})
	s.Config.Platform = bot.PlatformLocal
	for _, e := range decide.Decide(s, at.Add(time.Minute)).Effects {
		if do, ok := e.Do.(bot.SetMaintenance); ok {
			if do.On || do.Platform != bot.PlatformHeroku {
				t.Errorf("maintenance mode should end on heroku, the effect is %+v", do)
			}
			return
		}
	}
	t.Error("maintenance mode should end")
}
