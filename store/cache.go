package store

import "sync"

// cache keeps the bodies of deliveries from when they are stored until they are processed. That is a moment later,
// nearly always in the same process, so the bodies need not be read again. Missing ones are in the database. A delivery
// in the cache was never processed before.
type cache struct {
	mu    sync.Mutex
	kept  map[string]Delivery // guarded by mu: by GUID
	order []string            // guarded by mu: the oldest first; also some that are gone
	size  int                 // guarded by mu: bytes of the bodies
}

// cacheBytes bounds the memory of cache. More is pending only while deliveries arrive faster than they are processed.
const cacheBytes = 8 << 20

// keep remembers deliveries that are about to be stored.
func (r *cache) keep(group []*arrival) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = make(map[string]Delivery)
	}
	for _, a := range group {
		if _, known := r.kept[a.GUID]; known {
			continue // a redelivery: the insert will show that
		}
		r.kept[a.GUID] = a.Delivery
		r.order = append(r.order, a.GUID)
		r.size += len(a.Body)
	}
	// Other instances process some of them: nothing here takes those.
	for r.size > cacheBytes || len(r.order) > 2*len(r.kept)+inboxGroup {
		r.remove(r.order[0])
		r.order = r.order[1:]
	}
}

// take returns the delivery, and drops it.
func (r *cache) take(guid string) (d Delivery, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, ok = r.kept[guid]
	r.remove(guid)
	return d, ok
}

// forget drops deliveries that were not stored, or were not new.
func (r *cache) forget(group []*arrival) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range group {
		r.remove(a.GUID)
	}
}

// remove must be called with mu held.
func (r *cache) remove(guid string) {
	if d, ok := r.kept[guid]; ok {
		r.size -= len(d.Body)
		delete(r.kept, guid)
	}
}
