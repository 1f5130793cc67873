package bot

import "time"

// How a build's events change the state. The build of a tree is a run, and runs
// are looked up by tree: whoever has that tree shares the run.

func (s *State) run(sha, tree string) (BuildRun, bool) {
	r, ok := s.Builds[s.buildKey(sha, tree)]
	return r, ok
}

// editRun changes the run that is remembered by key, if it is still there.
func (s *State) editRun(key string, edit func(*BuildRun)) {
	if r, ok := s.Builds[key]; ok {
		edit(&r)
		s.Builds[key] = r
	}
}

func (s *State) buildStarted(do StartBuild, at time.Time) {
	key := s.buildKey(do.SHA, do.Tree)
	r, ok := s.Builds[key]
	if !ok || r.Stage != do.Stage || r.Status == RunErrored || r.Status == RunFailed {
		r = BuildRun{SHA: do.SHA, Tree: do.Tree, StartedAt: at, Refused: r.Refused, Reason: r.Reason}
	}
	if s.candidate(do.SHA) == nil {
		for n, p := range s.Pulls {
			if p.TestMerge == do.SHA && p.Open {
				r.Pull = n
			}
		}
	}
	r.SHA, r.Tree, r.App, r.Stage, r.Status = do.SHA, do.Tree, do.App, do.Stage, RunStarting
	s.Builds[key] = r
	if do.Stage != "" {
		s.openPromotion(do.Stage, do.SHA, at, true)
	}
}

// buildAnswered takes the outcome of asking for a build. A platform that does
// not take it is trouble that is remembered with its beginning: it is what the
// fallback is decided by.
func (s *State) buildAnswered(do StartBuild, f Finished, flight Flight, at time.Time) {
	key := s.buildKey(do.SHA, do.Tree)
	s.editRun(key, func(r *BuildRun) {
		if r.App != do.App || r.Status != RunStarting {
			return
		}
		switch f.Outcome {
		case Done:
			if seen, ok := f.Fact.(BuildSeen); ok {
				r.Adopted = seen.Adopted
				s.buildSeen(r, seen.Build, at)
			}
		case Refuse:
			if do.Stage != "" {
				r.Status, r.Reason, r.FinishedAt = RunErrored, f.Reason, at
				return
			}
			put(&r.Refused, do.App, f.Reason)
			r.Status, r.App, r.Reason = RunWaiting, "", f.Reason
			r.trouble(at)
		case Retry:
			// Surely not begun: another prepare app may take it.
			r.Reason = f.Reason
			r.trouble(at)
			if do.Stage == "" && !flight.Unsure {
				r.Status, r.App = RunWaiting, ""
			}
		case Unsure:
			r.Reason = f.Reason
			r.trouble(at)
		}
	})
	if do.Stage != "" {
		s.stageBuildMoved(do.Stage, do.SHA, at)
	}
}

func (r *BuildRun) trouble(at time.Time) {
	if r.TroubleAt.IsZero() {
		r.TroubleAt = at
	}
}

func (s *State) buildWatched(do WatchBuild, f Finished, at time.Time) {
	s.editRun(do.Tree, func(r *BuildRun) {
		if r.ID != do.ID || r.Status != RunRunning {
			return
		}
		switch f.Outcome {
		case Done:
			if seen, ok := f.Fact.(BuildSeen); ok {
				s.buildSeen(r, seen.Build, at)
			}
		case Refuse:
			r.Status, r.Reason, r.FinishedAt = RunErrored, f.Reason, at
		}
	})
	if do.Stage != "" {
		if r, ok := s.Builds[do.Tree]; ok {
			s.stageBuildMoved(do.Stage, r.SHA, at)
		}
	}
}

func (s *State) buildCancelled(do CancelBuild, f Finished, at time.Time) {
	s.editRun(do.Tree, func(r *BuildRun) {
		if r.ID != do.ID || r.Status != RunRunning {
			return
		}
		if seen, ok := f.Fact.(BuildSeen); ok {
			s.buildSeen(r, seen.Build, at)
		}
		if f.Outcome == Refuse {
			r.Cancelling = false
		}
	})
}

// buildSeen folds what the platform says of the run's build.
func (s *State) buildSeen(r *BuildRun, b Build, at time.Time) {
	r.ID, r.OutputURL, r.Artifact, r.Release = b.ID, b.OutputURL, b.Artifact, b.Release
	r.TroubleAt, r.Reason = time.Time{}, b.Reason
	switch b.Status {
	case BuildPending:
		r.Status = RunRunning
		r.Looks++
		r.LookAt = at.Add(lookInterval(r.Looks))
		return
	case BuildSucceeded:
		r.Status = RunSucceeded
	case BuildFailed:
		r.Status = RunFailed
	case BuildErrored:
		r.Status = RunErrored
	case BuildCancelled:
		if r.Cancelling {
			// It gave its place away and queues again.
			*r = BuildRun{SHA: r.SHA, Tree: r.Tree, Pull: r.Pull, Status: RunWaiting, Refused: r.Refused}
			return
		}
		r.Status, r.Reason = RunErrored, "the build was cancelled on the platform"
	}
	r.FinishedAt = at
	if r.Adopted && !b.FinishedAt.IsZero() {
		r.StartedAt, r.FinishedAt = b.CreatedAt, b.FinishedAt
	}
}
