package simulation

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// forward is [onlyForward]: where a verification has failed, the bot may go back by
// itself, too.
func (s *sim) forward(r *request) {
	s.notOverHand(r)
	var before *request
	for _, o := range s.truth.requests {
		if o.app == r.app && !o.never {
			before = o
		}
	}
	if before == nil || before.sha == r.sha {
		return
	}
	was, is := s.pushed[before.sha], s.pushed[r.sha]
	if len(was) == 0 || len(is) == 0 || is[len(is)-1] > was[0] {
		return
	}
	if before.build != nil && before.build.Status.Ended() && before.release == nil && before.build.Artifact == "" {
		return // nothing was released of it
	}
	if !s.takenBack(r) && !s.mayGoBack(r, before) {
		s.breaks(onlyForward, "%s moves back from %s to %s, and nobody asked for that", r.app, before.sha, r.sha)
	}
}

// notOverHand is the part of [onlyForward] about releases by others: nothing newer is
// overwritten, unless somebody asks for that with the release in view.
func (s *sim) notOverHand(r *request) {
	now := s.App(r.app).Current()
	if now == nil || !s.truth.byHand[now] || len(s.pushed[r.sha]) == 0 {
		return
	}
	ours := slices.ContainsFunc(s.truth.requests, func(o *request) bool {
		made := s.made(o)
		return o.app == r.app && made != nil && made.Status == bot.ReleaseSucceeded && made.Version < now.Version
	})
	asked := slices.ContainsFunc(s.people.orders, func(o *order) bool {
		return (o.verb == command.VerbPromote || o.verb == command.VerbRollback || o.verb == command.VerbRetry) && !o.at.Before(now.CreatedAt)
	})
	if failed := s.newest(r.stage, r.n); failed != nil && failed.artifact == now.Artifact {
		return // it is what the bot released besides, and took for its own
	}
	if !ours && !asked && !s.rollsBack(r.stage, r.sha, r.artifact) {
		s.notOverStood(r, now)
	}
	if !ours || asked || s.rollsBack(r.stage, r.sha, r.artifact) {
		return // nothing was there to compare it to
	}
	if s.goesBack(r.stage, r.n, r.sha, r.artifact) && slices.ContainsFunc(s.truth.requests, func(o *request) bool {
		return o.app == r.app && o.build != nil && o.build.Artifact == now.Artifact
	}) {
		return // it is what the app has built itself, and what has failed there
	}
	pushes := s.pushed[r.sha]
	last := pushes[len(pushes)-1]
	if by := s.pushed[now.Commit]; len(by) > 0 && by[0] > last {
		s.breaks(onlyForward, "%s gets %s, and somebody has released %s there by hand, which is newer", r.app, r.sha, now.Commit)
	}
}
