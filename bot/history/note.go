package history

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Note is something that has just happened, for the log and the metrics. Unlike a row it is never replaced.
type Note struct {
	What      NoteOf
	SHA       string // the commit; empty: it is about none, or an unknown one
	Stage     string // empty: it is about no stage
	Result    string // of a build, a promotion or a verification: see the constants; of a commit its Outcome
	Reason    string // why it did not succeed, or what a command was answered; may be empty
	Who       string // the person who asked for it, or pushed; empty: nobody
	Command   string // the line of a command
	App       string // where it was built
	Pull      int    // the pull request; 0: none, or unknown
	Promotion int    // its number on its stage; 0: it is about none
	Began     time.Time
	Ended     time.Time
	PushedAt  time.Time // of a commit that became live: when it was pushed, and
	GreenAt   time.Time // when its checks were green; zero: they never were
	Delivery  string    // the webhook that brought the commit; empty: unknown, or it was found without one
}

// NoteOf is what a Note is about.
type NoteOf string

// What is noted. A rollback is a promotion that goes back: a person's, or an automatic one.
const (
	NotePush         NoteOf = "push"
	NoteFile         NoteOf = "file" // the pipeline's file, as of a commit, is not valid
	NoteBuild        NoteOf = "build"
	NotePromotion    NoteOf = "promotion"
	NoteRollback     NoteOf = "rollback"
	NoteAutomatic    NoteOf = "automatic rollback"
	NoteVerification NoteOf = "verification"
	NoteCommand      NoteOf = "command"
	NoteCommit       NoteOf = "commit" // it ended, without being live everywhere
	NoteLive         NoteOf = "live"   // it ended, and is live everywhere
)

// The results of builds, promotions, rollbacks, verifications and commands.
const (
	Succeeded = "succeeded"
	Failed    = "failed"
	GivenUp   = "given up" // it changed nothing, and may be tried again
)

// Notes returns what has happened between two states of a pipeline, in the order of a commit's way. rows are what
// Chronicle says of them, and events led from one to the other.
func Notes(before, after *pipeline.State, events []bot.Event, rows []Entry) (list []Note) {
	list = notePushes(list, before, after)
	list = noteBuilds(list, before, after, events)
	list = noteStages(list, before, after)
	return noteRows(list, before, after, rows)
}

// notePushes notes the commits that are new on the branch, and those whose file was found not to be valid.
func notePushes(list []Note, before, after *pipeline.State) []Note {
	for i := range after.Candidates {
		c := &after.Candidates[i]
		was := at(before.Candidates, i, c.SHA)
		if was == nil || !was.SeenAt.Equal(c.SeenAt) {
			list = append(list, Note{What: NotePush, SHA: c.SHA, Who: c.Author, Pull: c.Pull, Began: c.PushedAt, Ended: c.SeenAt, Delivery: c.Delivery})
		}
		if c.ConfigProblem != "" && (was == nil || was.ConfigProblem != c.ConfigProblem) {
			list = append(list, Note{What: NoteFile, SHA: c.SHA, Result: Failed, Reason: c.ConfigProblem, Delivery: c.Delivery})
		}
	}
	return list
}

// noteBuilds notes the builds that have ended. Only the outcome of an effect ends one.
func noteBuilds(list []Note, before, after *pipeline.State, events []bot.Event) []Note {
	if !mayEndBuild(events) {
		return list
	}
	for _, key := range pipeline.SortedKeys(after.Builds) {
		r, was := after.Builds[key], before.Builds[key]
		if r.FinishedAt.IsZero() || r.FinishedAt.Equal(was.FinishedAt) || r.Adopted && was.Status == "" {
			continue
		}
		n := Note{
			What: NoteBuild, SHA: r.SHA, Stage: r.Stage, App: r.App, Pull: r.Pull, Result: Succeeded, Reason: r.Reason,
			Began: bot.Later(r.StartedAt, r.RunningAt), Ended: r.FinishedAt, Delivery: deliveryOf(after, r.SHA),
		}
		if r.Status != pipeline.RunSucceeded {
			n.Result = Failed
		}
		list = append(list, n)
	}
	return list
}

func mayEndBuild(events []bot.Event) bool {
	for _, e := range events {
		if f, ok := e.Fact.(bot.Finished); ok {
			switch f.Effect.Do.(type) {
			case bot.StartBuild, bot.WatchBuild, bot.CancelBuild:
				return true
			}
		}
	}
	return false
}

// noteStages notes the promotions that have ended, with their verifications, and the releases that did not stay healthy.
func noteStages(list []Note, before, after *pipeline.State) []Note {
	for _, stage := range pipeline.SortedKeys(after.Stages) {
		e, was := after.Stages[stage].Ended, (*pipeline.Ended)(nil)
		if st := before.Stages[stage]; st != nil {
			was = st.Ended
		}
		if e == nil || e == was || sameEnd(e, was) || e.Building {
			continue
		}
		cfg, _ := after.Config.Stage(stage)
		n := Note{
			What: NotePromotion, SHA: commit(e.SHA), Stage: stage, Who: e.By, Pull: e.Pull, Promotion: e.N, Result: Succeeded, Reason: e.Reason,
			Began: e.StartedAt, Ended: e.At, Delivery: deliveryOf(after, e.SHA),
		}
		switch result(e.State, !e.ReleasedAt.IsZero()) {
		case ResultFailed, ResultUnproved:
			n.Result = Failed
		case ResultGivenUp:
			n.Result = GivenUp
		}
		switch o := e.Rollback; {
		case o != nil && o.ByPerson():
			n.What = NoteRollback
		case o != nil:
			n.What = NoteAutomatic
		}
		unhealthy := was != nil && was.N == e.N // it had ended well
		if cfg.Verify != nil && !e.ReleasedAt.IsZero() && n.Result != GivenUp || unhealthy {
			v := n
			v.What, v.Began = NoteVerification, e.ReleasedAt
			list = append(list, v)
		}
		if !unhealthy {
			list = append(list, n)
		}
	}
	return list
}

// noteRows notes commands that were answered for the first time, and commits that have ended.
func noteRows(list []Note, before, after *pipeline.State, rows []Entry) []Note {
	for _, row := range rows {
		switch r := row.(type) {
		case Audit:
			if answered(before, r.ID) {
				continue // it was noted with its first answer
			}
			n := Note{What: NoteCommand, Result: Succeeded, Reason: r.Answer, Who: r.Who, Command: r.Command, Pull: r.Pull, Ended: r.At}
			if !r.OK {
				n.Result = Failed
			}
			list = append(list, n)
		case Change:
			if r.Outcome == "" || r.Outcome == OutcomeUnaffected {
				continue
			}
			was := at(before.Candidates, 0, r.SHA)
			if was == nil || was.Way.Ending.Outcome == r.Outcome && was.Way.Ending.At.Equal(r.EndedAt) {
				continue // it was found like that, or is known
			}
			n := Note{
				What: NoteCommit, SHA: r.SHA, Result: string(r.Outcome), Reason: r.By, Pull: r.Pull, Began: r.PushedAt, Ended: r.EndedAt,
				PushedAt: r.PushedAt, GreenAt: r.GreenAt, Delivery: was.Delivery,
			}
			if r.Outcome == OutcomeLive {
				n.What = NoteLive
			}
			list = append(list, n)
		}
	}
	return list
}

// answered reports whether a command had an answer already.
func answered(s *pipeline.State, id string) bool {
	for i := range s.Requests {
		for n := range s.Requests[i].Answers {
			if id == AuditID(s.Requests[i].Comment, n) {
				return true
			}
		}
	}
	return false
}

func deliveryOf(s *pipeline.State, sha string) string {
	if c := s.Candidate(sha); c != nil {
		return c.Delivery
	}
	return ""
}
