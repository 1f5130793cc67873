package simulation

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// Some steps of a history are short tales, which single steps would seldom come to.

// passChecks has CI like a commit.
func (s *sim) passChecks(sha string) {
	for _, name := range contexts {
		s.send(s.Installed(), s.report(sha, name, bot.CheckPassed))
	}
}

// deploy pushes a commit that CI likes, and gives it time.
func (s *sim) deploy() {
	s.push()
	s.passChecks(s.Heads["main"])
	s.waitFor(time.Minute)
}

// approveAtOnce has somebody approve what nobody has built yet.
func (s *sim) approveAtOnce() {
	s.push()
	s.needPull()
	s.addComment(1, "zoe", "/approve production "+s.Heads["main"])
	s.waitFor(2 * time.Second)
	s.passChecks(s.Heads["main"])
	s.waitFor(time.Minute)
}

// approveTwo has somebody approve two commits in the place of the same one, of
// which the first gets there before the checks of the second have passed.
func (s *sim) approveTwo() {
	s.deploy()
	first := s.Heads["main"]
	s.push()
	second := s.Heads["main"]
	s.waitFor(time.Minute)
	s.needPull()
	s.addComment(1, "zoe", "/approve production "+second)
	s.waitFor(2 * time.Second)
	s.addComment(1, "zoe", "/approve production "+first)
	s.waitFor(time.Minute)
	s.passChecks(second)
	s.waitFor(time.Minute)
}

// ail has one app answer badly, whatever is released there, through two deploys or
// one, of which the second is let in by somebody.
func (s *sim) ail() {
	for range s.pick(3) {
		s.deploy()
	}
	app := among(s, "staging", "eu", "us")
	s.Sick[app] = bottest.Sickness{Status: 500, Body: "boom"}
	s.note("", "%s falls ill", app)
	s.deploy()
	if s.once(1) {
		s.waitFor(time.Minute)
		s.needPull()
		s.addComment(1, "zoe", "/unlock")
		s.deploy()
	}
	s.waitFor(2 * time.Minute)
	if s.once(1) {
		s.recover()
		s.deploy()
	}
}

// goBack has somebody go back by one deploy before the next one comes.
func (s *sim) goBack() {
	s.deploy()
	s.deploy()
	s.needPull()
	s.addComment(1, "zoe", "/rollback "+among(s, "staging", "production"))
	s.waitFor(time.Minute)
	s.deploy()
}

// loseCopy has the request for a copy of a database come true when the file that
// wanted the rehearsal is gone, and the copy is not wanted any more.
func (s *sim) loseCopy() {
	s.push()
	s.passChecks(s.Heads["main"])
	s.losing = "copying the database"
	for range 40 {
		if s.waitFor(time.Second); s.losing == "" {
			s.file = bot.ConfigRead{}
			s.push()
			break
		}
	}
	s.losing = ""
	s.waitFor(time.Minute)
	s.file = s.drawFile()
	s.push()
}
