package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// warned appends a promotion's warnings to a text.
func warned(text string, p pipeline.Progress) string {
	list := append(slices.Clip(p.Warnings), AbsentTexts(p.Absent)...)
	if len(list) == 0 {
		return text
	}
	return text + "; ⚠️ " + strings.Join(list, "; ")
}

// warningLines are a promotion's warnings for the comment.
func warningLines(v *gate.View, c *pipeline.Candidate) string {
	var b strings.Builder
	for _, stage := range v.State.Config.StageNames() {
		for _, w := range c.Progress[stage].Warnings {
			fmt.Fprintf(&b, "\n⚠️ %s: %s\n", words.Text(stage), words.Text(w))
		}
		b.WriteString(absentLines(c.Progress[stage].Absent))
	}
	return b.String()
}

// warnings lists all warnings about a stage's apps.
func warnings(v *gate.View, stage string) (list []string) {
	cfg, _ := v.State.Config.Stage(stage)
	for _, app := range cfg.Apps {
		list = append(list, v.State.Inspections[app].Warnings...)
	}
	return list
}
