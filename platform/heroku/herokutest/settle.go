package herokutest

import "time"

// lockSettled locks the server with its state brought up to the clock's
// present. A build that is due but still downloads its source is waited for,
// so that what a test sees depends on the clock alone.
func (s *Server) lockSettled() {
	for {
		s.mu.Lock()
		wait := s.settle(s.opts.Clock())
		if wait == nil {
			return
		}
		s.mu.Unlock()
		<-wait
	}
}

// Settle brings the state up to the clock's present, as any request does.
// Tests call it to let webhooks go out without asking for anything.
func (s *Server) Settle() {
	s.lockSettled()
	s.mu.Unlock()
}

// settle lets everything happen that is due, in the order in which it is due.
// If a build has to wait for its download, it returns a channel that closes
// then. The caller holds s.mu.
func (s *Server) settle(now time.Time) <-chan struct{} {
	for {
		var next func(time.Time)
		var due time.Time
		var wait <-chan struct{}
		consider := func(at time.Time, blocked <-chan struct{}, happen func(time.Time)) {
			if !at.After(now) && (next == nil || at.Before(due)) {
				next, due, wait = happen, at, blocked
			}
		}
		for _, a := range s.apps {
			for _, b := range a.builds {
				if b.status == "pending" {
					consider(b.due, b.downloading(), b.end)
				}
			}
			for _, r := range a.releases {
				if r.status == "pending" {
					consider(r.due, nil, r.end)
				}
			}
		}
		for _, d := range s.addons {
			if d.state == "provisioning" {
				consider(d.due, nil, d.end)
			}
		}
		for _, p := range s.promotions {
			for _, t := range p.targets {
				if t.status == "pending" && t.release == nil {
					consider(t.due, nil, t.start)
				}
			}
		}
		if next == nil {
			return nil
		}
		if wait != nil {
			return wait
		}
		next(due)
	}
}
