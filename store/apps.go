package store

import (
	"maps"
	"sync"

	"github.com/headstart-cd/headstart/bot"
)

const (
	selectApps = `SELECT platform, app FROM pipeline_apps WHERE repo = $1 AND name = $2`
	insertApp  = `INSERT INTO pipeline_apps (platform, app, repo, name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	deleteApp  = `DELETE FROM pipeline_apps WHERE platform = $1 AND app = $2 AND repo = $3 AND name = $4`

	// stages stands for a platform where the apps of pipelines are kept: there, what
	// is named are stages of other pipelines.
	stages = "stages"
)

// app is what a pipeline is found by: an app that it uses, or a stage that it needs.
type app struct{ platform, name string }

func appsOf(state bot.State) map[app]bool {
	list := make(map[app]bool)
	platform, apps := state.Apps()
	for _, name := range apps {
		list[app{platform, name}] = true
	}
	for _, stage := range state.Awaited() {
		list[app{stages, stage}] = true
	}
	return list
}

// saveApps writes only what changed: a configuration seldom does.
func (r *pipelineRow) saveApps(t tx) error {
	have := make(map[app]bool)
	err := t.each(selectApps, []any{r.repo, r.change.Pipeline.Name}, func(scan scanner) error {
		var k app
		if err := scan(&k.platform, &k.name); err != nil {
			return err
		}
		have[k] = true
		return nil
	})
	if err != nil {
		return err
	}
	for k := range r.apps {
		if !have[k] {
			if _, err := t.exec(insertApp, k.platform, k.name, r.repo, r.change.Pipeline.Name); err != nil {
				return err
			}
		}
	}
	for k := range have {
		if !r.apps[k] {
			if _, err := t.exec(deleteApp, k.platform, k.name, r.repo, r.change.Pipeline.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// savedApps remembers which apps were saved with which version of a pipeline, so
// that they are compared with the database's only where they may differ. They are
// never saved without a version.
type savedApps struct {
	mu       sync.Mutex
	versions map[bot.Key]appsAt // guarded by mu
}

type appsAt struct {
	version int64
	apps    map[app]bool
}

// mostSavedApps bounds the memory that is taken.
const mostSavedApps = 1024

// saved reports whether the version of a pipeline is known to have been saved with
// these apps.
func (s *savedApps) saved(key bot.Key, version int64, apps map[app]bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.versions[key]
	return ok && known.version == version && maps.Equal(known.apps, apps)
}

func (s *savedApps) keep(key bot.Key, version int64, apps map[app]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.versions == nil || len(s.versions) >= mostSavedApps {
		s.versions = make(map[bot.Key]appsAt)
	}
	s.versions[key] = appsAt{version, apps}
}
