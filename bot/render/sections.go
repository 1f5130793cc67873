package render

import (
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Sections are what the other pipelines say of a pull request, in the order of the
// file, and then those that it does not name any more.
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
