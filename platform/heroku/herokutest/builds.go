package herokutest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// build is one build of an app.
type build struct {
	app       *App
	id        string
	commit    string // source_blob.version
	sourceURL string
	checksum  any
	stack     string
	status    string
	reason    string // why it failed; the API tells it only in the output
	planned   string // the reason that it will fail with, if any
	slug      *slug
	release   *release
	createdAt time.Time
	updatedAt time.Time
	due       time.Time
	fetched   chan struct{} // closes when the download has ended; nil if there is none
	source    *source       // what was downloaded; read it after fetched
	fetchErr  error
}

// BuildInfo is what a test sees of a build.
type BuildInfo struct {
	ID, Commit, Status, SourceURL string
	Slug                          string   // empty unless succeeded
	Files                         []string // of the source, empty if it was not downloaded
	CreatedAt                     time.Time
}

// Builds lists the app's builds, oldest first.
func (a *App) Builds() []BuildInfo {
	a.s.lockSettled()
	defer a.s.mu.Unlock()
	var all []BuildInfo
	for _, b := range a.builds {
		info := BuildInfo{ID: b.id, Commit: b.commit, Status: b.status, SourceURL: b.sourceURL, CreatedAt: b.createdAt}
		if b.slug != nil {
			info.Slug = b.slug.id
		}
		if b.downloading() == nil && b.source != nil {
			info.Files = slices.Clone(b.source.files)
		}
		all = append(all, info)
	}
	return all
}

func (s *Server) createBuild(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	var body struct {
		SourceBlob *struct {
			URL      string  `json:"url"`
			Version  *string `json:"version"`
			Checksum *string `json:"checksum"`
		} `json:"source_blob"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if a.refuse != nil {
		return nil, a.refuse
	}
	if body.SourceBlob == nil || body.SourceBlob.URL == "" {
		return nil, invalid("Require params: source_blob.")
	}
	if err := allowedSource(body.SourceBlob.URL); err != nil {
		return nil, err
	}
	b := &build{
		app: a, id: s.newID(), sourceURL: body.SourceBlob.URL, stack: a.stack, status: "pending",
		planned: a.buildFailure, createdAt: c.now, updatedAt: c.now, due: c.now.Add(a.buildTakes),
	}
	if body.SourceBlob.Version != nil {
		b.commit = *body.SourceBlob.Version
	}
	if body.SourceBlob.Checksum != nil {
		b.checksum = *body.SourceBlob.Checksum
	}
	if a.nextBuild != "" {
		b.planned, a.nextBuild = a.nextBuild, ""
	}
	if why := a.commitFailure[b.commit]; why != "" {
		b.planned = why
	}
	if last := a.pendingBuild(); last != nil {
		a.busyBuilds++
		switch a.busy {
		case RefuseBuild:
			return nil, &apiError{status: http.StatusConflict, id: "conflict", message: "A build is already in progress for this app."}
		case QueueBuild:
			b.due = last.due.Add(a.buildTakes)
		}
	}
	a.builds = append(a.builds, b)
	if !s.opts.SkipDownload && s.ctx.Err() == nil {
		b.fetched = make(chan struct{})
		s.start(func() {
			defer close(b.fetched)
			b.source, b.fetchErr = s.download(b.sourceURL)
		})
	}
	s.notify(a, "api:build", "create", b.object(c.now))
	return created{b.object(c.now)}, nil
}

// pendingBuild is the build that ends last of those that are pending.
func (a *App) pendingBuild() *build {
	var last *build
	for _, b := range a.builds {
		if b.status == "pending" && (last == nil || !b.due.Before(last.due)) {
			last = b
		}
	}
	return last
}

// downloading is a channel that closes when the source is there, nil if it is.
func (b *build) downloading() <-chan struct{} {
	if b.fetched == nil {
		return nil
	}
	select {
	case <-b.fetched:
		return nil
	default:
		return b.fetched
	}
}

// end ends a build: with a slug and a release of its own app, or failed.
func (b *build) end(at time.Time) {
	a, s := b.app, b.app.s
	b.updatedAt = at
	switch {
	case b.fetchErr != nil:
		b.status, b.reason = "failed", "Could not fetch the source: "+b.fetchErr.Error()
	case b.planned != "":
		b.status, b.reason = "failed", b.planned
	default:
		b.status = "succeeded"
		b.slug = &slug{
			id: s.newID(), app: a, commit: b.commit, stack: b.stack, size: 2048, createdAt: at,
			processes: map[string]string{"web": "bin/web"}, oci: a.generation == "fir",
		}
		if b.source != nil {
			b.slug.size = b.source.bytes
			if len(b.source.procs) > 0 {
				b.slug.processes = b.source.procs
			}
		}
		s.slugs[b.slug.id] = b.slug
		b.release = a.newRelease(at, releaseSpec{slug: b.slug, description: "Deploy " + short(b.commit)})
	}
	s.notify(a, "api:build", "update", b.object(at))
}

func short(commit string) string { return commit[:min(8, len(commit))] }

func (b *build) object(now time.Time) object {
	var slugRef, releaseRef, version any
	if b.slug != nil && !b.slug.oci {
		slugRef = object{"id": b.slug.id}
	}
	if b.release != nil {
		releaseRef = object{"id": b.release.id}
	}
	if b.commit != "" {
		version = b.commit
	}
	return object{
		"id": b.id, "app": b.app.ref(), "buildpacks": nil, "created_at": stamp(b.createdAt), "updated_at": stamp(b.updatedAt),
		"output_stream_url": b.app.s.streamURL("build", b.id, now), "release": releaseRef, "slug": slugRef, "stack": b.stack,
		"source_blob": object{"url": b.sourceURL, "version": version, "checksum": b.checksum}, "status": b.status, "user": b.app.s.user(),
	}
}

// output is what the build printed.
func (b *build) output() string {
	out := "-----> Building on the " + b.stack + " stack\n"
	switch b.status {
	case "succeeded":
		out += "-----> Compressing...\n       Done: 2K\n-----> Launching...\n"
		if b.release != nil {
			out += fmt.Sprintf("       Released v%d\n", b.release.version)
		}
	case "failed":
		out += " !     " + b.reason + "\n !     Push failed\n"
	}
	return out
}

func (s *Server) build(c *call) (*App, *build, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range a.builds {
		if b.id == c.r.PathValue("build") {
			return a, b, nil
		}
	}
	return nil, nil, notFound("build", c.r.PathValue("build"))
}

func (s *Server) getBuild(c *call) (any, error) {
	_, b, err := s.build(c)
	if err != nil {
		return nil, err
	}
	return b.object(c.now), nil
}

func (s *Server) listBuilds(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id"), {"started_at", byString("created_at").key}, byString("created_at")}}
	for _, b := range a.builds {
		l.items = append(l.items, b.object(c.now))
	}
	return l, nil
}

func (s *Server) cancelBuild(c *call) (any, error) {
	a, b, err := s.build(c)
	if err != nil {
		return nil, err
	}
	if b.status != "pending" {
		return nil, invalid("Only pending builds can be cancelled.")
	}
	b.status, b.reason, b.updatedAt = "failed", "Build cancelled", c.now
	s.notify(a, "api:build", "update", b.object(c.now))
	return b.object(c.now), nil
}
