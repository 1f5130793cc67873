package main

import (
	"context"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headstart-cd/headstart/store"
)

// What /metrics tells of the server itself, besides what its rooms count.

// buildInfo is 1, and names the version.
func buildInfo() prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "headstart_build_info", Help: "Always 1; its labels are the version of Headstart and of Go.",
		ConstLabels: prometheus.Labels{"version": version(), "go": runtime.Version()},
	})
	g.Set(1)
	return g
}

// queues shows what waits in the database, of all instances together. While the database does not answer, it is absent.
type queues struct{ store *store.Store }

var (
	queueDepth = prometheus.NewDesc("headstart_queue_depth", "Jobs that wait for an instance to work on them, by queue, of all instances together.", []string{"queue"}, nil)
	queueAge   = prometheus.NewDesc("headstart_queue_oldest_seconds", "How long the oldest job has waited, by queue; 0: none waits.", []string{"queue"}, nil)
)

// Describe is prometheus.Collector's.
func (queues) Describe(c chan<- *prometheus.Desc) {
	c <- queueDepth
	c <- queueAge
}

// Collect is prometheus.Collector's.
func (q queues) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	list, err := q.store.Backlogs(ctx)
	if err != nil {
		return
	}
	for _, w := range list {
		c <- prometheus.MustNewConstMetric(queueDepth, prometheus.GaugeValue, float64(w.Jobs), w.Queue)
		c <- prometheus.MustNewConstMetric(queueAge, prometheus.GaugeValue, w.Oldest.Seconds(), w.Queue)
	}
}
