package herokutest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// release is one release of an app.
type release struct {
	app         *App
	id          string
	version     int
	status      string
	description string
	slug        *slug // nil before the first deploy
	config      map[string]string
	rollbackTo  *release // set on a rollback: whose config vars it brings back
	planned     string   // why its release phase will fail, if it will
	reason      string   // why it failed
	phase       bool     // it has a release phase, and so an output
	createdAt   time.Time
	updatedAt   time.Time
	due         time.Time
}

// releaseSpec says what a new release is made of.
type releaseSpec struct {
	slug        *slug
	description string
	rollbackTo  *release
	instant     bool // nothing runs for it
}

// newRelease makes the next release of an app. Without a release phase it
// succeeds at once.
func (a *App) newRelease(at time.Time, spec releaseSpec) *release {
	r := &release{
		app: a, id: a.s.newID(), version: len(a.releases) + 1, status: "pending", description: spec.description,
		slug: spec.slug, rollbackTo: spec.rollbackTo, planned: a.releaseFails, createdAt: at, updatedAt: at, due: at.Add(a.releaseTakes),
	}
	if slices.ContainsFunc(a.releases, func(r *release) bool { return r.status == "pending" }) {
		a.overlaps++
	}
	r.config = maps.Clone(a.config)
	if spec.rollbackTo != nil {
		r.config = maps.Clone(spec.rollbackTo.config)
	}
	a.releases = append(a.releases, r)
	if !spec.instant && a.nextRelease != "" {
		r.planned, a.nextRelease = a.nextRelease, ""
	}
	r.phase = !spec.instant && (a.releaseTakes > 0 || r.planned != "")
	a.s.notify(a, "api:release", "create", r.object(at))
	if !r.phase {
		r.succeed(at)
	}
	return r
}

// end ends the release phase.
func (r *release) end(at time.Time) {
	if r.planned == "" {
		r.succeed(at)
		return
	}
	r.status, r.reason, r.updatedAt = "failed", r.planned, at
	r.app.s.notify(r.app, "api:release", "update", r.object(at))
}

func (r *release) succeed(at time.Time) {
	r.status, r.updatedAt = "succeeded", at
	if r.rollbackTo != nil {
		r.app.config = maps.Clone(r.config)
	}
	if r.slug != nil {
		for kind := range r.slug.processes {
			if r.app.formation[kind] == nil && kind != "release" {
				quantity := 0
				if kind == "web" {
					quantity = 1
				}
				r.app.formation[kind] = &process{id: r.app.s.newID(), kind: kind, command: r.slug.processes[kind], quantity: quantity, size: "Standard-1X"}
			}
		}
	}
	r.app.s.notify(r.app, "api:release", "update", r.object(at))
}

// current is the release that the app runs: the newest that succeeded.
func (a *App) current() *release {
	for _, r := range slices.Backward(a.releases) {
		if r.status == "succeeded" {
			return r
		}
	}
	return nil
}

// eligible tells whether the app may be rolled back to the release.
func (r *release) eligible() bool {
	return r.status == "succeeded" && r.slug != nil && !r.slug.destroyed
}

func (r *release) object(now time.Time) object {
	var slugRef, imageRef, output any
	if r.slug != nil && r.slug.oci {
		imageRef = object{"id": r.slug.id}
	} else if r.slug != nil {
		slugRef = object{"id": r.slug.id}
	}
	if r.phase {
		output = r.app.s.streamURL("release", r.id, now)
	}
	return object{
		"id": r.id, "version": r.version, "status": r.status, "description": r.description, "app": r.app.fullRef(),
		"addon_plan_names": []string{}, "created_at": stamp(r.createdAt), "updated_at": stamp(r.updatedAt), "slug": slugRef,
		"oci_image": imageRef, "user": r.app.s.user(), "current": r == r.app.current(), "output_stream_url": output,
		"eligible_for_rollback": r.eligible(),
	}
}

// output is what the release phase printed.
func (r *release) output() string {
	out := "Running release phase...\n"
	switch r.status {
	case "succeeded":
		out += "done\n"
	case "failed":
		out += r.reason + "\n"
	}
	return out
}

// ReleaseInfo is what a test sees of a release.
type ReleaseInfo struct {
	ID, Status, Description string
	Version                 int
	Slug, Commit            string // empty before the first deploy
	Config                  map[string]string
	Current                 bool
	CreatedAt               time.Time
}

func (r *release) info() ReleaseInfo {
	i := ReleaseInfo{
		ID: r.id, Status: r.status, Description: r.description, Version: r.version,
		Config: maps.Clone(r.config), Current: r == r.app.current(), CreatedAt: r.createdAt,
	}
	if r.slug != nil {
		i.Slug, i.Commit = r.slug.id, r.slug.commit
	}
	return i
}

// Releases lists the app's releases, oldest first.
func (a *App) Releases() []ReleaseInfo {
	a.s.lockSettled()
	defer a.s.mu.Unlock()
	var all []ReleaseInfo
	for _, r := range a.releases {
		all = append(all, r.info())
	}
	return all
}

// Current is the release that the app runs.
func (a *App) Current() ReleaseInfo {
	a.s.lockSettled()
	defer a.s.mu.Unlock()
	return a.current().info()
}

// Deploy lets somebody else deploy a commit by hand: a slug and a release that
// has succeeded, at once.
func (a *App) Deploy(commit string) ReleaseInfo {
	a.s.lockSettled()
	defer a.s.mu.Unlock()
	now := a.s.opts.Clock()
	sl := &slug{
		id: a.s.newID(), app: a, commit: commit, stack: a.stack, size: 2048, createdAt: now,
		processes: map[string]string{"web": "bin/web"}, oci: a.generation == "fir",
	}
	a.s.slugs[sl.id] = sl
	return a.newRelease(now, releaseSpec{slug: sl, description: "Deploy " + short(commit), instant: true}).info()
}

// Expire destroys the artifact of a release, as Heroku does with releases that
// are old enough.
func (a *App) Expire(version int) {
	a.s.lockSettled()
	defer a.s.mu.Unlock()
	r := a.releases[version-1]
	r.status = "expired"
	if r.slug != nil {
		r.slug.destroyed = true
	}
}

// findRelease finds a release by its id or its version.
func (a *App) findRelease(identity string) (*release, error) {
	version, err := strconv.Atoi(strings.TrimPrefix(identity, "v"))
	for _, r := range a.releases {
		if r.id == identity || err == nil && r.version == version {
			return r, nil
		}
	}
	return nil, notFound("release", identity)
}

func (s *Server) getRelease(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	r, err := a.findRelease(c.r.PathValue("release"))
	if err != nil {
		return nil, err
	}
	return r.object(c.now), nil
}

func (s *Server) listReleases(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byVersion(), byString("id")}}
	for _, r := range a.releases {
		l.items = append(l.items, r.object(c.now))
	}
	return l, nil
}

// createRelease puts a slug on an app, or rolls it back to a release.
func (s *Server) createRelease(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	if !a.may("deploy") {
		return nil, forbidden()
	}
	var body struct {
		Slug        string `json:"slug"`
		Release     string `json:"release"`
		Description string `json:"description"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	switch {
	case body.Release != "":
		to, err := a.findRelease(body.Release)
		if err != nil {
			return nil, err
		}
		if !to.eligible() {
			return nil, invalid("Cannot roll back to v%d: the release is %s.", to.version, ineligible(to))
		}
		return created{a.newRelease(c.now, releaseSpec{slug: to.slug, rollbackTo: to, description: fmt.Sprintf("Rollback to v%d", to.version)}).object(c.now)}, nil
	case body.Slug != "":
		sl := s.slugs[body.Slug]
		switch {
		case sl == nil || sl.destroyed:
			return nil, notFound("slug", body.Slug)
		case a.generation == "fir" || sl.oci:
			return nil, invalid("Fir-generation apps run OCI images and cannot release a slug.")
		case sl.stack != a.stack:
			return nil, invalid("The slug was built for the stack %s and %s is on %s.", sl.stack, a.name, a.stack)
		}
		description := body.Description
		if description == "" {
			description = "Deploy " + short(sl.commit)
		}
		return created{a.newRelease(c.now, releaseSpec{slug: sl, description: description}).object(c.now)}, nil
	}
	return nil, invalid("Require params: slug or release.")
}

func ineligible(r *release) string {
	if r.status == "succeeded" {
		return "without code"
	}
	return r.status
}
