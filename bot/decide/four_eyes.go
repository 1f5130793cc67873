package decide

import "github.com/headstart-cd/headstart/bot/pipeline"

// Who made what lies between a stage and a candidate is read when somebody approves there
// who may write. The comment is run when that is known. What was read stays as long as the approval waits to be used: it is held against it once more
// when the candidate enters.

// readMakers reads who made what a comment may approve, and reports whether that is known by
// now. It is not asked for strangers.
func (d *decision) readMakers(r *pipeline.Request) bool {
	if r.MakersRead == "" {
		return true
	}
	open := d.State.UnreadPeople(r)
	for _, key := range pipeline.SortedKeys(open) {
		d.want(key, open[key])
	}
	return len(open) == 0
}

// readApproved reads it for approvals that were given when the stage had no four eyes yet.
func (d *decision) readApproved() {
	if !d.State.Config.AnyFourEyes() {
		return
	}
	for key, do := range d.State.Approved() {
		if _, read := d.State.People[key]; !read {
			d.want(key, do)
		}
	}
}
