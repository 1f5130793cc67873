package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

const (
	// benchSpread is over how long the pipelines' events come in when they do not
	// come in at the same moment.
	benchSpread = 5 * time.Second
	// benchTakes is how long builds and releases take while it is measured. On Heroku
	// none is over in less, so that what follows from its end is not in the way of
	// what is measured.
	benchTakes = 3 * time.Second
	// benchHistory is how many deploys each pipeline has behind it when it is
	// measured: more than are remembered of one.
	benchHistory = 12
	// benchBuild is how long the build takes of which requests are counted. How
	// many more a longer one takes is told by TestBudgetOfHeroku, by a clock that
	// is driven: it is looked at every 15 s.
	benchBuild = 10 * time.Second
)

// deploys measures from the delivery of a push to the request for its build, and
// from the delivery of the last check that passes to the request for the
// promotion: for a hundred pipelines at the same moment, for a hundred within a
// second and within five, and for one at a time. The floor gets the same deliveries
// in the same way, while the process has nothing to do.
func (m *measured) deploys(b *testing.B) {
	for b.Loop() {
		m.take(0)
		for range benchHistory {
			m.deploy(b, m.teams, 0)
		}
		m.take(benchTakes)
		for _, way := range []struct {
			name   string
			teams  int // at once
			rounds int
			spread time.Duration
		}{{"at-once", benchTeams, 3, 0}, {"in-1s", benchTeams, 2, time.Second}, {"in-5s", benchTeams, 1, benchSpread}, {"alone", 1, 5, 0}} {
			var build, promotion, floorBuild, floorPromotion []time.Duration
			var spent float64
			for n := range way.rounds {
				first := n % (benchTeams / way.teams)
				teams := m.teams[first : first+way.teams]
				before := m.says(b, "process_cpu_seconds_total")
				d := m.deploy(b, teams, way.spread)
				spent += m.says(b, "process_cpu_seconds_total") - before
				build, promotion = append(build, d.toBuild...), append(promotion, d.toPromotion...)
				floorBuild = append(floorBuild, m.pass(b, m.bare, d.pushes, teams, way.spread, buildOf)...)
				floorPromotion = append(floorPromotion, m.pass(b, m.bare, d.checks, teams, way.spread, promotionOf)...)
			}
			if way.teams == benchTeams { // else it is what the others do meanwhile
				b.ReportMetric(1e3*spent/float64(way.teams*way.rounds), way.name+"-cpu-ms/deploy")
			}
			for what, took := range map[string][]time.Duration{
				"build": build, "promotion": promotion, "floor-build": floorBuild, "floor-promotion": floorPromotion,
			} {
				b.ReportMetric(millis(percentile(took, 50)), way.name+"-"+what+"-p50-ms")
				b.ReportMetric(millis(percentile(took, 95)), way.name+"-"+what+"-p95-ms")
			}
		}
		m.take(0)
	}
}

// take sets how long builds and releases take from here on.
func (m *measured) take(d time.Duration) {
	for _, t := range m.teams {
		t.prepare.BuildTakes(d)
		for _, a := range t.stages {
			a.ReleaseTakes(d)
		}
	}
}

// deployed is what was seen of a commit of each of some teams.
type deployed struct {
	pushes, checks       []githubtest.Delivery // that began it
	toBuild, toPromotion []time.Duration
}

// deploy has a commit of each team go all the way. What is measured begins with
// deliveries that are spread over a time.
func (m *measured) deploy(b *testing.B, teams []*team, spread time.Duration) (d deployed) {
	m.gh.OnDelivery(holdEvents("push"))
	shas := m.push(b, teams)
	m.gh.OnDelivery(nil)
	d.pushes = m.held()
	d.toBuild = m.pass(b, m.bot(), d.pushes, teams, spread, buildOf)
	m.wait(b, "every commit is built", func() bool {
		for n, t := range teams {
			if !m.built(t, shas[n]) {
				return false
			}
		}
		return true
	})
	last := make([]*githubtest.CheckRun, len(teams))
	for n, t := range teams {
		for _, name := range chaosChecks {
			if last[n] != nil {
				m.must(last[n].Complete("success"))
			}
			var err error
			if last[n], err = t.CheckRun(shas[n], name); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := m.gh.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	m.rest(b)
	m.gh.OnDelivery(holdEvents("check_run", "check_suite"))
	for _, run := range last {
		m.must(run.Complete("success"))
	}
	m.gh.OnDelivery(nil)
	d.checks = m.held()
	d.toPromotion = m.pass(b, m.bot(), d.checks, teams, spread, promotionOf)
	m.wait(b, "every commit is live", func() bool {
		for n, t := range teams {
			if t.Statuses(shas[n])["headstart/production"].State != "success" {
				return false
			}
		}
		return true
	})
	m.rest(b)
	return d
}

// buildOf returns the app that a request asks for a build on; empty if it asks
// for something else.
func buildOf(a arrival) (app string) {
	app, asks := strings.CutSuffix(a.path, "/builds")
	if a.method != http.MethodPost || !asks {
		return ""
	}
	return strings.TrimPrefix(app, "/apps/")
}

// promotionOf returns the app from which a request asks for a promotion.
func promotionOf(a arrival) (app string) {
	var promotion struct {
		Source struct{ App struct{ ID string } }
	}
	if a.method != http.MethodPost || a.path != "/pipeline-promotions" || json.Unmarshal([]byte(a.body), &promotion) != nil {
		return ""
	}
	return promotion.Source.App.ID
}

// holdEvents keeps some events back, to be delivered by whoever measures.
func holdEvents(events ...string) func(githubtest.Delivery) githubtest.Fate {
	return func(d githubtest.Delivery) githubtest.Fate {
		for _, e := range events {
			if d.Event == e {
				return githubtest.Hold
			}
		}
		return githubtest.Deliver
	}
}

// push puts a commit on main of each team.
func (m *measured) push(b *testing.B, teams []*team) (shas []string) {
	for _, t := range teams {
		c, err := t.Commit("main", map[string]string{"src/now.txt": time.Now().String()})
		if err != nil {
			b.Fatal(err)
		}
		// Where GitHub looks files up is not on this machine.
		if _, err := t.File(c.SHA, config.Path); err != nil {
			b.Fatal(err)
		}
		shas = append(shas, c.SHA)
	}
	return shas
}

// built reports whether people were told that a commit is built.
func (m *measured) built(t *team, sha string) bool {
	return t.Statuses(sha)["headstart/build"].State == "success"
}

// held are the deliveries that are held back since the last time.
func (m *measured) held() (list []githubtest.Delivery) {
	for _, d := range m.gh.Held() {
		if !m.passedOn[d.GUID] {
			m.passedOn[d.GUID] = true
			list = append(list, d)
		}
	}
	return list
}

// receiver takes deliveries, and asks Heroku for what follows from them.
type receiver struct {
	url    string
	heroku *front // what it takes for Heroku
}

func (m *measured) bot() receiver { return receiver{m.i.url() + "/webhooks/github", m.i.fronts[1]} }

// pass delivers what was held back, and returns how long after the first delivery
// of each team the request came that follows from it.
func (m *measured) pass(b *testing.B, to receiver, list []githubtest.Delivery, teams []*team, spread time.Duration, about func(arrival) (app string)) []time.Duration {
	began := time.Now()
	return m.until(b, to.heroku, teams, began, m.deliver(b, to.url, list, spread), about)
}

// deliver delivers what was held back, each repository's at a moment of its own
// within the spread, and returns when the first delivery of each was sent.
func (m *measured) deliver(b *testing.B, url string, list []githubtest.Delivery, spread time.Duration) map[string]time.Time {
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		sent  = map[string]time.Time{} // by repository; guarded by mu
		after = map[string]time.Duration{}
		ready = make(chan struct{})
	)
	for _, t := range m.teams {
		after[t.FullName()] = time.Duration(m.random.Int64N(int64(spread) + 1))
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * benchTeams}}
	defer client.CloseIdleConnections()
	for _, d := range list {
		r := newDelivery(b, url, d.Event, d.Payload, githubtest.Sign(webhookSecret, d.Payload))
		all.Go(func() {
			<-ready
			pause(b.Context(), after[d.Repository])
			mu.Lock()
			if sent[d.Repository].IsZero() {
				sent[d.Repository] = time.Now()
			}
			mu.Unlock()
			answer, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			answer.Body.Close()
		})
	}
	close(ready)
	all.Wait()
	return sent
}

// until waits until a request has arrived at Heroku about the prepare app of each
// of the teams, which about says of a request by its name or its ID, and returns
// how long after the delivery that was.
func (m *measured) until(b *testing.B, heroku *front, teams []*team, began time.Time, sent map[string]time.Time, about func(arrival) (app string)) (took []time.Duration) {
	waiting := map[string]*team{}
	for _, t := range teams {
		waiting[t.prepare.Name()], waiting[t.prepare.ID()] = t, t
	}
	seen := 0
	m.wait(b, "the request of every team arrives", func() bool {
		list := heroku.since(began)
		for _, a := range list[seen:] {
			t := waiting[about(a)]
			if t == nil {
				continue
			}
			took = append(took, a.at.Sub(sent[t.FullName()]))
			delete(waiting, t.prepare.Name())
			delete(waiting, t.prepare.ID())
		}
		seen = len(list)
		return len(waiting) == 0
	})
	return took
}

// rest waits until the process has asked nothing of anybody for a while.
func (m *measured) rest(b *testing.B) {
	m.wait(b, "the process comes to rest", func() bool {
		for _, f := range m.i.fronts {
			if len(f.since(time.Now().Add(-1200*time.Millisecond))) > 0 {
				return false
			}
		}
		return true
	})
}

// requests counts what one deploy of two stages with 20 checks asks of GitHub
// and Heroku: the first one of a process that has just started, and the next.
func (m *measured) requests(b *testing.B, t *team) {
	for b.Loop() {
		for _, which := range []string{"first", "warm"} {
			began := time.Now()
			sha := m.push(b, []*team{t})[0]
			for _, name := range manyChecks() {
				run, err := t.CheckRun(sha, name)
				if err != nil {
					b.Fatal(err)
				}
				m.must(run.Complete("success"))
			}
			m.wait(b, "the commit is live", func() bool { return t.Statuses(sha)["headstart/production"].State == "success" })
			m.rest(b)
			b.ReportMetric(float64(m.count(0, began, t)), which+"-github")
			b.ReportMetric(float64(m.count(1, began, t)), which+"-heroku")
		}
	}
}

// count counts the requests to GitHub or Heroku that were for a team, with the
// tokens that its organisation needs.
func (m *measured) count(front int, began time.Time, t *team) (n int) {
	for _, a := range m.i.fronts[front].since(began) {
		about := strings.HasPrefix(a.path, "/repos/"+t.FullName()+"/") || strings.HasSuffix(a.path, "/access_tokens")
		for _, app := range t.apps() {
			about = about || strings.HasPrefix(a.path, "/apps/"+app.Name()) || strings.Contains(a.body, app.ID())
		}
		if about || strings.HasPrefix(a.path, "/pipeline-promotions/") {
			n++
		}
	}
	return n
}
