package store

import (
	"sync"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const (
	selectApps = `SELECT platform, app FROM pipeline_apps WHERE repo = $1 AND name = $2`
	insertApp  = `INSERT INTO pipeline_apps (platform, app, repo, name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	deleteApp  = `DELETE FROM pipeline_apps WHERE platform = $1 AND app = $2 AND repo = $3 AND name = $4`

	// stages takes the platform's place in the table of pipelines' apps, for the stages that pipelines need.
	stages = "stages"
)

// app is a key by which a pipeline is found: an app that it uses, or a stage that it needs.
type app struct{ platform, name string }

func appsOf(state pipeline.State) map[app]bool {
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

// saveApps writes only changes: a configuration rarely has any.
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

// savedPipelines remembers what was saved with a pipeline's last version, if this instance saved it. So unchanged parts
// are neither written nor compared again.
type savedPipelines struct {
	mu       sync.Mutex
	versions map[bot.Key]saved // guarded by mu
}

type saved struct {
	repo    int64 // the repository's number
	version int64
	apps    map[app]bool
	tail    int // events since the state was written
	claims  map[app]bot.QueueClaim
	number  int64 // of the pipeline in history; 0: unknown
}

// mostSaved bounds the memory.
const mostSaved = 1024

// of returns what is known of a pipeline's version.
func (s *savedPipelines) of(key bot.Key, repo, version int64) (saved, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.versions[key]
	return known, ok && known.version == version && known.repo == repo
}

// keep remembers what was saved. If the memory is full, any other pipeline is dropped.
func (s *savedPipelines) keep(key bot.Key, v saved) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.versions == nil {
		s.versions = make(map[bot.Key]saved)
	}
	s.versions[key] = v
	for other := range s.versions {
		if len(s.versions) <= mostSaved {
			return
		}
		if other != key {
			delete(s.versions, other)
		}
	}
}
