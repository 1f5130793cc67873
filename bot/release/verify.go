package release

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// How often an address is probed.
const (
	probeSoon = time.Second      // at first
	probeSlow = 5 * time.Second  // later, while good answers are waited for
	soakBad   = 30 * time.Second // without a good answer ends the soak
)

// released folds a promotion whose releases have all succeeded. It is proved, or its verification begins.
func released(s *pipeline.State, stage string, at time.Time) {
	st := s.StageRecord(stage)
	st.Promoting.ReleasedAt = at
	v := s.Verification(stage)
	if v == nil {
		ClosePromotion(s, stage, pipeline.ProgressLive, "", "", at)
		return
	}
	from := at
	if v.Revision == "" {
		from = at.Add(st.SwitchesAfter())
	}
	st.Promoting.Proof = &pipeline.Proof{From: from, NextAt: from}
}

// Probed folds the answer of an address.
func Probed(s *pipeline.State, do bot.Probe, f bot.Finished, at time.Time) {
	answer, ok := f.Fact.(bot.Probed)
	if f.Outcome != bot.Refuse && !ok {
		return
	}
	if f.Outcome == bot.Refuse {
		answer = bot.Probed{Reason: f.Reason}
	}
	st := s.Stage(do.Stage)
	switch p := st.Promoting; {
	case p != nil && p.Proof != nil && p.N == do.Promotion:
		if !f.Fault || p.Proof.TiresAt(at) {
			promotionProbed(s, do, answer, f, at)
		}
	case p == nil && st.Soak != nil && st.Soak.Promotion == do.Promotion:
		if !f.Fault || st.Soak.Proof.TiresAt(at) {
			soakProbed(s, do, answer, f, at)
		}
	}
}

// take counts an answer.
func take(p *pipeline.Proof, answer bot.Probed, at time.Time) {
	p.Last, p.LastAt = &answer, at
	switch {
	case answer.OK:
		p.Good, p.BadFrom = p.Good+1, time.Time{}
	case p.Good > 0 || p.BadFrom.IsZero():
		p.Good, p.BadFrom = 0, at
	}
}

func promotionProbed(s *pipeline.State, do bot.Probe, answer bot.Probed, f bot.Finished, at time.Time) {
	st, v := s.StageRecord(do.Stage), s.Verification(do.Stage)
	if v == nil {
		return // settled by settleProofs
	}
	proof := *st.Promoting.Proof
	take(&proof, answer, at)
	proof.Unasked = f.Fault
	since := at.Sub(proof.From)
	proof.NextAt = at.Add(min(probeSoon+since/10, probeSlow))
	st.Promoting.Proof = &proof
	switch {
	case proof.Good >= max(v.Successes, 1):
		ClosePromotion(s, do.Stage, pipeline.ProgressLive, "", "", at)
	case f.Outcome == bot.Refuse || since >= v.Within && !answer.OK: // a good answer may come late: nobody asked earlier
		ClosePromotion(s, do.Stage, pipeline.ProgressFailed, "the verification failed: "+answer.Text(), "", at)
	}
}

// SettleProofs ends verifications and soaks that the pipeline's file no longer requires, and soaks of commits that are
// no longer live.
func SettleProofs(s *pipeline.State, at time.Time) {
	for _, stage := range pipeline.SortedKeys(s.Stages) {
		st, v := s.StageRecord(stage), s.Verification(stage)
		if p := st.Promoting; p != nil && p.Proof != nil && v == nil {
			ClosePromotion(s, stage, pipeline.ProgressLive, "", "", at)
		}
		if st.Soak == nil {
			continue
		}
		c := s.Candidate(st.Soak.SHA)
		cfg, _ := s.Config.Stage(stage)
		by, _ := st.Foreign()
		switch {
		case c == nil || c.Progress[stage].State != pipeline.ProgressLive || st.Live.SHA != st.Soak.SHA, by != nil:
			st.Soak = nil // it was cut short
		case cfg.Soak == 0 || v == nil && !at.Before(st.Soak.Until):
			pass := c.Progress[stage]
			pass.Soaked = true
			pipeline.Put(&c.Progress, stage, pass)
			st.Soak = nil
		}
	}
}
