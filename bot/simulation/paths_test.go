package simulation

import (
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// What affects the pipeline: in some histories its file has `paths`.

// globs are what they may be: everything but documentation, or little.
var globs = [][]string{{"*.go", "Makefile", "db/**"}, {"*.go"}}

// ending is what comes at the end of a history besides the last commit, where the
// file has `paths`.
type ending int

const (
	nothingMore      ending = iota
	docsLater               // documentation, once people have seen the last commit
	docsAtOnce              // before anybody has seen it
	docsOnUnreported        // documentation, and no webhook has told of the last commit
	takenBack               // what takes another commit back, which is seen afterwards
)

// ours reports whether any of some files is the pipeline's.
func (s *sim) ours(files []string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		return file == bot.ConfigPath || slices.ContainsFunc(s.asks.paths, func(glob string) bool {
			if folder, all := strings.CutSuffix(glob, "**"); all {
				return strings.HasPrefix(file, folder)
			}
			match, err := path.Match(glob, file)
			return match && err == nil
		})
	})
}

// editsFile adds the pipeline's file to those that a commit changes, if it does.
func (s *sim) editsFile(c *bottest.Commit) {
	if before := s.Commits[s.Heads["main"]]; before == nil || !reflect.DeepEqual(before.File, c.File) {
		c.Files = append(slices.Clone(c.Files), bot.ConfigPath)
	}
}

// taken notes that people were told of a push: the pipeline has taken it on.
func (s *sim) taken(do bot.SetStatus) {
	if _, before := s.truth.taken[do.SHA]; !before && len(s.pushed[do.SHA]) > 0 && do.Context != configContext && !notBuilt(do) {
		s.truth.taken[do.SHA] = s.Now
	}
}

// configContext is where people are told what is wrong with the pipeline's file,
// whatever it is that was pushed.
const configContext = "headstart/config"

// excuse notes the pushes that the pipeline takes on though they may change none of
// its files: people are told of them for another reason, or GitHub has not told for
// hours what they change, or a clock was behind and a later push was taken for an
// earlier one, or one that history was replaced without for one in between.
func (s *sim) excuse(a bot.Action, outcome bot.Outcome) {
	if len(s.asks.paths) == 0 {
		return
	}
	switch do := a.(type) {
	case bot.SetStatus:
		if do.Context == configContext {
			s.truth.excused[do.SHA] = true
		}
	case bot.ReadFiles:
		base, head := s.truth.pushes[do.Base], s.truth.pushes[do.Head]
		if outcome == bot.Refuse || len(base) > 0 && len(head) > 0 && (base[0].PushedAt.After(head[0].PushedAt) || s.replacedUnreported(do.Base, do.Head)) {
			s.truth.excused[do.Head] = true
		}
	}
}

// replacedUnreported reports whether a commit that was only ever found at the branch's
// head, because nothing had told of its push, is no ancestor of another one any more.
func (s *sim) replacedUnreported(base, head string) bool {
	if slices.ContainsFunc(s.truth.pushes[base], func(p bot.Pushed) bool { return s.store.inLog[p] }) {
		return false
	}
	for c := s.Commits[head]; c != nil; c = s.Commits[c.Parent] {
		if c.SHA == base {
			return false
		}
	}
	return true
}

// affected is the part of [gatesOpen] about `paths`: a push that changes none of the
// pipeline's files, beside one that it had taken on before, is none of its business.
func (s *sim) affected(sha, what string) {
	if before := s.comparedWith(sha); before != "" {
		s.breaks(gatesOpen, "%s %s, and it changes none of the files under `paths` since %s, which was published before it was pushed", sha, what, before)
	}
}

// comparedWith is the newest push before another one that people had been told of by
// then, if all that was pushed since is certainly no business of the pipeline; else
// it is empty. What was reported of later may have been compared with less.
func (s *sim) comparedWith(sha string) string {
	if len(s.asks.paths) == 0 || len(s.pushed[sha]) != 1 || s.truth.excused[sha] {
		return "" // a branch that returns to a commit takes it on
	}
	pushed := s.truth.pushes[sha][0].PushedAt
	for before := s.Commits[sha].Parent; before != ""; before = s.Commits[before].Parent {
		if files, all := s.Differ(before, sha); !all || s.ours(files) {
			return ""
		}
		if len(s.pushed[before]) != 1 || s.truth.pushes[before][0].Forced {
			return "" // what history was replaced by meanwhile is compared with something else
		}
		if told, ok := s.truth.taken[before]; ok && told.Before(pushed) {
			return before
		}
	}
	return ""
}

// undo makes a commit take the one before it back, and write about it.
func (s *sim) undo(c *bottest.Commit) {
	before := s.Commits[s.Heads["main"]]
	if len(s.asks.paths) > 0 && before != nil && !slices.Contains(before.Files, bot.ConfigPath) && before.Parent != "" {
		c.Undoes, c.Files = before.SHA, []string{"docs/a.md"}
	}
}

// pushLast pushes the last commits of a history, which CI likes, and returns those
// of which one is to be live at its end, the one that people are to say yes to first.
func (s *sim) pushLast() []string {
	c := bottest.Commit{SHA: shaOf(s.pushes + 1), File: s.file, Title: "the last one", Files: []string{"app.go"}}
	if s.asks.ending == docsOnUnreported {
		s.moved(c, false)
	} else {
		s.move(c, false)
	}
	s.passChecks(c.SHA)
	if s.asks.ending == nothingMore {
		return []string{c.SHA}
	}
	if s.asks.ending == docsLater || s.asks.ending == takenBack {
		s.waitFor(10 * time.Second)
	}
	var late []bot.Fact
	if s.asks.ending == takenBack {
		late = s.moved(bottest.Commit{SHA: shaOf(s.pushes + 1), File: s.file, Title: "a mistake", Files: []string{"app.go"}}, false)
	}
	docs := bottest.Commit{SHA: shaOf(s.pushes + 1), File: s.file, Title: "its documentation", Files: []string{"docs/a.md"}}
	if late != nil {
		docs.Undoes = s.Heads["main"]
	}
	s.move(docs, false)
	s.passChecks(docs.SHA)
	if late != nil {
		s.waitFor(10 * time.Second)
		s.send(late...)
		s.passChecks(docs.Undoes)
	}
	switch s.asks.ending {
	case docsOnUnreported:
		return []string{docs.SHA} // it brings what nobody has told of
	case takenBack:
		return []string{docs.SHA, c.SHA} // one is as good as the other, but for documentation
	case docsAtOnce:
		return []string{c.SHA, docs.SHA} // where there was no file before, the first that is read may be this one's
	}
	return []string{c.SHA}
}
