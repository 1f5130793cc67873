package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// What a pipeline has said newest stands in the comment, in whatever order it comes.
func TestSectionsInAnyOrder(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	section := func(pipeline, body string, last int) bot.Section {
		return bot.Section{Pipeline: pipeline, Number: 7, Body: body, At: at.Add(time.Duration(last) * time.Second)}
	}
	s := pipeline.State{Pipeline: bot.Key{Repo: bottest.Repo}, Names: []string{"web", "api"}, Opened: []string{"web", "api"}}
	for _, f := range []bot.Section{
		section("api", "building", 1), section("web", "live", 2), section("api", "live", 3), section("api", "building", 1), section("gone", "left", 1),
	} {
		s = apply.Apply(s, bot.Event{At: at.Add(time.Minute), Fact: f})
	}
	for _, e := range decide.Decide(s, at.Add(2*time.Minute)).Effects {
		if do, ok := e.Do.(bot.WriteComment); ok {
			if do.Number != 7 || strings.Join(strings.Fields(strings.TrimPrefix(do.Body, bot.Marker)), " ") != "live live left" {
				t.Errorf("the comment should say what each pipeline said last, in the file's order, it is %q on #%d", do.Body, do.Number)
			}
			return
		}
	}
	t.Error("the comment should be written")
}
