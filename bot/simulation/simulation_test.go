package simulation

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// parts is over how many tests the histories are spread, so that they use every
// core. Each runs as many as -rapid.checks says; or else a few, or with
// HEADSTART_TEST=long others.
const (
	parts  = 20
	few    = 8
	others = 7
)

// seeding holds the parts back from each other while one of them is given its seed.
var seeding sync.Mutex

// seeded says whether somebody gave a seed: then every part takes that.
var seeded bool

// seed gives a part histories of its own, and the same ones each time, so that a
// change is judged by itself. -rapid.seed=0 draws others every time. The caller
// calls begun in the first history.
func seed(t *testing.T, part int) (begun func()) {
	if seeded {
		return func() {}
	}
	seeding.Lock()
	first := 1_000_000 * (part + 1)
	if long() {
		first += 700_000
	}
	if err := flag.Set("rapid.seed", strconv.Itoa(first)); err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(seeding.Unlock)
}

// long reports whether histories other than those of the short form were asked for.
func long() bool { return os.Getenv("HEADSTART_TEST") == "long" }

func TestMain(m *testing.M) {
	flag.Parse()
	counted := false
	flag.Visit(func(f *flag.Flag) {
		seeded = seeded || f.Name == "rapid.seed"
		counted = counted || f.Name == "rapid.checks"
	})
	if !counted {
		n := few
		if long() {
			n = others
		}
		if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
			panic(err)
		}
	}
	// Histories leave much behind and need little at a time.
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

// What must always hold does, through random histories with every kind of fault;
// and once the faults stop, everything arrives.
func TestHistories(t *testing.T) {
	// With -failfast one failure is enough, also for the parts that have begun.
	failfast := flag.Lookup("test.failfast").Value.String() == "true"
	var failed atomic.Int32 // the part that did, counted from 1; 0: none
	for i := range parts {
		t.Run(fmt.Sprintf("part%02d", i+1), func(test *testing.T) {
			test.Parallel()
			begun := seed(test, i)
			rapid.Check(test, func(t *rapid.T) {
				begun()
				// Drawn as one value, so that a failure is told by its story and not by
				// the thousands of draws that it is made of.
				if part := failed.Load(); failfast && part != 0 && part != int32(i+1) {
					return
				}
				tale := rapid.Custom(histories(test)).Draw(t, "history")
				if tale.broken != "" {
					failed.CompareAndSwap(0, int32(i+1))
					t.Log(tale.story())
					t.Fatal(tale.broken)
				}
			})
		})
	}
}

// tale is how a history went.
type tale struct {
	lines  []line
	view   string // what the bot knew at the end
	broken string // which sentence does not hold, and why; empty if all do
}

// GoString is what rapid prints of a history.
func (t tale) GoString() string { return fmt.Sprintf("%d steps, told below", len(t.lines)) }

// line is a line of the story. It is put into words only if somebody reads it.
type line struct {
	at     time.Time
	who    string
	format string
	args   []any
}

func (t tale) story() string {
	var b strings.Builder
	for _, l := range t.lines {
		fmt.Fprintf(&b, "%s %-8s %s\n", l.at.Format("02 15:04:05.0"), l.who, fmt.Sprintf(l.format, l.args...))
	}
	return "what happened:\n" + b.String() + "what the bot knew:\n" + t.view
}

// violation is the panic that ends a history in which something does not hold.
type violation string

// sim is one history.
type sim struct {
	test *testing.T
	t    *rapid.T
	*bottest.World
	store       *store
	hooks       hooks
	lags        map[string]lag // by commit
	truth       truth
	people      people
	api         api
	neighbour   neighbour
	turns       bottest.Turns
	busy        time.Time // until when the platform releases nothing in production
	may         weather
	asks        asks
	ended       any         // the panic that ends the history, if somebody else has to pass it on
	calm        bool        // faults have stopped
	last        bool        // the last commit is on its way
	alive       []*instance // in the order in which they were started
	started     int         // instances so far
	crashes     int         // so far
	depth       int         // how many instances are in the middle of something
	lateComment bool        // the webhook of the next comment is late
	ops         int         // pieces of work since the clock moved
	file        bot.ConfigRead
	allowed     []string // apps that the operator lets the repository use
	pushes      int
	pushed      map[string][]int // commit → which pushes of the branch brought it, in order
	broken      map[string][2]bool
	groups      []*simGroup // of the merge queue, the oldest first
	acting      *job        // whose request is being done, while it is
	losing      string      // the next request that begins with this comes true later, and its answer is lost
	lines       []line
}

// histories draws random histories for a test.
func histories(test *testing.T) func(*rapid.T) tale {
	return func(t *rapid.T) tale { return newSim(test, t).unfold() }
}

// unfold is one history. It ends early where something does not hold.
func (s *sim) unfold() (told tale) {
	defer func() {
		told.lines = s.lines
		defer func() {
			if told.broken != "" {
				told.view = s.view()
			}
		}()
		switch p := recover().(type) {
		case nil:
		case violation:
			told.broken = string(p)
		case runtime.Error:
			told.broken = fmt.Sprintf("the code panics: %s\n%s", p, debug.Stack())
		default:
			panic(p)
		}
	}()
	for range 8 + s.pick(48) {
		s.step()
		s.look()
	}
	s.end()
	return tale{}
}

func newSim(test *testing.T, t *rapid.T) *sim {
	s := &sim{
		test: test, t: t, World: bottest.NewWorld(), store: newStore(), pushed: map[string][]int{}, broken: map[string][2]bool{}, lags: map[string]lag{},
		allowed: apps,
	}
	s.Now = s.Now.Add(-8 * time.Minute) // before the windows open
	s.truth = newTruth(s)
	s.may = s.drawWeather()
	s.asks = s.drawAsks()
	s.beginAPI()
	s.turns = bottest.Turns{Queues: map[string]bot.BuildQueue{}, Call: s.callTo}
	s.BuildTime, s.ReleaseTime, s.CopyTime = 20*time.Second, 4*time.Second, 15*time.Second
	s.MostFiles = s.asks.mostFiles
	s.Breaks = func(sha string) (bool, bool) {
		c := s.Commits[sha]
		if c == nil {
			return false, false
		}
		b := s.broken[c.Tree]
		return b[0], b[1]
	}
	s.Roles = maps.Clone(roles)
	s.World.Moved = s.appMoved
	s.file = s.drawFile()
	if s.may.illness && s.once(2) {
		s.fallIll()
	}
	if s.may.before {
		s.runBefore()
	}
	s.start()
	if s.once(1) {
		s.start()
	}
	return s
}

// note adds a line to the story. What it is given must not change afterwards.
func (s *sim) note(who, format string, args ...any) {
	s.lines = append(s.lines, line{s.Now, who, format, args})
}

var coin = rapid.Bool()

// once is true with the probability 1/2ⁿ. Nothing is drawn any more once the
// faults have stopped.
func (s *sim) once(n int) bool {
	if s.calm {
		return false
	}
	for range n {
		if !coin.Draw(s.t, "") {
			return false
		}
	}
	return true
}

// pick draws a number below n, each about as often: rapid's own numbers are
// mostly small.
func (s *sim) pick(n int) int {
	if s.calm {
		return 0
	}
	bits := 0
	for u := n - 1; u > 0; u >>= 1 {
		bits = bits<<1 | 1
	}
	u := 0
	for ; bits > 0; bits >>= 1 {
		u <<= 1
		if coin.Draw(s.t, "") {
			u |= 1
		}
	}
	return u % n
}

func among[T any](s *sim, list ...T) T { return list[s.pick(len(list))] }

// weather is what may go wrong in a history. Some histories have few kinds of
// trouble, so that each kind is also met with time to unfold.
type weather struct {
	calls       bool // calls that fail or whose answers are lost
	late        bool // requests that come true after their answer was lost
	limits      bool // rate limits
	crashes     bool
	commits     bool // the database fails, before or after it has saved
	atOnce      bool // instances that do several things at once
	races       bool // instances that get in each other's way
	slow        bool // calls that take their time
	hooks       bool // webhooks that are lost, come late or twice
	clocks      bool // an instance's clock is behind by up to a minute, and jumps
	hand        bool // releases by others
	people      bool // comments
	pulls       bool // pull requests
	configs     bool // changes of the pipeline's file
	allow       bool // the operator takes apps away
	endless     bool // builds and releases that never end, or end by the platform's fault
	illness     bool // what is released answers badly
	freeze      bool // the operator freezes everything
	maintenance bool // apps are not as they should be, and copies fail
	queue       bool // pull requests are merged by a merge queue, too
	before      bool // apps ran something before the bot came
	lags        bool // GitHub's API lags behind its webhooks
	serene      bool // and nothing else goes wrong
	clears      bool // the platform destroys what was built
	shares      bool // another repository builds on the first prepare app, too
}

func (s *sim) drawWeather() weather {
	var w weather
	for _, kind := range []*bool{
		&w.calls, &w.late, &w.limits, &w.crashes, &w.commits, &w.atOnce, &w.races, &w.slow, &w.hooks, &w.clocks, &w.hand, &w.people, &w.pulls, &w.configs, &w.allow, &w.endless, &w.illness, &w.freeze, &w.maintenance, &w.before, &w.clears, &w.queue, &w.shares,
	} {
		*kind = s.once(1)
	}
	w.shares = w.shares && !w.clocks // who is late is told by the clocks
	w.clocks = w.clocks && !w.late   // how late a request may come true is told by the clocks
	if w.lags = s.once(1); w.lags && s.once(2) {
		w = weather{lags: true, serene: true, pulls: w.pulls}
	}
	return w
}

// step is one thing that happens.
func (s *sim) step() {
	kinds := []func(){s.push, s.push, s.check, s.check, s.check, s.work, s.work, s.wait, s.wait, s.wait, s.settle}
	add := func(on bool, more ...func()) {
		if on {
			kinds = append(kinds, more...)
		}
	}
	add(s.may.hooks, s.lateHook, s.hookAgain)
	add(s.may.crashes, s.crash, s.restart)
	add(s.may.clocks, s.setClock)
	add(s.may.hand, s.handRelease)
	add(s.may.pulls || s.may.people, s.pull)
	add(s.may.people, s.comment, s.comment, s.visit, s.pressSome)
	add(s.may.people && s.once(2), s.flood)
	add(s.may.queue, s.enqueue, s.enqueue, s.checkGroup, s.mergeGroup, s.leaveQueue)
	add(s.may.configs, s.changeFile)
	add(s.may.allow, s.changeAllowed)
	add(s.may.illness, s.fallIll, s.recover)
	add(s.may.people && !s.asks.brief && s.once(4), s.goBack)
	add(s.may.people && !s.asks.brief && s.once(2), s.addLateComment)
	add(s.may.people && !s.asks.brief && s.once(2), s.pressLate)
	add(s.may.late && s.asks.rehearse && s.once(3), s.loseCopy)
	add(s.may.freeze, s.operate)
	add(s.may.maintenance, s.unsettle)
	add(s.may.clears, s.destroy, s.destroy)
	add(s.may.shares, s.neighbourWants, s.neighbourWants, s.manyPulls)
	add(s.asksForYes(), s.approveSome, s.approveSome, s.approveAtOnce, s.approveTwo, s.approveAndLeave, s.leave, s.deploy)
	add(s.may.illness && s.asks.verify, s.ail)
	add(s.may.people && !s.asks.brief && (s.may.freeze || s.asks.windows != nil), s.hurry)
	add(s.asks.needs, s.moveAPI, s.moveAPI, s.pushBoth, s.takeBack)
	add(true, s.sleep)
	kinds[s.pick(len(kinds))]()
}

// any draws a commit that was pushed; empty if there is none.
func (s *sim) any() string {
	var all []string
	for sha := range s.pushed {
		all = append(all, sha)
	}
	slices.SortFunc(all, func(a, b string) int { return s.pushed[a][0] - s.pushed[b][0] })
	if len(all) == 0 {
		return ""
	}
	// Mostly one of the newest: what is old is settled.
	if n := len(all); n > 3 && !s.once(3) {
		all = all[n-3:]
	}
	slices.Reverse(all)
	return all[s.pick(len(all))]
}

// shaOf is the commit of a push.
func shaOf(n int) string { return fmt.Sprintf("c%06d", n) }
