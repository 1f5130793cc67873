package history

import (
	"hash/fnv"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// promotions adds what was released to the stages.
func promotions(list []Entry, before, after *pipeline.State) []Entry {
	for _, stage := range pipeline.SortedKeys(after.Stages) {
		is, was := after.Stages[stage], before.Stages[stage]
		if was == nil {
			was = &pipeline.StageState{}
		}
		if len(before.Stages) == 0 {
			list = remembered(list, after, stage)
		}
		if e := is.Ended; e != nil && e != was.Ended && !sameEnd(e, was.Ended) && !e.Building {
			list = append(list, ended(e, stage))
		}
		if p := is.Promoting; p != nil && p.Begun() && !sameFlight(was.Promoting, p) {
			list = append(list, inFlight(after, stage, p))
		}
		list = byHand(list, stage, was, is)
	}
	return list
}

func sameEnd(a, b *pipeline.Ended) bool { return b != nil && a.N == b.N && a.State == b.State }

// sameFlight reports whether a promotion in flight has the same row as before.
func sameFlight(a, b *pipeline.Promotion) bool {
	if a == nil || a.N != b.N || !a.Begun() || !a.ReleasedAt.Equal(b.ReleasedAt) {
		return false
	}
	for app, r := range b.Apps {
		if a.Apps[app].Version != r.Version {
			return false
		}
	}
	return true
}

func inFlight(s *pipeline.State, stage string, p *pipeline.Promotion) Promotion {
	row := promotion(stage, p)
	row.Replaced = commit(s.Stages[stage].Live.SHA)
	row.Artifact, row.Pull = s.Releases(stage, p)
	return row
}

func ended(e *pipeline.Ended, stage string) Promotion {
	row := promotion(stage, &e.Promotion)
	row.Artifact, row.Pull, row.Replaced, row.Commits = e.Artifact, e.Pull, commit(e.Replaced), e.Commits
	row.Proved, row.Ended, row.Reason = e.Proved, e.At, e.Reason
	row.Result = result(e.State, !e.ReleasedAt.IsZero())
	return row
}

func result(end pipeline.ProgressState, released bool) Result {
	switch {
	case end == "":
		return ResultGivenUp
	case end == pipeline.ProgressLive:
		return ResultProved
	case released:
		return ResultUnproved
	}
	return ResultFailed
}

// promotion is what does not depend on whether it has ended.
func promotion(stage string, p *pipeline.Promotion) Promotion {
	row := Promotion{
		Stage: stage, N: p.N, SHA: commit(p.SHA), Kind: KindForward, Who: p.By, Why: p.Why, Urgent: p.Urgent,
		Began: p.StartedAt, Released: p.ReleasedAt, Apps: map[string]int{},
	}
	for app, r := range p.Apps {
		row.Apps[app] = r.Version
	}
	if o := p.Rollback; o != nil {
		if row.Kind = KindRollback; !o.ByPerson() {
			row.Kind = KindUndo
		}
	}
	return row
}

// remembered adds the ended promotions that candidates tell of, but for the newest one, of which more is known.
func remembered(list []Entry, s *pipeline.State, stage string) []Entry {
	st := s.Stages[stage]
	for i := range s.Candidates {
		c := &s.Candidates[i]
		pass, ok := c.Progress[stage]
		if !ok || pass.Promotion == 0 || pass.EndedAt.IsZero() || pass.BuildFailed || st.Ended != nil && st.Ended.N == pass.Promotion {
			continue
		}
		row := Promotion{
			Stage: stage, N: pass.Promotion, SHA: c.SHA, Artifact: c.Artifact, Kind: KindForward,
			Began: pass.StartedAt, Ended: pass.EndedAt, Result: ResultFailed, Reason: pass.Reason, Urgent: pass.Urgent != nil,
		}
		if a := c.Approvals[stage]; a.Promotion == pass.Promotion {
			row.Who = a.By
		}
		if pass.State == pipeline.ProgressLive || pass.State == pipeline.ProgressRolledBack {
			row.Result, row.Released, row.Proved, row.Reason = ResultProved, pass.EndedAt, pass.EndedAt, ""
		}
		list = append(list, row)
	}
	return list
}

// byHand adds what others released to a stage's apps, before Headstart came or since: a row for each app.
func byHand(list []Entry, stage string, was, is *pipeline.StageState) []Entry {
	if was.Live.SHA != is.Live.SHA {
		for _, app := range pipeline.SortedKeys(is.Live.Adopted) {
			if ran := is.Live.Adopted[app]; ran.Version != 0 {
				list = append(list, handRow(stage, app, ran))
			}
		}
	}
	for _, app := range pipeline.SortedKeys(is.Apps) {
		stand := is.Apps[app]
		f, known := stand.Foreign, was.Apps[app].Foreign
		if f != nil && f.Version != 0 && (known == nil || known.Version != f.Version) {
			list = append(list, handRow(stage, app, pipeline.Ran{Version: f.Version, Commit: f.Commit, Artifact: stand.Artifact, At: f.At}))
		}
	}
	return list
}

func handRow(stage, app string, r pipeline.Ran) Promotion {
	return Promotion{
		Stage: stage, N: handN(app, r.Version), SHA: r.Commit, Artifact: r.Artifact, Kind: KindByHand,
		Began: r.At, Released: r.At, Ended: r.At, Result: ResultUnverified, Apps: map[string]int{app: r.Version},
	}
}

// handN stands for a number where Headstart gave none: of one app's release.
func handN(app string, version int) int {
	const apps = 1000 // several of a stage rarely have the same version, and then hardly ever the same number
	h := fnv.New32a()
	h.Write([]byte(app))
	return -version*apps - int(h.Sum32()%apps)
}

// commit is a commit's name; empty for the stand-in of an unknown one.
func commit(sha string) string {
	if pipeline.IsCommit(sha) {
		return sha
	}
	return ""
}
