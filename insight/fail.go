package insight

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
)

// judge finds out which deployments failed, when production was good again, and which correct others.
func (l *Ledger) judge(noted []incident) {
	byStage := map[string][]*Deploy{}
	for _, d := range l.Deploys {
		byStage[d.Stage] = append(byStage[d.Stage], d)
	}
	for i := range l.promotions {
		p := &l.promotions[i]
		deploys := byStage[p.Stage]
		switch {
		case p.Result == history.ResultGivenUp:
		case p.Kind == history.KindRollback:
			fail(l.takenBack(deploys, i), CauseRollback, p.Began)
		case p.Kind == history.KindUndo:
			fail(l.takenBack(deploys, i), CauseUnproved, p.Began)
		case p.Kind == history.KindForward && p.Result == history.ResultUnproved && !l.undone(i):
			fail(newest(deploys, p.Ended, p.SHA), CauseUnproved, p.Ended)
		case p.Kind == history.KindForward && p.Urgent:
			fail(newest(deploys, p.Began, ""), CauseUrgent, p.Began)
		}
	}
	for _, deploys := range byStage {
		l.reverts(deploys)
	}
	for _, i := range noted {
		fail(newest(byStage[i.stage], i.at, i.sha), CauseIncident, i.at)
	}
	for stage, deploys := range byStage {
		l.recover(stage, deploys)
		for i, d := range deploys {
			d.Judged = d.Failed != "" || l.now.Sub(d.Live) >= d.Window
			follows := i > 0 && deploys[i-1].Failed != "" && d.Began.Sub(deploys[i-1].Live) <= deploys[i-1].Window
			d.Rework = d.IsDeployment() && (d.Urgent || l.reverted[d] != nil || follows)
		}
	}
}

// newest is the newest deployment that was live before a time, of a commit if that is not empty; nil: none.
func newest(deploys []*Deploy, before time.Time, sha string) *Deploy {
	for _, d := range slices.Backward(deploys) {
		if !d.Live.After(before) && (sha == "" || d.SHA == sha) {
			return d
		}
	}
	return nil
}

// takenBack is the deployment that a rollback, the promotion i, goes back from; nil: none. What was never proved did not
// become what the stage officially runs: the rollback then goes back to that, from the promotion before.
func (l *Ledger) takenBack(deploys []*Deploy, i int) *Deploy {
	p := &l.promotions[i]
	if p.Replaced != "" && p.Replaced != p.SHA {
		return newest(deploys, p.Began, p.Replaced)
	}
	for i--; i >= 0; i-- {
		was := &l.promotions[i]
		if was.Stage != p.Stage || was.Kind != history.KindForward {
			continue
		}
		if d := newest(deploys, p.Began, ""); d != nil && d.N == was.N && d.SHA != p.SHA {
			return d
		}
		break
	}
	return nil
}

// undone reports whether the promotion i was proved, and Headstart took it back later because it did not stay healthy.
// When it failed is when that began.
func (l *Ledger) undone(i int) bool {
	p := &l.promotions[i]
	return !p.Proved.IsZero() && slices.ContainsFunc(l.promotions[i:], func(o history.Promotion) bool {
		return o.Stage == p.Stage && o.Kind == history.KindUndo && o.Replaced == p.SHA
	})
}

// fail fails a deployment, if that is within its window. The first cause stays.
func fail(d *Deploy, cause Cause, at time.Time) {
	if d == nil || at.Sub(d.Live) > d.Window || d.Failed != "" && !at.Before(d.FailedAt) {
		return
	}
	d.Failed, d.FailedAt = cause, at
}

// reverts fails the deployments of which another one took a commit back.
func (l *Ledger) reverts(deploys []*Deploy) {
	of := map[string]*Deploy{} // by what a commit that reverts it would be called
	for _, d := range deploys {
		for _, c := range d.Leads {
			if what, is := reverts(c.Title); is {
				if was := of[what]; was != nil && was != d && d.Began.Sub(was.Live) <= was.Window {
					fail(was, CauseRevert, d.Began)
					l.reverted[d] = was
				}
			}
		}
		for _, c := range d.Leads {
			of[plainTitle(c.Title)] = d
		}
	}
}

var (
	revert    = regexp.MustCompile(`(?i)^revert:? "(.+?)"?$`)
	pullAtEnd = regexp.MustCompile(`(\s*\(#\d+\))+$`)
)

// plainTitle is a title without the numbers of pull requests that GitHub puts at its end.
func plainTitle(title string) string {
	return strings.ToLower(strings.TrimSpace(pullAtEnd.ReplaceAllString(title, "")))
}

// reverts is the title of the commit that one takes back, by how Git and GitHub call it. One that takes back a revert
// brings the commit again, which is no sign that anything failed.
func reverts(title string) (what string, is bool) {
	m := revert.FindStringSubmatch(plainTitle(title))
	if m == nil || strings.HasPrefix(m[1], "revert") {
		return "", false
	}
	return plainTitle(m[1]), true
}

// recover finds out when a stage was good again after each deployment that failed: another release was rolled back to and
// proved, or a newer deployment was proved and did not fail.
func (l *Ledger) recover(stage string, deploys []*Deploy) {
	type good struct {
		began, proved time.Time
		sha           string
	}
	var list []good
	for i := range l.promotions {
		p := &l.promotions[i]
		if p.Stage == stage && !p.Proved.IsZero() && (p.Kind == history.KindRollback || p.Kind == history.KindUndo) {
			list = append(list, good{p.Began, p.Proved, p.SHA})
		}
	}
	for _, d := range deploys {
		if d.IsDeployment() && d.Failed == "" {
			list = append(list, good{d.Began, d.Proved, d.SHA})
		}
	}
	slices.SortFunc(list, func(a, b good) int { return a.proved.Compare(b.proved) })
	for _, d := range deploys {
		if d.Failed == "" {
			continue
		}
		from, _ := slices.BinarySearchFunc(list, d.Live, func(g good, t time.Time) int { return g.proved.Compare(t) })
		for _, g := range list[from:] {
			if !g.began.Before(d.Live) && g.sha != d.SHA {
				d.Recovered = g.proved
				break
			}
		}
	}
}
