package transcript

import (
	"slices"
	"sync"
)

// mostEnded is how many logs are kept of what has ended.
const mostEnded = 32

// Key names a build or a release of a platform.
type Key struct{ App, ID string }

// Shelf has logs by what they are of. Its zero value is empty.
type Shelf struct {
	mu    sync.Mutex
	logs  map[Key]*Log // guarded by mu
	order []Key        // guarded by mu: from the first that was put to the last
}

// Put keeps a log. Of logs that have ended the oldest are dropped when there are more than 32. A log of the same build or
// release that was kept before is closed: those who read along turn to the new one.
func (s *Shelf) Put(of Key, l *Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logs == nil {
		s.logs = map[Key]*Log{}
	}
	if old := s.logs[of]; old != nil {
		old.Close(false)
		s.order = slices.DeleteFunc(s.order, func(k Key) bool { return k == of })
	}
	s.logs[of], s.order = l, append(s.order, of)
	s.tidy()
}

// tidy is called with mu held.
func (s *Shelf) tidy() {
	ended := 0
	for _, key := range s.order {
		if s.logs[key].ended() {
			ended++
		}
	}
	kept := s.order[:0]
	for _, key := range s.order {
		if ended > mostEnded && s.logs[key].ended() {
			ended--
			delete(s.logs, key)
			continue
		}
		kept = append(kept, key)
	}
	s.order = kept
}

// Get returns a log; nil: there is none.
func (s *Shelf) Get(of Key) *Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logs[of]
}

func (l *Log) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}
