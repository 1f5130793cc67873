package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// What the apps ran before the bot came: in some histories they did, each what
// somebody had put there, from commits of which no webhook ever tells, or tells late.

// runBefore is what happened before a history begins.
func (s *sim) runBefore() {
	var commits []string
	for range 1 + s.pick(3) {
		c := bottest.Commit{SHA: shaOf(s.pushes + 1), Title: "before the bot", File: s.file}
		s.changes(&c)
		facts := s.moved(c, false)
		if s.once(1) {
			s.After(time.Duration(s.pick(600))*time.Second, func() { s.send(facts...) })
		}
		commits = append(commits, c.SHA)
	}
	for _, app := range []string{"staging", "eu", "us", "ca"} {
		artifact, commit := fmt.Sprintf("before%d", s.truth.hands), ""
		switch s.pick(4) {
		case 0:
			continue
		case 1:
		default:
			commit = among(s, commits...)
			artifact += "-" + commit
		}
		s.truth.hands++
		s.note("", "%s runs %s", app, artifact)
		s.EndRelease(s.Release(app, artifact, commit), bot.ReleaseSucceeded, "")
		s.truth.byHand[s.App(app).Releases[0]] = true
	}
}

// noteAdopted notes what an app runs when the bot looks, before it has asked for
// anything there.
func (s *sim) noteAdopted(app string) {
	for _, r := range s.truth.requests {
		if r.app == app && !r.never {
			return
		}
	}
	if s.truth.stood[app] == nil {
		s.truth.stood[app] = map[string]bool{}
	}
	if now := s.App(app).Current(); now != nil {
		s.truth.stood[app][now.Artifact] = true
	}
}

// stoodThere reports whether an app of a stage may be gone back to by an artifact,
// because that ran on one of the stage's apps before. A copy for the rehearsal of going
// back is made before anybody names the artifact: there the commit tells.
func (s *sim) stoodThere(stage, sha, artifact string) bool {
	for app, list := range s.truth.stood {
		if stageOf[app] != stage {
			continue
		}
		if list[artifact] {
			return true
		}
		for _, r := range s.App(app).Releases {
			if artifact == copying && list[r.Artifact] && (r.Commit == sha || strings.HasSuffix(sha, " of "+stage)) {
				return true
			}
		}
	}
	return false
}

// backToOwn is the part of [sameArtifact] about what ran before the bot came: each app
// goes back to its own, and to what another one of the stage ran if it ran nothing, or
// came to the stage after that was looked at.
func (s *sim) backToOwn(r *request) {
	for _, app := range sorted(s.Apps) {
		for _, b := range s.App(app).Builds {
			if b.Artifact == r.artifact {
				return // it is ours
			}
		}
	}
	own := s.truth.stood[r.app]
	if adopted := s.store.state.Stage(r.stage).Live.Adopted; len(adopted) > 0 {
		if _, came := adopted[r.app]; !came {
			own = nil
		}
	}
	// Once the stage runs what is ours, its past says who was there when it was looked at.
	for _, p := range s.store.state.Stage(r.stage).Past {
		for _, ran := range p.Ran {
			if _, came := p.Ran[r.app]; ran.Artifact == r.artifact && !came {
				own = nil
			}
		}
	}
	if !own[r.artifact] && (len(own) > 0 || !s.stoodThere(r.stage, r.sha, r.artifact)) {
		s.breaks(sameArtifact, "%s gets %s, which it did not run before the bot came", r.app, r.artifact)
	}
}

// notOverStood is the part of [onlyForward] about what ran before the bot came: no
// older commit takes its place.
func (s *sim) notOverStood(r *request, now *bot.Release) {
	was, is := s.pushed[now.Commit], s.pushed[r.sha]
	if len(was) == 0 || len(is) == 0 || was[0] < is[len(is)-1] {
		return // the branch may have come back to it
	}
	if s.truth.stood[r.app][now.Artifact] && s.Relation(now.Commit, r.sha) == bot.RelationBehind {
		s.breaks(onlyForward, "%s gets %s, and it ran %s before the bot came, which is newer", r.app, r.sha, now.Commit)
	}
}

// sameTree reports whether two commits have the same tree.
func (s *sim) sameTree(a, b string) bool {
	x, y := s.Commits[a], s.Commits[b]
	return x != nil && y != nil && x.Tree == y.Tree
}

// releasedSince reports whether a stage ran something before the bot came that was
// released after a push: nobody may be able to tell which of the two is newer.
func (s *sim) releasedSince(l pipeline.Live) bool {
	for _, r := range l.Adopted {
		if slices.ContainsFunc(s.store.state.Candidates, func(c pipeline.Candidate) bool { return r.At.After(c.PushedAt) }) {
			return true
		}
	}
	return false
}
