package local

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// app is one app of the platform.
type app struct {
	name  string
	dir   string // DIR/apps/NAME; made with the first save
	route route

	mu       sync.Mutex
	state    state          // guarded by mu; what state.json holds
	building *pendingBuild  // guarded by mu; nil while no build is pending
	copying  *pendingCopy   // guarded by mu; nil while no copy is being made
	live     *runner        // guarded by mu; nil while nothing runs
	process  processSummary // guarded by mu; how the live web process does
}

// state is what is remembered of an app, oldest first.
type state struct {
	Format      int             `json:"format"`
	NextRelease int             `json:"next_release"` // the number of the next release, from 1
	Live        int             `json:"live"`         // the release that runs, or has to be brought back; 0: none
	Builds      []buildRecord   `json:"builds"`
	Releases    []releaseRecord `json:"releases"`
	Maintenance bool            `json:"maintenance,omitempty"` // the router answers in its place
	Copy        *copyRecord     `json:"copy,omitempty"`        // never changed in place; nil: it has none
	// Processes are those that were started and not yet seen to end, by what
	// they do ("build b-…", "release v3", "web v3"), so that a successor can end
	// them after a crash.
	Processes map[string]identity `json:"processes,omitempty"`
}

const stateFormat = 1

type buildRecord struct {
	ID         string          `json:"id"`
	Commit     string          `json:"commit"`
	Command    string          `json:"command,omitempty"`
	Status     bot.BuildStatus `json:"status"`
	Artifact   string          `json:"artifact,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	CreatedAt  time.Time       `json:"created_at"`
	FinishedAt time.Time       `json:"finished_at,omitzero"`
}

type releaseRecord struct {
	Version     int               `json:"version"`
	Artifact    string            `json:"artifact"`
	Commit      string            `json:"commit"`
	Status      bot.ReleaseStatus `json:"status"`
	Description string            `json:"description,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
	// BackTo is the release that this one goes back to with its config vars; 0 if
	// it is no rollback.
	BackTo int `json:"back_to,omitempty"`
}

func (r releaseRecord) id() string { return fmt.Sprintf("v%d", r.Version) }

func (s *state) build(id string) *buildRecord {
	i := slices.IndexFunc(s.Builds, func(b buildRecord) bool { return b.ID == id })
	if i < 0 {
		return nil
	}
	return &s.Builds[i]
}

func (s *state) release(id string) *releaseRecord {
	i := slices.IndexFunc(s.Releases, func(r releaseRecord) bool { return r.id() == id })
	if i < 0 {
		return nil
	}
	return &s.Releases[i]
}

func (s *state) clone() state {
	c := *s
	c.Builds = slices.Clone(s.Builds)
	c.Releases = slices.Clone(s.Releases)
	c.Processes = maps.Clone(s.Processes)
	return c
}

// read returns a copy of what is remembered of the app.
func (a *app) read() state {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state.clone()
}

// change changes what is remembered of the app, on disk before in memory: if it
// cannot be saved, nothing has changed.
func (a *app) change(f func(*state)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changeLocked(f)
}

func (a *app) changeLocked(f func(*state)) error {
	next := a.state.clone()
	f(&next)
	if err := saveJSON(filepath.Join(a.dir, "state.json"), next); err != nil {
		return fmt.Errorf("save the state of %s: %w", a.name, err)
	}
	a.state = next
	return nil
}

// settle records how something ended. That is true also when it cannot be
// saved; after a crash the thing would be found pending and be given up.
func (a *app) settle(f func(*state)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.settleLocked(f)
}

func (a *app) settleLocked(f func(*state)) error {
	err := a.changeLocked(f)
	if err != nil {
		f(&a.state)
	}
	return err
}

func (p *Platform) newApp(name string) *app {
	return &app{name: name, dir: filepath.Join(p.opts.Dir, "apps", name), state: state{Format: stateFormat, NextRelease: 1}}
}

// saveJSON replaces a file so that after a crash it holds either the old or the
// new content.
func saveJSON(file string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return saveFile(file, data)
}

// unsaved ends the name of a file that is being written.
const unsaved = ".tmp"

// saveFile is saveJSON for any content. Only this user can read the file.
func saveFile(file string, data []byte) error {
	dir := filepath.Dir(file)
	if err := makeDir(dir, 0o755); err != nil {
		return err
	}
	tmp := file + unsaved
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := cmp.Or(err, f.Sync(), f.Close()); err != nil {
		f.Close()
		return err
	}
	if err := os.Rename(tmp, file); err != nil {
		return err
	}
	return syncDir(dir)
}

// makeDir makes a folder, and those that it is in, so that it survives a crash.
func makeDir(dir string, mode fs.FileMode) error {
	if isDir(dir) {
		return nil
	}
	if err := makeDir(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir makes renames inside a folder survive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// lockFor is how long the lock of a process that was killed may outlive it: in a
// child that it had just begun to start.
const lockFor = time.Second

// lockDir makes sure that one process alone uses a folder. The lock ends with
// the file or the process, whichever ends first.
func lockDir(ctx context.Context, dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockFor)
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		select {
		case <-time.After(10 * time.Millisecond): // nobody tells when somebody else's lock ends
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("another Headstart is using %s", dir)
		}
	}
}
