package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// rehearsed reports whether every app of a stage has the copy that a promotion needs. If not, it requests the copies.
// The first request enters the stage.
func (d *decision) rehearsed(sha, stage string, n int) bool {
	cfg, _ := d.State.Config.Stage(stage)
	if cfg.Rehearse == nil {
		return true
	}
	ready := true
	for _, app := range d.AppsOf(stage) {
		cp, made := d.State.Copies[app]
		ours := made && cp.Stage == stage && cp.Promotion == n
		switch {
		case ours && cp.Ready:
			continue
		case !made, ours && cp.ID == "":
			d.want(pipeline.CopyKey(stage, n, app), bot.MakeCopy{
				Stage: stage, Promotion: n, App: app, From: cfg.Rehearse.CopyFrom, Command: cfg.Rehearse.Command, SHA: sha,
			})
		}
		ready = false // it is being made, or the one before it is being removed
	}
	return ready
}

// keepCopies looks at the copies that are being made, and removes those that no promotion needs.
func (d *decision) keepCopies() {
	for _, app := range pipeline.SortedKeys(d.State.Copies) {
		cp := d.State.Copies[app]
		switch key := pipeline.CopyKey(cp.Stage, cp.Promotion, app); {
		case d.State.Wanted(cp):
			if cp.ID != "" && !cp.Ready && d.Due(cp.LookAt) {
				d.want(pipeline.WatchCopyKey(cp.Stage, cp.Promotion, app), bot.WatchCopy{Stage: cp.Stage, Promotion: cp.Promotion, App: app, ID: cp.ID, Platform: cp.Platform})
			}
		case d.State.Pending[key].Underway && !d.mayTry(d.State.Pending[key]):
			// A request for it is under way.
		case d.Due(cp.RetryAt):
			d.want(pipeline.RemoveCopyKey(cp.Stage, cp.Promotion, app), bot.RemoveCopy{Stage: cp.Stage, Promotion: cp.Promotion, App: app, ID: cp.ID, Platform: cp.Platform})
		}
	}
}
