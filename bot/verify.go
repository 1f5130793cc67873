package bot

import (
	"cmp"
	"fmt"
	"time"
)

// Verification: after a release has ended well on every app of a stage, the
// stage's address is asked until it has answered well often enough. Only then is
// the release proved. While a stage soaks it goes on being asked.

// Proof is how a verification goes.
type Proof struct {
	From    time.Time // what is answered before may still come from the version before
	Good    int       // good answers in a row
	BadFrom time.Time // since when there were only bad ones; zero: the newest was good
	NextAt  time.Time // when to ask next
	Last    *Probed   // the newest answer; nil: none yet
	LastAt  time.Time // when that came
	Unasked bool      // it was given up because nobody could ask
}

// How often an address is asked.
const (
	probeSoon = time.Second     // at first
	probeSlow = 5 * time.Second // at last, while good answers are waited for
	// While a stage soaks it is asked about thirty times, and soon again once an
	// answer was bad. Apps are restarted now and then: that is no illness yet.
	soakProbes = 30
	soakLeast  = 5 * time.Second
	soakMost   = time.Minute
	soakAgain  = 3 * time.Second
	soakBad    = 30 * time.Second // without a good answer ends the soak
	// unasked is how long it is tried to ask at all, where that is Headstart's own
	// fault: that an address was not asked proves nothing.
	unasked = time.Hour
)

// verification is how a stage proves its releases, by the last good file; nil: by
// the release phase alone.
func (s *State) verification(stage string) *Verify {
	cfg, _ := s.Config.Stage(stage)
	st := s.Stages[stage]
	if p := st.Promoting; p != nil && p.Rollback != nil && cfg.Verify != nil {
		if past, ok := st.named(p.SHA, 0); ok && past.Ran != nil {
			v := *cfg.Verify
			v.Revision = "" // it may be older than the app's way of naming its commit
			return &v
		}
	}
	return cfg.Verify
}

// released takes a promotion whose releases have all ended well: it is proved, or
// its verification begins.
func (s *State) released(stage string, at time.Time) {
	st := s.Stages[stage]
	v := s.verification(stage)
	if v == nil {
		s.closePromotion(stage, ProgressLive, "", "", at)
		return
	}
	from := at
	if v.Revision == "" {
		from = at.Add(st.switchesAfter())
	}
	st.Promoting.Proof = &Proof{From: from, NextAt: from}
	s.Stages[stage] = st
}

// switchesAfter is how long after a release the version before it may still answer.
func (st StageState) switchesAfter() time.Duration {
	longest := time.Duration(0)
	for _, app := range st.Apps {
		longest = max(longest, app.SwitchesAfter)
	}
	return longest
}

// verify asks the addresses of stages whose release is to be proved, and of those
// that soak.
func (d *decision) verify() {
	for _, stage := range sortedKeys(d.s.Stages) {
		st, v := d.s.Stages[stage], d.s.verification(stage)
		switch p := st.Promoting; {
		case v == nil, d.s.showsMaintenancePage(stage):
		case p != nil && p.Proof != nil:
			d.probe(stage, p.N, p.SHA, *v, p.Proof)
		case p == nil && st.Rollback == nil && st.Soak != nil:
			d.probe(stage, st.Soak.Promotion, st.Soak.SHA, *v, &st.Soak.Proof)
		}
	}
}

func (d *decision) probe(stage string, n int, sha string, v Verify, p *Proof) {
	if d.due(p.NextAt) {
		d.want(probeKey(stage, n), Probe{Stage: stage, Promotion: n, SHA: sha, Built: d.s.builtOf(stage, sha), Verify: v})
	}
}

// builtOf is the commit that the artifact was built of which a stage is to run for
// a commit: an app that is told its commit by its build names that one.
func (s *State) builtOf(stage, sha string) string {
	st := s.Stages[stage]
	if p := st.Promoting; p != nil && p.Rollback != nil {
		if past, ok := st.named(sha, 0); ok {
			return past.Built
		}
	}
	if c := s.promoted(st.Promoting, sha); c != nil {
		return c.ArtifactSHA
	}
	return ""
}

// probed takes what an address answered.
func (s *State) probed(do Probe, f Finished, at time.Time) {
	answer, ok := f.Fact.(Probed)
	if f.Outcome != Refuse && !ok {
		return
	}
	if f.Outcome == Refuse {
		answer = Probed{Reason: f.Reason}
	}
	st := s.Stages[do.Stage]
	switch p := st.Promoting; {
	case p != nil && p.Proof != nil && p.N == do.Promotion:
		if !f.Fault || p.Proof.tiresAt(at) {
			s.promotionProbed(do, answer, f, at)
		}
	case p == nil && st.Soak != nil && st.Soak.Promotion == do.Promotion:
		if !f.Fault || st.Soak.Proof.tiresAt(at) {
			s.soakProbed(do, answer, f, at)
		}
	}
}

// unseen says why nobody knows whether it works; empty: it is known.
func (p *Proof) unseen() string {
	if p == nil || !p.Unasked {
		return ""
	}
	return "the verification could not be made"
}

// tiresAt reports whether nobody could ask for so long that it is given up.
func (p *Proof) tiresAt(at time.Time) bool { return at.Sub(later(p.From, p.LastAt)) >= unasked }

// take counts an answer.
func (p *Proof) take(answer Probed, at time.Time) {
	p.Last, p.LastAt = &answer, at
	switch {
	case answer.OK:
		p.Good, p.BadFrom = p.Good+1, time.Time{}
	case p.Good > 0 || p.BadFrom.IsZero():
		p.Good, p.BadFrom = 0, at
	}
}

func (s *State) promotionProbed(do Probe, answer Probed, f Finished, at time.Time) {
	st, v := s.Stages[do.Stage], s.verification(do.Stage)
	if v == nil {
		return // settled by settleProofs
	}
	proof := *st.Promoting.Proof
	proof.take(answer, at)
	proof.Unasked = f.Fault
	since := at.Sub(proof.From)
	proof.NextAt = at.Add(min(probeSoon+since/10, probeSlow))
	st.Promoting.Proof = &proof
	s.Stages[do.Stage] = st
	switch {
	case proof.Good >= max(v.Successes, 1):
		s.closePromotion(do.Stage, ProgressLive, "", "", at)
	case f.Outcome == Refuse || since >= v.Within && !answer.OK: // one that is good comes late because nobody asked earlier
		s.closePromotion(do.Stage, ProgressFailed, "the verification failed: "+answer.text(), "", at)
	}
}

// settleProofs ends verifications and soaks that the pipeline's file no longer
// asks for, and soaks of what is no longer live.
func (s *State) settleProofs(at time.Time) {
	for _, stage := range sortedKeys(s.Stages) {
		st, v := s.Stages[stage], s.verification(stage)
		if p := st.Promoting; p != nil && p.Proof != nil && v == nil {
			s.closePromotion(stage, ProgressLive, "", "", at)
			st = s.Stages[stage]
		}
		if st.Soak == nil {
			continue
		}
		c := s.candidate(st.Soak.SHA)
		cfg, _ := s.Config.Stage(stage)
		by, _ := st.foreign()
		switch {
		case c == nil || c.Progress[stage].State != ProgressLive || st.Live.SHA != st.Soak.SHA, by != nil:
			st.Soak = nil // it was cut short
		case cfg.Soak == 0 || v == nil && !at.Before(st.Soak.Until):
			pass := c.Progress[stage]
			pass.Soaked = true
			put(&c.Progress, stage, pass)
			st.Soak = nil
		}
		s.Stages[stage] = st
	}
}

// text is what an answer was, for people.
func (a Probed) text() string {
	got := ""
	if a.Status != 0 {
		got = fmt.Sprintf("HTTP %d in %d ms", a.Status, a.Latency.Milliseconds())
		if a.Excerpt != "" {
			got += ": " + cut(a.Excerpt, 60)
		}
	}
	switch {
	case a.Reason == "":
		return cmp.Or(got, "no answer")
	case got == "":
		return a.Reason
	}
	return a.Reason + " (" + got + ")"
}
