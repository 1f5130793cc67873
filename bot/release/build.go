package release

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// runKey returns the key of the run that a build was requested under. The key holds even if the pipeline's file has
// changed since which commits share an artifact. Requested runs per app <= 1.
func runKey(s *pipeline.State, do bot.StartBuild) string {
	for _, key := range pipeline.SortedKeys(s.Builds) {
		if r := s.Builds[key]; r.Status == pipeline.RunStarting && r.App == do.App && r.SHA == do.SHA {
			return key
		}
	}
	return keyOn(s, do.App, do.SHA, do.Tree)
}

// EditRun changes the run of a key, if it is still remembered.
func EditRun(s *pipeline.State, key string, edit func(*pipeline.BuildRun)) {
	if r, ok := s.Builds[key]; ok {
		edit(&r)
		s.Builds[key] = r
	}
}

func BuildStarted(s *pipeline.State, do bot.StartBuild, at time.Time) {
	key := runKey(s, do)
	r, ok := s.Builds[key]
	switch {
	case !ok, r.Status == pipeline.RunErrored && do.Stage == "", r.Status == pipeline.RunFailed:
		failed := r
		r = r.Blank()
		if r.StartedAt = at; failed.Status == pipeline.RunFailed {
			failed.Earlier, r.Earlier = nil, &failed
		}
	case r.Stage != do.Stage, r.Status == pipeline.RunErrored:
		r = pipeline.BuildRun{StartedAt: at, Refused: r.Refused, Reason: r.Reason, TroubleAt: r.TroubleAt, Gone: r.Gone, GoneAt: r.GoneAt, Earlier: r.Earlier, Source: r.Source}
	case r.StartedAt.IsZero():
		r.StartedAt = at
	}
	if s.Candidate(do.SHA) == nil {
		if s.GroupOf(do.SHA) != nil {
			r.Group = do.SHA
		}
		for _, n := range pipeline.SortedKeys(s.Pulls) {
			if p := s.Pulls[n]; p.TestMerge == do.SHA && p.Open {
				r.Pull = n
			}
		}
	}
	r.SHA, r.Tree, r.Command, r.App, r.Stage, r.Status = do.SHA, do.Tree, do.Command, do.App, do.Stage, pipeline.RunStarting
	s.Builds[key] = r
	if do.Stage != "" {
		openPromotion(s, do.Stage, do.SHA, at, key)
	}
}

// BuildAnswered folds the outcome of a build request. Refusals of the platform are remembered with the time of the
// first: the fallback depends on it.
func BuildAnswered(s *pipeline.State, do bot.StartBuild, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	seen, moved := f.Fact.(bot.AppSeen)
	if moved && do.Stage != "" {
		appSeen(s, do.Stage, do.App, seen, at)
	}
	EditRun(s, runKey(s, do), func(r *pipeline.BuildRun) {
		if r.App != do.App || r.Status != pipeline.RunStarting {
			return
		}
		switch f.Outcome {
		case bot.Done:
			if seen, ok := f.Fact.(bot.BuildSeen); moved || ok && seen.Build.ID == "" {
				r.Status, r.App, r.Stage = pipeline.RunWaiting, "", "" // it was looked for, and no build of ours exists
			} else if ok {
				r.Adopted = seen.Adopted
				buildSeen(s, r, seen.Build, at)
			}
		case bot.Refuse:
			if do.Stage != "" {
				r.Status, r.Reason, r.FinishedAt = pipeline.RunErrored, f.Reason, at
				return
			}
			pipeline.Put(&r.Refused, do.App, f.Reason)
			r.Status, r.App, r.Reason = pipeline.RunWaiting, "", f.Reason
			trouble(r, at)
		case bot.Retry:
			// The build has certainly not begun: another prepare app may take it. An unknown commit at GitHub is not
			// the platform's trouble: the fallback needs the same source.
			r.Reason = f.Reason
			if f.Missing {
				r.Unknown(at)
			} else {
				trouble(r, at)
			}
			if !pending.Unsure {
				r.Status, r.App, r.Stage = pipeline.RunWaiting, "", ""
			}
		case bot.Unsure:
			r.Reason = f.Reason
			trouble(r, at)
		}
	})
	if do.Stage == "" {
		return
	}
	none, looked := f.Fact.(bot.BuildSeen)
	if f.Outcome == bot.Retry && !pending.Unsure || moved || looked && none.Build.ID == "" {
		withdraw(s, do.Stage, f, at)
		return
	}
	stageBuildMoved(s, do.Stage, do.SHA, at)
}

func trouble(r *pipeline.BuildRun, at time.Time) {
	if r.TroubleAt.IsZero() {
		r.TroubleAt = at
	}
}

func BuildWatched(s *pipeline.State, do bot.WatchBuild, f bot.Finished, at time.Time) {
	EditRun(s, do.Tree, func(r *pipeline.BuildRun) {
		if r.ID != do.ID || r.Status != pipeline.RunRunning {
			return
		}
		switch f.Outcome {
		case bot.Done:
			if seen, ok := f.Fact.(bot.BuildSeen); ok {
				buildSeen(s, r, seen.Build, at)
			}
		case bot.Refuse:
			buildErrored(s, r, f.Reason, at)
		}
	})
	if do.Stage != "" {
		if r, ok := s.Builds[do.Tree]; ok {
			stageBuildMoved(s, do.Stage, r.SHA, at)
		}
	}
}

func BuildCancelled(s *pipeline.State, do bot.CancelBuild, f bot.Finished, at time.Time) {
	EditRun(s, do.Tree, func(r *pipeline.BuildRun) {
		if r.ID != do.ID || r.Status != pipeline.RunRunning {
			return
		}
		if seen, ok := f.Fact.(bot.BuildSeen); ok {
			buildSeen(s, r, seen.Build, at)
		}
	})
}

// buildErrored folds a build that the platform could not run: another prepare app may be able to.
func buildErrored(s *pipeline.State, r *pipeline.BuildRun, reason string, at time.Time) {
	r.Status, r.Reason, r.FinishedAt = pipeline.RunErrored, reason, at
	if r.Stage != "" {
		return
	}
	pipeline.Put(&r.Refused, r.App, reason)
	for _, app := range s.Config.Prepare.Sharing(r.App) {
		if _, no := r.Refused[app]; !no {
			*r = pipeline.BuildRun{SHA: r.SHA, Tree: r.Tree, Pull: r.Pull, Group: r.Group, Status: pipeline.RunWaiting, Refused: r.Refused, Reason: reason, TroubleAt: at, Gone: r.Gone, GoneAt: r.GoneAt, Earlier: r.Earlier, Source: r.Source}
			return
		}
	}
}

// buildSeen folds the platform's report of the run's build.
func buildSeen(s *pipeline.State, r *pipeline.BuildRun, b bot.Build, at time.Time) {
	r.ID, r.OutputURL, r.Artifact, r.Release = b.ID, b.OutputURL, b.Artifact, b.Release
	r.TroubleAt, r.UnknownAt, r.Reason = time.Time{}, time.Time{}, b.Reason
	switch b.Status {
	case bot.BuildPending:
		r.Status = pipeline.RunRunning
		if r.RunningAt.IsZero() {
			r.RunningAt = at
		}
		if at.Sub(r.RunningAt) >= bot.BuildDeadline {
			buildErrored(s, r, "the build did not end within "+words.Hours(bot.BuildDeadline), at)
			return
		}
		r.Looks++
		r.LookAt = at.Add(buildInterval(at.Sub(r.RunningAt), s.UsualBuild(), r.Looks))
		return
	case bot.BuildSucceeded:
		r.Status = pipeline.RunSucceeded
	case bot.BuildFailed:
		r.Status = pipeline.RunFailed
	case bot.BuildErrored:
		buildErrored(s, r, b.Reason, at)
		return
	case bot.BuildCancelled:
		if r.Cancelling {
			// The build gave up its app and queues again.
			*r = pipeline.BuildRun{SHA: r.SHA, Tree: r.Tree, Pull: r.Pull, Group: r.Group, Status: pipeline.RunWaiting, Refused: r.Refused, Gone: r.Gone, GoneAt: r.GoneAt, Earlier: r.Earlier, Source: r.Source}
			return
		}
		buildErrored(s, r, "the build was cancelled on the platform", at)
		return
	}
	r.FinishedAt = at
	if r.Adopted && !b.FinishedAt.IsZero() {
		r.StartedAt, r.FinishedAt = b.CreatedAt, b.FinishedAt
	}
}

// EditRequest changes a comment's request, if it is remembered.
func EditRequest(s *pipeline.State, comment int64, edit func(*pipeline.Request)) {
	i := slices.IndexFunc(s.Requests, func(r pipeline.Request) bool { return r.Comment == comment })
	if i < 0 {
		return
	}
	s.Requests = slices.Clone(s.Requests)
	r := s.Requests[i]
	r.Answers = slices.Clone(r.Answers)
	edit(&r)
	s.Requests[i] = r
}
