package release

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// CheckRollback ends a rollback that has nothing to do, or no target.
func CheckRollback(s *pipeline.State, stage string, at time.Time) {
	st := s.Stage(stage)
	o := st.Rollback
	if o == nil || st.Promoting != nil {
		return
	}
	if _, ok := s.Config.Stage(stage); !ok && s.Configured {
		EndRollback(s, stage, false, fmt.Sprintf("the pipeline has no stage %s any more", stage))
		return
	}
	if o.To == "" && o.From != st.Live.SHA && !st.Mixed() {
		EndRollback(s, stage, true, fmt.Sprintf("%s still runs %s, because %s never got there; it is locked until /unlock %s",
			stage, bot.Short(st.Live.SHA), bot.Short(o.From), s.Qualified(stage)))
		return
	}
	if f, app := st.Foreign(); f != nil && !o.ByPerson() {
		EndRollback(s, stage, false, fmt.Sprintf("not rolled back: %s was released to %s by hand", f.Name(), app))
		return
	}
	if _, ok := st.Target(*o); !ok {
		EndRollback(s, stage, false, fmt.Sprintf("there is no proved release of %s left to go back to%s; it is locked until /unlock %s", stage, skipped(o), s.Qualified(stage)))
	}
}

func skipped(o *pipeline.RollbackOrder) string {
	if len(o.Skips) == 0 {
		return ""
	}
	return " (" + strings.Join(o.Skips, "; ") + ")"
}

// EndRollback closes the order and answers the person who gave it.
func EndRollback(s *pipeline.State, stage string, ok bool, text string) {
	o := s.Stage(stage).Rollback
	if o == nil {
		return
	}
	s.StageRecord(stage).Rollback = nil
	if !o.ByPerson() {
		rolledBack(s, stage, o, text)
		return
	}
	EditRequest(s, o.Comment, func(r *pipeline.Request) {
		for i, a := range r.Answers {
			if a.Open && a.Rollback && a.Stage == stage {
				r.Answers[i] = pipeline.Answer{OK: ok, Rollback: true, Stage: stage, Text: text}
			}
		}
	})
}

// rollbackClosed folds the end of a rollback's promotion.
func rollbackClosed(s *pipeline.State, stage string, p *pipeline.Promotion, was pipeline.Live, end pipeline.ProgressState, reason string, at time.Time) {
	o := p.Rollback
	if end != pipeline.ProgressLive {
		EndRollback(s, stage, false, fmt.Sprintf("the rollback of %s to %s failed: %s", stage, bot.Short(p.SHA), reason))
		return
	}
	if c := s.Candidate(was.SHA); c != nil && was.SHA != p.SHA && o.ByPerson() {
		pass := c.PassedBefore(stage, was)
		pass.State, pass.Reason = pipeline.ProgressRolledBack, "rolled back by "+o.Who()
		pipeline.Put(&c.Progress, stage, pass)
	}
	if c := s.Candidate(p.SHA); c != nil {
		pass := c.Progress[stage]
		pass.Reason = "after a rollback by " + o.Who()
		pipeline.Put(&c.Progress, stage, pass)
	}
	if was.SHA != p.SHA {
		editPast(s, stage, was.SHA, func(q *pipeline.Past) { q.RolledBack = true })
	}
	if !o.ByPerson() {
		EndRollback(s, stage, true, fmt.Sprintf("rolled back to %s in %s%s", bot.Short(p.SHA), words.Took(p.StartedAt, at), skipped(o)))
		return
	}
	further := ""
	if o.Further {
		further = ", one further back"
	}
	text := fmt.Sprintf("%s runs %s again%s, released in %s%s; it is locked until /unlock %s", stage, bot.Short(p.SHA), further, words.Took(p.StartedAt, at), skipped(o), s.Qualified(stage))
	EndRollback(s, stage, true, text)
}

// proved remembers a proved release of a stage.
func proved(s *pipeline.State, stage string, c *pipeline.Candidate, p *pipeline.Promotion, at time.Time) {
	st := s.StageRecord(stage)
	releases := map[string]bot.PastRelease{}
	for app, a := range p.Apps {
		releases[app] = bot.PastRelease{ID: a.ID, Version: a.Version}
	}
	past := pipeline.Past{SHA: c.SHA, Artifact: c.Artifact, From: c.ArtifactApp, Built: c.ArtifactSHA, Title: c.Title, At: at, Releases: releases}
	if i := slices.IndexFunc(st.Past, func(q pipeline.Past) bool { return q.SHA == c.SHA }); i >= 0 {
		known := st.Past[i]
		past.Versions = slices.Clone(known.Versions)
		if p.Rollback != nil {
			known.Versions = pipeline.AddVersions(past.Versions, releases)
			known.RolledBack = false
			st.Past = slices.Clone(st.Past)
			st.Past[i] = known
			return
		}
		st.Past = slices.Delete(slices.Clone(st.Past), i, i+1)
	}
	past.Versions = pipeline.AddVersions(past.Versions, releases)
	st.Past = append([]pipeline.Past{past}, st.Past...)
	if len(st.Past) > pipeline.KeptPast {
		st.Past = st.Past[:pipeline.KeptPast]
	}
}

func editPast(s *pipeline.State, stage, sha string, edit func(*pipeline.Past)) {
	st := s.StageRecord(stage)
	st.Past = slices.Clone(st.Past)
	for i := range st.Past {
		if st.Past[i].SHA == sha {
			edit(&st.Past[i])
		}
	}
}

// pastGone notes that the platform cannot restore a release, and gives up the promotion that tried. The next older
// release is tried.
func pastGone(s *pipeline.State, stage string, p *pipeline.Promotion) {
	reason := ""
	for _, app := range pipeline.SortedKeys(p.Apps) {
		reason = p.Apps[app].Reason
	}
	editPast(s, stage, p.SHA, func(q *pipeline.Past) { q.Gone = reason })
	if c := s.Candidate(p.SHA); c != nil {
		c.Restore(stage, p.Was)
	}
	noteGivenUp(s, stage, "the artifact is gone", s.At)
	st := s.StageRecord(stage)
	o := *p.Rollback
	o.Skips = append(slices.Clone(o.Skips), bot.Short(p.SHA)+" cannot be brought back"+words.Because(reason))
	st.Promoting, st.Rollback = nil, &o
}
