package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// pin holds what is stored against the numbers of HEADSTART_ALLOW: what has a name that is
// another's rests, and what has another name than its rule is told with both.
func (srv *server) pin(ctx context.Context, allow platform.Allow) error {
	pins := allow.Pins()
	for name, id := range pins {
		if err := srv.engine.Pin(ctx, name, id); err != nil {
			return fmt.Errorf("HEADSTART_ALLOW: pin %s to %d: %w", name, id, err)
		}
		known, err := srv.store.KnownName(ctx, name, id)
		if err != nil {
			return err
		}
		if known.At != (bot.Repo{}) && !known.At.Nameless() && !allow.Names(known.At) {
			srv.log.Warn(fmt.Sprintf("HEADSTART_ALLOW pins %s#%d, but that repository is %s now: nothing of it is deployed until a rule has its new name, %s#%d",
				name, id, known.At, known.At, id))
		}
	}
	return nil
}

// refusedRepositories counts the repositories that came under another one's name, for
// whoever watches the metrics. `headstart repo list` shows them.
func (srv *server) refusedRepositories() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "headstart_repositories_refused",
		Help: "Repositories that came under another one's name and wait to be confirmed with headstart repo confirm; -1 if the database does not answer.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		n, err := srv.store.Refused(ctx)
		if err != nil {
			return -1
		}
		return float64(n)
	})
}
