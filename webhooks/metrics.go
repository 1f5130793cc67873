package webhooks

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	deliveries *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
}

// newMetrics registers the metrics of Options.Metrics, or finds them registered.
func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "headstart_deliveries_total", Help: "Webhook deliveries by event and by what became of them.",
		}, []string{"event", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "headstart_delivery_seconds", Help: "Seconds from the arrival of a webhook delivery to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"result"}),
	}
	if r == nil {
		return m, nil
	}
	var err error
	if m.deliveries, err = register(r, m.deliveries); err == nil {
		m.seconds, err = register(r, m.seconds)
	}
	if err != nil {
		return nil, fmt.Errorf("register the metrics of webhooks: %w", err)
	}
	return m, nil
}

func register[C prometheus.Collector](r prometheus.Registerer, c C) (C, error) {
	err := r.Register(c)
	if have := (prometheus.AlreadyRegisteredError{}); errors.As(err, &have) {
		if c, ok := have.ExistingCollector.(C); ok {
			return c, nil
		}
	}
	return c, err
}

func (m *metrics) count(event, result string, took time.Duration) {
	if !known[event] && event != Heroku {
		event = "other" // unsigned requests must not make new series
	}
	m.deliveries.WithLabelValues(event, result).Inc()
	m.seconds.WithLabelValues(result).Observe(took.Seconds())
}
