package render

import (
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Sections are the other pipelines' sections of a pull request's comment: in the order of the file, then those it no
// longer names.
func Sections(v *gate.View, p pipeline.PullRequest) string {
	if len(p.Sections) == 0 {
		return ""
	}
	by := map[string]string{}
	for _, x := range p.Sections {
		by[x.Pipeline] = x.Body
	}
	text := ""
	for _, name := range v.State.Names {
		text += words.After("\n", by[name])
		delete(by, name)
	}
	for _, name := range pipeline.SortedKeys(by) {
		text += "\n" + by[name]
	}
	return text
}
