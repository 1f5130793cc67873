package decide

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// steer takes the next steps with each comment that has commands. It reacts, finds out who asks (which runs the
// commands), answers questions, and reacts with the result.
func (d *decision) steer() {
	for i := range d.State.Requests {
		r := &d.State.Requests[i]
		if r.Closed != "" {
			continue
		}
		if r.Silent {
			d.want(pipeline.CloseKey(r), bot.React{Comment: r.Comment, Content: pipeline.ReactionNot})
			continue
		}
		if r.Via != "" {
			d.ask(r)
			continue
		}
		if r.Actor == nil && d.waitsForAnother(r) {
			continue
		}
		if !r.Seen && d.reactsAtOnce(r) {
			d.want(pipeline.SeenKey(r), bot.React{Comment: r.Comment, Content: pipeline.ReactionSeen})
		}
		if r.Route != nil {
			d.route(r)
			continue
		}
		if r.Actor == nil && !d.readMakers(r) {
			continue // what it approves is judged once the makers are known
		}
		if r.Actor == nil {
			d.want(pipeline.ActorKey(r), bot.ReadActor{
				Comment: r.Comment, Number: r.Number, User: r.User, UserID: r.UserID, Teams: d.teams(), Brief: !d.reactsAtOnce(r),
			})
			continue
		}
		if !r.Replied && r.Asks() && !d.reply(r) {
			continue
		}
		if r.Seen && !slices.ContainsFunc(r.Answers, func(a pipeline.Answer) bool { return a.Open }) {
			d.want(pipeline.CloseKey(r), bot.React{Comment: r.Comment, Content: r.Reaction()})
		}
	}
	d.cancelBuilds()
}

// ask finds out what the author of a command may do that is no comment. Nothing shows that it was read but its answer.
func (d *decision) ask(r *pipeline.Request) {
	if r.Actor == nil && d.readMakers(r) {
		d.want(pipeline.ActorKey(r), bot.ReadActor{Comment: r.Comment, User: r.User, UserID: r.UserID, Teams: d.teams()})
	}
}

// teams lists the teams that any stage allows to give commands.
func (d *decision) teams() []string {
	var list []string
	for _, stage := range d.State.Config.Stages {
		for _, team := range pipeline.TeamsOf(stage.Allow) {
			if !slices.Contains(list, team) {
				list = append(list, team)
			}
		}
	}
	return list
}

// reply answers a comment's questions, and reports whether that is done.
func (d *decision) reply(r *pipeline.Request) bool {
	if base, head := d.Planned(r); base != "" && r.Changes == nil {
		d.want(pipeline.ChangesKey(r), bot.ReadChanges{Base: base, Head: head, Comment: r.Comment})
		return false
	}
	list := d.answeredWith(r)
	if list[0] != r {
		return false // it is answered together with that comment
	}
	do := bot.Reply{Number: r.Number, Comment: r.Comment, Replace: d.State.Pulls[r.Number].Answer, Body: render.WithSignature(d.View, d.repliesTo(list))}
	for _, o := range list[1:] {
		do.Also = append(do.Also, o.Comment)
	}
	d.want(pipeline.ReplyKey(r), do)
	return false
}

// cancelBuilds stops builds that only cancelled candidates need.
func (d *decision) cancelBuilds() {
	for i := range d.State.Candidates {
		c := &d.State.Candidates[i]
		key := d.State.KeyOf(c)
		r := d.State.Builds[key]
		if c.Cancelled == nil || r.Status != pipeline.RunRunning || r.Stage != "" || d.neededByBranch(key) || d.neededByPull(key) {
			continue
		}
		d.want(pipeline.CancelKey(r), bot.CancelBuild{App: r.App, ID: r.ID, Tree: key})
	}
}

// neededByPull reports whether an open pull request would merge as the tree that is built.
func (d *decision) neededByPull(key string) bool {
	for _, p := range d.State.Pulls {
		if p.Open && p.TestTree != "" && d.State.AheadKey(p.TestMerge, p.TestTree) == key {
			return true
		}
	}
	return false
}
