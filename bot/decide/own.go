package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// readRules reads what GitHub requires where something waits to be merged and no commit's checks are read. A reading of
// checks includes the rules.
func (d *decision) readRules() {
	newest := d.mergeable()
	if d.State.Branch() == "" || !render.Sought(d.State) || newest.IsZero() {
		return
	}
	if d.State.Configured && !d.State.Config.Checks.None && len(d.State.Candidates) > 0 {
		return
	}
	if read := bot.Later(d.State.Required.ReadAt, d.State.RulesAt); newest.After(read.Add(staleRules)) {
		d.want(pipeline.RulesKey, bot.ReadRules{Branch: d.State.Branch()})
	} else if d.overdue(d.rereadSince(read, read.Add(sweepQuiet))) {
		d.wantIdle(pipeline.RulesKey, bot.ReadRules{Branch: d.State.Branch()})
	}
}

// mergeable returns when the newest mergeable head was seen; zero: there is none.
func (d *decision) mergeable() (newest time.Time) {
	for _, p := range d.State.Pulls {
		if p.Open && p.Base == d.State.Branch() {
			newest = bot.Later(newest, p.SeenAt)
		}
	}
	for i := range d.State.Groups {
		if g := &d.State.Groups[i]; g.Branch == d.State.Branch() && g.Live(d.Now) {
			newest = bot.Later(newest, g.SeenAt)
		}
	}
	return newest
}

// listPulls looks once for pull requests that were opened before Headstart was set up, where GitHub will not merge them
// without headstart/build.
func (d *decision) listPulls() {
	if d.State.Configured && d.State.PullsListed.IsZero() && d.State.Required.Has(d.State.Context(bot.BuildContext)) {
		d.want(pipeline.ListPullsKey, bot.ListPullRequests{})
	}
}
