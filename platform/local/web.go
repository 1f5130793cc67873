package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"
)

// instance is a web process that answers.
type instance struct {
	proc    *process
	backend *backend
}

// startWeb starts the web process of a release that is unpacked, with the config
// vars of a file, and returns when it answers. What the process writes goes to
// the app's log, and to out, which is closed when the process has ended.
func (p *Platform) startWeb(ctx context.Context, a *app, rec releaseRecord, vars string, out *output) (_ *instance, err error) {
	dir := a.releaseDir(rec.Version)
	lines, err := procfileOf(dir)
	if err != nil {
		return nil, err
	}
	env, err := p.runEnviron(a, rec, dir, vars)
	if err != nil {
		return nil, err
	}
	port, err := p.ports.take()
	if err != nil {
		return nil, err
	}
	env["PORT"] = strconv.Itoa(port)
	out.conceal(env.secrets())
	log := openOutput(a.outputFile("web"), true, nil)
	log.note(fmt.Sprintf("--- %s starts: %s", rec.id(), lines["web"]))
	out.note("$ " + lines["web"])
	proc, err := p.startRecorded(a, "web "+rec.id(), lines["web"], dir, env, io.MultiWriter(log, out))
	if err != nil {
		log.Close()
		p.ports.give(port)
		return nil, err
	}
	p.wg.Go(func() {
		<-proc.done
		log.note(fmt.Sprintf("--- %s ended: %s", rec.id(), howItEnded(proc.err)))
		log.Close()
		out.Close()
		p.ports.give(port)
	})
	if err := p.awaitAnswer(ctx, a, proc, port, out); err != nil {
		proc.stop(p.opts.StopLimit)
		return nil, err
	}
	return &instance{proc: proc, backend: p.newBackend(a, port)}, nil
}

// awaitAnswer waits until GET / is answered with a status below 500.
func (p *Platform) awaitAnswer(ctx context.Context, a *app, proc *process, port int, out *output) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.opts.ReadyLimit, errTooLong)
	defer cancel()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	seen := "it does not listen on PORT"
	began := time.Now()
	var astray time.Time // since when it is up, but in a wrong way
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", port), nil)
		if err != nil {
			return err
		}
		req.Host = a.name + ".localhost"
		req.Header.Set("User-Agent", "Headstart")
		res, err := client.Do(req)
		switch {
		case err == nil:
			res.Body.Close()
			if res.StatusCode < 500 {
				select {
				case <-proc.done: // somebody else answered
				default:
					return nil
				}
			}
			seen = fmt.Sprintf("it answers %d", res.StatusCode)
		case ctx.Err() == nil && !errors.As(err, new(*net.OpError)):
			seen = "it does not answer HTTP"
		}
		wrong := ""
		switch {
		case err == nil:
			wrong = seen
		case ctx.Err() == nil && time.Since(began) > time.Second: // most answer sooner, and looking takes time
			wrong = listensElsewhere(proc.id.listens(), port)
		}
		switch {
		case wrong == "":
			astray = time.Time{}
		case astray.IsZero():
			seen, astray = wrong, time.Now()
		case time.Since(astray) > p.opts.AstrayLimit:
			return sentence(fmt.Sprintf("The web process is not ready: %s.", wrong))
		}
		select {
		case <-proc.done:
			return sentence(out.because(fmt.Sprintf("The web process ended (%s) before it answered", howItEnded(proc.err))))
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errTooLong) {
				return sentence(fmt.Sprintf("The web process was not ready within %v: %s.", p.opts.ReadyLimit, seen))
			}
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// runner keeps one release of an app running.
type runner struct {
	rec  releaseRecord
	stop chan struct{} // closed, once, when another release has taken over
}

func (p *Platform) newRunner(rec releaseRecord) *runner {
	return &runner{rec: rec, stop: make(chan struct{})}
}

// keep keeps a release running until another one takes over or the platform
// stops, and then drains and stops it. A web process that ends is started again,
// at once at first and then ever slower. Without an instance it begins by
// starting one.
func (p *Platform) keep(a *app, r *runner, inst *instance) {
	const (
		atFirst = 200 * time.Millisecond
		atMost  = 30 * time.Second
		healthy = time.Minute // a process that ran this long begins anew
	)
	log := p.log.With(zap.String("app", a.name), zap.Int("release", r.rec.Version))
	wait := atFirst
	for {
		if inst != nil {
			up := time.Now()
			select {
			case <-inst.proc.done:
				trouble := fmt.Sprintf("The web process of v%d ended: %s.", r.rec.Version, howItEnded(inst.proc.err))
				log.Warn("a web process ended and is started again", zap.Error(inst.proc.err), zap.Duration("after", wait))
				p.down(a, r, inst, trouble)
				if time.Since(up) > healthy {
					wait = atFirst
				}
				if !p.pause(r, wait) {
					p.retire(a, r, nil)
					return
				}
				wait = min(2*wait, atMost)
			case <-r.stop:
				p.retire(a, r, inst)
				return
			case <-p.ctx.Done():
				p.retire(a, r, inst)
				return
			}
		}
		var err error
		if inst, err = p.bringUp(a, r); err != nil {
			if !r.stopped() && p.ctx.Err() == nil {
				log.Warn("a web process does not start", zap.Error(err), zap.Duration("again_after", wait))
				p.down(a, r, nil, p.whyNot(err))
			}
			if !p.pause(r, wait) {
				p.retire(a, r, nil)
				return
			}
			wait = min(2*wait, atMost)
		}
	}
}

// bringUp starts a release that is, or was, live once more.
func (p *Platform) bringUp(a *app, r *runner) (*instance, error) {
	ctx, cancel := context.WithCancelCause(p.ctx)
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-r.stop:
			cancel(errStopped)
		case <-done:
		}
	}()
	if err := p.unpackRelease(a, r.rec); err != nil {
		return nil, err
	}
	out := openOutput(a.releaseFile(r.rec.id()), false, nil)
	inst, err := p.startWeb(ctx, a, r.rec, a.varsFile(), out)
	if err != nil {
		out.Close()
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.live == r {
		a.route.set(inst.backend)
		a.process.up, a.process.since, a.process.trouble = true, p.opts.Clock(), ""
		a.process.restarts++
	}
	return inst, nil
}

// down takes a process that ended out of the router.
func (p *Platform) down(a *app, r *runner, inst *instance, trouble string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.live != r {
		return
	}
	if inst != nil {
		a.route.clear(inst.backend)
	}
	if a.process.up || a.process.trouble == "" {
		a.process.since = p.opts.Clock()
	}
	a.process.up, a.process.trouble = false, trouble
}

// pause waits before a restart, and reports false when there is to be none.
func (p *Platform) pause(r *runner, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.stop:
	case <-p.ctx.Done():
	}
	return false
}

func (r *runner) stopped() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

// retire drains and stops an instance, and removes its files unless it is to
// come back.
func (p *Platform) retire(a *app, r *runner, inst *instance) {
	log := p.log.With(zap.String("app", a.name), zap.Int("release", r.rec.Version))
	if inst != nil {
		if r.stopped() { // else the platform stops, and the router has drained already
			if left := a.route.drain(p.ctx, inst.backend, p.opts.DrainLimit); left > 0 {
				log.Warn("requests were cut off, because they outlasted the drain limit", zap.Int("requests", left))
			}
		}
		inst.backend.transport.CloseIdleConnections()
		inst.proc.stop(p.opts.StopLimit)
	}
	if err := a.settle(func(s *state) { delete(s.Processes, "web "+r.rec.id()) }); err != nil {
		log.Warn("the end of a web process could not be saved", zap.Error(err))
	}
	if r.stopped() {
		if err := removeAll(a.releaseDir(r.rec.Version)); err != nil {
			log.Warn("the folder of an old release could not be removed", zap.Error(err))
		}
	}
}

// ports hands out ports for web processes, from a range below the one that
// operating systems take for outgoing connections.
type ports struct {
	mu    sync.Mutex
	taken map[int]bool // guarded by mu
}

const firstPort, lastPort = 20000, 29999

func (ps *ports) take() (int, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.taken == nil {
		ps.taken = map[int]bool{}
	}
	const n = lastPort - firstPort + 1
	start := rand.IntN(n) // so that two platforms on one machine seldom try the same
	for i := range n {
		port := firstPort + (start+i)%n
		if ps.taken[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		l.Close()
		ps.taken[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("no port between %d and %d is free", firstPort, lastPort)
}

func (ps *ports) give(port int) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.taken, port)
}
