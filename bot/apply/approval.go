package apply

import (
	"fmt"
	"maps"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

// lapse ends the approvals whose artifact or stage has changed since they were given. It corrects the answers to the
// commands that gave them.
func lapse(s *pipeline.State, at time.Time) {
	for _, c := range s.All() {
		for _, stage := range pipeline.SortedKeys(c.Approvals) {
			a := c.Approvals[stage]
			if !a.Good() {
				continue
			}
			if built := s.ArtifactOf(c); a.Unbuilt && built != "" {
				a.Artifact, a.Unbuilt = built, false
				c.Approvals[stage] = a
			}
			st := s.Stage(stage)
			f, app := st.Foreign()
			switch p, in := c.Progress[stage]; {
			case p.State == pipeline.ProgressLive || p.State == pipeline.ProgressRolledBack:
				a.Used = true
			case p.State == pipeline.ProgressReleasing:
				a.Promotion = p.Promotion
			case in:
				continue // its release failed: the stage is unchanged
			case c.Cancelled != nil:
				a.Lapsed = "it was cancelled by @" + c.Cancelled.By
			case st.Live.SHA != a.Live:
				a.Lapsed = fmt.Sprintf("%s runs %s now", stage, bot.Short(st.Live.SHA))
			case !maps.Equal(st.Live.AdoptedArtifacts(), a.Ran):
				a.Lapsed = "what an app of " + stage + " runs has changed"
			case failedSince(s, stage, a.At) != "":
				a.Lapsed = fmt.Sprintf("%s failed on %s, and was not taken back", bot.Short(failedSince(s, stage, a.At)), stage)
			case s.ArtifactOf(c) != a.Artifact:
				a.Lapsed = "it was built anew"
			case f != nil && f.SeenAt.After(a.At):
				a.Lapsed = fmt.Sprintf("%s was released to %s by hand", f.Name(), app)
			default:
				if a.Lapsed = s.ApprovedByMaker(c, stage, a); a.Lapsed == "" {
					continue
				}
			}
			if a.Lapsed != "" {
				a.LapsedAt = at
				correctLapsed(s, c.SHA, stage, a)
			}
			c.Approvals[stage] = a
		}
	}
}

// failedSince returns the commit whose release to a stage failed after since while an app still runs it; empty: none.
// It is empty while a release or a rollback is to replace that commit.
func failedSince(s *pipeline.State, stage string, since time.Time) string {
	st := s.Stage(stage)
	if st.Promoting != nil || st.Rollback != nil {
		return ""
	}
	for _, c := range s.All() {
		p := c.Progress[stage]
		if p.State != pipeline.ProgressFailed || !p.EndedAt.After(since) {
			continue
		}
		for _, app := range st.Apps {
			if app.Seen && app.Artifact != "" && app.Artifact == c.Artifact {
				return c.SHA
			}
		}
	}
	return ""
}

// correctLapsed corrects the answer to the command that approved. A /promote that approved ends with its approval.
func correctLapsed(s *pipeline.State, sha, stage string, a pipeline.Approval) {
	if c := s.Candidate(sha); c != nil && c.HasOrder(stage) && c.Ordered[stage].Comment == a.Comment {
		delete(c.Ordered, stage)
	}
	release.EditRequest(s, a.Comment, func(r *pipeline.Request) {
		for i, answer := range r.Answers {
			gave := r.Commands[i].Verb == command.VerbApprove && answer.OK || r.Commands[i].Verb == command.VerbPromote && answer.Open
			if gave && answer.SHA == sha && answer.Stage == stage {
				r.Answers[i] = pipeline.Answer{Stage: stage, SHA: sha, Text: fmt.Sprintf("the approval of %s for %s lapsed: %s", bot.Short(sha), stage, a.Lapsed)}
			}
		}
	})
}
