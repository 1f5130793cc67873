package bot

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// TakeTurn tells a pipeline to look at the queue of a prepare app: it is its turn, or
// somebody presses for its place. It is no effect of the pipeline's own.
type TakeTurn struct{ App string }

// Called is a pipeline that was told to look at the queue of an app.
type Called struct{ App string }

// QueuesSeen are the queues of those prepare apps in which the pipeline stands together
// with others; all that was seen before is over.
type QueuesSeen struct{ Queues map[string]BuildQueue }

func (TakeTurn) traits() Traits {
	return Traits{To: ToPipelines, Answers: []Fact{Called{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

func (Called) fact()     {}
func (QueuesSeen) fact() {}

// Look returns what the pipeline is told of queues, as they were read; asked are those
// in which it may not stand yet. ok is false where that is nothing new.
func (s State) Look(lines map[string]BuildQueue, asked map[string]bool, now time.Time) (seen QueuesSeen, ok bool) {
	for app, line := range lines {
		mine := line.of(s.Pipeline)
		others := slices.ContainsFunc(line, func(o QueueEntry) bool { return o.Pipeline != s.Pipeline && o.Active() })
		if !others || !mine.Active() && !asked[app] {
			continue
		}
		line = slices.DeleteFunc(slices.Clone(line), func(o QueueEntry) bool {
			return o.Pipeline != s.Pipeline && o.Over(now)
		})
		put(&seen.Queues, app, line)
	}
	return seen, len(seen.Queues)+len(s.Queues) > 0 && !reflect.DeepEqual(seen.Queues, s.Queues)
}

// taking says of those places where a build begins what that build is.
func taking(places []QueueClaim, takes map[string]Rank) []QueueClaim {
	for i := range places {
		if p := &places[i]; p.Builds {
			p.Takes = takes[p.App]
		}
	}
	return places
}

// turn reports whether a build of a rank may begin on an app, for all that is known of
// its queue. Whoever keeps that has the last word.
func (d *decision) turn(app string, r Rank) bool {
	line, contended := d.s.Queues[app]
	return !contended || line.Lets(d.s.Pipeline, r, d.now)
}

// rankOf is what a candidate waits with.
func (d *view) rankOf(c *Candidate) Rank {
	switch {
	case c.FromPull:
		return RankFromPull
	case c.hurried():
		return RankUrgent
	}
	return RankBranch
}

// hurried reports whether somebody asked for the candidate urgently.
func (c *Candidate) hurried() bool {
	for _, o := range c.Ordered {
		if o.Urgent {
			return true
		}
	}
	return false
}

// queue has what waits stand in the queues of the apps that could build it, where
// others have a part in why it waits.
func (d *decision) queue(apps []string, key string, r BuildRun, rank Rank) {
	for _, app := range apps {
		f := d.s.Pending[buildEffect(app, key)]
		_, refused := r.Refused[app]
		_, contended := d.s.Queues[app]
		if refused || !contended || f.Underway || d.now.Before(f.NotBefore) || !d.occupies(app) && d.turn(app, rank) {
			continue
		}
		if w := d.waits[app]; w == RankNone || rank < w {
			put(&d.waits, app, rank)
		}
		d.wake(d.now.Add(lineAgain))
	}
}

// occupies reports whether a build of ours occupies an app, or is about to.
func (d *decision) occupies(app string) bool {
	for _, r := range d.s.Builds {
		if r.Active() && r.App == app && r.Stage == "" {
			return true
		}
	}
	return slices.Contains(slices.Collect(maps.Values(d.starting)), app)
}

// press asks another pipeline for its place, where that would give it.
func (d *decision) press(apps []string, r BuildRun) {
	for _, app := range apps {
		if d.presses != "" {
			return // one at a time, the branch's first
		}
		if _, refused := r.Refused[app]; refused || d.waits[app] == RankNone {
			continue
		}
		if b := d.s.Queues[app].without(d.s.Pipeline).builder(d.now); b != nil && b.Yields {
			d.presses = app
			return
		}
	}
}

// giveWay cancels builds whose places others press for.
func (d *decision) giveWay() {
	for _, app := range sortedKeys(d.s.Queues) {
		if !d.s.Queues[app].pressed(d.s.Pipeline) {
			continue
		}
		for _, key := range sortedKeys(d.s.Builds) {
			if r := d.s.Builds[key]; r.App == app && r.Stage == "" && r.Status == RunRunning && d.yields(key) {
				if effect := cancelKey(r); !r.Cancelling || d.s.Pending[effect].Attempt > 0 {
					d.want(effect, CancelBuild{App: r.App, ID: r.ID, Tree: key})
				}
			}
		}
	}
}

// yields reports whether a build is one that gives way to a branch or a merge group.
func (d *decision) yields(key string) bool {
	r := d.s.Builds[key]
	return (r.Pull != 0 || r.Group != "") && !d.neededByBranch(key)
}

// claims is where the pipeline stands in queues.
func (d *decision) claims() []QueueClaim {
	byApp := map[string]QueueClaim{}
	for key, r := range d.s.Builds {
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
	var list []QueueClaim
	for _, app := range sortedKeys(byApp) {
		p := byApp[app]
		p.App = app
		list = append(list, p)
	}
	return list
}
