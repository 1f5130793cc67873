package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/command"
)

// What people ask for in comments, and what may come of it.

// roles are those of the people in a history, until they leave; nobody else has one.
var roles = map[string]bot.Role{"zoe": bot.RoleAdmin, "walter": bot.RoleWrite, "rita": bot.RoleRead}

func mayCommand(user string) bool {
	return roles[user] == bot.RoleAdmin || roles[user] == bot.RoleWrite
}

// people is what was said.
type people struct {
	orders []*order
	seen   map[int64]time.Time  // comments of people without write that the bot took up
	left   map[string]time.Time // since when people have no role any more who had one
	looks  []*look              // pages that were opened
	opened int
}

// order is one command of a comment by somebody who may give it.
type order struct {
	written *bottest.UserComment
	verb    command.Verb
	stages  []string // that it may be about
	there   []string // of those, the ones that the file had all the time until it was answered
	sha     string
	exact   bool // it names the commit or the release that it means
	at      time.Time
	ended   time.Time     // when its comment got the last reaction; zero: not yet
	done    bool          // that was a rocket
	urgent  bool          // it passes windows, freezes and soak
	lasts   time.Duration // of a lock; 0: until somebody unlocks
	run     time.Time     // when the bot ran it; zero: not yet
	alone   bool          // an approval of an admin, in spite of four eyes
	stood   map[string][]string
}

// comment has somebody comment on some pull request.
func (s *sim) comment() {
	sha := s.any()
	if len(s.Pulls) == 0 || sha == "" {
		return
	}
	user := among(s, "zoe", "zoe", "walter", "rita", "mallory")
	text := among(s,
		"/rollback", "/rollback production", "/rollback staging", "/rollback to SHA", "/rollback with config", "/promote", "/promote SHA", "/promote production SHA",
		"/promote staging SHA", "/lock", "/lock production", "/lock staging\n/unlock production", "/unlock", "/unlock\n/promote SHA",
		"/lock production 4m30s a look at the numbers", "/lock 2m", "/lock staging 1h", "/promote production SHA --urgent the shop is down",
		"/promote staging --urgent SHA it is on fire", "/promote canary SHA --urgent now", "/approve", "/approve production SHA", "/approve production SHA",
		"/incident the till is down", "/incident production SHA slow", "/incident staging slow", "/retry", "/retry build", "/cancel", "/why", "/status", "/plan", "/help", "/rolback", "/promote staging", "/lock", "/unlock",
	)
	if s.asks.brief { // nothing is ever locked for good
		text = among(s, "/lock 2m", "/lock production 10m a look at the numbers", "/lock production 1h", "/why")
	}
	s.addComment(1+s.pick(len(s.Pulls)), user, strings.ReplaceAll(text, "SHA", sha))
}

func (s *sim) addComment(number int, user, text string) {
	facts := s.AddComment(number, user, text)
	s.note(user, "says %q on #%d", text, number)
	s.orders(s.UserComments[len(s.UserComments)-1], text, number, s.Now)
	s.send(facts...)
}

// orders notes the commands of a comment, or of a button, by somebody who may give them, about what was there at a time.
func (s *sim) orders(written *bottest.UserComment, text string, number int, at time.Time) {
	user := written.User
	if !mayCommand(user) {
		return
	}
	for _, c := range command.ParseCommands(text) {
		o := &order{written: written, verb: c.Verb, stages: []string{"staging", "canary", "production"}, sha: c.SHA, exact: c.SHA != "" || c.Version != 0, at: at,
			urgent: c.Urgent && roles[user] == bot.RoleAdmin, alone: c.Alone && roles[user] == bot.RoleAdmin, lasts: c.For}
		switch {
		case c.Stage != "":
			o.stages = []string{c.Stage}
		case c.Verb == command.VerbRollback:
			o.stages = []string{"production"}
		}
		if p := s.Pulls[number]; o.sha == "" && p != nil && p.Merged {
			o.sha = p.MergeSHA
		}
		o.there = o.stages
		s.people.orders = append(s.people.orders, o)
	}
}

// reacted notes what people see of what became of a comment.
func (s *sim) reacted(do bot.React) {
	if do.Content == "eyes" {
		return
	}
	for _, o := range s.people.orders {
		if o.written.ID == do.Comment && o.ended.IsZero() {
			o.ended, o.done = s.Now, do.Content == "rocket"
		}
	}
}

// meant notes which stages the orders that are not answered yet can be about.
func (s *sim) meant(cfg bot.Config) {
	for _, o := range s.people.orders {
		if o.ended.IsZero() {
			o.there = slices.DeleteFunc(slices.Clone(o.there), func(stage string) bool { return !slices.Contains(cfg.StageNames(), stage) })
		}
	}
}

// lockedSince is since when people have been told that a stage is locked, and
// nothing that might open it was said since then, or was still to be answered
// when it was asked for; zero: it may be open.
//
// A lock with an end may be over a while before: the clock of whoever set it was behind.
func (s *sim) lockedSince(stage string, decided time.Time) time.Time {
	var since, asked time.Time
	var by *order
	for _, o := range s.people.orders {
		if (o.verb == command.VerbLock || o.verb == command.VerbRollback) && o.done && slices.Contains(o.there, stage) && o.ended.After(since) {
			since, asked, by = o.ended, o.at, o
		}
	}
	if since.IsZero() || by.lasts > 0 && !decided.Before(by.at.Add(by.lasts-behind)) {
		return time.Time{}
	}
	for _, o := range s.people.orders {
		if o == by || !slices.Contains(o.stages, stage) || !o.ended.IsZero() && o.ended.Before(asked) {
			continue
		}
		switch o.verb {
		case command.VerbUnlock, command.VerbRollback:
			return time.Time{}
		case command.VerbPromote, command.VerbRetry: // what is asked for passes the lock of a rollback, or of a failure
			if by.verb != command.VerbLock || s.hasFailed(stage) {
				return time.Time{}
			}
		}
	}
	return since
}

// mayGoBack reports whether somebody has asked for a stage to be rolled back from
// what an app runs who may, and uses that up for the app, if anything comes of the
// request. Whoever named no target meant what was there, or on its way there, when the
// comment was written.
func (s *sim) mayGoBack(r, from *request) bool {
	begun := s.startedBy(from)
	for _, o := range s.people.orders {
		used := slices.ContainsFunc(s.truth.requests, func(other *request) bool { return other.by == o && other.app == r.app && !other.never })
		if !o.exact && begun.After(o.at) {
			continue
		}
		if o.verb == command.VerbRollback && slices.Contains(o.stages, r.stage) && !used {
			r.by = o
			return true
		}
	}
	return false
}

// startedBy is when the promotion of a request surely had begun by any clock.
func (s *sim) startedBy(r *request) time.Time {
	first := r.job.decided
	for _, o := range s.truth.requests {
		if o.stage == r.stage && o.n == r.n && o.job.decided.Before(first) {
			first = o.job.decided
		}
	}
	if copying := s.truth.copies[promotionKey(r.stage, r.n)]; !copying.IsZero() && copying.Before(first) {
		first = copying // it began by asking for a copy
	}
	if s.may.clocks {
		return first.Add(-behind)
	}
	return first.Add(-ahead)
}

// addLateComment has somebody write a comment of which GitHub tells seconds to hours later,
// when another commit has been deployed.
func (s *sim) addLateComment() {
	s.deploy()
	s.deploy()
	s.needPull()
	s.lateComment = true
	s.addComment(1+s.pick(len(s.Pulls)), "zoe", strings.ReplaceAll(among(s, "/rollback production", "/rollback staging", "/rollback production", "/rollback", "/rollback to SHA",
		"/promote production", "/promote staging SHA", "/unlock", "/approve", "/retry"), "SHA", s.any()))
	s.lateComment = false
	k := s.hooks.held[len(s.hooks.held)-1]
	s.waitFor(among(s, 10*time.Second, 100*time.Second))
	s.push()
	s.passChecks(s.Heads["main"])
	s.waitFor(among(s, 10*time.Second, 20*time.Second, time.Minute, 3*time.Hour))
	if i := slices.Index(s.hooks.held, k); i >= 0 {
		s.hooks.held = slices.Delete(s.hooks.held, i, i+1)
		s.note("GitHub", "%s arrives late", k.guid)
		s.arrive(k)
	}
	s.waitFor(time.Minute)
}

// cancelled reports since when people have been told that a commit was taken out
// of the pipeline; zero: it was not.
func (s *sim) cancelled(sha string) time.Time {
	var since time.Time
	for _, o := range s.people.orders {
		if o.verb == command.VerbCancel && o.done && o.sha == sha {
			since = o.ended
		}
	}
	return since
}
