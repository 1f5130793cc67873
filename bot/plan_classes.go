package bot

import (
	"fmt"
	"slices"
	"strings"
)

// plannedAsks says which classes of change a merge would bring, beside what the
// last stage runs, and what each stage would ask for because of them.
func (d *view) plannedAsks(ch *ChangesRead) string {
	classes, why := d.plannedClasses(ch)
	var b strings.Builder
	if len(d.s.Config.Changes) > 0 {
		switch {
		case why != "":
			fmt.Fprintf(&b, "- Classes of change: %s, so that they count as all of them: %s\n", text(why), text(strings.Join(classes, ", ")))
		case len(classes) == 0:
			b.WriteString("- Classes of change: none\n")
		default:
			fmt.Fprintf(&b, "- Classes of change: %s\n", text(strings.Join(classes, ", ")))
		}
	}
	others := why != ""
	if !others {
		_, others = d.s.Config.classesOf(ch.Files)
	}
	for i, stage := range d.s.Config.Stages {
		if i > 0 && len(classes) > 0 && !others && within(classes, stage.Skip) {
			fmt.Fprintf(&b, "- It would pass %s by: only %s changed\n", text(stage.Name), text(names(classes)))
			continue
		}
		var held []string
		for _, h := range stage.Hold {
			switch {
			case !slices.Contains(classes, h.Class):
			case h.Window != "":
				fmt.Fprintf(&b, "- %s would wait for the window %s: %s\n", capital(text(stage.Name)), text(h.Window), text(h.Class))
			default:
				held = append(held, h.Class)
			}
		}
		if stage.Approval || len(held) > 0 {
			reason := ""
			if !stage.Approval {
				reason = ": " + strings.Join(held, ", ")
			}
			fmt.Fprintf(&b, "- %s would need `/approve %s` by %s%s\n", capital(text(stage.Name)), code(d.s.qualified(stage.Name)), text(approvers(stage)), text(reason))
		}
		var maintained []string
		for _, class := range stage.Maintenance {
			if slices.Contains(classes, class) {
				maintained = append(maintained, class)
			}
		}
		if len(maintained) > 0 {
			fmt.Fprintf(&b, "- %s would be in maintenance mode during the release: %s\n", capital(text(stage.Name)), text(strings.Join(maintained, ", ")))
		}
	}
	return b.String()
}

// plannedClasses lists the classes of what a merge would bring; all of them where
// that is not known, and why.
func (d *view) plannedClasses(ch *ChangesRead) (classes []string, why string) {
	live := d.s.Stages[d.lastStage()].Live
	cfg := d.s.Config.Stages[len(d.s.Config.Stages)-1]
	switch {
	case live.SHA == "" && !d.s.seenAll(cfg):
		why = "what " + d.lastStage() + " runs is not known yet"
	case live.SHA == "":
		why = "nothing is live on " + d.lastStage() + " yet"
	case live.Adopted != nil && live.unlike(cfg.Apps) != "":
		why = live.unlike(cfg.Apps)
	case live.commit() == "":
		why = "the apps of " + d.lastStage() + " do not all run the same"
	case ch == nil || ch.Relation == "":
		why = "GitHub does not tell which files differ"
	case !ch.Complete:
		why = "GitHub does not list all files that differ"
	default:
		classes, _ = d.s.Config.classesOf(ch.Files)
		return classes, ""
	}
	return d.s.Config.classNames(), why
}

// within reports whether every one of some classes is among others.
func within(classes, of []string) bool {
	return !slices.ContainsFunc(classes, func(class string) bool { return !slices.Contains(of, class) })
}
