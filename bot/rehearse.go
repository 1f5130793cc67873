package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A rehearsal runs the release phase on an app whose database is a copy of
// another app's. The copy is made when the stage is entered, and waited for; it is
// remembered from the moment that it is asked for, and removed once the promotion
// has ended, whatever became of it, of the stage or of the pipeline's file.

// Copy is a copy of a database that Headstart has asked for and not removed yet.
type Copy struct {
	Stage     string
	Promotion int    // that it was made for
	From      string // whose database it is a copy of
	Platform  string // that it was asked for at
	ID        string // empty: nobody has told yet
	Since     time.Time
	Ready     bool
	Looks     int
	LookAt    time.Time
	LostAt    time.Time // of the newest request for it whose answer was lost
	Reason    string    // why it could not be removed; empty if that was not tried
	RetryAt   time.Time // when to try to remove it again
}

const (
	// copyDeadline is how long a copy may take. Heroku forks large databases in
	// hours.
	copyDeadline = 6 * time.Hour
	// copyAgain is how long after a refusal to remove a copy that is tried again: it
	// costs money, and holds what customers have entrusted.
	copyAgain = 5 * time.Minute
)

// copyInterval is how long to wait before looking again at a copy.
func copyInterval(looks int) time.Duration {
	return min(5*time.Second<<min(looks, 4), time.Minute)
}

// rehearsed reports whether every app of a stage has the copy that a promotion
// wants there, and else asks for them. The first that is asked for enters the
// stage.
func (d *decision) rehearsed(sha, stage string, n int) bool {
	cfg, _ := d.s.Config.Stage(stage)
	if cfg.Rehearse == nil {
		return true
	}
	ready := true
	for _, app := range d.appsOf(stage) {
		cp, made := d.s.Copies[app]
		ours := made && cp.Stage == stage && cp.Promotion == n
		switch {
		case ours && cp.Ready:
			continue
		case !made, ours && cp.ID == "":
			d.want(copyKey(stage, n, app), MakeCopy{
				Stage: stage, Promotion: n, App: app, From: cfg.Rehearse.CopyFrom, Command: cfg.Rehearse.Command, SHA: sha,
			})
		}
		ready = false // it is watched, or the one before it is being removed
	}
	return ready
}

// keepCopies looks at the copies that are being made, and removes those that no
// promotion wants any more.
func (d *decision) keepCopies() {
	for _, app := range sortedKeys(d.s.Copies) {
		cp := d.s.Copies[app]
		switch key := copyKey(cp.Stage, cp.Promotion, app); {
		case d.s.wanted(cp):
			if cp.ID != "" && !cp.Ready && d.due(cp.LookAt) {
				d.want(watchCopyKey(cp.Stage, cp.Promotion, app), WatchCopy{Stage: cp.Stage, Promotion: cp.Promotion, App: app, ID: cp.ID, Platform: cp.Platform})
			}
		case d.s.Pending[key].Underway && !d.mayTry(d.s.Pending[key]):
			// It is being asked for at this moment.
		case d.due(cp.RetryAt):
			d.want(removeCopyKey(cp.Stage, cp.Promotion, app), RemoveCopy{Stage: cp.Stage, Promotion: cp.Promotion, App: app, ID: cp.ID, Platform: cp.Platform})
		}
	}
}

// wanted reports whether the promotion that a copy was made for is under way.
func (s *State) wanted(cp Copy) bool {
	p := s.Stages[cp.Stage].Promoting
	return p != nil && p.N == cp.Promotion
}

// checkRehearsal ends a promotion that waits for a copy which the pipeline's file
// does not ask for any more: without it, nothing is to be released there.
func (s *State) checkRehearsal(stage string, at time.Time) {
	p := s.Stages[stage].Promoting
	if p == nil || !p.Copied || p.hasReleases() {
		return
	}
	for app := range p.Apps {
		if s.Pending[promoteKey(stage, p.N, app)].Attempt > 0 {
			return
		}
	}
	if cfg, _ := s.Config.Stage(stage); !s.Configured || cfg.Rehearse == nil {
		s.closePromotion(stage, ProgressFailed, "the pipeline's file no longer asks for the rehearsal, and it was given up", "", at)
	}
}

func (s *State) copyStarted(do MakeCopy, at time.Time) {
	s.openPromotion(do.Stage, do.SHA, at, "")
	if p := s.Stages[do.Stage].Promoting; p != nil && p.N == do.Promotion {
		p.Copied = true
	}
	s.pin(do.Stage, do.SHA)
	if cp, made := s.Copies[do.App]; !made || cp.Stage != do.Stage || cp.Promotion != do.Promotion {
		put(&s.Copies, do.App, Copy{Stage: do.Stage, Promotion: do.Promotion, From: do.From, Platform: s.Config.Platform, Since: at})
	}
}

// copySeen takes the outcome of asking for a copy or of looking at it.
func (s *State) copySeen(stage string, n int, app string, f Finished, pending PendingEffect, at time.Time) {
	cp, ok := s.Copies[app]
	if !ok || cp.Stage != stage || cp.Promotion != n {
		return
	}
	if _, making := f.Effect.Do.(MakeCopy); making && pending.Unsure {
		cp.LostAt = later(cp.LostAt, pending.LostAt)
	}
	seen, done := f.Fact.(CopySeen)
	reason := ""
	switch {
	case done && !seen.Ready && at.Sub(cp.Since) >= copyDeadline:
		reason = "it was not ready within " + hours(copyDeadline)
		fallthrough
	case done:
		cp.ID, cp.Ready = seen.ID, seen.Ready
		cp.LookAt = at.Add(copyInterval(cp.Looks))
		cp.Looks++
	case f.Outcome == Refuse:
		reason = cmp.Or(f.Reason, "the platform does not say why")
	}
	s.Copies[app] = cp
	if p := s.Stages[stage].Promoting; reason != "" && p != nil && p.N == n && !p.hasReleases() {
		s.closePromotion(stage, ProgressFailed, fmt.Sprintf("the database of %s could not be copied for %s: %s", cp.From, app, reason), "", at)
	}
}

// hasReleases reports whether a promotion has begun a release on some app.
func (p *Promotion) hasReleases() bool {
	for _, a := range p.Apps {
		if a.started() || a.Unsure {
			return true
		}
	}
	return false
}

// copyRemoved takes the outcome of removing a copy. While a lost request to make
// it may still come true, it is removed once more afterwards.
func (s *State) copyRemoved(do RemoveCopy, f Finished, at time.Time) {
	cp, ok := s.Copies[do.App]
	if !ok || cp.Stage != do.Stage || cp.Promotion != do.Promotion {
		return
	}
	key := copyKey(do.Stage, do.Promotion, do.App)
	pending := s.Pending[key]
	sure := later(cp.LostAt, pending.LostAt).Add(PlatformDoubt)
	switch gone := f.Outcome == Done || f.Outcome == Refuse && f.Gone; {
	case gone && at.Before(sure):
		cp.RetryAt = sure
	case gone:
		delete(s.Copies, do.App)
		delete(s.Pending, key)
		return
	case f.Outcome == Refuse:
		cp.Reason, cp.RetryAt = f.Reason, at.Add(copyAgain)
	}
	s.Copies[do.App] = cp
}

// copyGate waits until the copy of an earlier rehearsal is removed: every rehearsal
// gets one of its own.
func (d *view) copyGate(stage Stage) (Gate, bool) {
	if stage.Rehearse == nil {
		return Gate{}, false
	}
	for _, app := range stage.Apps {
		cp, left := d.s.Copies[app]
		if !left || d.s.wanted(cp) {
			continue
		}
		g := Gate{Name: GateCopy, State: GateWaiting, Since: cp.Since, Until: cp.RetryAt, Next: "ask the owner of " + app}
		if g.Text = "the copy of an earlier rehearsal is being removed from " + app; cp.Reason != "" {
			g.Text = "the copy of an earlier rehearsal cannot be removed from " + app + because(cp.Reason)
		}
		return g, true
	}
	return Gate{}, false
}

// copying says for people which copies a stage waits for; empty: none.
func (d *view) copying(stage string) string {
	var list []string
	from := ""
	for _, app := range sortedKeys(d.s.Copies) {
		if cp := d.s.Copies[app]; cp.Stage == stage && !cp.Ready && d.s.wanted(cp) {
			list, from = append(list, app), cp.From
		}
	}
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("copying the database of %s for %s", from, names(list))
}

// copyNote says for /status which copies are there by Headstart's doing; empty if
// none is.
func (d *view) copyNote(stage string) string {
	var list []string
	for _, app := range sortedKeys(d.s.Copies) {
		cp := d.s.Copies[app]
		if cp.Stage != stage {
			continue
		}
		note := fmt.Sprintf("%s has a copy of the database of %s", app, cp.From)
		if cp.Reason != "" {
			note += ", which cannot be removed: " + cp.Reason
		}
		list = append(list, note)
	}
	return strings.Join(slices.Compact(list), "; ")
}
