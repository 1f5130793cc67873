package decide

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// readSources reads the contents of a build's source before another commit uses the build. Builds ahead of a merge are
// expected to be used so.
func (d *decision) readSources() {
	prepare := d.State.Config.Prepare
	if prepare.Reuse == bot.ReuseCommit {
		return
	}
	var sought map[string][]string
	for _, key := range pipeline.SortedKeys(d.State.Builds) {
		r := d.State.Builds[key]
		if r.ID == "" || r.Tree == "" || r.Source != "" || pipeline.ReadBuildKey(key).Kind == pipeline.OfCommit {
			continue
		}
		if sought == nil {
			sought = d.Sought()
		}
		ahead := (r.Pull != 0 || r.Group != "") && !prepare.Apart()
		if ahead || slices.ContainsFunc(sought[key], func(sha string) bool { return sha != r.SHA }) {
			d.want(pipeline.SourceKey(r.Tree), bot.ReadSource{SHA: r.SHA, Tree: r.Tree})
		}
	}
}
