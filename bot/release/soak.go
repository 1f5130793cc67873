package release

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// beginSoak starts the soak of the release that was just proved on a stage.
func beginSoak(s *pipeline.State, stage string, p *pipeline.Promotion, at time.Time) {
	cfg, _ := s.Config.Stage(stage)
	c := s.Promoted(p, p.SHA)
	if cfg.Soak == 0 || c == nil || c.FromPull || p.Rollback != nil {
		return
	}
	st := s.StageRecord(stage)
	st.Soak = &pipeline.Soak{SHA: p.SHA, Promotion: p.N, Until: at.Add(cfg.Soak), Proof: pipeline.Proof{From: at}}
	st.Soak.Proof.NextAt = at.Add(st.Soak.Interval(at))
	pass := c.Progress[stage]
	pass.SoakUntil = st.Soak.Until
	pipeline.Put(&c.Progress, stage, pass)
}

// soakProbed folds an answer during a soak. A good answer to a probe made at the end of the soak ends it.
func soakProbed(s *pipeline.State, do bot.Probe, answer bot.Probed, f bot.Finished, at time.Time) {
	st := s.StageRecord(do.Stage)
	k := *st.Soak
	take(&k.Proof, answer, at)
	k.Proof.Unasked = f.Fault
	k.Proof.NextAt = at.Add(k.Interval(at))
	st.Soak = &k
	c := s.Candidate(k.SHA)
	if c == nil {
		return // settled by settleProofs
	}
	pass := c.Progress[do.Stage]
	pass.Seen = &answer
	switch {
	case answer.OK && !f.Effect.At.Before(k.Until):
		pass.Soaked, st.Soak = true, nil
	case f.Fault, !k.Proof.BadFrom.IsZero() && at.Sub(k.Proof.BadFrom) >= soakBad:
		pass.State, pass.EndedAt = pipeline.ProgressFailed, at
		pass.Reason = fmt.Sprintf("it did not stay healthy for %s: %s", words.Took(k.Proof.From, k.Until), answer.Text())
		st.Soak = nil
	}
	pipeline.Put(&c.Progress, do.Stage, pass)
	if pass.State == pipeline.ProgressFailed {
		if e := st.Ended; e != nil && e.N == k.Promotion {
			failed := *e
			failed.State, failed.Reason = pass.State, pass.Reason
			st.Ended = &failed
		}
		editPast(s, do.Stage, k.SHA, func(q *pipeline.Past) { q.RolledBack = true })
		undo(s, do.Stage, c, k.Promotion, k.Proof.Unseen(), at)
	}
}
