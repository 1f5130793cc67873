package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// SweepOptions are the parts of a Sweeper.
type SweepOptions struct {
	Engine *Engine
	Sweeps Sweeps
	Hooks  Hooks
	// GitHub returns the request budget of an installation, App that of the App itself, and Platform that of a
	// platform.
	GitHub   func(installation int64) bot.Allowance
	App      func() bot.Allowance
	Platform func(name string) bot.Allowance
	Every    time.Duration // between two rounds
	// Since is until when deliveries have surely arrived, e.g. the time of the newest stored one; zero: unknown.
	// GitHub's log is read from there.
	Since  time.Time
	Clock  Clock       // nil: the system's
	Logger *zap.Logger // nil: none
}

// Sweeper finds what lost webhooks hide. Of several instances only the leading one sweeps. In each round it asks GitHub
// to redeliver lost webhooks, and sweeps the pipelines that are due. Its share of the requests bounds both: see
// [share].
type Sweeper struct {
	o       SweepOptions
	repeats repeats // what was logged lately

	mu     sync.Mutex // guards everything below; rounds do not overlap
	shares map[any]*share
	led    bool             // it led in the previous round
	asked  map[string]asked // redeliveries that were requested, by GUID
	since  time.Time        // deliveries before this are known
}

// asked is the state of a requested redelivery.
type asked struct {
	times int
	next  time.Time // when to ask again
}

// How far back failed deliveries are looked for. GitHub keeps them for three days (docs.github.com, "Redelivering
// webhooks").
const (
	deliveryLog = 71 * time.Hour
	// overlap is how far a round looks back before the last one. An attempt may be listed late, and a redelivery may
	// fail minutes after the request.
	overlap = 15 * time.Minute
	// askAgain is the first pause before a redelivery is requested again; it doubles each time.
	askAgain = 110 * time.Second
	askMost  = 9 // times, which is more than eight hours
	// standby bounds the pause between two looks whether this instance leads.
	standby = 5 * time.Second
)

const (
	// sweepBatch is how many pipelines a round requests from the store at once.
	sweepBatch = 200
	// inMotion is the longest pause between sweeps of a pipeline with something under way.
	inMotion = 5 * time.Minute
)

// NewSweeper returns a Sweeper. Run must be running.
func NewSweeper(o SweepOptions) *Sweeper {
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	s := &Sweeper{o: o, shares: map[any]*share{}, asked: map[string]asked{}}
	s.since = o.Clock.Now().Add(-deliveryLog)
	if since := o.Since.Add(-time.Hour); since.After(s.since) {
		s.since = since
	}
	return s
}

// Run sweeps now and then every so often, until ctx ends. It returns nil then.
func (s *Sweeper) Run(ctx context.Context) error {
	wait := standby / 64 // an instance that starts alone leads in a moment
	for {
		led, err := s.Sweep(ctx)
		if ctx.Err() == nil {
			s.told(led, err)
		}
		alarm, stop := s.o.Clock.Alarm(s.o.Clock.Now().Add(s.o.Every))
		if led {
			wait = standby
		} else {
			stop()
			// Leadership uses the machine's time, not the pipelines'.
			alarm = time.After(wait)
			wait = min(2*wait, standby)
		}
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-alarm:
		}
	}
}

// sweepFailed is what a failed round is logged as: once, and then once an hour while the answer stays the same.
const sweepFailed = "could not look for lost webhooks; retrying in the next round"

// told logs and counts how a round ended.
func (s *Sweeper) told(led bool, err error) {
	now := s.o.Clock.Now()
	switch {
	case err != nil:
		if s.repeats.worth(sweepFailed+": "+err.Error(), now) {
			s.o.Logger.Warn(sweepFailed, zap.Error(err))
		}
	case led:
		s.o.Engine.metrics.swept.succeeded(now)
		if s.repeats.over(sweepFailed) {
			s.o.Logger.Info("lost webhooks are looked for again")
		}
	}
}

// Sweep is one round. It does nothing while another instance leads.
func (s *Sweeper) Sweep(ctx context.Context) (led bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	leads, err := s.o.Sweeps.Leads(ctx)
	if err != nil {
		return false, fmt.Errorf("find out who sweeps: %w", err)
	}
	anew := leads && !s.led
	if s.led = leads; !leads {
		return false, nil
	}
	return true, errors.Join(s.redeliver(ctx), s.pipelines(ctx, anew))
}

// redeliver asks GitHub to redeliver lost webhooks that are not known here.
func (s *Sweeper) redeliver(ctx context.Context) error {
	now := s.o.Clock.Now()
	app := s.share("app", s.o.App())
	if !app.left() {
		return nil
	}
	app.spend(1)
	failed, err := s.o.Hooks.FailedDeliveries(ctx, s.since)
	if err != nil {
		return fmt.Errorf("list the deliveries that failed: %w", err)
	}
	guids := make([]string, len(failed))
	for i, f := range failed {
		guids[i] = f.GUID
	}
	known, err := s.o.Sweeps.Processed(ctx, guids)
	if err != nil {
		return fmt.Errorf("find out which deliveries arrived after all: %w", err)
	}
	// Deliveries listed after an error may be older than the failed one. The next round begins later only if this round
	// succeeds.
	since := now.Add(-overlap)
	lookBack := func(at time.Time) {
		if at = at.Add(-time.Second); at.Before(since) {
			since = at
		}
	}
	slices.SortStableFunc(failed, func(a, b bot.FailedDelivery) int { return cmp.Compare(rank(a.Event), rank(b.Event)) })
	for _, f := range failed {
		a := s.asked[f.GUID]
		if known[f.GUID] || a.times >= askMost {
			continue
		}
		if a.next.After(now) || !app.left() {
			lookBack(f.At)
			continue
		}
		app.spend(1)
		var refused *bot.Refused
		switch err := s.o.Hooks.Redeliver(ctx, f.ID); {
		case errors.As(err, &refused):
			s.o.Logger.Warn("GitHub refused to redeliver a missed webhook", zap.String("guid", f.GUID), zap.String("event", f.Event), zap.Error(err))
			s.asked[f.GUID] = asked{times: askMost, next: now}
			continue
		case err != nil:
			return fmt.Errorf("have the delivery %s repeated: %w", f.GUID, err)
		}
		s.o.Logger.Info("asked GitHub to redeliver a missed webhook",
			zap.String("guid", f.GUID), zap.String("event", f.Event), zap.Time("sent", f.At), zap.Int("attempts", f.Attempts))
		s.asked[f.GUID] = asked{times: a.times + 1, next: now.Add(askAgain << a.times)}
		lookBack(f.At)
	}
	s.since = since
	for guid, a := range s.asked {
		if now.Sub(a.next) > deliveryLog {
			delete(s.asked, guid)
		}
	}
	return nil
}

// rank orders redeliveries: comments first, which nothing else reveals; then what a reading of the branch reveals, too;
// then checks.
func rank(event string) int {
	switch event {
	case "issue_comment":
		return 0
	case "push", "pull_request":
		return 1
	}
	return 2
}

// pipelines sweeps the pipelines that are due, longest overdue first. With anew, nobody has led for a while: pipelines
// in motion are swept even if not due. It ends at the next round, which looks for lost deliveries first.
func (s *Sweeper) pipelines(ctx context.Context, anew bool) error {
	began := s.o.Clock.Now()
	until := began
	if anew {
		until = until.Add(inMotion)
	}
	var spent []int64 // installations without requests left for this
	seen := map[bot.Key]bool{}
	for {
		due, err := s.o.Sweeps.SweepsDue(ctx, until, spent, sweepBatch)
		if err != nil {
			return fmt.Errorf("find out what to look at: %w", err)
		}
		swept := 0
		for _, key := range due {
			switch {
			case ctx.Err() != nil, s.o.Clock.Now().Sub(began) >= s.o.Every && s.o.Every > 0:
				return nil
			case s.share("app", s.o.App()).short:
				return nil // only the App's requests for tokens are left, and deploys need them
			case seen[key]:
				continue
			}
			more, installation, err := s.pipeline(ctx, key, anew)
			if err != nil {
				return err
			}
			if more {
				swept++
				seen[key] = true
			} else {
				spent = append(spent, installation)
			}
		}
		// A swept pipeline is not due any more. The others are in except.
		if len(due) < sweepBatch || swept == 0 {
			return nil
		}
	}
}

// pipeline sweeps one pipeline, if GitHub's share has requests left. Its apps are looked at if the platform's share
// has.
func (s *Sweeper) pipeline(ctx context.Context, key bot.Key, anew bool) (more bool, installation int64, err error) {
	state, _, err := s.o.Engine.load(ctx, key)
	if err != nil {
		return false, 0, err
	}
	installation = state.Installation
	github := s.share(installation, s.o.GitHub(installation))
	if !github.left() {
		return false, installation, nil
	}
	apps := s.share(state.Config.Platform, s.o.Platform(state.Config.Platform))
	effects, err := s.o.Engine.sweep(ctx, key, bot.Swept{Apps: apps.left(), Reread: anew})
	if err != nil {
		return false, installation, err
	}
	for _, e := range effects {
		onGitHub, onPlatform := bot.Requests(e.Do)
		github.spend(onGitHub)
		apps.spend(onPlatform)
	}
	return true, installation, nil
}

// sweep is an update that returns its idle effects.
func (e *Engine) sweep(ctx context.Context, key bot.Key, swept bot.Swept) ([]bot.Effect, error) {
	c, err := e.commit(ctx, key, 0, []bot.Fact{swept})
	if errors.Is(err, ErrElsewhere) {
		return nil, nil
	}
	var idle []bot.Effect
	for _, effect := range c.Effects {
		if effect.Idle {
			idle = append(idle, effect)
		}
	}
	return idle, err
}

func (s *Sweeper) share(of any, allowed bot.Allowance) *share {
	sh := s.shares[of]
	if sh == nil {
		sh = &share{}
		s.shares[of] = sh
	}
	sh.refill(allowed, s.o.Clock.Now())
	return sh
}

// share is the part of a request budget that sweeps may use. It is less than a tenth of the hourly limit, and a twelfth
// of that at once. It is nothing while less than a quarter of the limit is left: commands and promotions need that.
type share struct {
	unlimited bool
	short     bool      // too little of the limit is left
	tokens    float64   // requests
	at        time.Time // of the last refill; zero: never
}

const (
	ofLimit          = 0.09 // of the hourly limit
	ofBurst          = 1.0 / 12
	keepLeft         = 4    // 1/keepLeft of the limit stays for others
	defaultAllowance = 5000 // per hour, until GitHub has answered: every installation's minimum
)

func (s *share) refill(allowed bot.Allowance, now time.Time) {
	if s.unlimited = allowed.Limit < 0; s.unlimited {
		return
	}
	limit := allowed.Limit
	if limit == 0 {
		limit, allowed.Left = defaultAllowance, defaultAllowance
	}
	s.short = allowed.Left < limit/keepLeft
	hourly := float64(limit) * ofLimit
	burst := max(hourly*ofBurst, 1)
	if s.at.IsZero() {
		s.tokens = burst
	} else if passed := now.Sub(s.at); passed > 0 {
		s.tokens = min(s.tokens+hourly*passed.Hours(), burst)
	}
	s.at = now
}

// left reports whether a request may be made. One pipeline may take more than is left; the next one then waits longer.
func (s *share) left() bool { return s.unlimited || !s.short && s.tokens >= 1 }

func (s *share) spend(requests int) { s.tokens -= float64(requests) }
