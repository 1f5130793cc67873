package engine

import (
	"sync"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// memory keeps the states that this instance committed last. So a moving pipeline is not read and decoded for each
// event. A state may be outdated: another instance may have committed since. Then the commit built on it fails by its
// version, and the state is loaded.
type memory struct {
	mu     sync.Mutex
	states map[bot.Key]remembered // guarded by mu
}

type remembered struct {
	state   pipeline.State
	version int64
}

// mostRemembered bounds the memory: a state takes some ten kilobytes.
const mostRemembered = 256

func (m *memory) recall(key bot.Key) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.states[key]
	return r, ok
}

// keep remembers what was committed. If the memory is full, any other pipeline is dropped.
func (m *memory) keep(key bot.Key, r remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.states == nil {
		m.states = map[bot.Key]remembered{}
	}
	m.states[key] = r
	for other := range m.states {
		if len(m.states) <= mostRemembered {
			return
		}
		if other != key {
			delete(m.states, other)
		}
	}
}

func (m *memory) forget(key bot.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.states, key)
}
