package bot

import "time"

// How a build's events change the state. The build of a tree is a run, and runs
// are looked up by tree: whoever has that tree shares the run.

// runOf is the run of a candidate's build. What failed before the candidate was
// pushed is not its failure: only what succeeded is shared, and every push builds
// once more. Whoever was pushed while the build ran shares how it ends.
func (s *State) runOf(c *Candidate) (BuildRun, bool) {
	for _, st := range s.Stages {
		if p := st.Promoting; p != nil && p.Building && p.SHA == c.SHA {
			r, ok := s.Builds[p.Build] // whatever the file says by now of who shares it
			return r, ok
		}
	}
	r, ok := s.shared(s.branchKey(c.SHA, c.Tree), c.SHA)
	if c.FromPull {
		r, ok = s.runAhead(c.SHA, c.Tree)
	}
	pushed := c.SeenAt
	if c.FromPull && r.Status == RunFailed {
		pushed = s.Pulls[c.Pull].headSeenAt() // asking for it is no push
	}
	return r.asOf(pushed, ok)
}

// pullRun is the run of the build ahead of a pull request's merge. As for a
// candidate, what failed before its head was pushed does not count.
func (s *State) pullRun(p PullRequest) (BuildRun, bool) {
	r, ok := s.runAhead(p.TestMerge, p.TestTree)
	return r.asOf(p.headSeenAt(), ok)
}

// asOf is a run as it affects what was pushed at a time: none where it failed before
// then, and the failed one that is being repeated for others until that has succeeded.
func (r BuildRun) asOf(pushed time.Time, ok bool) (BuildRun, bool) {
	switch e := r.Earlier; {
	case r.failed() && r.FinishedAt.Before(pushed):
		return BuildRun{}, false
	case e != nil && r.Status != RunSucceeded && !e.FinishedAt.Before(pushed):
		return *e, true
	}
	return r, ok
}

// failed reports whether the run has ended, and left nothing.
func (r BuildRun) failed() bool { return r.Status == RunFailed || r.Status == RunErrored }

// runKey is the key of the run that a build was asked for under, also where the
// pipeline's file has meanwhile changed which commits share an artifact. An app has
// one run that is being asked for.
func (s *State) runKey(do StartBuild) string {
	for _, key := range sortedKeys(s.Builds) {
		if r := s.Builds[key]; r.Status == RunStarting && r.App == do.App && r.SHA == do.SHA {
			return key
		}
	}
	return s.keyOn(do.App, do.SHA, do.Tree)
}

// editRun changes the run that is remembered by key, if it is still there.
func (s *State) editRun(key string, edit func(*BuildRun)) {
	if r, ok := s.Builds[key]; ok {
		edit(&r)
		s.Builds[key] = r
	}
}

func (s *State) buildStarted(do StartBuild, at time.Time) {
	key := s.runKey(do)
	r, ok := s.Builds[key]
	switch {
	case !ok, r.Status == RunErrored && do.Stage == "", r.Status == RunFailed:
		failed := r
		r = r.blank()
		if r.StartedAt = at; failed.Status == RunFailed {
			failed.Earlier, r.Earlier = nil, &failed
		}
	case r.Stage != do.Stage, r.Status == RunErrored:
		r = BuildRun{StartedAt: at, Refused: r.Refused, Reason: r.Reason, TroubleAt: r.TroubleAt, Gone: r.Gone, GoneAt: r.GoneAt, Earlier: r.Earlier, Source: r.Source}
	case r.StartedAt.IsZero():
		r.StartedAt = at
	}
	if s.candidate(do.SHA) == nil {
		if s.groupOf(do.SHA) != nil {
			r.Group = do.SHA
		}
		for _, n := range sortedKeys(s.Pulls) {
			if p := s.Pulls[n]; p.TestMerge == do.SHA && p.Open {
				r.Pull = n
			}
		}
	}
	r.SHA, r.Tree, r.Command, r.App, r.Stage, r.Status = do.SHA, do.Tree, do.Command, do.App, do.Stage, RunStarting
	s.Builds[key] = r
	if do.Stage != "" {
		s.openPromotion(do.Stage, do.SHA, at, key)
	}
}

// buildAnswered takes the outcome of asking for a build. A platform that does
// not take it is trouble that is remembered with its beginning: it is what the
// fallback is decided by.
func (s *State) buildAnswered(do StartBuild, f Finished, pending PendingEffect, at time.Time) {
	seen, moved := f.Fact.(AppSeen)
	if moved && do.Stage != "" {
		s.appSeen(do.Stage, do.App, seen, at)
	}
	s.editRun(s.runKey(do), func(r *BuildRun) {
		if r.App != do.App || r.Status != RunStarting {
			return
		}
		switch f.Outcome {
		case Done:
			if seen, ok := f.Fact.(BuildSeen); moved || ok && seen.Build.ID == "" {
				r.Status, r.App, r.Stage = RunWaiting, "", "" // it was looked at, and there is nothing of ours
			} else if ok {
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
			// Surely not begun: another prepare app may take it. That GitHub does not
			// know the commit yet is no trouble of the platform's: the fallback needs
			// the same source.
			r.Reason = f.Reason
			if f.Missing {
				r.unknown(at)
			} else {
				r.trouble(at)
			}
			if !pending.Unsure {
				r.Status, r.App, r.Stage = RunWaiting, "", ""
			}
		case Unsure:
			r.Reason = f.Reason
			r.trouble(at)
		}
	})
	if do.Stage == "" {
		return
	}
	none, looked := f.Fact.(BuildSeen)
	if f.Outcome == Retry && !pending.Unsure || moved || looked && none.Build.ID == "" {
		s.withdraw(do.Stage, f, at)
		return
	}
	s.stageBuildMoved(do.Stage, do.SHA, at)
}

// unknown notes that GitHub does not know the source yet.
func (r *BuildRun) unknown(at time.Time) {
	if r.UnknownAt.IsZero() {
		r.UnknownAt = at
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
			s.buildErrored(r, f.Reason, at)
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
	})
}

// buildErrored takes a build that the platform could not make: another prepare
// app may be able to.
func (s *State) buildErrored(r *BuildRun, reason string, at time.Time) {
	r.Status, r.Reason, r.FinishedAt = RunErrored, reason, at
	if r.Stage != "" {
		return
	}
	put(&r.Refused, r.App, reason)
	for _, app := range s.Config.Prepare.sharing(r.App) {
		if _, no := r.Refused[app]; !no {
			*r = BuildRun{SHA: r.SHA, Tree: r.Tree, Pull: r.Pull, Group: r.Group, Status: RunWaiting, Refused: r.Refused, Reason: reason, TroubleAt: at, Gone: r.Gone, GoneAt: r.GoneAt, Earlier: r.Earlier, Source: r.Source}
			return
		}
	}
}

// buildSeen folds what the platform says of the run's build.
func (s *State) buildSeen(r *BuildRun, b Build, at time.Time) {
	r.ID, r.OutputURL, r.Artifact, r.Release = b.ID, b.OutputURL, b.Artifact, b.Release
	r.TroubleAt, r.UnknownAt, r.Reason = time.Time{}, time.Time{}, b.Reason
	switch b.Status {
	case BuildPending:
		r.Status = RunRunning
		if r.RunningAt.IsZero() {
			r.RunningAt = at
		}
		if at.Sub(r.RunningAt) >= buildDeadline {
			s.buildErrored(r, "the build did not end within "+hours(buildDeadline), at)
			return
		}
		r.Looks++
		r.LookAt = at.Add(buildInterval(at.Sub(r.RunningAt), s.usualBuild(), r.Looks))
		return
	case BuildSucceeded:
		r.Status = RunSucceeded
	case BuildFailed:
		r.Status = RunFailed
	case BuildErrored:
		s.buildErrored(r, b.Reason, at)
		return
	case BuildCancelled:
		if r.Cancelling {
			// It gave its place away and queues again.
			*r = BuildRun{SHA: r.SHA, Tree: r.Tree, Pull: r.Pull, Group: r.Group, Status: RunWaiting, Refused: r.Refused, Gone: r.Gone, GoneAt: r.GoneAt, Earlier: r.Earlier, Source: r.Source}
			return
		}
		s.buildErrored(r, "the build was cancelled on the platform", at)
		return
	}
	r.FinishedAt = at
	if r.Adopted && !b.FinishedAt.IsZero() {
		r.StartedAt, r.FinishedAt = b.CreatedAt, b.FinishedAt
	}
}
