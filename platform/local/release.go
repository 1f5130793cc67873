package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// Promote makes a release of an artifact that was built on this platform, on
// whatever app. Beside a pending release on the same app it is Retryable. The
// release fails, and leaves what ran before running, when the release line
// fails or runs longer than ReleaseLimit, or when the web process ends or does
// not answer GET / with a status below 500 within ReadyLimit. It errors when
// Headstart is stopped meanwhile, or this machine cannot do it.
func (p *Platform) Promote(ctx context.Context, pr platform.Promotion) (bot.Release, error) {
	a, err := p.app(ctx, pr.To)
	if err != nil {
		return bot.Release{}, err
	}
	p.shelf.RLock() // until the record names the artifact
	defer p.shelf.RUnlock()
	vars, err := a.vars()
	if err != nil {
		return bot.Release{}, &bot.Retryable{Reason: fmt.Sprintf("The config vars of %s could not be read.", a.name), Err: err}
	}
	return p.begin(a, releaseRecord{Artifact: pr.Artifact, Commit: pr.Commit, Description: pr.Description}, vars)
}

// Rollback releases again what a release of the app ran, with the config vars
// that it began with. Once that is live, these are written back to the app's
// file; until then, and if it fails, the file stays as it is.
func (p *Platform) Rollback(ctx context.Context, name, id string) (bot.Release, error) {
	a, err := p.app(ctx, name)
	if err != nil {
		return bot.Release{}, err
	}
	p.shelf.RLock() // until the record names the artifact
	defer p.shelf.RUnlock()
	s := a.read()
	to := s.release(id)
	switch {
	case to == nil:
		return bot.Release{}, noSuch("release", id, name)
	case to.Status != bot.ReleaseSucceeded:
		return bot.Release{}, &bot.Refused{Platform: true, Reason: fmt.Sprintf("%s cannot go back to %s: that release is %s.", name, id, to.Status)}
	}
	vars, err := os.ReadFile(a.keptVarsFile(to.Version))
	if errors.Is(err, fs.ErrNotExist) {
		return bot.Release{}, &bot.Refused{Platform: true, Err: bot.ErrNotFound,
			Reason: fmt.Sprintf("%s cannot go back to %s with its config vars: they were not kept.", name, id)}
	}
	if err != nil {
		return bot.Release{}, &bot.Retryable{Reason: fmt.Sprintf("The config vars of %s could not be read.", name), Err: err}
	}
	return p.begin(a, releaseRecord{Artifact: to.Artifact, Commit: to.Commit, BackTo: to.Version, Description: "Rollback to " + id}, vars)
}

// begin records a release and starts it. The caller holds the shelf.
func (p *Platform) begin(a *app, rec releaseRecord, vars []byte) (bot.Release, error) {
	if !p.hasArtifact(rec.Artifact) {
		return bot.Release{}, &bot.Refused{Platform: true, Err: bot.ErrNotFound,
			Reason: fmt.Sprintf("There is no artifact %.12q: it was never built here, or is too old and was removed.", rec.Artifact)}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.ContainsFunc(a.state.Releases, func(r releaseRecord) bool { return r.Status == bot.ReleasePending }) {
		return bot.Release{}, &bot.Retryable{Reason: fmt.Sprintf("Another release is under way on %s.", a.name)}
	}
	rec.Version, rec.Status, rec.CreatedAt = a.state.NextRelease, bot.ReleasePending, p.opts.Clock()
	err := a.keepVars(rec.Version, vars)
	if err == nil {
		err = a.changeLocked(func(s *state) {
			s.NextRelease++
			s.Releases = append(s.Releases, rec)
		})
	}
	if err != nil {
		return bot.Release{}, &bot.Retryable{Reason: "The release could not be recorded.", Err: errors.Join(err, a.dropVars(rec.Version))}
	}
	if !p.spawn(func() { p.runRelease(a, rec) }) {
		err := a.changeLocked(func(s *state) { s.Releases = s.Releases[:len(s.Releases)-1] })
		if err := errors.Join(err, a.dropVars(rec.Version)); err != nil {
			return bot.Release{}, &bot.Unknown{Reason: "The embedded platform is stopping.", Err: err}
		}
		return bot.Release{}, &bot.Retryable{Reason: "The embedded platform is stopping."}
	}
	return p.toRelease(a, rec, a.state.Live), nil
}

// Releases lists the newest releases of an app.
func (p *Platform) Releases(ctx context.Context, name string) ([]bot.Release, error) {
	a, err := p.app(ctx, name)
	if err != nil {
		return nil, err
	}
	s := a.read()
	var list []bot.Release
	for _, rec := range slices.Backward(s.Releases) {
		list = append(list, p.toRelease(a, rec, s.Live))
	}
	return list, nil
}

// Release looks at one release.
func (p *Platform) Release(ctx context.Context, name, id string) (bot.Release, error) {
	a, err := p.app(ctx, name)
	if err != nil {
		return bot.Release{}, err
	}
	s := a.read()
	rec := s.release(id)
	if rec == nil {
		return bot.Release{}, noSuch("release", id, name)
	}
	return p.toRelease(a, *rec, s.Live), nil
}

func (p *Platform) toRelease(a *app, rec releaseRecord, live int) bot.Release {
	r := bot.Release{ID: rec.id(), App: a.name, Version: rec.Version, Artifact: rec.Artifact, Commit: rec.Commit,
		Status: rec.Status, Current: rec.Version == live, Description: rec.Description,
		OutputURL: p.url("localhost", outputPath(a, "releases", rec.id())), Reason: rec.Reason, CreatedAt: rec.CreatedAt}
	if r.Status == bot.ReleaseSucceeded && !p.hasArtifact(rec.Artifact) {
		r.Status = bot.ReleaseExpired
	}
	return r
}

func (a *app) releaseDir(version int) string {
	return filepath.Join(a.dir, "releases", strconv.Itoa(version))
}

// runRelease takes a release to its end and records it.
func (p *Platform) runRelease(a *app, rec releaseRecord) {
	log := p.log.With(zap.String("app", a.name), zap.Int("release", rec.Version), zap.String("commit", rec.Commit))
	said := p.record(a, rec.id())
	out := openOutput(a.releaseFile(rec.id()), false, said)
	inst, err := p.prepareRelease(a, rec, out)
	if err == nil {
		err = p.goLive(a, rec, inst)
	}
	if err == nil {
		said.Close(true) // what the web process writes from now on is no part of the release
		log.Debug("release is live")
		p.prune(a)
		p.opts.OnChange(a.name)
		return
	}

	if inst != nil {
		inst.proc.stop(p.opts.StopLimit)
	}
	status, reason := p.judgeRelease(err), p.whyNot(err)
	out.Close()
	out = openOutput(a.releaseFile(rec.id()), false, said) // may be closed already, by the web process's end
	out.note(reason)
	out.Close()
	said.Close(true)
	if err := removeAll(a.releaseDir(rec.Version)); err != nil {
		log.Warn("the folder of a failed release could not be removed", zap.Error(err))
	}
	if err := a.settle(func(s *state) {
		if r := s.release(rec.id()); r != nil {
			r.Status, r.Reason = status, reason
		}
		delete(s.Processes, "release "+rec.id())
		delete(s.Processes, "web "+rec.id())
	}); err != nil {
		log.Error("the end of a release could not be saved", zap.Error(err))
	}
	log.Debug("release ended", zap.String("status", string(status)), zap.String("reason", reason))
	p.prune(a)
	p.opts.OnChange(a.name)
}

// judgeRelease says what an error means for a release: a sentence is about what
// was released, unless this platform was stopping, which ends processes too.
func (p *Platform) judgeRelease(err error) bot.ReleaseStatus {
	if p.ctx.Err() == nil && errors.As(err, new(sentence)) {
		return bot.ReleaseFailed
	}
	return bot.ReleaseErrored
}

// whyNot says for people why a release failed or errored.
func (p *Platform) whyNot(err error) string {
	var s sentence
	switch {
	case p.ctx.Err() != nil:
		return "Headstart was stopped during the release."
	case errors.As(err, &s):
		return string(s)
	}
	return fmt.Sprintf("The release could not be made here: %v.", err)
}

// prepareRelease does everything up to the moment where the new web process
// answers.
func (p *Platform) prepareRelease(a *app, rec releaseRecord, out *output) (*instance, error) {
	if err := p.unpackRelease(a, rec); err != nil {
		return nil, err
	}
	dir := a.releaseDir(rec.Version)
	lines, err := procfileOf(dir)
	if err != nil {
		return nil, err
	}
	if line := lines["release"]; line != "" {
		env, err := p.runEnviron(a, rec, dir, a.keptVarsFile(rec.Version))
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeoutCause(p.ctx, p.opts.ReleaseLimit, errTooLong)
		defer cancel()
		out.conceal(env.secrets())
		out.note("$ " + line)
		err = p.run(ctx, a, "release "+rec.id(), line, dir, env, out, p.opts.StopLimit)
		if errors.Is(context.Cause(ctx), errTooLong) {
			return nil, sentence(fmt.Sprintf("The release command did not end within %v.", p.opts.ReleaseLimit))
		}
		if err != nil {
			return nil, err
		}
	}
	return p.startWeb(p.ctx, a, rec, a.keptVarsFile(rec.Version), out)
}

// unpackRelease puts a release's files where it runs. A folder that is there is
// complete, because it gets its name last.
func (p *Platform) unpackRelease(a *app, rec releaseRecord) error {
	dir := a.releaseDir(rec.Version)
	if isDir(dir) {
		return nil
	}
	tmp := dir + ".new"
	if err := removeAll(tmp); err != nil {
		return err
	}
	if err := p.processes.unpackArtifact(p.artifactFile(rec.Artifact), tmp); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}

// goLive makes an instance that answers the one that the app runs: on disk
// first, then in the router. What ran before is drained and stopped in the
// background.
func (p *Platform) goLive(a *app, rec releaseRecord, inst *instance) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	undo := func() error { return nil }
	if rec.BackTo != 0 {
		// First, because with the state saved the release is live for good. It is
		// restarted with the file.
		var err error
		if undo, err = a.restoreVars(rec.Version); err != nil {
			return fmt.Errorf("write the config vars back: %w", err)
		}
	}
	if err := a.changeLocked(func(s *state) {
		s.Live = rec.Version
		delete(s.Processes, "release "+rec.id())
		if r := s.release(rec.id()); r != nil {
			r.Status = bot.ReleaseSucceeded
		}
	}); err != nil {
		return errors.Join(err, undo())
	}
	if err := a.dropReplaced(rec.Version); err != nil {
		p.log.Warn("the config vars from before a rollback could not be removed", zap.String("app", a.name), zap.Error(err))
	}
	old, next := a.live, p.newRunner(rec)
	a.live = next
	a.process = processSummary{version: rec.Version, up: true, since: p.opts.Clock()}
	a.route.set(inst.backend)
	// This goroutine is counted, so Close cannot have finished waiting.
	p.wg.Go(func() { p.keep(a, next, inst) })
	if old != nil {
		close(old.stop)
	}
	return nil
}

// prune forgets old builds and releases of an app, and removes what nothing
// refers to any more.
func (p *Platform) prune(a *app) {
	const keepBuilds = 50
	log := p.log.With(zap.String("app", a.name))
	var files []string
	if s := a.read(); len(s.Builds) > keepBuilds || len(s.Releases) > p.opts.KeepReleases {
		if err := a.change(func(s *state) { files = a.forget(s, keepBuilds, p.opts.KeepReleases) }); err != nil {
			log.Warn("old builds and releases could not be forgotten", zap.Error(err))
			return
		}
	}
	for _, file := range files {
		_ = os.Remove(file) // may never have been written
	}
	if err := p.pruneArtifacts(); err != nil {
		log.Warn("old artifacts could not be removed", zap.Error(err))
	}
}

// forget drops all but the newest builds and releases, and what is live, and
// returns the files that go with them.
func (a *app) forget(s *state, builds, releases int) (files []string) {
	if extra := len(s.Builds) - builds; extra > 0 {
		for _, b := range s.Builds[:extra] {
			files = append(files, a.outputFile(b.ID))
		}
		s.Builds = slices.Delete(s.Builds, 0, extra)
	}
	newest := len(s.Releases) - releases // the index of the first that stays anyway
	for i := newest - 1; i >= 0; i-- {
		if r := s.Releases[i]; r.Version != s.Live {
			files = append(files, a.releaseFile(r.id()), a.keptVarsFile(r.Version), a.replacedVarsFile(r.Version))
			s.Releases = slices.Delete(s.Releases, i, i+1)
		}
	}
	return files
}

// pruneArtifacts removes the artifacts that no build and no release refers to.
func (p *Platform) pruneArtifacts() error {
	p.shelf.Lock()
	defer p.shelf.Unlock()
	used := map[string]bool{}
	for _, a := range p.known() {
		s := a.read()
		for _, b := range s.Builds {
			used[filepath.Base(p.artifactFile(b.Artifact))] = true
		}
		for _, r := range s.Releases {
			used[filepath.Base(p.artifactFile(r.Artifact))] = true
		}
	}
	shelf := filepath.Join(p.opts.Dir, "artifacts")
	entries, err := os.ReadDir(shelf)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !used[e.Name()] {
			errs = append(errs, os.Remove(filepath.Join(shelf, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// processSummary is how an app's web process does.
type processSummary struct {
	version  int
	up       bool
	since    time.Time // when it came up, or went down
	restarts int       // how often it was started again since the release
	trouble  string    // why it is down, one sentence; empty while it is up
}
