package main

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// Whatever happens to one request of a deploy, it arrives, and nothing is done
// twice because its answer was lost.
func TestFaultsOfHeroku(t *testing.T) {
	t.Parallel()
	faults := map[string]herokutest.Fault{
		"the answer is lost":                {DropAfter: true},
		"the connection drops":              {DropBefore: true},
		"503 with HTML":                     {Status: http.StatusServiceUnavailable, Body: herokutest.Unavailable},
		"503 with HTML, but it took effect": {Status: http.StatusServiceUnavailable, Body: herokutest.Unavailable, Effect: true},
		"500":                               {Status: http.StatusInternalServerError},
		"429":                               {Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"20"}}},
	}
	everyFault(t, faults, []string{"POST /apps/*/builds", "POST /pipeline-promotions"}, []string{
		"GET /apps/*/builds", "GET /apps/*/builds/*", "GET /apps/*/releases", "GET /apps/*/releases/*",
		"GET /pipeline-promotions/*/promotion-targets", "GET /apps/*/pipeline-couplings", "GET /apps/*",
	}, func(t *testing.T, fault herokutest.Fault, request string) {
		b := newBed(t, "heroku", choices{})
		p := b.place.(*herokuPlace)
		for app := range p.apps {
			p.buildTakes(app, 20*time.Second)
			p.releaseTakes(app, 5*time.Second)
		}
		fault.Match = request
		p.Inject(fault)
		c := b.push(change("a"))
		b.at(30*time.Second, func() { b.report(c.SHA, "success") })
		took := b.until(10*time.Minute, "the commit is live", b.live(c.SHA))
		if took > 3*time.Minute {
			t.Errorf("one fault should cost no more than a minute or two, it was live after %s", took)
		}
		b.pass(5 * time.Minute)
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
		b.expectBuilds(prepareApp, c.SHA, 1)
		for _, app := range []string{stagingApp, productionApp} {
			if n := len(p.releases(app)); n != 1 {
				t.Errorf("%s should be released to once, it was %d times: %v", app, n, p.releases(app))
			}
		}
	})
}

// everyFault tries every fault on each of the first requests, and on each of the
// others one of the faults, in turn.
func everyFault[F any](t *testing.T, faults map[string]F, each, inTurn []string, try func(*testing.T, F, string)) {
	names := slices.Sorted(maps.Keys(faults))
	one := func(name, request string) {
		t.Run(name+" "+strings.NewReplacer("/", "_", "*", "").Replace(request), func(t *testing.T) {
			t.Parallel()
			try(t, faults[name], request)
		})
	}
	for _, request := range each {
		for _, name := range names {
			one(name, request)
		}
	}
	for i, request := range inTurn {
		one(names[i%len(names)], request)
	}
}

// Retries start within a second, and stay under 15 s apart for the first minutes.
func TestRetriesAgainstHeroku(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		p.Inject(herokutest.Fault{Match: "POST /apps/*/builds", Times: -1, Status: http.StatusServiceUnavailable, Body: herokutest.Unavailable})
		c := b.push(change("a"))
		b.run(c.SHA, ciCheck)
		b.pass(4 * time.Minute)
		tries := p.asked("", "/apps/shop-prepare/builds") // each attempt looks first, and a POST whose fate is unknown is not repeated at once
		if len(tries) < 16 {
			t.Fatalf("a build that Heroku does not take should be tried every 15 s at the latest, it was tried %d times in four minutes", len(tries))
		}
		if gap := tries[1].Time.Sub(tries[0].Time); gap > time.Second {
			t.Errorf("the first retry should come within a second, it came after %s", gap)
		}
		for i := 1; i < len(tries); i++ {
			if gap := tries[i].Time.Sub(tries[i-1].Time); gap > 15*time.Second {
				t.Errorf("retries should stay under 15 s apart for the first minutes, number %d came after %s", i, gap)
			}
		}
		p.ClearFaults()
		b.report(c.SHA, "success")
		b.until(2*time.Minute, "the commit is live once Heroku is back", b.live(c.SHA))
	})
}

// A build may succeed and its own release fail on the prepare app: only the
// artifact matters.
func TestReleasePhaseOfThePrepareAppDoesNotMatter(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		p.failRelease(prepareApp, "no database here")
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.until(2*time.Minute, "the commit is live", b.live(c.SHA))
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
		if r := p.releases(prepareApp); r[len(r)-1].status != "failed" {
			t.Fatal("the prepare app's release should have failed in this test")
		}
		b.expectStatus(c.SHA, "headstart/build", "success", "Built in")
	})
}

// What is promoted is exactly the slug that was built, also when the prepare app
// runs another one by then.
func TestPromotesTheSlugThatWasBuilt(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		c := b.push(change("a"))
		b.pass(10 * time.Second)
		built := p.builds(prepareApp)[0].artifact
		p.apps[prepareApp].Deploy(strings.Repeat("e", 40))
		b.report(c.SHA, "success")
		b.until(time.Minute, "the commit is live", b.live(c.SHA))
		b.expectLive(c.SHA)
		for _, app := range []string{stagingApp, productionApp} {
			if r := p.releases(app); len(r) != 1 || r[0].artifact != built {
				t.Errorf("%s should get exactly the slug that was built, it got %v", app, r)
			}
		}
		var bySlug int
		for _, r := range p.asked("POST", "/apps/") {
			if strings.HasSuffix(r.Path, "/releases") {
				bySlug++
			}
		}
		if bySlug != 1 {
			t.Errorf("staging should get a release of the slug, because a promotion would copy another one; there were %d", bySlug)
		}
	})
}

// Where the source's current release is the slug, the pipeline promotes.
func TestPipelinePromotion(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.until(time.Minute, "the commit is live", b.live(c.SHA))
		if n := len(p.asked("POST", "/pipeline-promotions")); n != 2 {
			t.Errorf("both stages should be reached by pipeline promotion, there were %d", n)
		}
	})
}

// Somebody deploys by hand meanwhile: the bot looks, and puts its own on top.
func TestDeployByHand(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		b.firstDeploy()
		p.apps[productionApp].Deploy(strings.Repeat("d", 40))
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.until(time.Minute, "the commit is live", b.live(c.SHA))
		b.expectLive(c.SHA)
	})
}

// A target whose promotion fails before it makes a release fails, and the others
// are told apart from it. There is nothing to go back to, so the stage is held.
func TestTargetsOfAPromotionFailOneByOne(t *testing.T) {
	two := strings.Replace(pipeline, "app: shop-production", "apps: [shop-production, shop-ca]", 1)
	onHeroku(t, choices{pipeline: two}, func(b *bed, p *herokuPlace) {
		ca := p.AddApp("shop-ca")
		p.apps["shop-ca"] = ca
		p.pipe.Couple(ca, "production")
		ca.FailPromotion("shop-ca is suspended")
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.until(2*time.Minute, "production says that it failed", b.hasStatus(c.SHA, "headstart/production", "failure"))
		b.expectStatus(c.SHA, "headstart/production", "failure", "shop-ca")
		if got := p.runs(productionApp); got != c.SHA {
			t.Errorf("shop-production took the release and should run it, it runs %q", got)
		}
		b.expectNothingPending(c.SHA)
		ca.FailPromotion("")
		next := b.push(change("b"))
		b.report(next.SHA, "success")
		b.until(2*time.Minute, "the next commit waits for somebody", b.hasStatus(next.SHA, "headstart/production", "pending"))
		b.expectStatus(next.SHA, "headstart/production", "pending", "locked")
		if got := p.runs("shop-ca"); got == next.SHA {
			t.Error("nothing should get into a stage of which only a part took the last release")
		}
	})
}

// The account's rate limit is respected, and a deploy goes on when it refills.
func TestRateLimitOfHeroku(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		c := b.push(change("a"))
		b.settle()
		p.SetRemaining(0)
		b.report(c.SHA, "success")
		b.until(15*time.Minute, "the commit is live although the limit was reached", b.live(c.SHA))
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
		refused := 0
		for _, r := range p.APIRequests() {
			if r.Status == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused > 10 {
			t.Errorf("a client that respects the limit should hardly run into it, it did %d times", refused)
		}
	})
}

// What one deploy asks of Heroku is bounded: a build of three minutes is looked at
// seven times (ten where nobody knows how long it takes), and each stage takes a
// handful of requests. The first deploy of all looks where everything is and whether
// the apps can be promoted to; that is renewed each day at rest.
func TestBudgetOfHeroku(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		p.buildTakes(prepareApp, 3*time.Minute)
		for deploy, most := range []int{25 + 8, 20, 20} {
			if deploy == 2 {
				b.clock.Set(b.clock.Now().Add(24 * time.Hour))
				b.pass(10 * time.Minute)
			}
			before := len(p.APIRequests())
			c := b.push(change(fmt.Sprint("change ", deploy)))
			b.report(c.SHA, "success")
			b.until(5*time.Minute, "the commit is live", b.live(c.SHA))
			b.pass(time.Minute)
			by := map[string]int{}
			for _, r := range p.APIRequests()[before:] {
				by[r.Method+" "+ids.ReplaceAllString(r.Path, "ID")]++
			}
			n := len(p.APIRequests()) - before
			t.Logf("deploy %d, a build of three minutes and two stages, took %d requests to Heroku: %v", deploy+1, n, by)
			if n > most {
				t.Errorf("deploy %d should take at most %d requests to Heroku, it took %d: %v", deploy+1, most, n, by)
			}
		}
		b.pass(5 * time.Minute)
		before := len(p.APIRequests())
		b.pass(time.Hour)
		if n := len(p.APIRequests()) - before; n > 12 {
			t.Errorf("a pipeline that rests should look at each stage's app every ten minutes, it asked Heroku %d times in an hour", n)
		}
	})
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
