package bottest

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/insight"
)

// AddsUp holds the numbers that are made of the rows to the rows. The error says which do not agree.
func (h *History) AddsUp(now time.Time) error {
	var rows insight.Rows
	for _, row := range h.Rows() {
		switch row := row.(type) {
		case history.Change:
			rows.Changes = append(rows.Changes, row)
		case history.Promotion:
			rows.Promotions = append(rows.Promotions, row)
		case history.Process:
			rows.Process = append(rows.Process, row)
		case history.Audit:
			rows.Audit = append(rows.Audit, row)
		}
	}
	l := insight.Read(rows, now)
	if err := h.everyRelease(rows, l); err != nil {
		return err
	}
	for _, d := range l.Deploys {
		if err := h.deployment(d); err != nil {
			return err
		}
	}
	for _, a := range rows.Audit {
		if err := incident(a, l); err != nil {
			return err
		}
	}
	return daysAddUp(l)
}

// incident holds that an incident that was noted says of which release it is, and fails that one if it is in time.
func incident(a history.Audit, l *insight.Ledger) error {
	if c := command.ParseCommands(a.Command); !a.OK || len(c) != 1 || c[0].Verb != command.VerbIncident {
		return nil
	}
	if a.Stage == "" || a.SHA == "" {
		return fmt.Errorf("the incident %s was noted, and is about nothing: %+v", a.ID, a)
	}
	for _, d := range slices.Backward(l.Deploys) {
		if d.Stage != a.Stage || d.SHA != a.SHA || d.Live.After(a.At) {
			continue
		}
		if d.Failed == "" && a.At.Sub(d.Live) <= d.Window {
			return fmt.Errorf("%s has caused the incident %s, and has not failed: %+v", d.SHA, a.ID, d)
		}
		break
	}
	return nil
}

// everyRelease holds that each promotion of production that got to all apps is counted once, and as what it is.
func (h *History) everyRelease(rows insight.Rows, l *insight.Ledger) error {
	type name struct {
		stage string
		n     int
	}
	counted := map[name]string{}
	count := func(what, stage string, n int) error {
		if was := counted[name{stage, n}]; was != "" {
			return fmt.Errorf("the promotion %s %d counts as %s and as %s", stage, n, was, what)
		}
		counted[name{stage, n}] = what
		return nil
	}
	for _, d := range l.Deploys {
		if err := count("deployment", d.Stage, d.N); err != nil {
			return err
		}
	}
	for what, list := range map[string][]insight.Release{"attempt": l.Attempts, "repeat": l.Repeats, "by hand": l.ByHand} {
		for _, r := range list {
			if err := count(what, r.Stage, r.N); err != nil {
				return err
			}
		}
	}
	for _, p := range rows.Promotions {
		want := ""
		switch {
		case !slices.Contains(productionAt(rows.Process, p.Began), p.Stage) || p.Result == "" || p.Result == history.ResultGivenUp:
		case p.Kind == history.KindByHand:
			want = "by hand"
		case p.Kind != history.KindForward:
		case p.Released.IsZero():
			want = "attempt"
		case p.SHA == p.Replaced:
			want = "repeat"
		default:
			want = "deployment"
		}
		got := counted[name{p.Stage, p.N}]
		if got == "repeat" && want == "deployment" {
			want = "repeat" // of the same artifact, as another commit
		}
		if got != want {
			return fmt.Errorf("the promotion %s %d counts as %q, and is %q: %+v", p.Stage, p.N, got, want, p)
		}
	}
	return nil
}

// productionAt are the stages of production by the file that was in force at a time; before the first one, by that one.
func productionAt(versions []history.Process, t time.Time) []string {
	var found history.Process
	for _, v := range versions {
		if found.At.IsZero() || !v.At.After(t) && v.At.After(found.At) || found.At.After(t) && v.At.Before(found.At) {
			found = v
		}
	}
	return found.Config.Production()
}

// deployment holds a deployment to the rows of its changes.
func (h *History) deployment(d *insight.Deploy) error {
	switch {
	case d.Failed != "" && (d.FailedAt.Before(d.Live) || d.FailedAt.Sub(d.Live) > d.Window || !d.Judged):
		return fmt.Errorf("the deployment %s %d was live at %s, and failed at %s", d.Stage, d.N, d.Live, d.FailedAt)
	case d.Failed == "" && !d.Recovered.IsZero(), d.Recovery() < 0:
		return fmt.Errorf("the deployment %s %d was live at %s and did not fail, or was good before that: %s", d.Stage, d.N, d.Live, d.Recovered)
	}
	for _, lead := range d.Leads {
		c, ok := h.rows["change "+lead.SHA].(history.Change)
		sum, way := time.Duration(0), time.Duration(0)
		for _, w := range lead.Parts {
			if sum += w.For; w.For <= 0 {
				return fmt.Errorf("the change %s spent %s with %s", lead.SHA, w.For, w.Part)
			}
		}
		if !ok || sum != lead.Time() || !lead.To.Equal(bot.Later(d.Proved, c.PushedAt)) {
			return fmt.Errorf("the parts of the change %s sum up to %s, it was proved after %s: %v", lead.SHA, sum, lead.Time(), lead.Parts)
		}
		for _, w := range c.Waits {
			way += w.For
		}
		if c.Outcome == history.OutcomeLive && c.EndedAt.Equal(d.Proved) && way == lead.Time() && !slices.Equal(c.Waits, lead.Parts) {
			return fmt.Errorf("the change %s went its way as %v, and its lead time has the parts %v", lead.SHA, c.Waits, lead.Parts)
		}
	}
	return nil
}

// daysAddUp holds that the sums of all days are the numbers of all the time.
func daysAddUp(l *insight.Ledger) error {
	var all insight.Sums
	for _, s := range l.Days() {
		all.Join(s)
	}
	n := l.Numbers(insight.Period{From: 0, To: 1 << 20})
	got := []int{all.Deploys, all.Judged, all.Failed, all.Open, all.Rework, all.Attempts, all.Repeats, all.ByHand, all.Lead.N(), all.Recovery.N(), all.Build.N(), int(all.Saved), all.Spared, all.Wasted}
	want := []int{len(n.Deploys), len(n.Judged), len(n.Failed), len(n.Open), len(n.Rework), len(n.Attempts), len(n.Repeats), len(n.ByHand), n.Lead.N, n.Recovery.N, n.Builds.N, int(n.Start.Saved), n.Start.Spared, n.Start.Wasted}
	if !slices.Equal(got, want) {
		return fmt.Errorf("the days add up to %v, and the numbers are %v", got, want)
	}
	if len(n.Failed) > len(n.Judged) || len(n.Open)+n.Recovery.N != len(n.Failed) {
		return fmt.Errorf("of %d deployments %d failed: %d are good again, and %d are not", len(n.Judged), len(n.Failed), n.Recovery.N, len(n.Open))
	}
	return nil
}
