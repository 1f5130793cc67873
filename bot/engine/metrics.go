package engine

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// metrics count what has happened to pipelines, on this instance.
type metrics struct {
	builds, promotions, rollbacks, verifications, effects *prometheus.CounterVec
	build, push, green                                    prometheus.Histogram
	swept                                                 *lastSweep

	mu    sync.Mutex
	known map[place]bool // guarded by mu: the places with series of their own
}

// place is where a series is counted.
type place struct{ repository, stage string }

const (
	// mostPlaces bounds the series: the first so many stages, and repositories for their builds, have series of their own.
	// Ten series a place are ten thousand at most, whatever the number of pipelines.
	mostPlaces = 1000
	// others stands for all places beyond, in both labels.
	others = "other"
)

// Buckets of a quarter of a minute to hours: a deploy takes minutes, and one that waits for people takes hours.
var deployBuckets = []float64{15, 30, 60, 120, 180, 300, 450, 600, 900, 1800, 3600, 4 * 3600, 24 * 3600}

func newMetrics(registry prometheus.Registerer) *metrics {
	f := promauto.With(registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string) prometheus.Histogram {
		return f.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: deployBuckets})
	}
	m := &metrics{
		builds:        counter("headstart_builds_total", "Builds that ended, by repository and result: succeeded or failed.", "repository", "result"),
		promotions:    counter("headstart_promotions_total", "Promotions that ended, by repository, stage and result: succeeded, failed or given up.", "repository", "stage", "result"),
		rollbacks:     counter("headstart_rollbacks_total", "Rollbacks that ended, by repository, stage, kind (manual or automatic) and result.", "repository", "stage", "kind", "result"),
		verifications: counter("headstart_verifications_total", "Verifications of releases that ended, by repository, stage and result.", "repository", "stage", "result"),
		effects:       counter("headstart_effects_total", "Attempts of effects on GitHub, platforms and stages, by effect and outcome: done, refused, retry or unknown.", "effect", "outcome"),
		build:         histogram("headstart_build_seconds", "How long builds took that ended."),
		push:          histogram("headstart_push_to_live_seconds", "From a push until the last stage ran it, with all that it waited for."),
		green:         histogram("headstart_green_to_live_seconds", "From passed checks until the last stage ran the commit, with all that it waited for."),
		swept:         &lastSweep{},
		known:         map[place]bool{},
	}
	if registry != nil {
		registry.MustRegister(m.swept)
	}
	return m
}

// count counts what has happened to a pipeline.
func (m *metrics) count(key bot.Key, cfg bot.Config, notes []history.Note) {
	for i := range notes {
		n := &notes[i]
		at := m.place(key, n.Stage)
		switch took := n.Ended.Sub(n.Began).Seconds(); n.What {
		case history.NotePush:
			m.expect(key, cfg)
		case history.NoteBuild:
			m.expect(key, cfg) // of the first push the file was not read yet
			m.builds.WithLabelValues(m.place(key, "").repository, n.Result).Inc()
			m.build.Observe(max(took, 0))
		case history.NotePromotion:
			m.promotions.WithLabelValues(at.repository, at.stage, n.Result).Inc()
		case history.NoteRollback:
			m.rollbacks.WithLabelValues(at.repository, at.stage, "manual", n.Result).Inc()
		case history.NoteAutomatic:
			m.rollbacks.WithLabelValues(at.repository, at.stage, "automatic", n.Result).Inc()
		case history.NoteVerification:
			m.verifications.WithLabelValues(at.repository, at.stage, n.Result).Inc()
		case history.NoteLive:
			m.push.Observe(max(n.Ended.Sub(n.PushedAt).Seconds(), 0))
			if !n.GreenAt.IsZero() {
				m.green.Observe(max(n.Ended.Sub(n.GreenAt).Seconds(), 0))
			}
		}
	}
}

// expect makes the series that a push may lead to, at zero: Prometheus sees no increase in a series that begins with one.
func (m *metrics) expect(key bot.Key, cfg bot.Config) {
	results := []string{history.Succeeded, history.Failed}
	for _, result := range results {
		m.builds.WithLabelValues(m.place(key, "").repository, result)
	}
	for _, stage := range cfg.Stages {
		at := m.place(key, stage.Name)
		for _, result := range results {
			m.promotions.WithLabelValues(at.repository, at.stage, result)
			m.rollbacks.WithLabelValues(at.repository, at.stage, "automatic", result)
			if stage.Verify != nil {
				m.verifications.WithLabelValues(at.repository, at.stage, result)
			}
		}
	}
}

// place returns where a stage of a pipeline is counted; of a repository's builds the stage is empty.
func (m *metrics) place(key bot.Key, stage string) place {
	at := place{key.Repo.String(), stage}
	if key.Name != "" && stage != "" {
		at.stage = key.Name + ":" + stage
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known[at] {
		return at
	}
	if len(m.known) >= mostPlaces {
		return place{others, others}
	}
	m.known[at] = true
	return at
}

// attempted counts the outcome of an attempt.
func (m *metrics) attempted(f bot.Finished) {
	m.effects.WithLabelValues(bot.NameOf(f.Effect.Do), string(f.Outcome)).Inc()
}

// lastSweep is when a round of the sweeper last succeeded. It is absent until one has: an instance that does not lead has
// none, or an old one.
type lastSweep struct {
	mu sync.Mutex
	at time.Time // guarded by mu
}

var sweptAt = prometheus.NewDesc("headstart_sweep_last_success_timestamp_seconds",
	"When lost webhooks were last looked for with success, in seconds since 1970; only of the instance that does so.", nil, nil)

func (l *lastSweep) succeeded(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = at
}

// Describe is prometheus.Collector's.
func (*lastSweep) Describe(c chan<- *prometheus.Desc) { c <- sweptAt }

// Collect is prometheus.Collector's.
func (l *lastSweep) Collect(c chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.at.IsZero() {
		c <- prometheus.MustNewConstMetric(sweptAt, prometheus.GaugeValue, float64(l.at.UnixMilli())/1000)
	}
}
