package release

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// ranBefore returns what an app ran when it was seen, if that may be adopted: Headstart has released nothing of its own
// there. Otherwise it returns what was seen before.
func ranBefore(s *pipeline.State, stage string, seen bot.AppSeen, old pipeline.AppState) *pipeline.Ran {
	st, r := s.Stage(stage), seen.Current
	if !st.Unexplored() || old.Seen && old.Ran == nil || st.IsReleasing(s, r.Artifact) || everReleased(s, stage, r.Artifact) {
		return old.Ran
	}
	return &pipeline.Ran{
		ID: cmp.Or(seen.Runs.ID, r.ID), Version: r.Version, Latest: max(r.Version, seen.Runs.Version),
		Commit: r.Commit, Artifact: r.Artifact, At: r.CreatedAt,
	}
}

func AdoptStage(s *pipeline.State, stage bot.Stage, ran map[string]pipeline.Ran, at time.Time) {
	st := s.StageRecord(stage.Name)
	past := pipeline.Past{Ran: ran}
	for _, app := range stage.Apps { // the first app that ran something, in the file's order, also stands for the others
		r, ok := ran[app]
		if !ok {
			continue
		}
		if past.Artifact == "" {
			past.Artifact, past.From, past.Built = r.Artifact, app, r.Commit
		}
		past.At = bot.Later(past.At, r.At)
		pipeline.Put(&past.Releases, app, bot.PastRelease{ID: r.ID, Version: r.Version})
		past.Versions = pipeline.AddVersions(past.Versions, map[string]bot.PastRelease{"": {Version: r.Version}, "latest": {Version: r.Latest}})
	}
	past.SHA = adoptedName(stage.Name, ran)
	st.Past = []pipeline.Past{past}
	st.Live = pipeline.Live{SHA: past.SHA, Artifact: past.Artifact, Since: past.At, Adopted: ran}
	for app, stand := range st.Apps {
		stand.Ran = nil
		st.Apps[app] = stand
	}
	if s.Candidate(past.SHA) == nil {
		s.Adopted = append(s.Adopted, pipeline.Candidate{SHA: past.SHA, PushedAt: past.At, SeenAt: at, PullSought: true, ConfigRead: true, Adopted: true})
	}
	if c := s.Candidate(past.SHA); c.Adopted {
		pipeline.Put(&c.Progress, stage.Name, pipeline.Progress{State: pipeline.ProgressLive, StartedAt: past.At, EndedAt: past.At, Adopted: true})
	}
}

// adoptedName names what the apps of a stage ran: by their common commit, else by their versions.
func adoptedName(stage string, ran map[string]pipeline.Ran) string {
	var commits, versions []string
	for _, app := range pipeline.SortedKeys(ran) {
		r := ran[app]
		if !slices.Contains(commits, r.Commit) {
			commits = append(commits, r.Commit)
		}
		if v := fmt.Sprintf("v%d", r.Version); !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	if len(commits) == 1 && commits[0] != "" {
		return commits[0]
	}
	return strings.Join(versions, "/") + " of " + stage
}
