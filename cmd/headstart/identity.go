package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// checkPins warns of repositories that have another name by now than HEADSTART_ALLOW pins
// them to: its rules do not hold for that.
func (srv *server) checkPins(ctx context.Context, allow platform.Allow) {
	for _, id := range allow.PinnedIDs() {
		names := allow.PinnedAs(id)
		known, err := srv.store.KnownName(ctx, names[0], id)
		if err != nil {
			srv.log.Warn("look up a pinned repository", zap.Int64("id", id), zap.Error(err))
			continue
		}
		same := func(r bot.Repo) bool { return strings.EqualFold(r.String(), known.At.String()) }
		if known.At != (bot.Repo{}) && !known.At.Nameless() && !slices.ContainsFunc(names, same) {
			srv.log.Warn(fmt.Sprintf("HEADSTART_ALLOW pins %s#%d, but that repository is %s now: nothing of it is deployed until a rule has its new name, %s#%d",
				names[0], id, known.At, known.At, id))
		}
	}
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
		list, err := srv.store.Refusals(ctx)
		if err != nil {
			return -1
		}
		return float64(len(list))
	})
}
