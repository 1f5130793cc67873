package decide

import (
	"maps"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// lineAgain is how often a waiting pipeline looks at the queue. Normally it is notified when its turn comes.
const lineAgain = time.Minute

// taking sets Takes of each place where a build begins: the rank of that build.
func taking(places []bot.QueueClaim, takes map[string]bot.Rank) []bot.QueueClaim {
	for i := range places {
		if p := &places[i]; p.Builds {
			p.Takes = takes[p.App]
		}
	}
	return places
}

// turn reports whether a build of a rank may begin on an app, as far as its queue is known here. The store that keeps
// the queue decides.
func (d *decision) turn(app string, r bot.Rank) bool {
	line, contended := d.State.Queues[app]
	return !contended || line.Lets(d.State.Pipeline, r, d.Now)
}

// queue puts a waiting build into the queues of the apps that could build it, where other pipelines compete for the
// app.
func (d *decision) queue(apps []string, key string, r pipeline.BuildRun, rank bot.Rank) {
	for _, app := range apps {
		f := d.State.Pending[pipeline.BuildEffect(app, key)]
		_, refused := r.Refused[app]
		_, contended := d.State.Queues[app]
		if refused || !contended || f.Underway || d.Now.Before(f.NotBefore) || !d.occupies(app) && d.turn(app, rank) {
			continue
		}
		if w := d.waits[app]; w == bot.RankNone || rank < w {
			pipeline.Put(&d.waits, app, rank)
		}
		d.Wake(d.Now.Add(lineAgain))
	}
}

// occupies reports whether a build of this pipeline occupies an app, or is about to.
func (d *decision) occupies(app string) bool {
	for _, r := range d.State.Builds {
		if r.Active() && r.App == app && r.Stage == "" {
			return true
		}
	}
	return slices.Contains(slices.Collect(maps.Values(d.starting)), app)
}

// press asks another pipeline to give up its app, where its build yields.
func (d *decision) press(apps []string, r pipeline.BuildRun) {
	for _, app := range apps {
		if d.presses != "" {
			return // one at a time, the branch's first
		}
		if _, refused := r.Refused[app]; refused || d.waits[app] == bot.RankNone {
			continue
		}
		if b := d.State.Queues[app].Without(d.State.Pipeline).Builder(d.Now); b != nil && b.Yields {
			d.presses = app
			return
		}
	}
}

// giveWay cancels builds whose app another pipeline presses for.
func (d *decision) giveWay() {
	for _, app := range pipeline.SortedKeys(d.State.Queues) {
		if !d.State.Queues[app].Pressed(d.State.Pipeline) {
			continue
		}
		for _, key := range pipeline.SortedKeys(d.State.Builds) {
			if r := d.State.Builds[key]; r.App == app && r.Stage == "" && r.Status == pipeline.RunRunning && d.yields(key) {
				if effect := pipeline.CancelKey(r); !r.Cancelling || d.State.Pending[effect].Attempt > 0 {
					d.want(effect, bot.CancelBuild{App: r.App, ID: r.ID, Tree: key})
				}
			}
		}
	}
}

// yields reports whether a build gives way to a branch or a merge group.
func (d *decision) yields(key string) bool {
	r := d.State.Builds[key]
	return (r.Pull != 0 || r.Group != "") && !d.neededByBranch(key)
}

// claims returns the pipeline's places in the queues.
func (d *decision) claims() []bot.QueueClaim {
	byApp := map[string]bot.QueueClaim{}
	for key, r := range d.State.Builds {
		if r.Active() && r.Stage == "" {
			p := byApp[r.App]
			p.Builds, p.Yields = true, d.yields(key)
			byApp[r.App] = p
		}
	}
	for app, rank := range d.waits {
		p := byApp[app]
		p.Waits, p.Presses = rank, d.presses == app
		byApp[app] = p
	}
	var list []bot.QueueClaim
	for _, app := range pipeline.SortedKeys(byApp) {
		p := byApp[app]
		p.App = app
		list = append(list, p)
	}
	return list
}
