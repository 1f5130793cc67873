package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What was adopted in what decides and in what people read.

// adoptionGates keeps a candidate waiting until it is known whether it comes after
// what the stage, and those after it, ran before Headstart came; none where that is
// known anyway. One that comes before it is overtaken.
func (d *view) adoptionGates(c *Candidate, i int) []Gate {
	if missing, half := d.s.Stages[d.s.Config.Stages[i].Name].partlyExplored(d.s.Config.Stages[i]); half {
		return []Gate{{Name: GateAdoption, State: GateWaiting, Since: c.SeenAt, Text: "looking what " + missing + " runs", Who: "the platform"}}
	}
	if c.FromPull {
		return nil
	}
	var gates []Gate
	for _, stage := range d.s.Config.Stages[i:] {
		for _, base := range d.s.outsideHistory(stage.Name) {
			if gates == nil {
				gates = []Gate{{Name: GateAdoption, State: GateOpen}}
			}
			if g := &gates[0]; g.State == GateOpen && base != c.SHA && !c.Diffs[base].final() {
				f := d.s.Pending[filesKey(base, c.SHA)]
				g.State, g.Since, g.Who = GateWaiting, c.SeenAt, "GitHub"
				g.Text = fmt.Sprintf("finding out whether it comes after %s, which %s runs", Short(base), stage.Name) + because(f.Reason)
			}
		}
	}
	return gates
}

// behindAdopted reports whether a candidate is known to come before a commit that a
// stage ran when Headstart came.
func (s *State) behindAdopted(c *Candidate, stage string) bool {
	return slices.ContainsFunc(s.outsideHistory(stage), func(base string) bool { return c.Diffs[base].Relation == RelationBehind })
}

// newerAdopted is what an app of a stage ran when Headstart came, where it was released
// after a candidate was pushed and nobody can tell which of the two is newer.
func (s *State) newerAdopted(c *Candidate, stage string) (r Ran, app string, newer bool) {
	if _, asked := c.Ordered[stage]; asked || c.FromPull {
		return Ran{}, "", false
	}
	live := s.Stages[stage].Live
	for _, app := range sortedKeys(live.Adopted) {
		r := live.Adopted[app]
		placed := r.Commit != "" && (r.Commit == c.SHA || s.position(r.Commit) >= 0 || c.Diffs[r.Commit].Relation == RelationAhead)
		if !placed && r.At.After(c.PushedAt.Add(skew)) {
			return r, app, true
		}
	}
	return Ran{}, "", false
}

// unlike says why a candidate cannot be compared with what a stage ran when Headstart
// came; empty if it can.
func (l Live) unlike(apps []string) string {
	for _, app := range apps {
		switch r, ran := l.Adopted[app]; {
		case !ran:
			return "nothing is live on " + app + " yet"
		case r.Commit == "":
			return fmt.Sprintf("the commit of v%d, which %s runs, is unknown", r.Version, app)
		}
	}
	return ""
}

// affectedSinceAdoption says whether the first candidate that may affect the pipeline does:
// compared with what its apps ran when Headstart came. Where nobody knows that, it does;
// empty: it is being found out.
func (s *State) affectedSinceAdoption(c *Candidate) Affected {
	affected := AffectedNo
	for _, stage := range s.Config.Stages {
		live := s.Stages[stage.Name].Live
		if s.exploring(stage) {
			affected = ""
			continue
		}
		if live.Adopted == nil || live.unlike(stage.Apps) != "" {
			return AffectedYes
		}
		for _, base := range live.commits() {
			switch diff := c.Diffs[base]; {
			case s.sameTree(base, c):
			case !diff.final():
				affected = ""
			case !diff.Complete || diff.Touches:
				return AffectedYes
			}
		}
	}
	return affected
}

// adoptedBases lists every commit that a stage ran when Headstart came.
func (s *State) adoptedBases() (list []string) {
	for _, stage := range s.Config.Stages {
		if live := s.Stages[stage.Name].Live; live.Adopted != nil {
			for _, base := range live.commits() {
				if !slices.Contains(list, base) {
					list = append(list, base)
				}
			}
		}
	}
	return list
}

// publishAdopted tells of what was adopted and brought back since, by its deployments.
func (d *decision) publishAdopted() {
	for i := range d.s.Adopted {
		c := &d.s.Adopted[i]
		if !isCommit(c.SHA) {
			continue
		}
		for _, stage := range sortedKeys(c.Progress) {
			d.publishDeployment(c, stage)
		}
		d.endDeployments(c)
	}
}

// adoptedText says what a stage runs that Headstart did not bring, as Markdown; empty
// where it did.
func (d *view) adoptedText(stage string) string {
	live := d.s.Stages[stage].Live
	if live.Adopted == nil {
		return ""
	}
	cfg, _ := d.s.Config.Stage(stage)
	on := map[string][]string{} // apps by what they ran
	var list []string
	for _, app := range cfg.Apps {
		r, ran := live.Adopted[app]
		if !ran {
			continue
		}
		what := fmt.Sprintf("v%d", r.Version)
		if r.Commit != "" {
			what += " (`" + Short(r.Commit) + "`)"
		}
		if on[what] == nil {
			list = append(list, what)
		}
		on[what] = append(on[what], app)
	}
	if len(list) > 1 || len(live.Adopted) < len(cfg.Apps) {
		for i, what := range list {
			list[i] = what + " on " + text(names(on[what]))
		}
	}
	return fmt.Sprintf("%s, released before Headstart, %s", strings.Join(list, " and "), ago(d.now.Sub(live.newest())))
}

// newest is when the newest of the adopted releases was made.
func (l Live) newest() (at time.Time) {
	for _, r := range l.Adopted {
		at = later(at, r.At)
	}
	return at
}

// ago says how long something has been, as exactly as people care.
func ago(t time.Duration) string {
	count := func(n int, what string) string {
		if n == 1 {
			return "1 " + what + " ago"
		}
		return fmt.Sprintf("%d %ss ago", n, what)
	}
	switch {
	case t < time.Minute:
		return "just now"
	case t < time.Hour:
		return count(int(t.Minutes()), "minute")
	case t < 24*time.Hour:
		return count(int(t.Hours()), "hour")
	}
	return count(int(t.Hours())/24, "day")
}
