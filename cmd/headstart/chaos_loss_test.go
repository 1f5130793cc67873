package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// doubt is how long a request that was lost may still come true, as the bot
// promises to wait.
const doubt = 30 * time.Second

// errand is what a request asks of Heroku for one app: to make something, or to
// tell what there is.
type errand struct {
	app    string // its name
	thing  string // builds or releases
	change string // what is to be made; empty: nothing, it only looks
}

// errandOf reads a request; false if it is about neither builds nor releases of
// an app.
func (c *chaos) errandOf(a arrival, apps map[string]*herokutest.App) (errand, bool) {
	var body struct {
		Slug   string
		Source struct {
			Release struct{ ID string }
		}
		SourceBlob struct{ Version string } `json:"source_blob"`
		Targets    []struct {
			App struct{ ID string }
		}
	}
	if a.body != "" {
		if err := json.Unmarshal([]byte(a.body), &body); err != nil {
			return errand{}, false
		}
	}
	post := a.method == "POST"
	if a.path == "/pipeline-promotions" && post && len(body.Targets) == 1 && apps[body.Targets[0].App.ID] != nil {
		return errand{apps[body.Targets[0].App.ID].Name(), "releases", c.slugOf(apps, body.Source.Release.ID)}, true
	}
	parts := strings.Split(strings.TrimPrefix(a.path, "/apps/"), "/")
	if len(parts) != 2 || apps[parts[0]] == nil || parts[1] != "builds" && parts[1] != "releases" {
		return errand{}, false
	}
	e := errand{app: apps[parts[0]].Name(), thing: parts[1]}
	if post {
		e.change = body.Slug + body.SourceBlob.Version
	}
	return e, true
}

// slugOf finds what a release runs.
func (c *chaos) slugOf(apps map[string]*herokutest.App, release string) string {
	for _, a := range apps {
		for _, r := range a.Releases() {
			if r.ID == release {
				return r.Slug
			}
		}
	}
	return release
}

// losses holds what followed on each request to Heroku that was lost against
// what is promised: it is looked at before anything of the kind is changed on
// that app, and repeated no sooner than it can no longer come true. It returns
// how many were lost, and how long the longest took until it was looked at.
func (c *chaos) losses() (lost int, slowest time.Duration, problems []string) {
	apps := map[string]*herokutest.App{}
	for _, t := range c.teams {
		for _, a := range t.apps() {
			apps[a.Name()], apps[a.ID()] = a, a
		}
	}
	all := c.arrivals(1)
	errands := make([]errand, len(all))
	for n, a := range all {
		errands[n], _ = c.errandOf(a, apps)
	}
	for n, a := range all {
		e := errands[n]
		if a.lost == "" || e.change == "" {
			continue
		}
		lost++
		looked := time.Time{}
		for m := n + 1; m < len(all); m++ {
			next, after := errands[m], all[m].at.Sub(a.at)
			if next.app != e.app || next.thing != e.thing {
				continue
			}
			switch {
			case next.change == "" && looked.IsZero():
				looked = all[m].at
				slowest = max(slowest, after)
			case next.change != "" && looked.IsZero():
				problems = append(problems, fmt.Sprintf("a request to change the %s of %s was lost, and %.1f s later the next was sent without a look", e.thing, e.app, after.Seconds()))
			case next.change == e.change && after < doubt-time.Second:
				problems = append(problems, fmt.Sprintf("a request to change the %s of %s was lost and repeated after %.1f s, while it could still come true", e.thing, e.app, after.Seconds()))
			}
			if next.change != "" {
				break
			}
		}
		if looked.IsZero() {
			problems = append(problems, fmt.Sprintf("a request to change the %s of %s was lost, and nobody looked what had become of it", e.thing, e.app))
		}
	}
	return lost, slowest, problems
}

// arrivals lists what arrived at one of the fronts of all instances, oldest
// first: 0 is GitHub's, 1 is Heroku's.
func (c *chaos) arrivals(front int) (all []arrival) {
	for _, i := range c.instances {
		all = append(all, i.fronts[front].since(time.Time{})...)
	}
	slices.SortFunc(all, func(a, b arrival) int { return a.at.Compare(b.at) })
	return all
}

// story tells what happened to a team, for whoever looks for what went wrong.
func (c *chaos) story(t *team, h branchHistory) string {
	type line struct {
		at   time.Time
		what string
	}
	var lines []line
	add := func(at time.Time, format string, args ...any) {
		lines = append(lines, line{at, fmt.Sprintf(format, args...)})
	}
	for _, a := range c.arrivals(0) {
		if strings.HasPrefix(a.path, "/repos/"+t.FullName()+"/") {
			add(a.at, "github %s %s %s %.300s", a.method, a.path, a.lost, a.body)
		}
	}
	for _, a := range c.arrivals(1) {
		for _, app := range t.apps() {
			if strings.Contains(a.path+"/", "/"+app.Name()+"/") || strings.Contains(a.body, app.ID()) {
				add(a.at, "heroku %s %s %s %.300s", a.method, a.path, a.lost, a.body)
				break
			}
		}
	}
	for _, app := range t.apps() {
		for _, b := range app.Builds() {
			add(b.CreatedAt, "%s builds %.7s: %s", app.Name(), b.Commit, b.Status)
		}
		for _, r := range app.Releases() {
			add(r.CreatedAt, "%s releases v%d of %.7s: %s", app.Name(), r.Version, r.Commit, r.Status)
		}
	}
	for _, d := range c.gh.Deliveries() {
		for _, x := range d.Attempts {
			if d.Repository == t.FullName() && !strings.HasPrefix(d.Event, "deployment") {
				add(x.Time, "delivery %s %s %s, again %v: %s", d.GUID, d.Event, d.Action, x.Redelivery, x.Status)
			}
		}
	}
	for _, commit := range h.commits {
		add(commit.Committer.When, "main gets %.7s", commit.SHA)
		t.mu.Lock()
		if at := t.green[commit.SHA]; !at.IsZero() {
			add(at, "%.7s is green", commit.SHA)
		}
		t.mu.Unlock()
	}
	for _, i := range c.instances {
		for _, at := range i.deaths {
			add(at, "%s is killed", i.addr)
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var s strings.Builder
	fmt.Fprintf(&s, "what happened to %s:\n", t.FullName())
	for _, l := range lines {
		fmt.Fprintf(&s, "%s %s\n", l.at.Format("15:04:05.000"), l.what)
	}
	return s.String()
}

// wrong lists everything that is not as it should be with a team.
func (c *chaos) wrong(t *team, h branchHistory) []string {
	return slices.Concat(t.wrong(h), t.behind(h), t.pending(h))
}
