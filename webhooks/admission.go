package webhooks

import (
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Limits on bodies whose signature is not verified yet.
const (
	bodiesAtOnce = 512 // in flight
	// One address may have 1/clientsPart of them.
	clientsPart = 4

	// A body's first bytes need no reservation. So small deliveries, which nearly all are, never compete for memory.
	// The rest comes from one shared store.
	freeBytes  = firstPieces
	largeBytes = 40 << 20

	// One body of known length may exceed that store, so that one of several large bodies always proceeds.

	// How long a body waits for memory before another must give way. A large body waits longer.
	waitAtLeast = 250 * time.Millisecond
	waitASecond = 3 << 20 // bytes received per further second of waiting

	// How fast a body must arrive. GitHub itself gives up after ten seconds.
	firstByteWithin = 3 * time.Second
	bytesASecond    = 16 << 10
	bodyWithin      = 8 * time.Second
)

// errGaveWay ends the reading of a body in favor of others.
var errGaveWay = errors.New("gave way to others")

// Admission decides which bodies are read into memory before their sender is verified. Handlers that share one share
// its limits. A sender that sends nothing delays nobody: a body without a place takes that of the slowest.
//
//	bodies in flight            ≤ 512, a quarter of them of one address
//	bytes of bodies in flight   ≤ 512 × 64 kB + 40 MB + the largest body
//
// A connection counts only while its body arrives: not while it is idle, nor while its answer is written.
type Admission struct {
	proxies Proxies
	most    int       // bodies in flight
	hint    sync.Once // logs once that no proxies are trusted although there seem to be some

	mu     sync.Mutex
	bodies map[*arrival]struct{} // guarded by mu; arriving, and may have to give way
	of     map[netip.Addr]int    // guarded by mu; how many of bodies each address has
	large  int64                 // guarded by mu; bytes beyond each body's free ones
	last   *arrival              // guarded by mu; the user of the reserve, beyond large
	freed  chan struct{}         // guarded by mu; closed when memory came back
}

// NewAdmission returns the limits of a server. It believes the client addresses that proxies report; see Proxies.
// Bodies in flight use at most a quarter of the server's connections; 0: unlimited.
func NewAdmission(proxies Proxies, connections int) *Admission {
	most := bodiesAtOnce
	if connections > 0 {
		most = max(1, min(most, connections/4))
	}
	return &Admission{proxies: proxies, most: most, bodies: map[*arrival]struct{}{}, of: map[netip.Addr]int{}, freed: make(chan struct{})}
}

// arrival is one arriving body.
type arrival struct {
	a        *Admission
	client   netip.Addr // zero: not limited
	known    bool       // its length was announced
	began    time.Time
	received atomic.Int64
	deadline func(time.Time) // sets when its reading ends

	due    time.Time     // the current deadline; used by the reading goroutine alone
	waited time.Duration // guarded by Admission.mu; for memory
	held   int64         // guarded by Admission.mu; its part of Admission.large
	gone   bool          // guarded by Admission.mu; it had to give way
}

// enter admits a body. If there is no place, the slowest body gives way.
func (a *Admission) enter(w http.ResponseWriter, r *http.Request, log *zap.Logger) *arrival {
	client, odd := a.proxies.client(r)
	if odd {
		a.hint.Do(func() {
			log.Info("deliveries come through a proxy; name it in HEADSTART_TRUSTED_PROXIES, so that each client's share is limited")
		})
	}
	controller := http.NewResponseController(w)
	at := &arrival{
		a: a, client: client, known: r.ContentLength >= 0, began: time.Now(),
		// Servers have deadlines; test recorders have none.
		deadline: func(t time.Time) { _ = controller.SetReadDeadline(t) },
	}
	at.due = at.began.Add(firstByteWithin)
	at.deadline(at.due)
	a.mu.Lock()
	defer a.mu.Unlock()
	if client.IsValid() && a.of[client] >= max(1, a.most/clientsPart) {
		a.dismiss(a.slowest(at.began, func(b *arrival) bool { return b.client == client }))
	}
	if len(a.bodies) >= a.most {
		a.dismiss(a.slowest(at.began, func(*arrival) bool { return true }))
	}
	a.bodies[at] = struct{}{}
	if client.IsValid() {
		a.of[client]++
	}
	return at
}

// slowest returns the body with the lowest rate; nil: none qualifies. A new body counts as if its first packet had
// arrived.
func (a *Admission) slowest(now time.Time, qualifies func(*arrival) bool) (slowest *arrival) {
	const firstPacket = 16 << 10
	var lowest float64
	for b := range a.bodies {
		if !qualifies(b) {
			continue
		}
		took := max(now.Sub(b.began)-b.waited, time.Microsecond)
		if rate := float64(b.received.Load()+firstPacket) / took.Seconds(); slowest == nil || rate < lowest {
			slowest, lowest = b, rate
		}
	}
	return slowest
}

// dearest returns the body that has held the most memory for the longest time; nil: no qualifying body holds more than
// its free bytes.
func (a *Admission) dearest(now time.Time, qualifies func(*arrival) bool) (dearest *arrival) {
	var most float64
	for b := range a.bodies {
		if b.held == 0 && a.last != b || !qualifies(b) {
			continue
		}
		took := max(now.Sub(b.began)-b.waited, time.Microsecond)
		if cost := float64(b.received.Load()) * took.Seconds(); dearest == nil || cost > most {
			dearest, most = b, cost
		}
	}
	return dearest
}

// dismiss makes a body give way: it frees its memory and ends its reading.
func (a *Admission) dismiss(b *arrival) {
	b.gone = true
	a.remove(b)
	a.giveBack(b)
	b.deadline(time.Unix(1, 0))
}

func (a *Admission) remove(b *arrival) {
	if _, ok := a.bodies[b]; !ok {
		return
	}
	delete(a.bodies, b)
	if b.client.IsValid() {
		if a.of[b.client]--; a.of[b.client] == 0 {
			delete(a.of, b.client)
		}
	}
}

func (a *Admission) giveBack(b *arrival) {
	if b.held == 0 && a.last != b {
		return
	}
	a.large -= b.held
	b.held = 0
	if a.last == b {
		a.last = nil
	}
	close(a.freed)
	a.freed = make(chan struct{})
}

// reserve reserves n bytes for a body that has used up its free ones. Bodies of unknown length get what those of known
// length leave.
func (at *arrival) reserve(n int64) error {
	a := at.a
	a.mu.Lock()
	defer a.mu.Unlock()
	unknown := func(b *arrival) bool { return !b.known }
	wait := time.Duration(float64(at.received.Load()) / waitASecond * float64(time.Second))
	patience := time.Now().Add(max(wait, waitAtLeast))
	for !at.gone {
		now := time.Now()
		if a.last == at {
			return nil
		}
		if a.large+n <= largeBytes {
			a.large += n
			at.held += n
			return nil
		}
		victim := a.dearest(now, unknown)
		switch {
		case victim != nil && victim != at:
			a.dismiss(victim)
		case !at.known:
			return errGaveWay // no other body of its kind is left
		case a.last == nil:
			a.last = at
		case now.Before(patience):
			at.wait(patience.Sub(now))
		default:
			if victim = a.dearest(now, func(*arrival) bool { return true }); victim == nil || victim == at {
				return errGaveWay
			}
			a.dismiss(victim)
		}
	}
	return errGaveWay
}

// wait waits until memory is freed, at most for most. It is called with the lock held, and releases it meanwhile.
func (at *arrival) wait(most time.Duration) {
	began, freed := time.Now(), at.a.freed
	at.a.mu.Unlock()
	timer := time.NewTimer(most)
	select {
	case <-freed:
	case <-timer.C:
	}
	timer.Stop()
	at.a.mu.Lock()
	at.waited += time.Since(began)
}

// progress notes how much of the body has arrived, and extends its deadline.
func (at *arrival) progress(received int64) {
	at.received.Store(received)
	earned := time.Duration(float64(received) / bytesASecond * float64(time.Second))
	const unit = time.Second // the unit of deadlines: setting one costs as much as reading a packet
	if due := at.began.Add(min(firstByteWithin+earned, bodyWithin)); due.Sub(at.due) < unit && due.Before(at.began.Add(bodyWithin)) {
		return
	}
	at.a.mu.Lock()
	defer at.a.mu.Unlock()
	due := at.began.Add(min(firstByteWithin+earned+at.waited+unit, bodyWithin))
	if !at.gone && due.After(at.due) {
		at.due = due
		at.deadline(due)
	}
}

// complete ends the arrival of a complete body: it no longer gives way. It fails if it already has.
func (at *arrival) complete() error {
	at.a.mu.Lock()
	defer at.a.mu.Unlock()
	if at.gone {
		return errGaveWay
	}
	at.a.remove(at)
	at.deadline(time.Time{})
	return nil
}

// leave gives back everything a body still has.
func (at *arrival) leave() {
	at.a.mu.Lock()
	defer at.a.mu.Unlock()
	at.a.remove(at) // does nothing if the body is complete
	at.a.giveBack(at)
}
