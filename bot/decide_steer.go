package bot

import (
	"slices"
)

// The reactions on a comment: it was read, everything in it was done, something
// was not.
const (
	reactionSeen = "eyes"
	reactionDone = "rocket"
	reactionNot  = "-1"
)

// steer takes each comment with commands through its steps: people see that it
// was read, who asks is found out (which runs the commands), questions are
// answered, and the last reaction says how it went.
func (d *decision) steer() {
	for i := range d.s.Requests {
		r := &d.s.Requests[i]
		if r.Closed != "" {
			continue
		}
		if r.Silent {
			d.want(closeKey(r), React{Comment: r.Comment, Content: reactionNot})
			continue
		}
		if r.Actor == nil && d.waitsForAnother(r) {
			continue
		}
		if !r.Seen && d.reactsAtOnce(r) {
			d.want(seenKey(r), React{Comment: r.Comment, Content: reactionSeen})
		}
		if r.Route != nil {
			d.route(r)
			continue
		}
		if r.Actor == nil && !d.readMakers(r) {
			continue // what is approved is judged when it is known who made it
		}
		if r.Actor == nil {
			d.want(actorKey(r), ReadActor{
				Comment: r.Comment, Number: r.Number, User: r.User, UserID: r.UserID, Teams: d.teams(), Brief: !d.reactsAtOnce(r),
			})
			continue
		}
		if !r.Replied && r.asks() && !d.reply(r) {
			continue
		}
		if r.Seen && !slices.ContainsFunc(r.Answers, func(a Answer) bool { return a.Open }) {
			d.want(closeKey(r), React{Comment: r.Comment, Content: r.reaction()})
		}
	}
	d.cancelBuilds()
}

// asks reports whether the comment has a question that is answered in a comment
// of its own.
func (r *Request) asks() bool {
	return !r.Stale && slices.ContainsFunc(r.Commands, func(c Command) bool { return c.Problem == "" && c.Verb.Asks() })
}

func (r *Request) reaction() string {
	if slices.ContainsFunc(r.Answers, func(a Answer) bool { return !a.OK }) {
		return reactionNot
	}
	return reactionDone
}

// teams lists the teams that any stage lets command it.
func (d *decision) teams() []string {
	var list []string
	for _, stage := range d.s.Config.Stages {
		for _, team := range teamsOf(stage.Allow) {
			if !slices.Contains(list, team) {
				list = append(list, team)
			}
		}
	}
	return list
}

// reply answers a comment's questions, and reports whether that is done.
func (d *decision) reply(r *Request) bool {
	if base, head := d.planned(r); base != "" && r.Changes == nil {
		d.want(changesKey(r), ReadChanges{Base: base, Head: head, Comment: r.Comment})
		return false
	}
	list := d.answeredWith(r)
	if list[0] != r {
		return false // it is answered with that one
	}
	do := Reply{Number: r.Number, Comment: r.Comment, Replace: d.s.Pulls[r.Number].Answer, Body: d.signed(d.repliesTo(list))}
	for _, o := range list[1:] {
		do.Also = append(do.Also, o.Comment)
	}
	d.want(replyKey(r), do)
	return false
}

// planned is what has to be compared to answer /plan; empty if nothing.
func (d *view) planned(r *Request) (base, head string) {
	if !slices.ContainsFunc(r.Commands, func(c Command) bool { return c.Problem == "" && c.Verb == VerbPlan }) {
		return "", ""
	}
	stages := d.s.Config.Stages
	base = d.s.Stages[stages[len(stages)-1].Name].Live.commit()
	head = r.Actor.Pull.Head
	if r.Actor.Pull.Merged {
		head = r.Actor.Pull.MergeSHA
	}
	if head == "" || base == head {
		return "", ""
	}
	return base, head
}

// cancelBuilds stops builds that only cancelled candidates need.
func (d *decision) cancelBuilds() {
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		key := d.s.keyOf(c)
		r := d.s.Builds[key]
		if c.Cancelled == nil || r.Status != RunRunning || r.Stage != "" || d.neededByBranch(key) || d.neededByPull(key) {
			continue
		}
		d.want(cancelKey(r), CancelBuild{App: r.App, ID: r.ID, Tree: key})
	}
}

// neededByPull reports whether an open pull request would merge as the tree that
// is built.
func (d *decision) neededByPull(key string) bool {
	for _, p := range d.s.Pulls {
		if p.Open && p.TestTree != "" && d.s.aheadKey(p.TestMerge, p.TestTree) == key {
			return true
		}
	}
	return false
}
