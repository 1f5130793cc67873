package simulation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// hooks are GitHub's and the platform's webhooks. Each is delivered, or fails, or
// is late, or comes twice, or is never sent at all. What failed stands in GitHub's
// log of deliveries.
type hooks struct {
	sent int
	held []*hook // that are late
	past []*hook // all that were sent
}

// hook is one webhook.
type hook struct {
	guid     string
	id       int64 // of its newest attempt
	facts    []bot.Fact
	at       time.Time // of that
	attempts int
	arrived  bool
	checked  bool // that it was processed
}

// send sends a webhook, whatever becomes of it.
func (s *sim) send(facts ...bot.Fact) {
	h := &s.hooks
	h.sent++
	k := &hook{guid: fmt.Sprintf("d%d", h.sent), facts: facts}
	s.note("GitHub", "sends %s:%s", k.guid, lazily(facts))
	if s.lateComment {
		s.note("GitHub", "%s is late", k.guid)
		h.past = append(h.past, k)
		h.held = append(h.held, k)
		return
	}
	if !s.may.hooks || s.calm {
		h.past = append(h.past, k)
		s.arrive(k)
		return
	}
	switch s.pick(8) {
	default:
		h.past = append(h.past, k)
		s.arrive(k)
	case 4:
		s.note("GitHub", "%s is late", k.guid)
		h.past = append(h.past, k)
		h.held = append(h.held, k)
	case 5:
		s.note("GitHub", "%s comes twice", k.guid)
		h.past = append(h.past, k)
		s.arrive(k)
		s.arrive(k)
	case 6:
		s.note("GitHub", "%s fails on its way", k.guid)
		h.past = append(h.past, k)
		s.attempt(k)
	case 7:
		if _, comment := facts[len(facts)-1].(bot.Commented); comment {
			h.past = append(h.past, k)
			s.attempt(k) // nothing but its webhook tells of a comment
			return
		}
		s.note("GitHub", "%s is never sent", k.guid)
	}
}

func (s *sim) attempt(k *hook) {
	k.attempts++
	s.hooks.sent++
	k.id = int64(s.hooks.sent)
	k.at = s.Now
}

// arrive makes one attempt at a webhook: it fails while nobody is there.
func (s *sim) arrive(k *hook) {
	s.attempt(k)
	if len(s.alive) == 0 {
		s.note("GitHub", "%s finds nobody", k.guid)
		return
	}
	k.arrived = true
	s.receive(k.guid, k.facts)
}

// lateHook has a webhook arrive that was late.
func (s *sim) lateHook() {
	if n := len(s.hooks.held); n > 0 {
		i := s.pick(n)
		k := s.hooks.held[i]
		s.hooks.held = slices.Delete(s.hooks.held, i, i+1)
		s.note("GitHub", "%s arrives late", k.guid)
		s.arrive(k)
	}
}

// hookAgain has somebody deliver a webhook again. The bot may have forgotten its
// guid by then.
func (s *sim) hookAgain() {
	if n := len(s.hooks.past); n > 0 {
		k := s.hooks.past[s.pick(n)]
		if d := s.store.known[k.guid]; d != nil && d.ended && s.once(1) {
			delete(s.store.known, k.guid)
		}
		s.note("GitHub", "%s is delivered again", k.guid)
		s.arrive(k)
	}
}

// appMoved sends the platform's webhook.
func (s *sim) appMoved(app string) {
	if s.may.hooks && s.once(1) {
		s.send(bot.PlatformMoved{Platform: bot.PlatformHeroku, App: app})
	}
}

// failed reports whether a webhook did not arrive, and GitHub's log tells so.
func (h *hooks) failed() bool {
	return slices.ContainsFunc(h.past, (*hook).lost)
}

func (k *hook) lost() bool { return !k.arrived && k.attempts > 0 }

// event is GitHub's name for what it is about.
func (k *hook) event() string {
	switch k.facts[len(k.facts)-1].(type) {
	case bot.Commented:
		return "issue_comment"
	case bot.Pushed:
		return "push"
	case bot.PullRequestChanged:
		return "pull_request"
	case bot.MergeGroupChanged:
		return "merge_group"
	}
	return "check_run"
}

// hookLog is GitHub's log of deliveries, as an instance sees it.
type hookLog struct{ in *instance }

func (l hookLog) FailedDeliveries(_ context.Context, since time.Time) ([]bot.FailedDelivery, error) {
	s := l.in.s
	return call(l.in, ask{what: "listing failed deliveries"}, func() ([]bot.FailedDelivery, error) {
		var list []bot.FailedDelivery
		for _, k := range s.hooks.past {
			if k.lost() && !k.at.Before(since) {
				list = append(list, bot.FailedDelivery{ID: k.id, GUID: k.guid, Event: k.event(), At: k.at, Attempts: k.attempts})
			}
		}
		return list, nil
	})
}

func (l hookLog) Redeliver(_ context.Context, id int64) error {
	s := l.in.s
	_, err := call(l.in, ask{what: "having a webhook delivered again", writes: true}, func() (bool, error) {
		for _, k := range s.hooks.past {
			if k.id == id && id != 0 {
				s.arrive(k)
			}
		}
		return true, nil
	})
	return err
}

// lazily puts facts into words only if somebody reads them.
type lazily []bot.Fact

func (l lazily) String() string { return describe(l) }
