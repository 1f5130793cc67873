package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// store keeps what survives the instances: one pipeline with its version, the
// effects that are to be performed, and the deliveries that were acknowledged.
type store struct {
	apartFrom   time.Time // since when pull requests have an app of their own; zero: they have not
	state       pipeline.State
	version     int64
	wake        time.Time
	sweep       time.Time
	jobs        []*job // those that are not done
	inbox       []*delivery
	known       map[string]*delivery // by guid
	inLog       map[bot.Fact]bool    // facts of deliveries that are in the log of events
	listened    map[int64]time.Time  // comments that were seen
	publishedAt map[string]time.Time // what was made for people, since when that is known
	commits     int
	history     bottest.History
	events      []bot.Event // all, in their order
	durable     *durable    // nil: all of it is
}

func newStore() *store {
	return &store{known: map[string]*delivery{}, inLog: map[bot.Fact]bool{}, publishedAt: map[string]time.Time{}, listened: map[int64]time.Time{}}
}

// job is an effect that is to be performed.
type job struct {
	effect   bot.Effect
	target   bot.Target
	config   bot.Config // in force when it was decided
	decided  time.Time  // by the world's clock
	by       *instance  // who performs it; nil: it waits
	attempts int
	done     bool
}

type jobsKey struct{}

// jobsOf are those whose work the context stands for.
func jobsOf(ctx context.Context) []*job {
	jobs, _ := ctx.Value(jobsKey{}).([]*job)
	return jobs
}

// jobOf is the one whose request is made with the context; nil: nobody's.
func jobOf(ctx context.Context) *job {
	if jobs := jobsOf(ctx); len(jobs) == 1 {
		return jobs[0]
	}
	return nil
}

var key = bot.Key{Repo: bottest.Repo}

var (
	errDatabase = errors.New("the database does not answer")
	errTaken    = errors.New("another instance has taken the work over")
)

// port is the store as one instance sees it.
type port struct{ in *instance }

func (p port) Load(ctx context.Context, of bot.Key) (pipeline.State, int64, error) {
	s := p.in.s
	p.in.turn(ctx)
	if s.may.commits && s.once(7) {
		s.note(p.in.name, "cannot load")
		return pipeline.State{}, 0, errDatabase
	}
	if of == apiKey {
		return s.api.state(), int64(len(s.api.ran)), nil
	}
	*p.in.lastLoad(ctx) = p.in.now()
	return s.store.state, s.store.version, nil
}

// Commit saves a change. Whatever can happen to an instance and its database
// happens around it.
func (p port) Commit(ctx context.Context, c engine.Change) error {
	in, s := p.in, p.in.s
	in.turnToCommit(ctx)
	in.maybeDie("before a commit")
	s.interleave(in)
	if s.may.commits && s.once(6) {
		s.note(in.name, "commits, and nothing is saved")
		return errDatabase
	}
	jobs := jobsOf(ctx)
	for _, j := range jobs {
		if j.done || j.by != in {
			return errTaken
		}
	}
	if s.store.version != c.Version {
		s.note(in.name, "commits, but somebody was faster")
		return engine.ErrMoved
	}
	if c.CanBeRepeated() {
		s.mayForget()
	}
	if refused := s.saveClaims(c); len(refused) > 0 {
		s.note(in.name, "commits, but the queues of %v do not allow it", refused)
		queues, _ := p.BuildQueues(ctx, "", refused)
		return &engine.NotItsTurn{Queues: queues}
	}
	if !c.CanBeRepeated() {
		s.store.durable = nil
	}
	s.save(in, c)
	for _, j := range jobs {
		s.finish(j)
	}
	s.committed(*in.lastLoad(ctx), c)
	in.maybeDie("after a commit")
	if s.may.commits && s.once(6) {
		s.note(in.name, "is told that its commit failed, though it is saved")
		return errDatabase
	}
	return nil
}

// lastLoad is when whoever does the work last loaded the state.
func (in *instance) lastLoad(ctx context.Context) *time.Time {
	if l, ok := ctx.Value(laneKey{}).(*lane); ok {
		return &l.loaded
	}
	return &in.loaded
}

func (p port) Together(ctx context.Context, all []context.Context) context.Context {
	var jobs []*job
	for _, work := range all {
		jobs = append(jobs, jobsOf(work)...)
	}
	return context.WithValue(ctx, jobsKey{}, jobs)
}

// save takes everything in the change. Now and then it goes through JSON, as it
// always does in a database.
func (s *sim) save(in *instance, c engine.Change) {
	st := s.store
	st.commits++
	if st.commits%64 == 0 {
		data, err := json.Marshal(c)
		if err != nil {
			s.breaks(everythingArrives, "a change cannot be stored: %v", err)
		}
		s.leaks(string(data), "the database")
		rows := c.History
		c.History = nil // its rows are not read again as a change
		if data, err = json.Marshal(c); err != nil {
			s.breaks(everythingArrives, "a change cannot be stored: %v", err)
		}
		c.State, c.Effects = pipeline.State{}, nil
		var read engine.Change
		if err := json.Unmarshal(data, &read); err != nil {
			s.breaks(everythingArrives, "a change cannot be read again: %v", err)
		}
		c = read
		c.History = rows
	}
	if err := c.State.Check(); err != nil {
		s.breaks(everythingArrives, "what is saved contradicts itself: %v", err)
	}
	if st.commits%256 == 32 && c.Version > 0 {
		s.followsFrom(st.state, c)
	}
	for _, id := range c.Comments {
		if _, known := st.listened[id]; known {
			s.breaks(nothingTwice, "the comment %d is taken twice", id)
		}
		st.listened[id] = s.Now
	}
	st.state, st.version, st.wake, st.sweep = c.State, c.Version+1, c.Wake, c.Sweep
	for _, e := range c.Events {
		switch e.Fact.(type) {
		case bot.Installed, bot.Pushed, bot.PullRequestChanged, bot.HeadPushed, bot.MergeGroupChanged, bot.CheckReported, bot.ChecksMoved, bot.PlatformMoved, bot.Commented:
			st.inLog[e.Fact] = true
		}
	}
	s.recorded(c)
	st.apart(c.State, s.Now)
	for _, e := range c.Effects {
		if do, ok := e.Do.(bot.React); ok && do.Content == "eyes" {
			s.takesUp(do.Comment)
		}
		if _, dull := e.Do.(bot.WatchBuild); !dull {
			s.note(in.name, "decides: %s (attempt %d)", e.Key, e.Attempt)
		}
		st.jobs = append(st.jobs, &job{effect: e, target: c.Target, config: c.State.Config, decided: s.Now})
	}
}

// followsFrom holds a change against what a database may save of it alone: its
// events, which are folded into the state of before when that is loaded.
func (s *sim) followsFrom(before pipeline.State, c engine.Change) {
	through := func(v, into any) string {
		data, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			s.breaks(everythingArrives, "a change cannot be stored: %v", err)
		}
		return string(data)
	}
	var (
		state, same, loaded pipeline.State
		events              []bot.Event
	)
	through(before, &state)
	through(c.Events, &events)
	for _, e := range events {
		state = apply.Apply(state, e)
		if err := state.Check(); err != nil {
			s.breaks(everythingArrives, "after %s the state contradicts itself: %v", bot.NameOf(e.Fact), err)
		}
	}
	if want, got := through(c.State, &same), through(state, &loaded); !c.Folded || !reflect.DeepEqual(loaded, same) {
		s.breaks(everythingArrives, "what happened makes another state when it is loaded:\n%s\n%s", want, got)
	}
}

func (s *sim) finish(j *job) {
	j.done = true
	s.store.jobs = slices.DeleteFunc(s.store.jobs, func(o *job) bool { return o == j })
}

func (p port) Pipelines(ctx context.Context, _ bot.Repo) ([]bot.Key, error) {
	p.in.turn(ctx)
	if p.in.s.store.version == 0 {
		return nil, nil
	}
	return []bot.Key{key}, nil
}

func (p port) SeenComments(ctx context.Context, _ bot.Key, comments []int64) (map[int64]bool, error) {
	p.in.turn(ctx)
	heard := map[int64]bool{}
	for _, id := range comments {
		_, heard[id] = p.in.s.store.listened[id]
	}
	return heard, nil
}

func (p port) Needing(context.Context, bot.Need) ([]bot.Key, error) { return nil, nil }

func (p port) BuildQueues(_ context.Context, _ string, apps []string) (map[string]bot.BuildQueue, error) {
	queues := map[string]bot.BuildQueue{}
	for _, app := range apps {
		queues[app] = slices.Clone(p.in.s.turns.Queues[app])
	}
	return queues, nil
}

func (p port) Using(ctx context.Context, platform, app string) ([]bot.Key, error) {
	p.in.turn(ctx)
	name, apps := p.in.s.store.state.Apps()
	if name == platform && slices.Contains(apps, app) {
		return []bot.Key{key}, nil
	}
	return nil, nil
}

func (p port) Due(ctx context.Context, now time.Time, _ int) (due []bot.Key, next time.Time, err error) {
	p.in.turn(ctx)
	switch wake := p.in.s.store.wake; {
	case wake.IsZero():
	case wake.After(now):
		next = wake
	default:
		due = []bot.Key{key}
	}
	return due, next, nil
}

// Leads: the instance that has been there the longest.
func (p port) Leads(ctx context.Context) (bool, error) {
	p.in.turn(ctx)
	return p.in.s.alive[0] == p.in, nil
}

func (p port) SweepsDue(ctx context.Context, now time.Time, except []int64, _ int) ([]bot.Key, error) {
	p.in.turn(ctx)
	st := p.in.s.store
	if st.sweep.IsZero() || st.sweep.After(now) || slices.Contains(except, st.state.Installation) {
		return nil, nil
	}
	return []bot.Key{key}, nil
}

func (p port) Processed(ctx context.Context, guids []string) (map[string]bool, error) {
	p.in.turn(ctx)
	known := map[string]bool{}
	for _, guid := range guids {
		d := p.in.s.store.known[guid]
		known[guid] = d != nil && (!d.ended || d.reason == "")
	}
	return known, nil
}

// delivery is a webhook that was acknowledged.
type delivery struct {
	guid     string
	facts    []bot.Fact
	by       *instance // who processes it; nil: it waits
	attempts int
	next     time.Time // of the next attempt
	ended    bool      // processed, or failed for good
	reason   string    // why it failed
	unknown  bool      // nothing was known of the repository when it was processed
}

// retries are the pauses between attempts at a delivery.
var retries = []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute}

// receive stores a delivery before it is acknowledged.
func (s *sim) receive(guid string, facts []bot.Fact) {
	st := s.store
	if d := st.known[guid]; d != nil && (!d.ended || d.reason == "") {
		return // a duplicate
	}
	st.durable = nil
	d := &delivery{guid: guid, facts: facts, next: s.Now}
	st.known[guid] = d
	st.inbox = append(st.inbox, d)
}

// process has an instance process a delivery.
func (s *sim) process(ctx context.Context, in *instance, d *delivery) {
	d.by = in
	out := engine.Delivery{ID: d.guid, Repo: bottest.Repo, Facts: d.facts}
	if _, ok := d.facts[0].(bot.PlatformMoved); ok {
		out.Repo = bot.Repo{}
	}
	none := s.store.version == 0
	err := in.engine.Deliver(ctx, out)
	in.turn(ctx)
	s.mayForget()
	d.by = nil
	d.attempts++
	switch {
	case err == nil:
		none = none && (s.store.version == 0 || !begins(d.facts)) // another one may have made it known meanwhile
		d.ended, d.reason, d.unknown = true, "", none || out.Repo == bot.Repo{}
	case d.attempts > len(retries):
		d.ended, d.reason = true, err.Error()
	default:
		d.next, d.reason = s.Now.Add(retries[d.attempts-1]), err.Error()
	}
	if d.ended {
		s.store.inbox = slices.DeleteFunc(s.store.inbox, func(o *delivery) bool { return o == d })
	}
}

// begins reports whether facts make a repository known.
func begins(facts []bot.Fact) bool {
	return slices.ContainsFunc(facts, func(f bot.Fact) bool {
		switch f.(type) {
		case bot.Pushed, bot.PullRequestChanged, bot.MergeGroupChanged:
			return true
		}
		return false
	})
}

// perform has an instance perform an effect.
func (s *sim) perform(ctx context.Context, in *instance, j *job) {
	j.by = in
	j.attempts++
	if j.target.Pipeline == neighbourKey {
		s.store.durable = nil
		s.finish(j)
		s.neighbourCalled()
		return
	}
	err := in.engine.Perform(context.WithValue(ctx, jobsKey{}, []*job{j}), j.target, j.effect, j.attempts > 1)
	in.turn(ctx)
	switch {
	case j.done:
	case err == nil:
		s.store.durable = nil
		s.finish(j) // nothing had to be recorded
	default:
		j.by = nil
	}
}

func describe(facts []bot.Fact) string {
	text := ""
	for _, f := range facts {
		if _, ok := f.(bot.Installed); !ok {
			text += fmt.Sprintf(" %s%+v", bot.NameOf(f), f)
		}
	}
	return text
}
