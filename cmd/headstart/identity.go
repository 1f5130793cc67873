package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// refusedRepositories counts the repositories that came under another one's name, for
// whoever watches the metrics. `headstart repo list` shows them.
func (srv *server) refusedRepositories() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "headstart_repositories_refused",
		Help: "Repositories that came under another one's name and wait to be confirmed with headstart repo confirm; -1 if the database does not answer.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		list, err := srv.store.Refusals(ctx)
		if err != nil {
			return -1
		}
		return float64(len(list))
	})
}
