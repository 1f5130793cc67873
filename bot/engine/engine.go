// Package engine is the loop around the decisions of package bot. It loads a pipeline's state, folds in facts, and
// decides. It commits state, events and effects together, and performs the effects. It declares the ports that it
// needs; packages store, webhooks, github and platform implement them.
package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Options are the parts of an Engine.
type Options struct {
	Store   Store
	Perform Performer
	Freezes Freezes // nil: there are no freezes
	// Allowed reports whether the operator has a rule for a repository; nil: all are allowed. A repository without a
	// rule is not remembered, and its file is not read.
	Allowed func(bot.Repo) bool
	// Identities knows which repository a name stands for; nil: the name alone identifies it.
	Identities Identities
	Directory  Directory            // of GitHub; needed with Identities
	Pinned     func(bot.Repo) int64 // the only repository that the settings allow to have a name; 0: any
	Clock      Clock                // nil: the system's
	Logger     *zap.Logger          // nil: none
	// Yield pauses after another instance was faster with a pipeline; nil: no pause. The other may go on with what it
	// has begun, and facts that arrive here meanwhile are folded together. losses counts the losses in a row.
	Yield   func(ctx context.Context, losses int)
	Metrics prometheus.Registerer // nil: metrics are kept but not shown
	// Observe, if not nil, is called with every commit, in the order of a pipeline's commits. It must return quickly.
	Observe func(Commit)
}

// Commit is the argument of Options.Observe.
type Commit struct {
	Pipeline bot.Key
	Events   []bot.Event
	State    pipeline.State
	Explain  gate.Explanation
}

// Engine reconciles pipelines. Its methods may be called from any number of goroutines.
type Engine struct {
	store   Store
	perform Performer
	clock   Clock
	log     *zap.Logger
	observe func(Commit)
	yield   func(ctx context.Context, losses int)
	alarm   alarm
	memory  memory
	freezes Freezes
	allowed func(bot.Repo) bool
	strange strangers

	operator operator
	names    identities

	metrics *metrics
	repeats repeats // what was logged lately
	begun   begun

	deliveries batcher[named, received, struct{}]
	updates    batcher[bot.Key, update, committed]
}

// received is a delivery's facts, and its id.
type received struct {
	facts []bot.Fact
	id    string
}

// New returns an Engine. Run must be running for wake times to be kept.
func New(o Options) *Engine {
	e := &Engine{
		store: o.Store, perform: o.Perform, freezes: o.Freezes, allowed: o.Allowed, clock: o.Clock, log: o.Logger, observe: o.Observe, yield: o.Yield,
		metrics: newMetrics(o.Metrics), alarm: alarm{nudged: make(chan struct{}, 1)}, names: identities{Identities: o.Identities, directory: o.Directory, pinned: o.Pinned},
	}
	if e.names.pinned == nil {
		e.names.pinned = func(bot.Repo) int64 { return 0 }
	}
	if e.clock == nil {
		e.clock = SystemClock{}
	}
	if e.log == nil {
		e.log = zap.NewNop()
	}
	if e.allowed == nil {
		e.allowed = func(bot.Repo) bool { return true }
	}
	if e.yield == nil {
		e.yield = func(context.Context, int) {}
	}
	if e.observe == nil {
		e.observe = func(Commit) {}
	}
	return e
}

// Deliver folds a webhook into every pipeline of its repository, or into those that use its app. An unknown repository
// gets a pipeline. A pipeline that is opened meanwhile gets the webhook, too.
func (e *Engine) Deliver(ctx context.Context, d Delivery) error {
	if len(d.Facts) == 0 {
		return nil
	}
	if d.Repo == (bot.Repo{}) {
		for _, f := range d.Facts {
			if moved, ok := f.(bot.PlatformMoved); ok {
				if err := e.PlatformMoved(WithCause(ctx, causes(nil, []string{d.ID})), moved); err != nil {
					return err
				}
			}
		}
		return nil
	}
	err := e.deliver(ctx, d)
	for tries := 0; errors.Is(err, ErrElsewhere) && tries < deliverTries; tries++ {
		err = e.deliver(ctx, d)
	}
	return err
}

// deliverTries bounds how often a delivery's pipelines are looked for again because the repository was renamed
// meanwhile.
const deliverTries = 3

func (e *Engine) deliver(ctx context.Context, d Delivery) error {
	if d.RepoID != 0 && e.names.ignored(named{d.Repo, d.RepoID}, e.clock.Now()) {
		return nil
	}
	_, _, err := e.deliveries.Do(named{d.Repo, d.RepoID}, received{d.Facts, d.ID}, func(take func() []received) (none struct{}, _ error) {
		to, found, err := e.usual(ctx, d)
		if err != nil {
			return none, err
		}
		all := d
		all.Facts = nil
		var because []string
		for _, r := range take() {
			all.Facts, because = append(all.Facts, r.facts...), causes(because, []string{r.id})
		}
		ctx := WithCause(ctx, because)
		if !found {
			if to, err = e.find(ctx, all); err != nil {
				return none, err
			}
		}
		if len(to.keys) == 0 {
			if !begins(all.Facts) || to.repo == (bot.Repo{}) || e.stranger(to.repo) {
				return none, nil
			}
			to.keys = []bot.Key{{Repo: to.repo}}
		}
		return none, e.deliverTo(ctx, to, all)
	})
	return err
}

// deliverTo folds deliveries into pipelines of their repository, and into those that are opened meanwhile. A new
// pipeline got, when it was opened, what its opener had by then.
func (e *Engine) deliverTo(ctx context.Context, to destination, d Delivery) error {
	keys, repo, facts := to.keys, to.repo, to.facts(d.RepoID, d.Facts)
	told := map[bot.Key]bool{}
	for len(keys) > 0 {
		var names []string // the repository's pipelines, as far as one of them knows
		for _, key := range keys {
			c, err := e.commit(ctx, key, d.RepoID, facts)
			if err != nil {
				return err
			}
			told[key] = true
			names = append(names, c.State.Names...)
		}
		if !slices.ContainsFunc(names, func(name string) bool { return !told[bot.Key{Repo: repo, Name: name}] }) {
			return nil
		}
		listed, err := e.store.Pipelines(ctx, repo)
		if err != nil {
			return fmt.Errorf("find the pipelines of %s: %w", repo, err)
		}
		keys = slices.DeleteFunc(slices.Clone(listed), func(key bot.Key) bool { return told[key] })
	}
	return nil
}

// stranger reports whether the operator has no rule for a repository, and logs that once.
func (e *Engine) stranger(repo bot.Repo) bool {
	if e.allowed(repo) {
		return false
	}
	if e.strange.first(repo) {
		e.log.Warn("HEADSTART_ALLOW has no rule for this repository: its webhooks are ignored", zap.Stringer("repository", repo))
	}
	return true
}

// strangers are the repositories without a rule that were logged. Above mostIgnored all are forgotten, and logged again.
type strangers struct {
	mu   sync.Mutex
	told map[bot.Repo]bool // guarded by mu
}

// first notes a repository, and reports whether it was not noted before.
func (s *strangers) first(repo bot.Repo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told[repo] {
		return false
	}
	if s.told == nil || len(s.told) >= mostIgnored {
		s.told = map[bot.Repo]bool{}
	}
	s.told[repo] = true
	return true
}

// begins reports whether facts are a reason to remember a repository. A repository with reports of checks alone has
// nothing to deploy.
func begins(facts []bot.Fact) bool {
	for _, f := range facts {
		switch f.(type) {
		case bot.Pushed, bot.PullRequestChanged, bot.MergeGroupChanged:
			return true
		}
	}
	return false
}

// PlatformMoved makes every pipeline that uses an app look at it again.
func (e *Engine) PlatformMoved(ctx context.Context, moved bot.PlatformMoved) error {
	keys, err := e.store.Using(ctx, moved.Platform, moved.App)
	if err != nil {
		return fmt.Errorf("find who uses %s: %w", moved.App, err)
	}
	for _, key := range keys {
		if err := e.update(ctx, key, 0, []bot.Fact{moved}); err != nil {
			return err
		}
	}
	return nil
}

// commitTries bounds the tries of a commit. Each lost try means that another commit was faster, so as many in a row are
// a fault.
const commitTries = 50

// update is a set of facts to fold into a pipeline. The work that its context stands for ends with it.
type update struct {
	ctx   context.Context
	repo  int64 // the number of the facts' repository; 0: the one with the name
	facts []bot.Fact
}

// committed is the result of one or more updates.
type committed struct {
	Change
	moved []bot.Need // stages of the pipeline that run another commit now
}

// update is one reconcile. A mere look, for any repository with the name, does nothing if the name is gone.
func (e *Engine) update(ctx context.Context, key bot.Key, repo int64, facts []bot.Fact) error {
	_, err := e.commit(ctx, key, repo, facts)
	if repo == 0 && errors.Is(err, ErrElsewhere) {
		return nil
	}
	return err
}

// commit loads, applies, decides and commits, together with other facts for the pipeline at that moment. It returns
// what was committed. It notifies the pipelines that need a stage whose live commit has changed.
func (e *Engine) commit(ctx context.Context, key bot.Key, repo int64, facts []bot.Fact) (Change, error) {
	c, led, err := e.commitOnly(ctx, key, repo, facts)
	if err == nil && led {
		e.notifyNeeding(ctx, c.moved)
	}
	return c.Change, err
}

func (e *Engine) commitOnly(ctx context.Context, key bot.Key, repo int64, facts []bot.Fact) (_ committed, led bool, _ error) {
	return e.commitExpected(ctx, key, repo, facts, nil, false)
}

// commitExpected is commitOnly for an expected update that may be patient.
func (e *Engine) commitExpected(ctx context.Context, key bot.Key, repo int64, facts []bot.Fact, was *expected, patient bool) (_ committed, led bool, _ error) {
	return e.updates.await(key, update{ctx, repo, facts}, was, patient, func(take func() []update) (committed, error) {
		all := take()
		var facts []bot.Fact
		var works []context.Context
		var because []string
		repo := int64(0)
		for _, u := range all {
			facts = append(facts, u.facts...)
			works = append(works, u.ctx)
			because = causes(because, CauseOf(u.ctx))
			if u.repo != 0 && repo != 0 && u.repo != repo {
				return committed{}, ErrElsewhere // for one of them; each is tried alone
			}
			repo = max(repo, u.repo)
		}
		return e.commitAll(WithCause(e.store.Together(ctx, works), because), key, repo, facts)
	})
}

func (e *Engine) commitAll(ctx context.Context, key bot.Key, repo int64, facts []bot.Fact) (committed, error) {
	if key.Repo.Nameless() {
		return committed{}, nil // it rests
	}
	var queues queueRefusals
	for tries := range commitTries {
		state, version, err := e.load(ctx, key)
		if err != nil {
			return committed{}, err
		}
		if repo != 0 && state.RepoID != 0 && state.RepoID != repo {
			// The remembered state may be from before the name changed owners.
			if _, ok := e.memory.recall(key); ok {
				e.memory.forget(key)
				continue
			}
			return committed{}, ErrElsewhere
		}
		state.Pipeline = key
		word, err := e.frozen(ctx)
		if err != nil {
			return committed{}, err
		}
		fresh, comments, err := e.withoutSeen(ctx, key, facts)
		if err != nil {
			return committed{}, err
		}
		told, err := e.look(ctx, state, fresh, &queues)
		if err != nil {
			return committed{}, err
		}
		c, explain := e.reconcile(state, withFreeze(state, word, told))
		c.Version, c.Comments, c.Cause = version, taken(comments, state, c.State), CauseOf(ctx)
		for i := range c.Claims {
			c.Claims[i].Passes = queues.gaveUp()
		}
		if version == 0 && !anythingIn(c) {
			return committed{}, nil
		}
		err = e.store.Commit(ctx, c)
		if queues.refuse(err) {
			continue
		}
		if err != nil {
			e.memory.forget(key) // whether it was saved or not
		}
		if errors.Is(err, ErrMoved) {
			e.yield(ctx, tries+1)
			continue
		}
		if errors.Is(err, ErrElsewhere) {
			return committed{}, ErrElsewhere
		}
		if err != nil {
			return committed{}, fmt.Errorf("commit %s: %w", key, err)
		}
		e.memory.keep(key, remembered{c.State, version + 1})
		e.warnOfRules(key, state, c.State)
		notes := history.Notes(&state, &c.State, c.Events, c.History)
		e.begun.note(key, c.Effects, c.Cause)
		e.tell(key, notes, c.Cause)
		e.metrics.count(key, c.State.Config, notes)
		e.alarm.committed(c.Wake, e.clock.Now())
		e.observe(Commit{Pipeline: key, Events: c.Events, State: c.State, Explain: explain})
		return committed{c, pipeline.StagesMoved(state, c.State)}, nil
	}
	return committed{}, fmt.Errorf("commit %s: another instance was faster %d times in a row", key, commitTries)
}

// load returns a pipeline's state as this instance last committed it, else from the store.
func (e *Engine) load(ctx context.Context, key bot.Key) (pipeline.State, int64, error) {
	if r, ok := e.memory.recall(key); ok {
		return r.state, r.version, nil
	}
	state, version, err := e.store.Load(ctx, key)
	if err != nil {
		return pipeline.State{}, 0, fmt.Errorf("load %s: %w", key, err)
	}
	return state, version, nil
}

// warnOfRules logs once that GitHub requires checks that can never be there in time.
func (e *Engine) warnOfRules(key bot.Key, before, after pipeline.State) {
	if before.Required.ReadAt.Equal(after.Required.ReadAt) && before.Configured == after.Configured {
		return
	}
	if never := after.NeverGreen(); len(never) > 0 && !slices.Equal(never, before.NeverGreen()) {
		e.log.Warn("GitHub requires statuses before a merge that Headstart sets only after it: nothing can be merged; require its build status instead",
			zap.Stringer("pipeline", key), zap.String("branch", after.Branch()), zap.Strings("required", never))
	}
}

func anythingIn(c Change) bool { return len(c.Events) > 0 }

// reconcile folds the facts and decides until the decision is stable.
func (e *Engine) reconcile(state pipeline.State, facts []bot.Fact) (Change, gate.Explanation) {
	now := timeOf(state, e.clock.Now())
	done := decide.Settle(state, now, facts...)
	return Change{
		Pipeline: state.Pipeline, Events: done.Events, Effects: done.Effects, Claims: done.Claims, At: now,
		State: done.State, Folded: true, Target: done.State.Target(), Wake: done.Plan.Wake, Sweep: done.Plan.Sweep,
		History: history.Chronicle(state, done.State),
	}, done.Plan.Explain
}

// maxSkew is how far the clocks of two instances may disagree.
const maxSkew = 2 * time.Minute

// timeOf returns the pipeline's time by this instance's clock. It is never before the time that another instance has
// written: an effect postponed by a second there would be due at once here, again and again. A state more than maxSkew
// ahead was written by a wrong clock and does not count.
func timeOf(state pipeline.State, now time.Time) time.Time {
	now = now.Round(0) // the remembered state must equal the loaded one: no monotonic reading
	if ahead := state.At.Sub(now); ahead > 0 && ahead <= maxSkew {
		return state.At
	}
	return now
}
