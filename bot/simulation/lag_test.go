package simulation

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// GitHub's webhooks tell of commits before its API knows them: for some seconds after
// a push, whatever is asked or said about the commit is answered as if there were none.

// lag is until when GitHub does not know a commit, and who is told so.
type lag struct {
	until time.Time
	who   int // asks: 0: everybody, 1: all but those who read the file, 2: those who ask for the source, 3: all who read
}

// lagBehind draws how long the API lags behind a push of commits.
func (s *sim) lagBehind(shas ...string) {
	if !s.may.lags {
		return
	}
	l := lag{until: s.Now.Add(time.Duration(1+s.pick(90)) * time.Second), who: s.pick(4)}
	for _, sha := range shas {
		if _, known := s.lags[sha]; !known {
			s.lags[sha] = l
			s.note("GitHub", "does not know %s before %s (%d)", sha, l.until.Format("15:04:05"), l.who)
		}
	}
}

// unknown is the answer about a commit that GitHub does not know yet; nil: it does.
func (s *sim) unknown(do bot.Action, shas ...string) error {
	_, file := do.(bot.ReadConfig)
	_, source := do.(bot.StartBuild)
	writes := false
	switch do.(type) {
	case bot.SetStatus, bot.CreateDeployment:
		writes = true
	}
	for _, sha := range shas {
		l, ok := s.lags[sha]
		if !ok || !s.Now.Before(l.until) || l.who == 1 && file || l.who == 2 && !source || l.who == 3 && writes {
			continue
		}
		s.note("GitHub", "knows no %s yet", sha)
		return &bot.Refused{Reason: "No commit found for " + sha, Missing: true, Err: bot.ErrNotFound}
	}
	return nil
}

// named lists the commits that GitHub has to know for an action.
func (s *sim) named(do bot.Action) []string {
	switch do := do.(type) {
	case bot.ReadConfig:
		return []string{do.Ref}
	case bot.ReadChecks:
		return []string{do.SHA}
	case bot.FindPullRequest:
		return []string{do.SHA}
	case bot.ReadPullRequest:
		return []string{s.Pulls[do.Number].Head}
	case bot.ReadFiles:
		return []string{do.Base, do.Head}
	case bot.ReadChanges:
		return []string{do.Base, do.Head}
	case bot.SetStatus:
		return []string{do.SHA}
	case bot.CreateDeployment:
		return []string{do.SHA}
	}
	return nil
}

// patient is part of [sameArtifact], in histories in which nothing goes wrong but that
// GitHub lags: no build falls back to a stage's own app, which needs the same source.
func (s *sim) patient(r *request) {
	if s.may.serene && r.stage != "" && len(s.file.Config.Prepare.Apps) > 0 {
		s.breaks(sameArtifact, "%s is built on %s, because GitHub did not know it for a moment", r.sha, r.app)
	}
}
