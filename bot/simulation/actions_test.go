package simulation

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// What developers, CI and operators do.

// push moves the branch.
func (s *sim) push() {
	sha, forced := shaOf(s.pushes+1), false
	c := bottest.Commit{SHA: sha, Author: "ada", Title: "change " + sha, File: s.file}
	s.mayWriteCommit("tree-" + sha)
	s.changes(&c)
	if s.pushes > 0 {
		switch s.pick(13) {
		case 0: // an old tree
			c.Tree = s.Commits[s.any()].Tree
		case 1: // back to an old commit
			c.SHA, forced = s.any(), true
		case 2:
			forced = true
		case 3:
			s.broken["tree-"+sha] = [2]bool{true, false}
		case 4:
			s.broken["tree-"+sha] = [2]bool{false, true}
		case 5:
			s.undo(&c)
		case 6, 7, 8:
			if p := s.openPull(); p != nil {
				if head := s.headOf(p); head.SHA != "" {
					c = head
				} else {
					c.Tree, c.Files = p.TestTree, s.Commits[p.Head].Files
				}
				c.Pull = p.Number
				p.Open, p.Merged, p.MergeSHA, p.UpdatedAt = false, true, c.SHA, s.Now
				defer s.send(s.Installed(), p.PullRequestChanged)
			}
		}
	}
	s.move(c, forced)
}

// move moves the branch to a commit.
func (s *sim) move(c bottest.Commit, forced bool) {
	if s.Heads["main"] != c.SHA {
		s.send(s.moved(c, forced)...)
	}
}

// moved moves the branch to a commit, of which no webhook tells yet.
func (s *sim) moved(c bottest.Commit, forced bool) []bot.Fact {
	s.pass(s.Now.Add(time.Second)) // GitHub tells the times of two pushes apart
	s.pushes++
	s.pushed[c.SHA] = append(s.pushed[c.SHA], s.pushes)
	s.editsFile(&c)
	s.forge(&c)
	facts := s.Push("main", c, forced)
	s.pushers(facts[1].(bot.Pushed))
	s.lagBehind(c.SHA)
	s.truth.pushes[c.SHA] = append(s.truth.pushes[c.SHA], facts[1].(bot.Pushed))
	if len(s.pushed[c.SHA]) == 1 {
		s.truth.reported(s, c.SHA)
	}
	k := s.Commits[c.SHA]
	s.invalidate(c.SHA)
	s.note("ada", "pushes %s, tree %s, files %v, broken %v, forced %t", k.SHA, k.Tree, k.Files, s.broken[k.Tree], forced)
	return facts
}

// contexts are the names of the checks that report.
var contexts = []string{"ci", "lint"}

// check has CI report on a commit.
func (s *sim) check() {
	sha := s.any()
	if sha == "" {
		return
	}
	if s.once(4) {
		s.changeRequired()
		return
	}
	state := among(s, bot.CheckPassed, bot.CheckPassed, bot.CheckPassed, bot.CheckPassed, bot.CheckFailed, bot.CheckPending)
	list := contexts
	if s.once(1) {
		list = contexts[:1]
	}
	for _, name := range list {
		fact := s.report(sha, name, state)
		if s.once(2) {
			fact = bot.ChecksMoved{SHA: sha}
		}
		s.send(s.Installed(), fact)
	}
}

func (s *sim) report(sha, name string, state bot.CheckState) bot.Fact {
	kind, app := bot.CheckRun, int64(1)
	if name == "lint" {
		kind, app = bot.CommitStatus, 0
	}
	fact := s.Report(sha, bot.Check{Kind: kind, Name: name, AppID: app, State: state})
	s.truth.reported(s, sha)
	s.note("CI", "%s of %s: %s", name, sha, state)
	return fact
}

// changeRequired changes what GitHub requires of the branch. No webhook tells.
func (s *sim) changeRequired() {
	s.Required = nil
	for _, name := range contexts {
		if s.once(1) {
			s.Required = append(s.Required, bot.RequiredCheck{Name: name})
		}
	}
	s.truth.required(s)
	s.note("admin", "requires %v of the branch", s.Required)
}

// drawFile draws a good file.
func (s *sim) drawFile() bot.ConfigRead {
	staging := bot.Stage{Name: "staging", Apps: []string{"staging"}}
	production := bot.Stage{Name: "production", Apps: []string{"us", "ca"}}
	c := bot.Config{
		Platform: bot.PlatformHeroku,
		Prepare:  bot.Prepare{Apps: []string{"prepare"}, PullRequests: true, Reuse: bot.ReuseTree},
		Checks:   bot.Checks{Names: bot.CheckNames("ci")},
		Stages:   []bot.Stage{staging, production},
	}
	switch s.pick(6) {
	case 1:
		c.Prepare.Apps = []string{"prepare", "prepare2"}
	case 2:
		if !s.asks.rehearse { // which takes one
			c.Prepare.Apps = nil
		}
	case 3:
		c.Prepare.Reuse = bot.ReuseCommit
	case 4, 5:
		c.Prepare.PullApps = []string{pullsApp}
	}
	switch s.pick(6) {
	case 1:
		c.Stages = []bot.Stage{staging, {Name: "canary", Apps: []string{"eu"}}, production}
	case 2:
		c.Stages = []bot.Stage{staging, {Name: "production", Apps: []string{"us"}}}
	case 3:
		c.Stages = []bot.Stage{production}
	case 4:
		c.Stages[0].PullRequests = true
	}
	switch s.pick(6) {
	case 1:
		c.Checks.Names = bot.CheckNames(contexts...)
	case 2, 3:
		c.Checks.Names = nil
	case 4:
		c.Checks = bot.Checks{None: true}
	}
	s.asks.of(c.Stages)
	s.demand(&c)
	return bot.ConfigRead{Found: true, Config: c}
}

// changeFile changes the pipeline's file, with a push.
func (s *sim) changeFile() {
	switch s.pick(8) {
	case 0:
		s.file = bot.ConfigRead{Found: true, Problem: "line 3: unknown key"}
	case 1:
		s.file = bot.ConfigRead{}
	case 2:
		s.file = s.drawFile()
		stages := slices.Clone(s.file.Config.Stages)
		stages[0].Apps = []string{"other-production"} // which is somebody else's
		s.file.Config.Stages = stages
	default:
		s.file = s.drawFile()
	}
	s.note("ada", "writes the file: found %t, problem %q, %v", s.file.Found, s.file.Problem, written(s.file.Config))
	s.push()
}

// apps are those that the operator lets the repository use at first.
var apps = []string{"prepare", "prepare2", pullsApp, "staging", "eu", "us", "ca"}

// changeAllowed changes the operator's allow-list, for which every instance is
// started anew.
func (s *sim) changeAllowed() {
	s.allowed = apps
	if s.once(1) {
		taken := apps[s.pick(len(apps))]
		s.allowed = slices.DeleteFunc(slices.Clone(apps), func(app string) bool { return app == taken })
	}
	s.note("operator", "allows %v", s.allowed)
	for n := len(s.alive); n > 0; n-- {
		s.bury(s.alive[0])
		s.start()
	}
}

// pull opens, moves or closes a pull request.
func (s *sim) pull() {
	p := s.openPull()
	if p == nil || s.once(1) {
		n := len(s.Pulls) + 1
		p = &bottest.Pull{PullRequestChanged: bot.PullRequestChanged{
			Number: n, Author: "bob", Title: fmt.Sprintf("pull %d", n), Base: "main", Open: true, Fork: s.once(3)}}
		s.Pulls[n] = p
		s.opened(p)
		s.moveHead(p)
		return
	}
	if s.once(2) {
		p.Open, p.UpdatedAt = false, s.Now
		s.note("bob", "closes #%d", p.Number)
		s.send(s.Installed(), p.PullRequestChanged)
		return
	}
	s.moveHead(p)
}

// moveHead pushes a commit to a pull request.
func (s *sim) moveHead(p *bottest.Pull) {
	s.pass(s.Now.Add(time.Second))
	s.truth.heads++
	p.Head = fmt.Sprintf("a%06d", s.truth.heads)
	p.TestMerge, p.TestTree = "b"+p.Head[1:], "tree-"+p.Head
	p.UpdatedAt = s.Now
	s.mayWriteCommit(p.TestTree)
	c := bottest.Commit{Tree: p.TestTree, File: s.file}
	s.changes(&c)
	c.Author = "bob"
	if len(s.asks.paths) > 0 {
		c.Parent = s.Heads["main"] // else nobody can tell what it would bring
	}
	for _, sha := range []string{p.Head, p.TestMerge} {
		k := c
		k.SHA = sha
		s.Commits[sha] = &k
		s.truth.reported(s, sha)
	}
	s.lagBehind(p.Head, p.TestMerge)
	if s.once(4) {
		s.broken[p.TestTree] = [2]bool{true, false}
	}
	s.note("bob", "pushes %s to #%d", p.Head, p.Number)
	s.send(append(s.headPushed(p), s.Installed(), p.PullRequestChanged)...)
	if s.once(1) {
		s.send(s.Installed(), s.report(p.Head, "ci", bot.CheckPassed))
	}
}

// openPull draws an open pull request; nil if there is none.
func (s *sim) openPull() *bottest.Pull {
	var open []*bottest.Pull
	for n := 1; n <= len(s.Pulls); n++ {
		if p := s.Pulls[n]; p.Open {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[s.pick(len(open))]
}

// handRelease has somebody release at the platform's own command line.
func (s *sim) handRelease() {
	app := among(s, "staging", "us", "ca")
	a := s.App(app)
	artifact, commit := fmt.Sprintf("hand%d", s.truth.hands), ""
	switch s.pick(5) {
	case 1: // its config vars change: what runs is released again
		if c := a.Current(); c != nil {
			artifact, commit = c.Artifact, c.Commit
		}
	case 2: // back to some release of before
		if n := len(a.Releases); n > 0 {
			r := a.Releases[s.pick(n)]
			artifact, commit = r.Artifact, r.Commit
		}
	case 3: // ahead of the bot, what was built last
		for _, from := range apps {
			for _, b := range s.App(from).Builds {
				if b.Status == bot.BuildSucceeded && b.Commit > commit && len(s.pushed[b.Commit]) > 0 {
					artifact, commit = b.Artifact, b.Commit
				}
			}
		}
	case 4: // ahead of the bot, built there as with git push
		if head := s.Heads["main"]; head != "" {
			artifact, commit = fmt.Sprintf("hand%d-%s", s.truth.hands, head), head
		}
	}
	s.truth.hands++
	s.note("zoe", "releases %s on %s by hand", artifact, app)
	s.EndRelease(s.Release(app, artifact, commit), bot.ReleaseSucceeded, "")
	s.truth.byHand[a.Releases[len(a.Releases)-1]] = true
}

// destroy has the platform destroy an artifact, as it does with old ones: what runs
// goes on running, and nothing else can be released of it.
func (s *sim) destroy() {
	var all []string
	for _, app := range apps {
		for _, b := range s.App(app).Builds {
			if b.Artifact != "" && !s.Gone[b.Artifact] {
				all = append(all, b.Artifact)
			}
		}
	}
	if len(all) == 0 {
		return
	}
	artifact := all[len(all)-1-s.pick(min(len(all), 3))]
	if s.Gone == nil {
		s.Gone = map[string]bool{}
	}
	s.Gone[artifact] = true
	s.note("", "the platform destroys %s", artifact)
}

// written is a configuration as the story shows it: without the addresses that %+v
// gives of what is behind pointers.
type written bot.Config

func (w written) String() string {
	data, err := json.Marshal(bot.Config(w))
	if err != nil {
		return err.Error()
	}
	return string(data)
}
