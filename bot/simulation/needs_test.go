package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Another pipeline, a stage of which production needs in some histories. What it
// does is told by the history; what is known of it is in the store.

// apiKey is its key, and need what production asks for.
var (
	apiKey = bot.Key{Repo: bot.Repo{Owner: "acme", Name: "api"}}
	need   = bot.Need{Pipeline: apiKey, Stage: "production"}
)

// api is that pipeline.
type api struct {
	known  bool // it is there, and of the same installation
	other  bool // it is there, and of another one
	pushes []apiPush
	live   int // of pushes, that its production runs; -1: none
	ran    []apiRan
}

// apiPush is a push to it.
type apiPush struct {
	sha     string
	at      time.Time // as GitHub tells it
	affects bool      // it changes files of that pipeline
}

// apiRan is what its production could be seen to run from a time on.
type apiRan struct {
	at    time.Time
	known bool
	live  int
}

// beginAPI begins the other pipeline. Mostly it runs something already.
func (s *sim) beginAPI() {
	s.api = api{known: true, live: -1}
	s.pushAPI(true)
	if s.once(2) {
		s.api.known = false
	} else if !s.once(2) {
		s.api.live = 0
	}
	s.sawAPI()
}

// pushAPI pushes to the other pipeline.
func (s *sim) pushAPI(concerns bool) {
	s.pass(s.Now.Add(time.Second)) // GitHub tells the times of two pushes apart
	sha := fmt.Sprintf("d%06d", len(s.api.pushes)+1)
	s.api.pushes = append(s.api.pushes, apiPush{sha, s.Now.Truncate(time.Second), concerns})
	s.note("api", "%s is pushed, which concerns it: %t", sha, concerns)
}

// sawAPI notes what it can be seen to run from now on.
func (s *sim) sawAPI() {
	s.api.ran = append(s.api.ran, apiRan{s.Now, s.api.known, s.api.live})
	s.note("api", "runs %s; it is known: %t", s.api.runs(), s.api.known)
}

func (a *api) runs() string {
	if a.live < 0 {
		return "nothing"
	}
	return a.pushes[a.live].sha
}

// moveAPI has something happen to the other pipeline.
func (s *sim) moveAPI() {
	a := &s.api
	switch s.pick(8) {
	case 0, 1, 2:
		s.pushAPI(!s.once(2))
		return
	case 3, 4:
		s.catchUp()
		return
	case 5:
		a.live = min(a.live+1, a.newest())
	case 6: // it is rolled back
		a.live = max(a.live-1, 0)
	case 7:
		a.known, a.other = !a.known, s.once(1)
	}
	s.sawAPI()
}

// newest is the newest push that affects it; -1: none.
func (a *api) newest() int {
	for i, p := range slices.Backward(a.pushes) {
		if p.affects {
			return i
		}
	}
	return -1
}

// catchUp has everything live there that was pushed.
func (s *sim) catchUp() {
	s.api.known, s.api.live = true, max(s.api.live, s.api.newest())
	s.sawAPI()
}

// pushBoth has somebody push to the other pipeline what is used here, and then here;
// that one is ready much later, or never.
func (s *sim) pushBoth() {
	s.pushAPI(true)
	s.deploy()
	if s.once(1) {
		s.catchUp()
		s.waitFor(time.Minute)
	}
}

// takeBack has what is live there taken back when something here is about to follow
// it, and the platform does not take that for a while.
func (s *sim) takeBack() {
	s.pushAPI(true)
	s.catchUp()
	s.busy = s.Now.Add(7 * time.Minute)
	s.note("", "the platform releases nothing until %s", s.busy.Format(time.TimeOnly))
	s.deploy()
	if s.once(1) {
		s.api.live--
	} else {
		s.api.known = false
	}
	s.sawAPI()
	s.waitFor(10 * time.Minute)
}

// state is what the store has of it.
func (a *api) state() pipeline.State {
	if !a.known && !a.other {
		return pipeline.State{}
	}
	st := pipeline.State{
		Pipeline: apiKey, Installation: 7, DefaultBranch: "main", Configured: true,
		Config: bot.Config{
			Platform: bot.PlatformHeroku, Checks: bot.Checks{None: true}, Paths: []string{"api/**"},
			Stages: []bot.Stage{{Name: need.Stage, Apps: []string{"api"}}},
		},
	}
	if !a.known {
		st.Installation++
	}
	for _, p := range a.pushes {
		c := pipeline.Candidate{SHA: p.sha, Tree: "tree-" + p.sha, Branch: "main", PushedAt: p.at, SeenAt: p.at, ConfigRead: true, Affected: bot.AffectedNo}
		if p.affects {
			c.Affected = bot.AffectedYes
		}
		st.Candidates = append(st.Candidates, c)
	}
	if a.live >= 0 {
		p := a.pushes[a.live]
		st.Stages = map[string]*pipeline.StageState{need.Stage: {Live: pipeline.Live{SHA: p.sha, Artifact: "slug-" + p.sha, Since: p.at}}}
	}
	return st
}

// needsRun is the part of [gatesOpen] about `needs`: nothing enters a stage unless the
// other pipeline's stage ran, a moment before, everything that was pushed there up
// to its own push. Where somebody has put it on one app by hand, the bot found it
// there when it entered, and only goes to the end.
func (s *sim) needsRun(sha, artifact string, stage bot.Stage) {
	byHand := slices.ContainsFunc(stage.Apps, func(app string) bool {
		now := s.App(app).Current()
		return now != nil && s.truth.byHand[now] && now.Artifact == artifact
	})
	if len(stage.Needs) == 0 || len(s.pushed[sha]) == 0 || byHand {
		return
	}
	last, at := -1, s.pushedAt(sha)
	for i, p := range s.api.pushes {
		if p.affects && !p.at.After(at) {
			last = i
		}
	}
	until := s.Now
	for _, r := range slices.Backward(s.api.ran) {
		if until.Before(s.Now.Add(-fresh)) {
			break
		}
		if r.known && r.live >= last {
			return
		}
		until = r.at
	}
	s.breaks(gatesOpen, "%s enters %s, which needs %s: that runs %s, known %t, and %s was pushed there before it", sha, stage.Name, need,
		s.api.runs(), s.api.known, s.api.pushes[max(last, 0)].sha)
}

// pushedAt is when a commit was pushed for all that is known of it: where no webhook
// has told that, it is when it was found, by a clock that may be behind.
func (s *sim) pushedAt(sha string) time.Time {
	first := s.truth.pushes[sha][0]
	switch {
	case s.store.inLog[first]:
		return first.PushedAt
	case s.may.clocks:
		return first.PushedAt.Add(-behind)
	}
	return first.PushedAt.Add(-ahead)
}
