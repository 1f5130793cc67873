package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// pendingBuild is the one build of an app that has not ended.
type pendingBuild struct {
	id     string
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when it has ended and is recorded
}

var (
	errCancelled = errors.New("the build was cancelled")
	errTooLong   = errors.New("the time limit was reached")
)

// StartBuild fetches a commit and builds it on an app. A second build beside a
// pending one is Retryable. The build fails when the command fails, runs longer
// than BuildLimit, or leaves no Procfile with a web line; it errors when the
// source cannot be fetched or this machine has no room.
func (p *Platform) StartBuild(ctx context.Context, name string, src bot.Source) (bot.Build, error) {
	a, err := p.app(ctx, name)
	if err != nil {
		return bot.Build{}, err
	}
	rec := buildRecord{ID: "b-" + strings.ToLower(rand.Text()), Commit: src.Commit, Command: src.Command, Status: bot.BuildPending, CreatedAt: p.opts.Clock()}
	runCtx, cancel := context.WithCancelCause(p.ctx)
	b := &pendingBuild{id: rec.ID, cancel: cancel, done: make(chan struct{})}

	a.mu.Lock()
	defer a.mu.Unlock()
	if a.building != nil {
		cancel(nil)
		return bot.Build{}, &bot.Retryable{Reason: fmt.Sprintf("%s is building another commit.", name)}
	}
	if err := a.changeLocked(func(s *state) { s.Builds = append(s.Builds, rec) }); err != nil {
		cancel(nil)
		return bot.Build{}, &bot.Retryable{Reason: "The build could not be recorded.", Err: err}
	}
	a.building = b
	if !p.spawn(func() { p.runBuild(runCtx, a, b, rec, src) }) {
		a.building = nil
		cancel(nil)
		err := a.changeLocked(func(s *state) {
			s.Builds = slices.DeleteFunc(s.Builds, func(r buildRecord) bool { return r.ID == rec.ID })
		})
		if err != nil {
			return bot.Build{}, &bot.Unknown{Reason: "The embedded platform is stopping.", Err: err}
		}
		return bot.Build{}, &bot.Retryable{Reason: "The embedded platform is stopping."}
	}
	return p.toBuild(a, rec), nil
}

// Builds lists the newest builds of an app.
func (p *Platform) Builds(ctx context.Context, name string) ([]bot.Build, error) {
	a, err := p.app(ctx, name)
	if err != nil {
		return nil, err
	}
	var list []bot.Build
	for _, rec := range slices.Backward(a.read().Builds) {
		list = append(list, p.toBuild(a, rec))
	}
	return list, nil
}

// Build looks at one build.
func (p *Platform) Build(ctx context.Context, name, id string) (bot.Build, error) {
	a, err := p.app(ctx, name)
	if err != nil {
		return bot.Build{}, err
	}
	s := a.read()
	rec := s.build(id)
	if rec == nil {
		return bot.Build{}, noSuch("build", id, name)
	}
	return p.toBuild(a, *rec), nil
}

// CancelBuild kills a pending build and returns when it is gone, or when ctx
// ends, whichever is first.
func (p *Platform) CancelBuild(ctx context.Context, name, id string) error {
	a, err := p.app(ctx, name)
	if err != nil {
		return err
	}
	a.mu.Lock()
	b, rec := a.building, a.state.build(id)
	a.mu.Unlock()
	if rec == nil {
		return noSuch("build", id, name)
	}
	if b == nil || b.id != id {
		return nil
	}
	b.cancel(errCancelled)
	select {
	case <-b.done:
	case <-ctx.Done():
	}
	return nil
}

func noSuch(what, id, app string) error {
	return &bot.Refused{Platform: true, Reason: fmt.Sprintf("%s has no %s %s.", app, what, id), Err: bot.ErrNotFound}
}

func (p *Platform) toBuild(a *app, rec buildRecord) bot.Build {
	return bot.Build{ID: rec.ID, App: a.name, Commit: rec.Commit, Command: rec.Command, Status: rec.Status, Artifact: rec.Artifact,
		OutputURL: p.url("localhost", outputPath(a, "builds", rec.ID)), Reason: rec.Reason,
		CreatedAt: rec.CreatedAt, FinishedAt: rec.FinishedAt}
}

func (a *app) outputFile(name string) string { return filepath.Join(a.dir, "output", name+".log") }

// runBuild takes a build to its end and records it.
func (p *Platform) runBuild(ctx context.Context, a *app, b *pendingBuild, rec buildRecord, src bot.Source) {
	log := p.record(a, rec.ID)
	out := openOutput(a.outputFile(rec.ID), false, log)
	out.conceal(a.secrets(a.varsFile()))              // a build is told none, but may find them
	work := filepath.Join(p.opts.Dir, "work", a.name) // always the same: compilers' caches know paths
	files, err := p.build(ctx, a, rec, src, work, out)
	p.shelf.RLock() // until the record names the artifact
	end := rec
	if err == nil {
		end.Artifact, err = p.keepArtifact(files)
		files.Close()
	}
	end.Status, end.Reason = judgeBuild(ctx, err)
	if end.Status != bot.BuildSucceeded {
		end.Artifact = ""
		out.note(end.Reason)
	}
	out.Close()
	log.Close(true)
	if err := removeAll(work); err != nil {
		p.log.Warn("a build's folder could not be removed", zap.String("app", a.name), zap.Error(err))
	}
	end.FinishedAt = p.opts.Clock()
	a.mu.Lock()
	a.building = nil
	err = a.settleLocked(func(s *state) {
		if r := s.build(rec.ID); r != nil {
			*r = end
		}
		delete(s.Processes, "build "+rec.ID)
	})
	a.mu.Unlock()
	p.shelf.RUnlock()
	b.cancel(nil)
	close(b.done)

	if err != nil {
		p.log.Error("the end of a build could not be saved", zap.String("app", a.name), zap.Error(err))
	}
	p.log.Debug("build ended", zap.String("app", a.name), zap.String("commit", rec.Commit),
		zap.String("status", string(end.Status)), zap.String("reason", end.Reason))
	p.prune(a)
	p.opts.OnChange(a.name)
}

// judgeBuild says what an error means for a build.
func judgeBuild(ctx context.Context, err error) (bot.BuildStatus, string) {
	var s sentence
	switch {
	case err == nil:
		return bot.BuildSucceeded, ""
	case errors.Is(context.Cause(ctx), errCancelled):
		return bot.BuildCancelled, "The build was cancelled."
	case errors.Is(context.Cause(ctx), errStopped):
		return bot.BuildErrored, "Headstart was stopped during the build."
	case errors.As(err, &s):
		return bot.BuildFailed, string(s)
	}
	return bot.BuildErrored, fmt.Sprintf("The build could not be made here: %v.", err)
}

// build fetches a source, runs its command in the work folder, and returns the
// folder of the files that are to be kept, which the caller closes. A sentence says
// that the code is wrong.
func (p *Platform) build(ctx context.Context, a *app, rec buildRecord, src bot.Source, work string, out *output) (files *os.Root, err error) {
	if err := removeAll(work); err != nil {
		return nil, err
	}
	home, tarball := filepath.Join(work, "home"), filepath.Join(work, "source.tar.gz")
	dir := filepath.Join(work, "src")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	if err := p.fetch(ctx, src.URL, tarball); err != nil {
		return nil, err
	}
	if err := p.processes.unpackSource(tarball, dir); err != nil {
		return nil, err
	}
	// Opened before the command runs, which may put something else in its place.
	source, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			source.Close()
		}
	}()
	if src.Command != "" {
		out.note("$ " + src.Command)
		limited, cancel := context.WithTimeoutCause(ctx, p.opts.BuildLimit, errTooLong)
		defer cancel()
		err := p.run(limited, a, "build "+rec.ID, src.Command, dir, p.buildEnviron(rec.Commit, home), out, 0)
		if errors.Is(context.Cause(limited), errTooLong) {
			return nil, sentence(fmt.Sprintf("The build command did not end within %v.", p.opts.BuildLimit))
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := readProcfile(source); err != nil {
		return nil, err
	}
	return source, ctx.Err()
}

// run runs a command to its end. When ctx ends first, the command's group gets
// SIGTERM and, after grace, SIGKILL. A command that ended with another status
// than 0 is a sentence.
func (p *Platform) run(ctx context.Context, a *app, what, line, dir string, env environ, out *output, grace time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	proc, err := p.startRecorded(a, what, line, dir, env, out)
	if err != nil {
		return err
	}
	select {
	case <-proc.done:
	case <-ctx.Done():
		proc.stop(grace)
		return context.Cause(ctx)
	}
	kind, _, _ := strings.Cut(what, " ")
	if exit := new(exec.ExitError); errors.As(proc.err, &exit) {
		return sentence(out.because(fmt.Sprintf("The %s command ended with %s", kind, howItEnded(exit))))
	}
	return proc.err
}

// startRecorded starts a process and remembers it, so that a successor of this
// process can end it.
func (p *Platform) startRecorded(a *app, what, line, dir string, env environ, out io.Writer) (*process, error) {
	return p.processes.start(line, dir, env.list(), out, func(id identity) error {
		return a.change(func(s *state) {
			if s.Processes == nil {
				s.Processes = map[string]identity{}
			}
			s.Processes[what] = id
		})
	})
}
