package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/engine"
)

// acknowledged is the first half of [everythingArrives]: a delivery that was acknowledged
// is processed, or shown as failed with its reason. What was processed is in the
// log of events.
func (s *sim) acknowledged() {
	for _, k := range s.hooks.past {
		d := s.store.known[k.guid]
		if !k.arrived || d == nil || !d.ended || d.reason != "" || d.unknown || k.checked {
			continue
		}
		k.checked = true
		for _, f := range d.facts {
			if !s.store.inLog[f] {
				s.breaks(everythingArrives, "%s counts as processed, and nothing has received %s %+v", k.guid, bot.NameOf(f), f)
			}
		}
	}
}

// committed looks at what a commit leaves behind. The state was loaded at the time,
// by the clock of whoever committed.
func (s *sim) committed(loaded time.Time, c engine.Change) {
	if !c.Wake.IsZero() && !c.Wake.After(loaded) {
		s.breaks(everythingArrives, "the decision asks to be taken again at once: at %s for %s", loaded, c.Wake)
	}
	s.oneDecided(c.Effects)
	s.wereOnBranch(c.State)
	s.copiesDecided(c.Effects)
	for _, e := range c.Effects {
		s.excuse(e.Do, "")
	}
	s.meant(c.State.Config)
	s.answeredAsked(&c.State)
	for _, stage := range stageOf {
		if len(c.State.Config.Stages) > 0 && !slices.Contains(c.State.Config.StageNames(), stage) {
			s.truth.gone[stage] = s.Now
		}
	}
	for _, e := range c.Events {
		f, ok := e.Fact.(bot.Finished)
		if ok {
			s.excuse(f.Effect.Do, f.Outcome)
		}
		if !ok || f.Outcome != bot.Done {
			continue
		}
		s.known(f)
		s.noteCommand(f)
	}
}

// end stops the faults and lets everything arrive.
func (s *sim) end() {
	s.note("", "the faults stop")
	stuck := s.once(1)
	s.calm = true
	clear(s.Sick)
	s.comeBack()
	s.endMaintenance()
	s.catchUp()
	s.allowed = apps
	for _, in := range slices.Clone(s.alive) {
		if !stuck || len(in.allowed) < len(apps) {
			s.bury(in) // and with it what hangs
		}
	}
	s.start()
	for _, sha := range sorted(s.Commits) {
		for _, name := range contexts {
			if !slices.ContainsFunc(s.Commits[sha].Checks, func(k bot.Check) bool { return k.Name == name && k.State != bot.CheckPending }) {
				s.report(sha, name, bot.CheckPassed) // and no webhook tells
			}
		}
	}
	for len(s.hooks.held) > 0 {
		s.lateHook()
	}
	long := 35 * time.Minute
	if slices.ContainsFunc(s.truth.requests, func(r *request) bool { return r.endless }) {
		// Until the last deadline. Whoever finds a release that has run for less than
		// that takes it for its own, and gives it as long.
		long = 2*bot.ReleaseDeadline + 15*time.Minute
	}
	s.waitFor(long)
	s.look()
	s.endEndless()
	s.unlockAll()
	s.waitFor(10 * time.Minute)
	s.look()
	s.arrived()
	s.last = true
	s.file = bot.ConfigRead{Found: true, Config: s.goodFile()}
	s.file.Config.Freezes = nil
	last := s.pushLast()
	s.waitFor(time.Minute)
	s.unlockAll() // which nobody heard while there was no file
	s.unlockAll() // what had waited may have failed
	for _, sha := range last {
		s.approveAll(sha)
	}
	s.waitFor(10 * time.Minute)
	s.look()
	s.arrived()
	s.live(last)
	s.told()
}

// endEndless has the platform end what never ends by itself, and has been given up
// by now: who releases the same once more waits for it anew.
func (s *sim) endEndless() {
	for _, r := range s.truth.requests {
		if r.endless && r.release != nil {
			if told := s.Statuses[r.sha]["headstart/"+r.stage]; told.State == bot.StatusPending && strings.HasPrefix(told.Text, "Releasing") {
				s.breaks(endsInTruth, "%s was begun on %s %s ago, has not ended, and %s is still %q", r.artifact, r.app, s.Now.Sub(r.release.CreatedAt), r.sha, told.Text)
			}
			s.EndRelease(r.release, bot.ReleaseErrored, "the platform was restarted")
		}
	}
}

// goodFile is the newest file, or a good one where that is broken.
func (s *sim) goodFile() bot.Config {
	if s.file.Found && s.file.Problem == "" && s.allowList().Check(key.Repo, s.file.Config.Apps()...) == nil {
		return s.file.Config
	}
	return s.drawFile().Config
}

// arrived is the second half of [everythingArrives]: once faults stop, every pipeline
// arrives. Nothing is left to do, and people were told the truth.
func (s *sim) arrived() {
	for _, d := range s.store.inbox {
		s.breaks(everythingArrives, "%s still waits to be processed at the end", d.guid)
	}
	for _, j := range s.store.jobs {
		if j.by == nil {
			s.breaks(everythingArrives, "%s still waits to be performed at the end", j.effect.Key)
		}
	}
	for _, k := range s.hooks.past {
		if k.lost() {
			s.breaks(everythingArrives, "%s failed on its way %s ago, and nobody has asked for it again", k.guid, s.Now.Sub(k.at))
		}
	}
	s.publishedEndsInTruth()
	s.leftBehind()
	s.neighbourArrived()
}

// live checks that a green commit runs everywhere, or another one that may be there
// in its place.
func (s *sim) live(list []string) {
	sha := list[0]
	for _, stage := range s.Commits[sha].File.Config.Stages {
		for _, app := range stage.Apps {
			r := s.App(app).Current()
			if r == nil || !slices.ContainsFunc(list, func(sha string) bool { return s.builtFrom(r.Artifact) == s.Commits[sha].Tree }) {
				s.breaks(everythingArrives, "%s is green and nothing keeps it, and %s runs %s at the end (%s)", sha, app, name(r), s.why(sha, stage.Name))
			}
		}
	}
}

func name(r *bot.Release) string {
	if r == nil {
		return "nothing"
	}
	return r.Artifact
}

// why is the reason that the bot gives for a commit not being live.
func (s *sim) why(sha, stage string) string {
	st := s.store.state
	for _, c := range decide.Decide(st, s.Now).Explain.Candidates {
		for _, x := range c.Stages {
			if c.SHA == sha && x.Stage == stage {
				return string(x.State) + " " + x.Reason + " " + string(x.Blocked.Name) + ": " + x.Blocked.Text
			}
		}
	}
	return "it gives no reason"
}
