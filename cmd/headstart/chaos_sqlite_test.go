package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/store"
)

// chaosSeedVar gives the seed of a run that is to be repeated. What people do
// and how the process dies follow from it; how far the process has come when it
// dies does not.
const chaosSeedVar = "HEADSTART_TEST_SEED"

var (
	chaosKills = inShort(4, 50)
	// chaosFor is how long people push, a little less than the kills take.
	chaosFor = inShort(5*time.Second, 55*time.Second)
)

const (
	// chaosEnd bounds how long after the last kill everything must have arrived:
	// 10 s until lost webhooks are looked for, 30 s in which a lost request may
	// still come true, and what an ordinary deploy takes.
	chaosEnd = 3 * time.Minute
	// takenUpWithin is how soon the work of a process that died is taken up,
	// whatever happens to the next ones meanwhile.
	takenUpWithin = 30 * time.Second
)

// chaos pulls the plug.
type chaos struct {
	*chaosWorld
	random    *rand.Rand // of the killing goroutine
	instances []*instance
	deaths    map[string]int // by how
}

func chaosSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv(chaosSeedVar); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("%s: %v", chaosSeedVar, err)
		}
	}
	t.Logf("to repeat it: %s=%d", chaosSeedVar, seed)
	return seed
}

// TestChaos deploys commits of several teams while the process is killed again and
// again, on SQLite: 50 commits of eight teams and 50 times in the long form.
func TestChaos(t *testing.T) {
	t.Parallel()
	seed := chaosSeed(t)
	w := newChaosWorld(t, seed, chaosTeams, herokutest.Options{})
	database := "sqlite:" + filepath.Join(t.TempDir(), "headstart.db")
	i := newInstance(t, w.gh, w.heroku, database, w.allow)
	c := &chaos{chaosWorld: w, random: rand.New(rand.NewPCG(seed, 50)), instances: []*instance{i}, deaths: map[string]int{}}
	c.guardSecrets()
	c.start(i)
	w.gh.SetWebhook(i.url()+"/webhooks/github", webhookSecret)

	done := c.peopleWork()
	for range chaosKills {
		c.kill(i)
		c.start(i)
	}
	c.arrive(time.Now(), done)
	if err := i.stop(); err != nil {
		t.Errorf("the process should end with 0 after SIGTERM: %v", err)
	}
	c.judge(database)
}

// peopleWork has everybody work; the channel is closed when they are done.
func (c *chaos) peopleWork() (done chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	done = make(chan struct{})
	plan := c.plan(chaosFor)
	c.steal()
	go func() {
		defer close(done)
		c.live(ctx, plan)
	}()
	c.t.Cleanup(func() { cancel(); <-done })
	return done
}

// start starts an instance's process. At one time in four that takes whoever
// watches over it a while; at one time in ten it is killed once before it is
// ready.
func (c *chaos) start(i *instance) {
	c.t.Helper()
	if c.random.IntN(4) == 0 {
		pause(context.Background(), c.between(100*time.Millisecond, 1500*time.Millisecond))
	}
	if c.random.IntN(10) == 0 {
		c.must(i.start())
		pause(context.Background(), c.between(5*time.Millisecond, 50*time.Millisecond))
		i.kill()
		c.deaths["while it started"]++
	}
	if err := i.startAndWait(); err != nil {
		c.t.Fatal(err)
	}
}

// kill kills an instance's process within 0.3 to 2 s: at that moment, or when it
// waits for the answer to a request that changes something.
func (c *chaos) kill(i *instance) {
	wait := c.between(300*time.Millisecond, 2*time.Second)
	first := c.between(0, wait/2)
	pause(context.Background(), first)
	a := &ambush{
		fate: []fate{neverMade, made, madeLater}[c.random.IntN(3)], after: c.between(100*time.Millisecond, 8*time.Second),
		sprung: make(chan struct{}), dead: make(chan struct{}),
	}
	f := i.fronts[min(c.random.IntN(3), 1)]
	if c.random.IntN(5) > 0 {
		f.layInWait(a)
	}
	how := "at any moment"
	select {
	case <-a.sprung:
		how = "while a request was " + string(a.fate)
	case <-time.After(wait - first):
	}
	f.layInWait(nil)
	i.kill()
	close(a.dead)
	c.deaths[how]++
}

func (c *chaos) between(least, most time.Duration) time.Duration {
	return least + time.Duration(c.random.Int64N(int64(most-least)+1))
}

// arrive waits until everything has arrived that people still do, and then until
// nobody changes anything any more.
func (c *chaos) arrive(since time.Time, done <-chan struct{}) {
	c.t.Helper()
	<-done
	worked := time.Now()
	poll := time.NewTicker(250 * time.Millisecond)
	defer poll.Stop()
	var missing []string
	for {
		if missing = c.unarrived(); len(missing) == 0 {
			break
		}
		if time.Since(since) > chaosEnd && time.Since(worked) > chaosEnd {
			c.t.Errorf("everything should have arrived within %s after the last kill; it has not:\n%s", chaosEnd, strings.Join(missing, "\n"))
			break
		}
		<-poll.C
	}
	c.t.Logf("everything had arrived %.1f s after the last kill, %.1f s after the last commit", time.Since(since).Seconds(), time.Since(worked).Seconds())
	for !c.quiet(5 * time.Second) {
		<-poll.C
		if time.Since(since) > 2*chaosEnd {
			c.t.Error("the bot should come to rest when all has arrived")
			return
		}
	}
}

// quiet reports whether nothing was changed on either stand-in for a while.
func (c *chaos) quiet(d time.Duration) bool {
	for _, i := range c.instances {
		for _, f := range i.fronts {
			if slices.ContainsFunc(f.since(time.Now().Add(-d)), func(a arrival) bool { return changes(a.method, a.path) }) {
				return false
			}
		}
	}
	return true
}

// guardSecrets has the instances' logs watched for what must not be in them.
func (c *chaos) guardSecrets() {
	key := strings.Split(string(c.gh.PrivateKeyPEM()), "\n")[1]
	for _, i := range c.instances {
		i.log.listen(webhookSecret, key, c.heroku.Token(), "Bearer ", "ghs_")
	}
}

// judge holds what happened against what must always hold.
func (c *chaos) judge(database string) {
	t := c.t
	t.Helper()
	for _, what := range c.broken() {
		t.Error(what)
	}
	lost, looked, problems := c.losses()
	for _, what := range problems {
		t.Error(what)
	}
	if looked > takenUpWithin {
		t.Errorf("what was lost should be looked at within %s, it took %s", takenUpWithin, looked)
	}
	var starts []time.Duration
	for _, i := range c.instances {
		if leaked := i.log.written(); leaked != "" {
			t.Errorf("no secret should be in the log: %s", leaked)
		}
		starts = append(starts, i.ready...)
	}
	states := c.judgeDatabase(database)
	slices.Sort(starts)
	median, slowest := starts[len(starts)/2], starts[len(starts)-1]
	if long() && median > 2*time.Second { // beside everything else nobody knows
		t.Errorf("a process should be ready within 2 s, half of them took longer than %s", median)
	}
	t.Logf("killed %v", c.deaths)
	t.Logf("start to ready: half of %d within %s, all within %s", len(starts), median.Round(time.Millisecond), slowest.Round(time.Millisecond))
	t.Logf("%d requests to Heroku were lost, the fate of each was looked at within %s", lost, looked.Round(100*time.Millisecond))
	t.Log(c.summary())
	if t.Failed() {
		for _, x := range c.teams {
			if h, err := x.history(); err == nil && len(c.wrong(x, h)) > 0 {
				t.Logf("%s\nthe bot's state of it: %s", c.story(x, h), states[x])
			}
		}
		for _, i := range c.instances {
			t.Logf("%s said last:\n%s", i.addr, i.log.warnings())
		}
	}
}

// judgeDatabase looks whether anything that was acknowledged is left behind. It
// returns what the bot knows of each team, as JSON.
func (c *chaos) judgeDatabase(url string) map[*team]string {
	c.t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		c.t.Error(err)
		return nil
	}
	defer s.Close()
	for _, outcome := range []store.Outcome{store.Failed, store.Waiting} {
		list, err := s.Deliveries(ctx, store.Filter{Outcome: &outcome})
		c.must(err)
		for _, d := range list {
			c.t.Errorf("a delivery that was acknowledged should have been processed, %s %s is %q: %s", d.Event, d.GUID, d.Outcome, d.Reason)
		}
	}
	idle, err := s.Idle(ctx)
	if c.must(err) && !idle {
		c.t.Error("no work should be left when all has arrived")
	}
	states := map[*team]string{}
	for _, t := range c.teams {
		repo, err := bot.ParseRepo(t.FullName())
		c.must(err)
		state, _, err := s.Load(ctx, bot.Key{Repo: repo})
		c.must(err)
		text, err := json.Marshal(state)
		c.must(err)
		states[t] = string(text)
	}
	return states
}

// summary tells how much happened.
func (c *chaos) summary() string {
	green, live := 0, 0
	for _, t := range c.teams {
		h, err := t.history()
		c.must(err)
		for _, commit := range h.commits {
			if t.isGreen(commit.SHA) {
				green++
			}
		}
		for _, r := range t.stages[len(t.stages)-1].Releases() {
			if r.Slug != "" {
				live++
			}
		}
	}
	failed, again := 0, 0
	for _, d := range c.gh.Deliveries() {
		if len(d.Attempts) > 1 {
			again++
		}
		if len(d.Attempts) > 0 && d.Attempts[0].Status != "OK" {
			failed++
		}
	}
	return fmt.Sprintf("%d commits turned green, %d releases on the last stage (newer commits overtook the others); %d of %d deliveries failed at first, %d were delivered again; %d requests to GitHub, %d to Heroku",
		green, live, failed, len(c.gh.Deliveries()), again, len(c.gh.Requests()), len(c.heroku.APIRequests()))
}
