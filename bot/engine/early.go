package engine

import (
	"sync"

	"github.com/headstart-cd/headstart/bot"
)

// early keeps what is heard of a repository before anything that is a reason to
// remember it: the first push and the reports of its checks come at the same moment,
// in any order. It is for moments: what is lost with the process is found by reading.
type early struct {
	mu    sync.Mutex
	facts map[bot.Repo][]bot.Fact // guarded by mu
}

const (
	earlyRepos = 256
	earlyFacts = 64 // of each; the newest
)

// keep remembers facts. Where there is no room, any other repository is forgotten.
func (e *early) keep(repo bot.Repo, facts []bot.Fact) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.facts == nil {
		e.facts = map[bot.Repo][]bot.Fact{}
	}
	list := append(e.facts[repo], facts...)
	e.facts[repo] = append([]bot.Fact(nil), list[max(0, len(list)-earlyFacts):]...)
	for other := range e.facts {
		if len(e.facts) <= earlyRepos {
			return
		}
		if other != repo {
			delete(e.facts, other)
		}
	}
}

// take returns what was heard, and forgets it.
func (e *early) take(repo bot.Repo) []bot.Fact {
	e.mu.Lock()
	defer e.mu.Unlock()
	facts := e.facts[repo]
	delete(e.facts, repo)
	return facts
}
