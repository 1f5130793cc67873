package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/headstart-cd/headstart/bot"
)

// loadApps reads every app that is remembered in Dir.
func (p *Platform) loadApps() (map[string]*app, error) {
	apps := map[string]*app{}
	entries, err := os.ReadDir(filepath.Join(p.opts.Dir, "apps"))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() || !appName.MatchString(e.Name()) {
			continue
		}
		a := p.newApp(e.Name())
		if err := a.load(); err != nil {
			return nil, err
		}
		apps[a.name] = a
	}
	return apps, nil
}

// load reads what is remembered of the app. It fails, and says which file is
// damaged, where the file cannot be as this program writes it: to guess what was
// live could run the wrong thing, or give a release's number away twice.
func (a *app) load() error {
	file := filepath.Join(a.dir, "state.json")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !isDir(filepath.Join(a.dir, "output")) && !isDir(filepath.Join(a.dir, "releases")) {
		return nil // somebody made the folder to put config vars into it
	}
	if err == nil {
		a.state, err = parseState(data)
	}
	if errors.As(err, new(damage)) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the file %s is damaged (%w): put a copy of it back, or remove the folder %s to begin anew with this app", file, err, a.dir)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// damage is what is wrong with a state that this program cannot have written.
type damage string

func (d damage) Error() string { return string(d) }

// parseState reads a state, and fails unless all of it makes sense.
func parseState(data []byte) (state, error) {
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, damage(err.Error())
	}
	if s.Format == 0 {
		return state{}, damage("it has no format")
	}
	if s.Format != stateFormat {
		return state{}, fmt.Errorf("its format is %d, this version of Headstart knows %d", s.Format, stateFormat)
	}
	if err := s.check(); err != nil {
		return state{}, err
	}
	return s, nil
}

var (
	buildID       = regexp.MustCompile(`^b-[a-z0-9]+$`)
	buildStates   = []bot.BuildStatus{bot.BuildPending, bot.BuildSucceeded, bot.BuildFailed, bot.BuildErrored, bot.BuildCancelled}
	releaseStates = []bot.ReleaseStatus{bot.ReleasePending, bot.ReleaseSucceeded, bot.ReleaseFailed, bot.ReleaseErrored}
)

// check holds a state against what this program keeps true of it.
func (s *state) check() error {
	wrong := func(format string, args ...any) error { return damage(fmt.Sprintf(format, args...)) }
	known := map[string]bool{}
	for _, b := range s.Builds {
		switch {
		case !buildID.MatchString(b.ID) || known[b.ID]:
			return wrong("a build has the id %.40q", b.ID)
		case !slices.Contains(buildStates, b.Status):
			return wrong("build %s has the status %.40q", b.ID, b.Status)
		case b.Artifact != "" && !artifactName.MatchString(b.Artifact), b.Status == bot.BuildSucceeded && b.Artifact == "":
			return wrong("build %s has the artifact %.80q", b.ID, b.Artifact)
		}
		known[b.ID] = true
	}
	last, live := 0, s.Live == 0
	for _, r := range s.Releases {
		switch {
		case r.Version <= last:
			return wrong("release v%d comes after v%d", r.Version, last)
		case !slices.Contains(releaseStates, r.Status):
			return wrong("release v%d has the status %.40q", r.Version, r.Status)
		case !artifactName.MatchString(r.Artifact):
			return wrong("release v%d has the artifact %.80q", r.Version, r.Artifact)
		case r.Version == s.Live && r.Status != bot.ReleaseSucceeded:
			return wrong("release v%d is live and %s", r.Version, r.Status)
		}
		last = r.Version
		live = live || r.Version == s.Live
	}
	if !live {
		return wrong("release v%d is live, and there is no such release", s.Live)
	}
	if s.NextRelease <= last {
		return wrong("the next release would be v%d again", s.NextRelease)
	}
	return nil
}
