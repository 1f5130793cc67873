package githubtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Fate is what becomes of a webhook.
type Fate int

const (
	Deliver   Fate = iota // send it
	Duplicate             // send it twice, with one GUID
	Hold                  // keep it until Release
	Lose                  // the receiver never sees it, and the delivery log shows a failure
	Vanish                // it never existed: not even the log knows it
)

// Delivery is one webhook: an event on its way to the App.
type Delivery struct {
	GUID         string // of X-GitHub-Delivery; a redelivery repeats it
	Event        string // push, check_suite, …
	Action       string // created, completed, …; "" for some events
	Installation int64
	Repository   string // full name, "" for some events
	Payload      []byte // JSON
	Created      time.Time
	Fate         Fate
	// Attempts to deliver it, oldest first. None while it waits or is held.
	Attempts []Attempt
}

// Attempt is one try to deliver a webhook.
type Attempt struct {
	ID         int64
	Time       time.Time
	Redelivery bool
	StatusCode int    // the receiver's; 0 if it did not answer
	Status     string // "OK", or what went wrong
	Duration   time.Duration
}

// OK says whether some attempt reached the receiver and pleased it.
func (d Delivery) OK() bool {
	return slices.ContainsFunc(d.Attempts, func(a Attempt) bool { return a.Status == "OK" })
}

// hooks is the App's webhook and all that was ever meant for it.
type hooks struct {
	url, secret string
	fate        func(Delivery) Fate
	paused      bool
	all         []*Delivery
	queue       []queued
	held        []*Delivery
	busy        bool          // one is being delivered
	changed     chan struct{} // closed and replaced whenever something above changes
	ended       chan struct{} // closed when the delivering goroutine has ended
}

type queued struct {
	delivery   *Delivery
	redelivery bool
}

// SetWebhook says where events go from now on, and signs them with secret.
// GitHub sends a ping then. Without a URL nothing is sent.
func (s *Server) SetWebhook(url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setWebhook(url, secret)
}

// Webhook returns where webhooks go, and with what they are signed.
func (s *Server) Webhook() (url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hooks.url, s.hooks.secret
}

// setWebhook is SetWebhook for who has the lock.
func (s *Server) setWebhook(url, secret string) {
	s.hooks.url, s.hooks.secret = url, secret
	if url != "" {
		s.emit(nil, nil, "ping", "", obj{
			"zen": "Approachable is better than simple.", "hook_id": s.nextID(),
			"hook": obj{"type": "App", "active": true, "app_id": s.app.id, "events": s.subscribed()},
		}, "")
	}
}

// OnDelivery has every event from now on judged by fate; nil delivers all. It
// is called with the server locked: it must not call the server.
func (s *Server) OnDelivery(fate func(Delivery) Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.fate = fate
}

// PauseDeliveries keeps events back until ResumeDeliveries.
func (s *Server) PauseDeliveries() { s.setPaused(true) }

// ResumeDeliveries sends what was kept back, in order.
func (s *Server) ResumeDeliveries() { s.setPaused(false) }

func (s *Server) setPaused(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.paused = paused
	s.hooks.signal()
}

// Held lists the events that are held, oldest first.
func (s *Server) Held() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copyOf(s.hooks.held)
}

// Release sends held events, in the order given; without any GUID all of them,
// oldest first.
func (s *Server) Release(guids ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(guids) == 0 {
		for _, d := range s.hooks.held {
			guids = append(guids, d.GUID)
		}
	}
	for _, guid := range guids {
		i := slices.IndexFunc(s.hooks.held, func(d *Delivery) bool { return d.GUID == guid })
		if i < 0 {
			return fmt.Errorf("release %s: no such delivery is held", guid)
		}
		s.hooks.push(queued{delivery: s.hooks.held[i]})
		s.hooks.held = slices.Delete(s.hooks.held, i, i+1)
	}
	return nil
}

// Redeliver sends an event once more, as GitHub's button does.
func (s *Server) Redeliver(guid string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.hooks.all {
		if d.GUID == guid {
			s.hooks.push(queued{delivery: d, redelivery: true})
			return nil
		}
	}
	return fmt.Errorf("redeliver %s: no such delivery", guid)
}

// Deliveries lists every event that was meant for the App, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copyOf(s.hooks.all)
}

func copyOf(from []*Delivery) []Delivery {
	all := make([]Delivery, len(from))
	for i, d := range from {
		all[i] = *d
		all[i].Attempts = slices.Clone(d.Attempts)
	}
	return all
}

// Flush waits until no event waits to be delivered. Held ones do not count.
func (s *Server) Flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		idle, changed := len(s.hooks.queue) == 0 && !s.hooks.busy, s.hooks.changed
		s.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for webhooks to be delivered: %w", ctx.Err())
		case <-s.context.Done():
			return errors.New("wait for webhooks to be delivered: the server is closed")
		}
	}
}

// WaitFor waits until an event that pleases was delivered and answered with 2xx.
func (s *Server) WaitFor(ctx context.Context, pleases func(Delivery) bool) (Delivery, error) {
	for {
		s.mu.Lock()
		changed := s.hooks.changed
		s.mu.Unlock()
		for _, d := range s.Deliveries() {
			if d.OK() && pleases(d) {
				return d, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Delivery{}, fmt.Errorf("wait for a webhook: %w", ctx.Err())
		}
	}
}

// subscribed events of the App.
func (s *Server) subscribed() []string {
	if s.opts.Events != nil {
		return s.opts.Events
	}
	return []string{
		"check_run", "check_suite", "deployment", "deployment_status", "issue_comment", "merge_group", "pull_request", "push", "repository", "status",
	}
}

// emit sends an event, if the App subscribes to it. The caller holds mu.
func (s *Server) emit(i *Installation, r *Repo, event, action string, payload obj, sender string) {
	always := event == "ping" || event == "installation" || event == "installation_repositories"
	if s.hooks.url == "" || (i != nil && !i.suspended.IsZero() && !always) || (!always && !slices.Contains(s.subscribed(), event)) {
		return
	}
	d := &Delivery{GUID: newGUID(), Event: event, Action: action, Created: s.now()}
	if action != "" {
		payload["action"] = action
	}
	if sender != "" {
		payload["sender"] = s.userJSON(sender)
	}
	if i != nil {
		d.Installation = i.ID
		if payload["installation"] == nil {
			payload["installation"] = obj{"id": i.ID, "node_id": fmt.Sprintf("I_%d", i.ID)}
		}
	}
	if r != nil {
		d.Repository = r.FullName()
		if payload["repository"] == nil {
			payload["repository"] = r.json()
		}
		if r.owner.kind == "Organization" {
			payload["organization"] = obj{
				"login": r.owner.login, "id": r.owner.id, "node_id": fmt.Sprintf("O_%d", r.owner.id),
				"url": s.api + "/orgs/" + r.owner.login, "description": nil,
			}
		}
	}
	var err error
	if d.Payload, err = json.Marshal(payload); err != nil {
		panic(fmt.Sprintf("githubtest: %s event: %v", event, err)) // we made it ourselves of maps and strings
	}
	if s.hooks.fate != nil {
		d.Fate = s.hooks.fate(*d)
	}
	if d.Fate == Vanish || len(d.Payload) > 25<<20 {
		return
	}
	s.hooks.all = append(s.hooks.all, d)
	switch d.Fate {
	case Hold:
		s.hooks.held = append(s.hooks.held, d)
		s.hooks.signal()
	case Duplicate:
		s.hooks.push(queued{delivery: d})
		s.hooks.push(queued{delivery: d})
	default:
		s.hooks.push(queued{delivery: d})
	}
}

// Send emits an event that the stand-in has no life of its own for, or one that is
// not as it should be. Repository, installation, sender and action are added to the
// payload.
func (r *Repo) Send(event, action string, payload map[string]any) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	i := r.installation()
	if i == nil {
		return fmt.Errorf("send %s: the App is not installed on %s", event, r.FullName())
	}
	all := obj{}
	for k, v := range payload {
		all[k] = v
	}
	r.s.emit(i, r, event, action, all, DefaultUser)
	return nil
}

func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand ends the program rather than fail
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (h *hooks) push(q queued) {
	h.queue = append(h.queue, q)
	h.signal()
}

// signal wakes whoever waits for a change.
func (h *hooks) signal() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// startDelivering runs the one goroutine that sends events, in order.
func (s *Server) startDelivering() {
	s.hooks.changed, s.hooks.ended = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(s.hooks.ended)
		for s.context.Err() == nil {
			s.mu.Lock()
			changed := s.hooks.changed
			if s.hooks.paused || len(s.hooks.queue) == 0 {
				s.mu.Unlock()
				select {
				case <-changed:
				case <-s.context.Done():
				}
				continue
			}
			next := s.hooks.queue[0]
			s.hooks.queue, s.hooks.busy = s.hooks.queue[1:], true
			url, secret, delivery := s.hooks.url, s.hooks.secret, *next.delivery
			a := Attempt{ID: s.nextID(), Time: s.now(), Redelivery: next.redelivery}
			s.mu.Unlock()

			if delivery.Fate == Lose && !next.redelivery {
				a.Status = "failed to connect to host"
			} else {
				s.send(&a, url, secret, delivery)
			}

			s.mu.Lock()
			next.delivery.Attempts = append(next.delivery.Attempts, a)
			s.hooks.busy = false
			s.hooks.signal()
			s.mu.Unlock()
		}
	}()
}

// hookClient follows no redirect: a webhook arrives where it is sent, or not.
var hookClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send posts a webhook and writes into the attempt what came of it.
func (s *Server) send(a *Attempt, url, secret string, d Delivery) {
	ctx, cancel := context.WithTimeout(s.context, s.opts.HookTimeout)
	defer cancel()
	started := time.Now()
	defer func() { a.Duration = time.Since(started) }()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.Payload))
	if err != nil {
		a.Status = "invalid url"
		return
	}
	for k, v := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/githubtest", "Accept": "*/*",
		"X-GitHub-Event": d.Event, "X-GitHub-Delivery": d.GUID, "X-GitHub-Hook-ID": "1",
		"X-GitHub-Hook-Installation-Target-Type": "integration", "X-GitHub-Hook-Installation-Target-ID": fmt.Sprint(s.app.id),
	} {
		req.Header.Set(k, v)
	}
	if secret != "" {
		req.Header.Set("X-Hub-Signature-256", Sign(secret, d.Payload))
	}
	resp, err := hookClient.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		a.Status = "timed out"
		return
	case err != nil:
		a.Status = "failed to connect to host"
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // only the status counts
	a.StatusCode, a.Status = resp.StatusCode, http.StatusText(resp.StatusCode)
	if resp.StatusCode/100 == 2 {
		a.Status = "OK"
	}
}

// Sign is the X-Hub-Signature-256 header of a payload.
func Sign(secret string, payload []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
