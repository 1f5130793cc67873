package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// RollbackOrder asks for a rollback of a stage.
type RollbackOrder struct {
	Order
	To      string   // commit; empty: the last good one before what is live when it begins
	Config  bool     // the release's config vars are restored too
	From    string   // what was live, or being released, when it was asked for
	Further bool     // what is live was already rolled back to: go one further back
	Skips   []string // what could not be rolled back to, and why
	// Promotion is the one whose failure asked for the rollback; 0: a person did.
	Promotion int
}

// KeptPast is how many proved releases of a stage are remembered.
const KeptPast = 10

// Named finds a proved release by its commit, or by its version on any of the stage's
// apps.
func (st StageState) Named(sha string, version int) (Past, bool) {
	for _, p := range st.Past {
		if sha != "" && (strings.HasPrefix(p.SHA, sha) || p.ranCommit(sha)) {
			return p, true
		}
		if version != 0 && slices.Contains(p.Versions, version) {
			return p, true
		}
	}
	return Past{}, false
}

// ranCommit reports whether an app ran a commit before Headstart came.
func (p Past) ranCommit(sha string) bool {
	for _, r := range p.Ran {
		if strings.HasPrefix(r.Commit, sha) {
			return true
		}
	}
	return false
}

func (st StageState) PastNames() string {
	var list []string
	for _, p := range st.Past {
		list = append(list, bot.Short(p.SHA)+p.Version())
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// Version is the release's number in brackets, if all apps agree.
func (p Past) Version() string {
	if !IsCommit(p.SHA) {
		return "" // its version is its name
	}
	v := 0
	for _, r := range p.Releases {
		if v != 0 && r.Version != v {
			return ""
		}
		v = r.Version
	}
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(" (v%d)", v)
}

// Mixed reports whether the stage's apps run different artifacts, as after a release that
// only some of them accepted.
func (st StageState) Mixed() bool {
	for name, app := range st.Apps {
		if app.Seen && st.Live.Artifact != "" && app.Artifact != st.Live.ArtifactOn(name) {
			return true
		}
	}
	return false
}

// partlyRolledBack reports whether every app that does not run what is live runs something
// older, as after a partial rollback.
func (st StageState) partlyRolledBack() bool {
	older := st.Past[slices.IndexFunc(st.Past, func(p Past) bool { return p.SHA == st.Live.SHA })+1:]
	for name, app := range st.Apps {
		differs := app.Seen && app.Artifact != st.Live.ArtifactOn(name)
		if differs && !slices.ContainsFunc(older, func(p Past) bool { return p.ArtifactOn(name) == app.Artifact }) {
			return false
		}
	}
	return true
}

// Target is what a rollback restores: the named release, else the newest that may be
// restored. That one was proved, was not rolled back from, differs from what is live, and
// still exists as far as known.
func (st StageState) Target(o RollbackOrder) (Past, bool) {
	for _, p := range st.Past {
		switch {
		case p.Gone != "":
		case o.To != "":
			if p.SHA == o.To {
				return p, true
			}
		case p.SHA == st.Live.SHA:
			if st.Mixed() && !st.partlyRolledBack() {
				return p, true
			}
		case !p.RolledBack && !p.Runs(st.Live) && !st.newerThanLive(p):
			return p, true
		}
	}
	return Past{}, false
}

// newerThanLive reports whether a release was proved after the live one.
func (st StageState) newerThanLive(p Past) bool {
	i := slices.IndexFunc(st.Past, func(q Past) bool { return q.SHA == st.Live.SHA })
	return i >= 0 && slices.IndexFunc(st.Past, func(q Past) bool { return q.SHA == p.SHA }) < i
}

// PassedBefore is the candidate's progress at a stage where it is live, even if it left
// the stage to be rebuilt.
func (c *Candidate) PassedBefore(stage string, live Live) Progress {
	if pass := c.Progress[stage]; pass.State != "" {
		return pass
	}
	pass := Progress{StartedAt: live.Since, EndedAt: live.Since}
	for _, d := range c.Deployments {
		if d.Stage == stage && d.Published.State == bot.StatusSuccess {
			pass.Promotion = d.Promotion
		}
	}
	return pass
}

func AddVersions(list []int, releases map[string]bot.PastRelease) []int {
	for _, r := range releases {
		if r.Version != 0 && !slices.Contains(list, r.Version) {
			list = append(list, r.Version)
		}
	}
	slices.Sort(list)
	return list
}
