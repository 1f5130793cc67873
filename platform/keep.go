package platform

import (
	"context"
	"strings"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// Keeper keeps the outputs of failed builds and releases.
type Keeper interface {
	// KeepOutput keeps one. The same one may come again.
	KeepOutput(ctx context.Context, pipeline bot.Key, o history.Output) error
}

// keep keeps the output of a failure, if there is one. It is a help for people: if it cannot be kept, the failure counts
// all the same.
func (p *Performer) keep(ctx context.Context, on Platform, target bot.Target, e bot.Effect, learned bot.Fact) {
	from, ok := on.(Outputs)
	if p.Keeper == nil || !ok {
		return
	}
	o, failed := failure(e, learned)
	if !failed {
		return
	}
	log := from.Output(o.App, o.ID)
	if log == nil {
		return
	}
	if o.Text, o.Cut, _ = log.Last(); strings.TrimSpace(o.Text) == "" {
		return
	}
	if err := p.Keeper.KeepOutput(ctx, target.Pipeline, history.NewOutput(o)); err != nil && p.Log != nil {
		p.Log.Warn("the output of a failure could not be kept; the pages do not show it", zap.Stringer("pipeline", target.Pipeline), zap.Error(err))
	}
}

// failure describes the failed build or release that an effect has found; false: it found none.
func failure(e bot.Effect, learned bot.Fact) (o history.Output, failed bool) {
	o.At = e.At
	switch f := learned.(type) {
	case bot.BuildSeen:
		o.App, o.ID, o.SHA = f.Build.App, f.Build.ID, f.Build.Commit
		if start, ok := e.Do.(bot.StartBuild); ok {
			o.SHA = start.SHA
		}
		failed = f.Build.Status == bot.BuildFailed || f.Build.Status == bot.BuildErrored
	case bot.ReleaseSeen:
		o.App, o.ID = f.Release.App, f.Release.ID
		switch do := e.Do.(type) {
		case bot.Promote:
			o.Stage, o.N = do.Stage, do.Promotion
		case bot.WatchRelease:
			o.Stage, o.N = do.Stage, do.Promotion
		case bot.LookAtApp:
			if do.Seeks != nil {
				o.Stage, o.N = do.Seeks.Stage, do.Seeks.Promotion
			}
		}
		failed = o.Stage != "" && (f.Release.Status == bot.ReleaseFailed || f.Release.Status == bot.ReleaseErrored)
	}
	return o, failed && o.ID != ""
}
