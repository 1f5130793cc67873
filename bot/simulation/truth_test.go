package simulation

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// truth is what really happened, as far as the world does not keep it by itself.
type truth struct {
	checks     map[string][]snapshot // commit → every change of its checks
	rules      []rules
	requests   []*request
	probes     []probe
	byHand     map[*bot.Release]bool
	failed     map[string]time.Time       // stage → since when people know that something has failed there, and that it is locked
	published  map[string]bool            // stage and commit, of which they know that
	copies     map[string]time.Time       // promotions for which a copy was to be made, and when that was decided
	frozen     bot.OperatorFreeze         // the operator's newest word
	passed     time.Time                  // of the newest that has reached the pipeline
	reachedAll time.Time                  // when every pipeline had it
	humanOn    map[string]bool            // apps that somebody has put into maintenance mode
	gone       map[string]time.Time       // stage → when the file in force last was without it
	pushers    map[string][]string        // commit → who pushed it to the branch, where that was not pressing Merge
	pushes     map[string][]bot.Pushed    // commit → what webhooks tell of its pushes, in order
	taken      map[string]time.Time       // commit → since when people know that the pipeline has taken it on
	excused    map[string]bool            // commits that it may take on though they are none of its business
	shown      map[string]bool            // commits of which GitHub has shown the pipeline's file, or that there is none
	stood      map[string]map[string]bool // app → what it was seen to run before anything of ours was asked for there
	hands      int
	heads      int
}

// snapshot is what had been reported about a commit from a time on.
type snapshot struct {
	at     time.Time
	checks []bot.Check
}

// rules is what the branch required from a time on.
type rules struct {
	at     time.Time
	checks []bot.RequiredCheck
}

func newTruth(s *sim) truth {
	return truth{
		checks: map[string][]snapshot{}, rules: []rules{{at: s.Now}}, byHand: map[*bot.Release]bool{}, gone: map[string]time.Time{},
		failed: map[string]time.Time{}, published: map[string]bool{}, copies: map[string]time.Time{}, humanOn: map[string]bool{},
		pushes: map[string][]bot.Pushed{}, taken: map[string]time.Time{}, excused: map[string]bool{}, shown: map[string]bool{},
		stood: map[string]map[string]bool{},
	}
}

func (t *truth) reported(s *sim, sha string) {
	t.checks[sha] = append(t.checks[sha], snapshot{s.Now, s.Commits[sha].Checks})
}

func (t *truth) required(s *sim) {
	t.rules = append(t.rules, rules{s.Now, s.Required})
}

// greenSince reports whether a commit's checks, as they were at any time since
// then, satisfy what was required at any time since then: the two are read apart.
func (t *truth) greenSince(sha string, want bot.Checks, since time.Time) bool {
	list := t.checks[sha]
	for i := len(list) - 1; i >= 0; i-- {
		for j := len(t.rules) - 1; j >= 0; j-- {
			if green(want, t.rules[j].checks, list[i].checks) {
				return true
			}
			if !t.rules[j].at.After(since) {
				break
			}
		}
		if !list[i].at.After(since) {
			break
		}
	}
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// green judges checks as the design says: what the file names, else what GitHub
// requires, else everything that reports.
func green(want bot.Checks, required []bot.RequiredCheck, checks []bot.Check) bool {
	if want.None {
		return true
	}
	passed := func(name string) bool {
		seen := false
		for _, k := range checks {
			if strings.EqualFold(k.Name, name) {
				if seen = true; k.State != bot.CheckPassed {
					return false
				}
			}
		}
		return seen
	}
	switch {
	case len(want.Names) > 0:
		return !slices.ContainsFunc(want.Names, func(n bot.CheckName) bool { return !passed(n.Name) })
	case len(required) > 0:
		return !slices.ContainsFunc(required, func(r bot.RequiredCheck) bool { return !passed(r.Name) })
	}
	return len(checks) > 0 && !slices.ContainsFunc(checks, func(k bot.Check) bool { return k.State != bot.CheckPassed })
}

// request is a request of ours to an app that certainly or possibly took effect.
type request struct {
	at       time.Time
	job      *job
	stage    string // empty for a build on a prepare app
	n        int    // of the promotion; 0 for a build
	app      string
	sha      string
	artifact string       // empty for a build
	never    bool         // nothing came of it after all
	build    *bot.Build   // once there is one
	release  *bot.Release // once there is one
	endless  bool         // it never ends by itself
	back     bool         // it takes a stage back by itself
	by       *order       // that asked for the stage to go back; nil: nobody
}

// open reports whether a request may still change what its app runs.
func (s *sim) open(r *request) bool {
	switch {
	case r.never || r.stage == "":
		return false
	case r.release != nil:
		return r.release.Status == bot.ReleasePending
	case r.build == nil:
		return true
	case r.build.Status == bot.BuildSucceeded:
		made := s.made(r)
		return made != nil && made.Status == bot.ReleasePending
	}
	return r.build.Status == bot.BuildPending
}

// made is the release that came of a request, by itself or by a build; nil: none.
func (s *sim) made(r *request) *bot.Release {
	if r.release != nil || r.build == nil {
		return r.release
	}
	for _, o := range s.App(r.app).Releases {
		if o.ID == r.build.Release {
			return o
		}
	}
	return nil
}

// stageOf is the stage that an app belongs to, in every file; empty for a prepare
// app.
var stageOf = map[string]string{"staging": "staging", "eu": "canary", "us": "production", "ca": "production"}

// proved reports whether every one of the apps has successfully released an
// artifact at some time.
func (s *sim) proved(artifact string, apps []string) bool {
	for _, app := range apps {
		if !slices.ContainsFunc(s.App(app).Releases, func(r *bot.Release) bool {
			return r.Artifact == artifact && r.Status == bot.ReleaseSucceeded
		}) {
			return false
		}
	}
	return true
}

// builtFrom is the tree that an artifact was built from; empty for one that is not
// ours.
func (s *sim) builtFrom(artifact string) string {
	_, sha, ok := strings.Cut(artifact, "-")
	if c := s.Commits[sha]; ok && c != nil {
		return c.Tree
	}
	return ""
}

// look checks what can be seen at any time.
func (s *sim) look() {
	s.oneAtATime()
	s.acknowledged()
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
