package decide

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// readSources reads the contents of a build's source before another commit uses the build. Builds ahead of a merge are
// expected to be used so. Once a day the newest commit's is read, too, for what it lacks.
func (d *decision) readSources() {
	prepare, looked := d.State.Config.Prepare, d.lookedInto()
	var sought map[string][]string
	for _, key := range pipeline.SortedKeys(d.State.Builds) {
		r := d.State.Builds[key]
		if r.ID == "" || r.Tree == "" || r.Source != "" {
			continue
		}
		do := bot.ReadSource{SHA: r.SHA, Tree: r.Tree}
		if prepare.Reuse != bot.ReuseCommit && pipeline.ReadBuildKey(key).Kind != pipeline.OfCommit {
			if sought == nil {
				sought = d.Sought()
			}
			ahead := (r.Pull != 0 || r.Group != "") && !prepare.Apart()
			if ahead || slices.ContainsFunc(sought[key], func(sha string) bool { return sha != r.SHA }) {
				d.want(pipeline.SourceKey(r.Tree), do)
			}
		}
		if r.SHA == looked {
			d.wantIdle(pipeline.SourceKey(r.Tree), do)
		}
	}
}

// lookedInto returns the newest commit if no source of the branch was read within inspectAgain; else empty.
func (d *decision) lookedInto() string {
	n := len(d.State.Candidates)
	if read := d.State.Sources.ReadAt; n == 0 || !read.IsZero() && d.Now.Before(read.Add(inspectAgain)) {
		return ""
	}
	return d.State.Candidates[n-1].SHA
}
