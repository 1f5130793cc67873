package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/github/githubtest/contract"
	"github.com/headstart-cd/headstart/internal/clocktest"
	"github.com/headstart-cd/headstart/store"
)

const (
	shopRepo      = "acme/shop"
	webhookSecret = "a-webhook-secret-2f0c"
	ciCheck       = "ci/test"

	prepareApp    = "shop-prepare"
	stagingApp    = "shop-staging"
	productionApp = "shop-production"
)

// pipeline is the short form of the file, with the check of its CI named.
const pipeline = `checks: [ci/test]
prepare: shop-prepare
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
`

// bed is the world of one test: a GitHub with one repository, a place that runs apps, and
// the bot as `serve` runs it, between them over HTTP. Time is driven.
type bed struct {
	t     *testing.T
	clock *clocktest.Clock
	gh    *githubtest.Server
	shop  *githubtest.Repo
	place place
	dir   string
	sweep time.Duration // between two looks for lost webhooks
	logs  *observer.ObservedLogs
	log   *zap.Logger

	srv     *server
	url     string // of the bot
	stopBot func()
	since   time.Time // when the bot was started last
	sweepAt time.Time // when the bot looks for lost webhooks next
	onState func(engine.Commit)
	pause   func(context.Context, time.Duration) error // as in choices
	serves  map[string]string                          // a commit whose artifact was built from another one of the same tree, and that one

	mu     sync.Mutex
	states map[bot.Key]botpipeline.State // as last committed; guarded by mu
	agenda []entry                       // in no order; of the test's goroutine
}

// entry is something that people, CI or the world do at a time.
type entry struct {
	at time.Time
	do func()
}

// choices of a world. The zero value is the usual one.
type choices struct {
	pipeline string // the file without its platform; the constant if empty
	none     bool   // no file at all
	options  func(*githubtest.Options)
	settings func(*settings)
	// pause is how the bot waits before it makes a request to GitHub again; nil: by the
	// system's clock.
	pause func(context.Context, time.Duration) error
	repo  githubtest.RepoOptions
	// sweep is how often the bot looks for lost webhooks; 0: every two minutes. In a
	// story in which something else comes at a full minute it has to be another time:
	// who waits for a moment is not told apart.
	sweep time.Duration
}

// places are the platforms that stories are told on; on which of them a test tells
// its own, legs says.
var places = map[string]func(*bed) place{
	bot.PlatformHeroku: newHerokuPlace,
	bot.PlatformLocal:  newLocalPlace,
}

// onBoth tells one story on each platform: from outside it is the same. The short
// form tells most of them on Heroku alone; see legs.
func onBoth(t *testing.T, c choices, story func(*bed)) {
	t.Parallel()
	for _, name := range legs(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(newBed(t, name, c))
		})
	}
}

// onHeroku tells a story about Heroku alone.
func onHeroku(t *testing.T, c choices, story func(*bed, *herokuPlace)) {
	t.Parallel()
	b := newBed(t, bot.PlatformHeroku, c)
	story(b, b.place.(*herokuPlace))
}

// newBed starts a world whose repository has a first commit with the pipeline's
// file, of which no webhook has told.
func newBed(t *testing.T, platform string, c choices) *bed {
	t.Helper()
	doc, err := contract.Load("../../github/githubtest/testdata/github-openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{t: t, clock: clocktest.New(), dir: t.TempDir(), sweep: cmp.Or(c.sweep, 2*time.Minute), serves: map[string]string{}, states: map[bot.Key]botpipeline.State{}, pause: c.pause}
	var core zapcore.Core
	core, b.logs = observer.New(zapcore.DebugLevel)
	b.log = zap.New(core)
	o := githubtest.Options{Dir: t.TempDir(), Clock: b.clock.Now, Contract: doc}
	if c.options != nil {
		c.options(&o)
	}
	if b.gh, err = githubtest.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	if b.shop, err = b.gh.CreateRepo(shopRepo, c.repo); err != nil {
		t.Fatal(err)
	}
	b.place = places[platform](b)
	b.must(os.WriteFile(filepath.Join(b.dir, "headstart.db"), emptyDatabase(t), 0o600))
	b.start(c.settings) // which tells where the embedded platform's apps answer
	files := b.place.files()
	if !c.none {
		if c.pipeline == "" {
			c.pipeline = pipeline
		}
		files[config.Path] = b.file(c.pipeline)
	}
	b.push(files)
	b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
	return b
}

// emptyDatabase is a database in which nothing is stored yet. To make its tables is
// a good part of what a short story takes; that stories about processes do.
func emptyDatabase(t *testing.T) []byte {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "headstart-empty")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "headstart.db")
	s, err := store.Open(context.Background(), "sqlite:"+file, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil { // which writes its log back
		return nil, err
	}
	return os.ReadFile(file)
})

// settings are those of the bot in this world.
func (b *bed) settings() settings {
	s := settings{
		Sweep:       b.sweep,
		Allow:       shopRepo + "=shop-*",
		DatabaseURL: "sqlite:" + filepath.Join(b.dir, "headstart.db"),
	}
	s.GitHub.AppID, s.GitHub.PrivateKey = b.gh.AppID(), string(b.gh.PrivateKeyPEM())
	s.GitHub.WebhookSecret, s.GitHub.APIURL = webhookSecret, b.gh.URL()
	b.place.settings(&s)
	return s
}

// start starts the bot, the first one or a successor on the same database.
func (b *bed) start(change func(*settings)) {
	b.t.Helper()
	s := b.settings()
	if change != nil {
		change(&s)
	}
	if err := s.check(); err != nil {
		b.t.Fatalf("the settings should do: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	srv, err := openServer(ctx, s, wiring{Logger: b.log, Clock: b.clock, Observe: b.observe, Pause: b.pause})
	// A process that is just being started by some other test holds the files of
	// this one open for a moment, and with them the lock of the predecessor.
	for tries := 0; err != nil && strings.Contains(err.Error(), "in use by another") && tries < 100; tries++ {
		<-time.After(20 * time.Millisecond)
		srv, err = openServer(ctx, s, wiring{Logger: b.log, Clock: b.clock, Observe: b.observe, Pause: b.pause})
	}
	if err != nil {
		cancel()
		b.t.Fatalf("the server should open: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	b.srv, b.url, b.since, b.sweepAt = srv, "http://"+listener.Addr().String(), b.clock.Now(), b.clock.Now()
	ended := make(chan error, 1)
	go func() { ended <- srv.serve(ctx, listener) }()
	b.stopBot = func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				b.t.Errorf("the server should stop without an error: %v", err)
			}
		case <-time.After(12 * time.Second):
			b.t.Error("the server should stop within ten seconds")
		}
		b.stopBot = func() {}
	}
	b.swept()
}

// restart stops the bot in the middle of whatever it does, and starts another
// one on the same database.
func (b *bed) restart() {
	b.t.Helper()
	b.stopBot()
	b.start(nil)
	b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
}

func (b *bed) observe(c engine.Commit) {
	b.mu.Lock()
	b.states[c.Pipeline] = c.State
	onState := b.onState
	b.mu.Unlock()
	if l, ok := b.place.(*localPlace); ok {
		l.observe(c)
	}
	if onState != nil {
		onState(c)
	}
}

// known is the state of the pipeline without a name, which most worlds have alone.
func (b *bed) known() botpipeline.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.states[bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}]
}

// all are the states of all pipelines.
func (b *bed) all() []botpipeline.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.states))
}

// close ends a world and holds it against what must hold in every one.
func (b *bed) close() {
	if b.stopBot != nil {
		b.stopBot()
	}
	for _, err := range b.gh.ContractErrors() {
		b.t.Errorf("GitHub's contract is broken: %v", err)
	}
	if b.place != nil {
		b.place.close()
	}
	if b.shop != nil {
		b.expectNoSecrets()
	}
	if b.t.Failed() {
		b.logAll()
	}
	if err := b.gh.Close(); err != nil {
		b.t.Errorf("close the stand-in for GitHub: %v", err)
	}
}

// patience is how long, by the machine's clock, a world may take to come to rest.
const patience = 30 * time.Second

// swept waits until the bot, whose time to look for lost webhooks has come, has
// done so and waits for the next time.
func (b *bed) swept() {
	b.t.Helper()
	next := b.clock.Now().Add(b.settings().Sweep)
	for began := time.Now(); !slices.Contains(b.clock.Waits(), next.Sub(b.clock.Now())); {
		if time.Since(began) > patience {
			b.t.Fatalf("the bot should have looked for lost webhooks within %s", patience)
		}
		<-time.After(time.Millisecond)
	}
	b.sweepAt = next
}

// settle waits until nothing more happens at the present time: every webhook is
// delivered and processed, every effect performed, nobody is due, and nothing
// runs on the embedded platform but what waits for the clock.
func (b *bed) settle() {
	b.t.Helper()
	ctx, cancel := context.WithTimeoutCause(context.Background(), patience, errors.New("the world does not come to rest"))
	defer cancel()
	for {
		changed := b.srv.store.Changed()
		// A change is told of a moment after it can be seen, so one look may fall
		// between two steps; two in a row do not.
		why, err := b.restless(ctx)
		if err == nil && why == "" {
			why, err = b.restless(ctx)
		}
		if err != nil {
			b.t.Fatalf("%v: %v; %s", context.Cause(ctx), err, why)
		}
		select {
		case <-changed:
			continue
		default:
		}
		if why == "" {
			return
		}
		select {
		case <-changed:
		case <-b.place.moved():
		case <-ctx.Done():
			b.t.Fatalf("%v within %s: %s", context.Cause(ctx), patience, why)
		}
	}
}

// restless says what still goes on; empty if nothing does.
func (b *bed) restless(ctx context.Context) (string, error) {
	if err := b.gh.Flush(ctx); err != nil {
		return "webhooks are not delivered", err
	}
	if quiet, err := b.srv.store.Idle(ctx); err != nil || !quiet {
		return "deliveries or effects are being worked on", err
	}
	due, _, err := b.srv.store.Due(ctx, b.clock.Now(), 1)
	if err != nil || len(due) > 0 {
		return "a pipeline is due", err
	}
	return b.place.busy(), nil
}

// at has something happen at a time from now.
func (b *bed) at(d time.Duration, do func()) {
	b.agenda = append(b.agenda, entry{b.clock.Now().Add(d), do})
}

// step moves the clock to the next time at which anything happens, if that is
// not after limit, and lets it happen.
func (b *bed) step(limit time.Time) bool {
	b.t.Helper()
	b.settle()
	_, next, err := b.srv.store.Due(context.Background(), b.clock.Now(), 1)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, t := range append(append(b.place.times(), b.planned()...), b.sweepAt) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if next.IsZero() || next.After(limit) {
		return false
	}
	b.clock.Set(next)
	if !b.sweepAt.After(next) {
		b.swept()
	}
	b.keepAgenda()
	b.settle()
	return true
}

func (b *bed) planned() (times []time.Time) {
	for _, e := range b.agenda {
		times = append(times, e.at)
	}
	return times
}

// keepAgenda does what is due, in order.
func (b *bed) keepAgenda() {
	slices.SortStableFunc(b.agenda, func(x, y entry) int { return x.at.Compare(y.at) })
	for len(b.agenda) > 0 && !b.agenda[0].at.After(b.clock.Now()) {
		e := b.agenda[0]
		b.agenda = b.agenda[1:]
		e.do()
	}
}

// pass lets time pass.
func (b *bed) pass(d time.Duration) {
	b.t.Helper()
	end := b.clock.Now().Add(d)
	for b.step(end) {
	}
	b.clock.Set(end)
	b.keepAgenda()
	b.settle()
}

// until lets time pass until something holds, and returns how long that took.
func (b *bed) until(within time.Duration, what string, holds func() bool) time.Duration {
	b.t.Helper()
	began := b.clock.Now()
	b.settle()
	for !holds() {
		if !b.step(began.Add(within)) && !holds() {
			b.t.Fatalf("expected within %s: %s", within, what)
		}
	}
	return b.clock.Now().Sub(began)
}

// push puts a commit on main.
func (b *bed) push(files map[string]string) githubtest.Commit {
	b.t.Helper()
	return b.pushTo("main", files)
}

func (b *bed) pushTo(branch string, files map[string]string) githubtest.Commit {
	b.t.Helper()
	c, err := b.shop.Commit(branch, files)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// change is a commit that differs from all others of its name.
func change(name string) map[string]string {
	return map[string]string{"src/" + name + ".txt": name + "\n"}
}

// run has CI begin a check on a commit.
func (b *bed) run(sha, name string) *githubtest.CheckRun {
	b.t.Helper()
	r, err := b.shop.CheckRun(sha, name)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// report has CI come to a conclusion.
func (b *bed) report(sha, conclusion string) {
	b.t.Helper()
	b.must(b.shop.Check(sha, ciCheck, conclusion))
}

func (b *bed) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// logAll writes what can help to understand a failed test.
func (b *bed) logAll() {
	var s strings.Builder
	for _, e := range b.logs.All() {
		if e.Level > zapcore.DebugLevel || e.Message == "performed" {
			fmt.Fprintf(&s, "%s %s %v\n", e.Level, e.Message, e.ContextMap())
		}
	}
	for _, c := range b.known().Candidates {
		fmt.Fprintf(&s, "candidate %s %q after %.7s, progress %v, statuses %v\n", c.SHA[:7], c.Title, c.Before, c.Progress, b.shop.Statuses(c.SHA))
	}
	b.t.Logf("at %s; the bot's log:\n%s", b.clock.Now().Format("15:04:05.000"), s.String())
}
