package decide

import "github.com/headstart-cd/headstart/bot/pipeline"

// Four eyes: when a person with write access approves, the makers of every change between the stage and the candidate
// are read first. The comment is run when they are known. They are kept while the approval is unused, because it is
// checked against them again when the candidate enters.

// readMakers reads who made the changes that a comment may approve, and reports whether all are known. Nothing is read
// for people without write access.
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

// readApproved reads the makers for approvals given before the stage required four eyes.
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
