package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// recoverApps brings the saved state back to the truth after the predecessor
// stopped or crashed: it ends processes that were left running, gives up builds
// and releases that were pending, and starts what was live. Web processes come
// up in the background.
func (p *Platform) recoverApps() error {
	p.endOrphans()
	if err := p.clearWork(); err != nil {
		return err
	}
	const why = "The machine or Headstart stopped "
	for _, a := range p.apps {
		s := &a.state // nobody else knows the app yet
		if err := a.clearUnsaved(); err != nil {
			return err
		}
		if len(s.Builds)+len(s.Releases) == 0 && s.Copy == nil {
			continue
		}
		if err := a.recoverVars(*s); err != nil {
			return fmt.Errorf("bring the config vars of %s back: %w", a.name, err)
		}
		if err := a.change(func(s *state) {
			s.Processes = nil
			for i := range s.Builds {
				if b := &s.Builds[i]; b.Status == bot.BuildPending {
					b.Status, b.Reason, b.FinishedAt = bot.BuildErrored, why+"during the build.", p.opts.Clock()
				}
			}
			if c := s.Copy; c != nil && c.Status == copyPending {
				rec := *c
				rec.Status, rec.Reason = copyFailed, why+"while the copy was made."
				s.Copy = &rec
			}
			for i := range s.Releases {
				if r := &s.Releases[i]; r.Status == bot.ReleasePending {
					r.Status, r.Reason = bot.ReleaseErrored, why+"during the release."
				}
			}
		}); err != nil {
			return err
		}
		if err := p.clearReleases(a); err != nil {
			return err
		}
		if rec := s.release(releaseRecord{Version: s.Live}.id()); rec != nil {
			a.live = p.newRunner(*rec)
			a.process = processSummary{version: rec.Version, restarts: -1} // the first start is none
			live := a.live
			p.wg.Go(func() { p.keep(a, live, nil) })
		}
	}
	return nil
}

// endOrphans ends the processes that a crashed predecessor left running, where
// they are certainly those that it recorded.
func (p *Platform) endOrphans() {
	var wg sync.WaitGroup
	for _, a := range p.apps {
		for what, id := range a.state.Processes {
			wg.Go(func() {
				if endOrphan(id, p.opts.StopLimit) {
					p.log.Warn("ended a process that outlived a crash", zap.String("app", a.name),
						zap.String("process", what), zap.Int("pid", id.PID))
				}
			})
		}
	}
	wg.Wait()
}

// clearWork removes what unfinished builds and artifacts left.
func (p *Platform) clearWork() error {
	work := filepath.Join(p.opts.Dir, "work")
	if err := removeAll(work); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	unfinished, err := filepath.Glob(filepath.Join(p.opts.Dir, "artifacts", "new-*"))
	if err != nil {
		return err
	}
	for _, file := range unfinished {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// clearReleases removes the files of releases. Those of the one that was live go
// too, and are unpacked again: after a loss of power a folder may be there whose
// files are not.
func (p *Platform) clearReleases(a *app) error {
	dir := filepath.Join(a.dir, "releases")
	entries, _ := os.ReadDir(dir) // none was made yet
	for _, e := range entries {
		err := removeAll(filepath.Join(dir, e.Name()))
		if err != nil && "v"+e.Name() == (releaseRecord{Version: a.state.Live}).id() {
			return fmt.Errorf("unpack the release that %s runs anew: %w", a.name, err)
		}
		if err != nil {
			p.log.Warn("the folder of an old release could not be removed", zap.String("app", a.name), zap.Error(err))
		}
	}
	return nil
}

// clearUnsaved removes files whose writing was cut off.
func (a *app) clearUnsaved() error {
	files, err := filepath.Glob(filepath.Join(a.dir, "vars", "*"+unsaved))
	if err != nil {
		return err
	}
	for _, file := range append(files, filepath.Join(a.dir, "state.json"+unsaved), a.varsFile()+unsaved) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
