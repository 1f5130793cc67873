package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/words"
)

// adoptedText names, in Markdown, what a stage runs that Headstart did not release; empty: Headstart released it.
func adoptedText(v *gate.View, stage string) string {
	live := v.State.Stage(stage).Live
	if live.Adopted == nil {
		return ""
	}
	cfg, _ := v.State.Config.Stage(stage)
	on := map[string][]string{} // apps by what they ran
	var list []string
	for _, app := range cfg.Apps {
		r, ran := live.Adopted[app]
		if !ran || r.Version == 0 { // it has gone back to what another one ran
			continue
		}
		what := fmt.Sprintf("v%d", r.Version)
		if r.Commit != "" {
			what += " (`" + bot.Short(r.Commit) + "`)"
		}
		if on[what] == nil {
			list = append(list, what)
		}
		on[what] = append(on[what], app)
	}
	if len(list) > 1 || len(live.Adopted) < len(cfg.Apps) {
		for i, what := range list {
			list[i] = what + " on " + words.Text(words.Names(on[what]))
		}
	}
	return fmt.Sprintf("%s, released before Headstart, %s", strings.Join(list, " and "), ago(v.Now.Sub(live.Newest())))
}

// ago formats a duration, as exactly as people care.
func ago(t time.Duration) string {
	count := func(n int, what string) string {
		if n == 1 {
			return "1 " + what + " ago"
		}
		return fmt.Sprintf("%d %ss ago", n, what)
	}
	switch {
	case t < time.Minute:
		return "just now"
	case t < time.Hour:
		return count(int(t.Minutes()), "minute")
	case t < 24*time.Hour:
		return count(int(t.Hours()), "hour")
	}
	return count(int(t.Hours())/24, "day")
}
