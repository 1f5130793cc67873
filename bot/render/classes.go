package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// needsNotice is the status of a candidate that waits for other pipelines. It is renewed when the candidate waits for
// something else there.
func needsNotice(v *gate.View, c *pipeline.Candidate, stage string, g gate.Gate) *Notice {
	phase := string(gate.Needs)
	cfg, _ := v.State.Config.Stage(stage)
	for _, need := range cfg.Needs {
		seen, asked := c.Needs[need.String()]
		if !asked {
			return nil // the answer comes at once
		}
		phase += " " + seen.SHA + " " + seen.Missing
	}
	return pendingNotice(bot.Phase(phase), "Waiting: "+g.Text, "")
}

// plannedAsks states which classes of change a merge would add to the last stage's live commit, and what each stage
// would require for them.
func plannedAsks(v *gate.View, ch *bot.ChangesRead) string {
	classes, why := plannedClasses(v, ch)
	var b strings.Builder
	if len(v.State.Config.Changes) > 0 {
		switch {
		case why != "":
			fmt.Fprintf(&b, "- Classes of change: %s, so that they count as all of them: %s\n", words.Text(why), words.Text(strings.Join(classes, ", ")))
		case len(classes) == 0:
			b.WriteString("- Classes of change: none\n")
		default:
			fmt.Fprintf(&b, "- Classes of change: %s\n", words.Text(strings.Join(classes, ", ")))
		}
	}
	others := why != ""
	if !others {
		_, others = v.State.Config.ClassesOf(ch.Files)
	}
	for i, stage := range v.State.Config.Stages {
		if i > 0 && len(classes) > 0 && !others && gate.SubsetOf(classes, stage.Skip) {
			fmt.Fprintf(&b, "- It would pass %s by: only %s changed\n", words.Text(stage.Name), words.Text(words.Names(classes)))
			continue
		}
		var held []string
		for _, h := range stage.Hold {
			switch {
			case !slices.Contains(classes, h.Class):
			case h.Window != "":
				fmt.Fprintf(&b, "- %s would wait for the window %s: %s\n", words.Capital(words.Text(stage.Name)), words.Text(h.Window), words.Text(h.Class))
			default:
				held = append(held, h.Class)
			}
		}
		if stage.Approval || len(held) > 0 {
			reason := ""
			if !stage.Approval {
				reason = ": " + strings.Join(held, ", ")
			}
			fmt.Fprintf(&b, "- %s would need `/approve %s` by %s%s\n", words.Capital(words.Text(stage.Name)), words.Code(v.State.Qualified(stage.Name)), words.Text(gate.Approvers(stage)), words.Text(reason))
		}
		var maintained []string
		for _, class := range stage.Maintenance {
			if slices.Contains(classes, class) {
				maintained = append(maintained, class)
			}
		}
		if len(maintained) > 0 {
			fmt.Fprintf(&b, "- %s would be in maintenance mode during the release: %s\n", words.Capital(words.Text(stage.Name)), words.Text(strings.Join(maintained, ", ")))
		}
	}
	return b.String()
}

// plannedClasses lists the classes of change of a merge. If they are unknown it lists all, and why says why.
func plannedClasses(v *gate.View, ch *bot.ChangesRead) (classes []string, why string) {
	live := v.State.Stage(v.LastStage()).Live
	cfg := v.State.Config.Stages[len(v.State.Config.Stages)-1]
	switch {
	case live.SHA == "" && !gate.AllInspected(v.State, cfg):
		why = "what " + v.LastStage() + " runs is not known yet"
	case live.SHA == "":
		why = "nothing is live on " + v.LastStage() + " yet"
	case live.Adopted != nil && live.Unlike(cfg.Apps) != "":
		why = live.Unlike(cfg.Apps)
	case live.Commit() == "":
		why = "the apps of " + v.LastStage() + " do not all run the same"
	case ch == nil || ch.Relation == "":
		why = "GitHub does not tell which files differ"
	case !ch.Complete:
		why = "GitHub does not list all files that differ"
	default:
		classes, _ = v.State.Config.ClassesOf(ch.Files)
		return classes, ""
	}
	return v.State.Config.ClassNames(), why
}
