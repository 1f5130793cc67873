package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Every commit is released by its own version of the pipeline's file, or not at all:
// what could not be read might ask for an approval, or name other apps. In force is
// the file of the newest commit of which it was read; where that one is not valid, the
// last good one before it.

// unreadAgain is how long after GitHub has refused to show a file it is asked again;
// unreadLater is for commits that are older than unreadOld.
const (
	unreadAgain = time.Minute
	unreadLater = 10 * time.Minute
	unreadOld   = time.Hour
)

// readConfig reads the pipeline's file as of every commit that may still enter a
// stage, the newest first.
func (d *decision) readConfig() {
	for i := len(d.State.Candidates) - 1; i >= 0; i-- {
		c := &d.State.Candidates[i]
		if c.ConfigRead || i < len(d.State.Candidates)-1 && (!d.State.Configured || d.Overtaken(c, d.FirstStage())) {
			continue
		}
		d.readFileAt(c.SHA, c.SeenAt, c.ConfigUnread, c.ConfigAskedAt)
	}
	d.readTrunk()
	d.readStrays()
}

// readFileAt reads the file as of a commit, and again later where GitHub has refused to
// show it.
func (d *decision) readFileAt(ref string, heardAt time.Time, unread string, askedAt time.Time) {
	again := unreadAgain
	if d.Now.Sub(heardAt) > unreadOld {
		again = unreadLater
	}
	if unread == "" || d.Due(askedAt.Add(again)) {
		d.want(pipeline.ConfigKey(ref), bot.ReadConfig{Ref: ref})
	}
}
