package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Every commit is released by its own version of the pipeline's file, or not at all. An unread file might require an
// approval, or name other apps. In force is the file of the newest commit whose file was read; if it is not valid, the
// last valid one before it.

// unreadAgain is the pause before a file is read again that GitHub refused to show. unreadLater is the pause for
// commits older than unreadOld.
const (
	unreadAgain = time.Minute
	unreadLater = 10 * time.Minute
	unreadOld   = time.Hour
)

// readConfig reads the pipeline's file of every commit that may still enter a stage, newest first.
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

// readFileAt reads the file as of a commit. A reading that GitHub refused is repeated later.
func (d *decision) readFileAt(ref string, heardAt time.Time, unread string, askedAt time.Time) {
	again := unreadAgain
	if d.Now.Sub(heardAt) > unreadOld {
		again = unreadLater
	}
	if unread == "" || d.Due(askedAt.Add(again)) {
		d.want(pipeline.ConfigKey(ref), bot.ReadConfig{Ref: ref})
	}
}
