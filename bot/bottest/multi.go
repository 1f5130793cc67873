package bottest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
)

// Multi are the pipelines of any number of repositories, each with a loop of
// its own. Those of one repository share its World; all of them share the time.
// What pipelines do to one another is performed here, as bot/engine does it.
type Multi struct {
	Loops []*Loop // in the order in which they came about

	// Made, if not nil, is told of each new loop.
	Made func(*Loop)

	turns *Turns
}

// Of returns the loop of a pipeline, which exists from then on.
func (s *Multi) Of(key bot.Key) *Loop {
	if l := s.Find(key); l != nil {
		return l
	}
	w := s.world(key.Repo)
	l := NewLoop(w)
	if s.turns == nil {
		s.turns = &Turns{Queues: map[string]bot.BuildQueue{}, Call: s.call}
	}
	l.State.Pipeline, l.Moved, l.Turns = key, s.moved, s.turns
	s.Loops = append(s.Loops, l)
	if s.Made != nil {
		s.Made(l)
	}
	return l
}

// Find returns the loop of a pipeline; nil: nothing is known of it.
func (s *Multi) Find(key bot.Key) *Loop {
	i := slices.IndexFunc(s.Loops, func(l *Loop) bool { return l.State.Pipeline == key })
	if i < 0 {
		return nil
	}
	return s.Loops[i]
}

// world is that of a repository, a new one if nobody has it yet.
func (s *Multi) world(repo bot.Repo) *World {
	now := time.Time{}
	for _, l := range s.Loops {
		if now = l.Now; l.World.Repo == repo {
			return l.World
		}
	}
	w := NewWorld()
	w.Repo, w.Interpipeline = repo, s.interpipeline
	if len(s.Loops) > 0 {
		w.Apps = s.Loops[0].World.Apps // there is one platform
	}
	if !now.IsZero() {
		w.Now = now
	}
	return w
}

// Deliver brings facts to every pipeline of a repository.
func (s *Multi) Deliver(repo bot.Repo, facts ...bot.Fact) error {
	for _, l := range slices.Clone(s.Loops) {
		if l.World.Repo == repo {
			if err := l.Deliver(facts...); err != nil {
				return err
			}
		}
	}
	return nil
}

// Drain performs everything that is to be done, and what follows from it.
func (s *Multi) Drain() error {
	for n := 0; ; n++ {
		idle := true
		for i := 0; i < len(s.Loops); i++ { // there may be more of them meanwhile
			if len(s.Loops[i].Out) > 0 {
				idle = false
				if err := s.Loops[i].Perform(0); err != nil {
					return err
				}
			}
		}
		if idle {
			return nil
		}
		if n > storm*len(s.Loops) {
			return fmt.Errorf("the pipelines do not come to rest: %d effects at one moment", n)
		}
	}
}

// Wait lets time pass, as [Loop.Wait] does for one pipeline.
func (s *Multi) Wait(d time.Duration) error {
	until := s.Loops[0].Now.Add(d)
	for n := 0; ; n++ {
		if err := s.Drain(); err != nil {
			return err
		}
		var first *Loop
		var at time.Time
		var facts []bot.Fact
		for _, l := range s.Loops {
			next, swept := l.next()
			if !next.IsZero() && (first == nil || next.Before(at)) {
				first, at, facts = l, next, swept
			}
		}
		if first == nil || at.After(until) {
			s.pass(until)
			return nil
		}
		if n > storm*10*len(s.Loops) {
			return fmt.Errorf("the pipelines woke %d times within %s", n, d)
		}
		if at.After(first.Now) {
			s.pass(at)
		}
		if err := first.Deliver(facts...); err != nil {
			return err
		}
	}
}

// pass moves the clocks of all worlds.
func (s *Multi) pass(t time.Time) {
	seen := map[*World]bool{}
	for _, l := range s.Loops {
		if !seen[l.World] {
			seen[l.World] = true
			l.World.Pass(t)
		}
	}
}

// Crash ends whoever performs effects, of all pipelines.
func (s *Multi) Crash() error {
	for _, l := range slices.Clone(s.Loops) {
		if err := l.Crash(); err != nil {
			return err
		}
	}
	return nil
}

// call has a pipeline look at the queue of an app, in its turn.
func (s *Multi) call(key bot.Key, app string) {
	l := s.Of(key)
	l.Out = append(l.Out, bot.Effect{Key: "turn " + app, At: l.Now, Do: bot.TakeTurn{App: app}})
}

// moved tells the pipelines that need a stage.
func (s *Multi) moved(stage bot.Need) error {
	for _, l := range slices.Clone(s.Loops) {
		if slices.Contains(l.State.Awaited(), strings.ToLower(stage.String())) {
			if err := l.Deliver(bot.StageMoved{Stage: stage}); err != nil {
				return err
			}
		}
	}
	return nil
}

// interpipeline performs what pipelines do to one another.
func (s *Multi) interpipeline(target bot.Target, e bot.Effect) (bot.Fact, error) {
	repo := target.Pipeline.Repo
	switch do := e.Do.(type) {
	case bot.OpenPipelines:
		for _, name := range do.Names {
			if err := s.Of(bot.Key{Repo: repo, Name: name}).Deliver(do.Facts()...); err != nil {
				return nil, err
			}
		}
	case bot.RouteCommands:
		if err := s.Of(bot.Key{Repo: repo, Name: do.Pipeline}).Deliver(do.Commands); err != nil {
			return nil, err
		}
	case bot.SendSection:
		if err := s.Of(bot.Key{Repo: repo}).Deliver(do.Section); err != nil {
			return nil, err
		}
	case bot.AskAffected:
		read := bot.PipelinesAffected{Number: do.Number}
		for _, name := range do.Names {
			switch affected := s.Of(bot.Key{Repo: repo, Name: name}).State.PullAffects(do.Number); {
			case affected == "" && !do.Deadline:
				return nil, &bot.Retryable{Reason: "the pipeline " + name + " is still finding out"}
			case affected != bot.AffectedNo:
				read.Names = append(read.Names, name)
			}
		}
		return read, nil
	case bot.AskStage:
		l := s.Find(do.Need.Pipeline)
		if l == nil || l.State.Installation != target.Installation {
			return bot.StageRuns{}, nil
		}
		return gate.StageRuns(l.State, do, l.Now), nil
	}
	return bot.Acknowledged{}, nil
}

// fileOf is the file of a commit as the room github answers for one pipeline of it.
func (c *Commit) fileOf(pipeline string) bot.ConfigRead {
	if c.Pipelines == nil {
		if pipeline != "" && c.File.Problem == "" {
			return bot.ConfigRead{Unclear: c.File.Unclear}
		}
		return c.File
	}
	read := bot.ConfigRead{Names: slices.Sorted(maps.Keys(c.Pipelines))}
	read.Config, read.Found = c.Pipelines[pipeline]
	return read
}

// between lists the files that differ between two commits: those that Head and
// what lies behind it changed since they parted. It is complete where Base lies
// behind Head.
func (w *World) between(base, head string) (files []string, complete bool) {
	if c, ok := w.Heads[base]; ok {
		base = c
	}
	behind := map[string]bool{}
	for c := w.Commits[base]; c != nil; c = w.Commits[c.Parent] {
		behind[c.SHA] = true
	}
	for c := w.Commits[head]; c != nil; c = w.Commits[c.Parent] {
		if behind[c.SHA] {
			return files, c.SHA == base
		}
		files = append(files, c.Files...)
	}
	return files, false
}
