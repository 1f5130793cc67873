package bot

import (
	"errors"
	"fmt"
	"time"
)

// Check reports every invariant of [State] that does not hold, in one error; nil: all
// of them hold. It goes through all that is known: for tests, not for each event of a
// running server.
func (s State) Check() error {
	c := &checking{s: &s}
	c.candidates()
	c.reports()
	c.stages()
	c.promotions()
	c.builds()
	c.flights()
	c.people()
	c.bounds()
	return errors.Join(c.broken...)
}

// checking collects what does not hold of a state.
type checking struct {
	s      *State
	broken []error
}

// holds notes an invariant that does not hold: which, and of what.
func (c *checking) holds(ok bool, invariant, of string, args ...any) {
	if !ok {
		c.broken = append(c.broken, fmt.Errorf("of %s does not hold: %s", fmt.Sprintf(of, args...), invariant))
	}
}

// candidates holds each commit to be known once, and to be in the stages that know of it.
func (c *checking) candidates() {
	s := c.s
	for _, list := range [][]Candidate{s.Candidates, s.Guests, s.Adopted} {
		seen := map[string]bool{}
		for _, k := range list {
			c.holds(!seen[k.SHA], "a commit stands once in its list", "candidate %s", k.SHA)
			seen[k.SHA] = true
		}
	}
	for _, k := range s.all() {
		c.holds((k.Artifact == "") == (k.ArtifactApp == "") || k.Adopted, "Artifact = \"\" ⇔ ArtifactApp = \"\"", "candidate %s", k.SHA)
		c.holds(!k.Guest || !k.Adopted, "¬(Guest ∧ Adopted)", "candidate %s", k.SHA)
		for stage, pass := range k.Passages {
			p := s.Stages[stage].InFlight
			c.holds((pass.State == PassageReleasing) == (p != nil && p.SHA == k.SHA && p.N == pass.Promotion),
				"State = releasing ⇔ the stage's InFlight is of this commit and Promotion", "the passage of %s through %s, %s in promotion %d", k.SHA, stage, pass.State, pass.Promotion)
			c.holds((pass.State == PassageReleasing) == pass.EndedAt.IsZero(), "State = releasing ⇔ EndedAt = 0", "the passage of %s through %s, %s", k.SHA, stage, pass.State)
			c.holds(pass.EndedAt.IsZero() || !pass.EndedAt.Before(pass.StartedAt), "StartedAt ≤ EndedAt", "the passage of %s through %s", k.SHA, stage)
			c.holds(pass.Promotion <= s.Stages[stage].Promotions, "Promotion ≤ the stage's Promotions", "the passage of %s through %s", k.SHA, stage)
		}
		made := map[string]bool{}
		for _, d := range k.Deployments {
			of := fmt.Sprint(d.Stage, " ", d.Promotion)
			c.holds(!made[of], "one Deployment a promotion", "the deployments of %s for %s", k.SHA, of)
			made[of] = true
			c.holds(d.ID == 0 || !d.Asked, "ID ≠ 0 ⇒ ¬Asked", "the deployment of %s for %s", k.SHA, of)
		}
	}
}

// reports holds the counting of hints and readings, wherever checks are known.
func (c *checking) reports() {
	counted := func(r Reports, of string) {
		c.holds(0 <= r.Heard && r.Heard <= r.Hints && r.Reading <= r.Hints, "0 ≤ Heard, Reading ≤ Hints", "the reports of %s: %d, %d, %d", of, r.Heard, r.Reading, r.Hints)
		c.holds(r.Read || r.Heard == 0, "Heard ≠ 0 ⇒ Read", "the reports of %s", of)
	}
	for _, k := range c.s.all() {
		counted(k.Reports, k.SHA)
		green := c.s.verdict(k).State == CheckPassed
		c.holds(k.GreenAt.IsZero() || green, "GreenAt ≠ 0 ⇒ the checks are green", "candidate %s", k.SHA)
	}
	for _, g := range c.s.Groups {
		counted(g.Reports, g.Head)
	}
}

// stages holds what is live, what was live before, and who keeps others out.
func (c *checking) stages() {
	for name, st := range c.s.Stages {
		past := map[string]bool{}
		for _, p := range st.Past {
			c.holds(!past[p.SHA], "a commit stands once in Past", "%s at %s", p.SHA, name)
			past[p.SHA] = true
		}
		c.holds(len(st.Past) <= keptPast, "|Past| ≤ 10", "stage %s", name)
		c.holds((st.Live.SHA == "") == st.Live.Since.IsZero(), "Live.SHA = \"\" ⇔ Live.Since = 0", "stage %s", name)
		c.holds(st.Lock == nil || !st.Lock.Rollback || st.Lock.Until.IsZero(), "Lock.Rollback ⇒ Lock.Until = 0", "stage %s", name)
		c.holds((st.Trouble == "") || !st.TroubleAt.IsZero(), "Trouble ≠ \"\" ⇒ TroubleAt ≠ 0", "stage %s", name)
		c.holds(st.Soak == nil || st.Soak.SHA == st.Live.SHA, "Soak ≠ nil ⇒ Soak.SHA = Live.SHA", "stage %s", name)
		for app, a := range st.Apps {
			c.holds(a.Seen || a.SeenAt.IsZero(), "SeenAt ≠ 0 ⇒ Seen", "app %s of %s", app, name)
		}
	}
}

// promotions holds what is on its way to a stage.
func (c *checking) promotions() {
	for name, st := range c.s.Stages {
		p := st.InFlight
		if p == nil {
			continue
		}
		c.holds(p.N == st.Promotions && p.N > 0, "InFlight.N = Promotions > 0", "stage %s: %d, %d", name, p.N, st.Promotions)
		k := c.s.promoted(p, p.SHA)
		c.holds(k != nil, "InFlight.SHA is a candidate", "stage %s: %s", name, p.SHA)
		c.holds(!p.Building || !p.Built, "¬(Building ∧ Built)", "the promotion to %s", name)
		_, run := c.s.Builds[p.Build]
		c.holds(!p.Building || run, "Building ⇒ Build is a build", "the promotion to %s", name)
		c.holds(len(p.Apps) > 0, "Apps ≠ {}", "the promotion to %s", name)
		c.holds(p.Rollback == nil || st.Rollback != nil, "InFlight.Rollback ≠ nil ⇒ Rollback ≠ nil", "stage %s", name)
		for app, a := range p.Apps {
			of := "the release on " + app + " for " + name
			c.holds(a.State == "" || a.State == ReleaseFailed || a.ID != "", "State ∉ {\"\", failed} ⇒ ID ≠ \"\"", "%s", of)
			c.holds(a.Errors <= maxErrors, "Errors ≤ 3", "%s", of)
			c.holds(p.Proof == nil || a.State == ReleaseSucceeded, "Proof ≠ nil ⇒ State = succeeded", "%s", of)
			c.holds(a.Version <= st.Apps[app].Newest, "Version ≤ the app's Newest", "%s", of)
		}
	}
}

// builds holds each run to where it runs and how it ended.
func (c *checking) builds() {
	busy := map[string]string{}
	for key, r := range c.s.Builds {
		ended := r.Status == RunSucceeded || r.Status == RunFailed || r.Status == RunErrored
		c.holds(!r.Active() || r.App != "", "Active ⇒ App ≠ \"\"", "build %s", key)
		c.holds(r.Status != RunRunning || r.ID != "", "Status = running ⇒ ID ≠ \"\"", "build %s", key)
		c.holds(r.Status != RunSucceeded || r.Artifact != "", "Status = succeeded ⇒ Artifact ≠ \"\"", "build %s", key)
		c.holds(ended != r.FinishedAt.IsZero(), "the build has ended ⇔ FinishedAt ≠ 0", "build %s, %s", key, r.Status)
		c.holds(r.RunningAt.IsZero() || !r.RunningAt.Before(r.StartedAt), "RunningAt = 0 ∨ StartedAt ≤ RunningAt", "build %s", key)
		c.holds(len(r.Gone) <= keptGone, "|Gone| ≤ 5", "build %s", key)
		if r.Active() && !r.Adopted {
			c.holds(busy[r.App] == "", "one active build an app", "builds %s and %s on %s", key, busy[r.App], r.App)
			busy[r.App] = key
		}
	}
}

// flights holds the counting of attempts, and the doubt about them.
func (c *checking) flights() {
	for key, f := range c.s.Flights {
		c.holds(f.Attempt > 0, "Attempt > 0", "flight %s", key)
		c.holds(!f.LastAt.Before(f.Since), "Since ≤ LastAt", "flight %s", key)
		c.holds(f.Unsure == !f.LostAt.IsZero(), "Unsure ⇔ LostAt ≠ 0", "flight %s", key)
		c.holds(f.Out || !f.NotBefore.IsZero(), "¬Out ⇒ NotBefore ≠ 0", "flight %s", key)
		c.holds(!f.Out || f.Reason == "", "Out ⇒ Reason = \"\"", "flight %s", key)
	}
}

// people holds what was asked for in pull requests.
func (c *checking) people() {
	for n, p := range c.s.Pulls {
		c.holds(p.Number == n, "Pulls[n].Number = n", "pull request %d", n)
		c.holds(p.ToldHead != "" || len(p.Told) == 0, "ToldHead = \"\" ⇒ Told = {}", "pull request %d", n)
		c.holds(p.ReadHead != "" || p.TestMerge == "", "TestMerge ≠ \"\" ⇒ ReadHead ≠ \"\"", "pull request %d", n)
	}
	asked := map[int64]bool{}
	for _, r := range c.s.Requests {
		c.holds(!asked[r.Comment], "a comment stands once in Requests", "comment %d", r.Comment)
		asked[r.Comment] = true
		c.holds(len(r.Answers) <= len(r.Commands), "|Answers| ≤ |Commands|", "comment %d", r.Comment)
	}
}

// bounds holds that nothing grows for ever, and that nothing is of the future.
func (c *checking) bounds() {
	s := c.s
	for _, b := range []struct {
		of        string
		has, most int
	}{
		{"Early", len(s.Early), mostEarly},
		{"Alerts", len(s.Alerts), keptAlerts},
		{"Pushes", len(s.Pushes), mostPushes},
		{"Visitors", len(s.Visitors), mostVisitors},
		{"Elsewhere", len(s.Elsewhere), mostStrays},
	} {
		c.holds(b.has <= b.most, fmt.Sprintf("|%s| ≤ %d", b.of, b.most), "the pipeline: %d", b.has)
	}
	for of, at := range map[string]time.Time{"SweptAt": s.SweptAt, "AppsSweptAt": s.AppsSweptAt, "AnewAt": s.AnewAt, "HeadAt": s.HeadAt} {
		c.holds(!at.After(s.At), of+" ≤ At", "the pipeline")
	}
}
