package web_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/web"
)

// The world's history is what can be told of each pipeline's state.

// rowsOf lists rows of a kind, from the newest to the oldest.
func rowsOf[Row history.Entry](w *world, key bot.Key, newer func(a, b Row) int) (list []Row) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range history.Chronicle(pipeline.State{}, w.states[key]) {
		if row, ok := e.(Row); ok {
			list = append(list, row)
		}
	}
	slices.SortStableFunc(list, newer)
	return list
}

func (w *world) changes(key bot.Key) []history.Change {
	return rowsOf(w, key, func(a, b history.Change) int { return b.SeenAt.Compare(a.SeenAt) })
}

func (w *world) promotions(key bot.Key) []history.Promotion {
	return rowsOf(w, key, func(a, b history.Promotion) int { return b.Began.Compare(a.Began) })
}

func (w *world) Audit(_ context.Context, key bot.Key, f web.AuditFilter) ([]history.Audit, error) {
	list := rowsOf(w, key, func(a, b history.Audit) int { return b.At.Compare(a.At) })
	list = slices.DeleteFunc(list, func(a history.Audit) bool {
		return f.ID != "" && a.ID != f.ID || f.Who != "" && a.Who != f.Who || !strings.Contains(a.Command, f.Has) || f.OK != nil && a.OK != *f.OK || f.Before.ID != "" && !a.At.Before(f.Before.At)
	})
	return list[:min(f.Limit, len(list))], nil
}

func (w *world) Changes(_ context.Context, key bot.Key, before history.Change, limit int) ([]history.Change, error) {
	list := slices.DeleteFunc(w.changes(key), func(c history.Change) bool { return before.SHA != "" && !c.SeenAt.Before(before.SeenAt) })
	return list[:min(limit, len(list))], nil
}

func (w *world) ChangesOf(_ context.Context, key bot.Key, shas []string) (map[string]history.Change, error) {
	of := map[string]history.Change{}
	for _, c := range w.changes(key) {
		if slices.Contains(shas, c.SHA) {
			of[c.SHA] = c
		}
	}
	return of, nil
}

func (w *world) Promotions(_ context.Context, key bot.Key, stage string, before history.Promotion, limit int) ([]history.Promotion, error) {
	list := slices.DeleteFunc(w.promotions(key), func(p history.Promotion) bool {
		return stage != "" && p.Stage != stage || before.Stage != "" && !p.Began.Before(before.Began)
	})
	return list[:min(limit, len(list))], nil
}

func (w *world) PromotionsOf(_ context.Context, key bot.Key, sha string) ([]history.Promotion, error) {
	return slices.DeleteFunc(w.promotions(key), func(p history.Promotion) bool { return p.SHA != sha }), nil
}

func (w *world) OutputsOf(_ context.Context, key bot.Key, sha string) ([]history.Output, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if key != shop {
		return nil, nil
	}
	return w.kept[sha], nil
}

// Output has what runs on an app.
func (w *world) Output(platform, app, _ string, from int64) (web.Written, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	is, found := w.wrote[app]
	if platform != bot.PlatformHeroku || !found {
		return web.Written{}, false
	}
	from = min(max(from, 0), int64(len(is.text)))
	return web.Written{Text: is.text[from:], At: from, Next: int64(len(is.text)), Ended: is.ended, More: is.more}, true
}

// write adds to what runs on an app, and says whether that was all.
func (w *world) write(app, text string, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.wrote[app]
	w.wrote[app] = written{was.text + text, ended, make(chan struct{})}
	if was.more != nil {
		close(was.more)
	}
}

// keepOutput keeps the output of a failure of a commit.
func (w *world) keepOutput(short string, o history.Output) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o = history.NewOutput(o)
	w.kept[sha(short)] = append(w.kept[sha(short)], o)
}

func (w *world) Versions(_ context.Context, key bot.Key, limit int) ([]history.Process, error) {
	list := rowsOf(w, key, func(a, b history.Process) int { return b.At.Compare(a.At) })
	return list[:min(limit, len(list))], nil
}

func (w *world) Deploys(_ context.Context, stages map[bot.Key]string, from time.Time) (map[bot.Key][]int, error) {
	found := map[bot.Key][]int{}
	for key, stage := range stages {
		for _, p := range w.promotions(key) {
			day := int(p.Began.Sub(from) / (24 * time.Hour))
			if p.Stage != stage || p.Kind != history.KindForward || p.Proved.IsZero() || p.Began.Before(from) {
				continue
			}
			for len(found[key]) <= day {
				found[key] = append(found[key], 0)
			}
			found[key][day]++
		}
	}
	return found, nil
}

// explain stands in for the words of package config.
func explain(cfg bot.Config) string {
	return fmt.Sprintf("Branch        %s\nChecks        %v\nStages        %v", cfg.Branch, cfg.Checks.Names, cfg.StageNames())
}

// explainStage stands in for the sentences of package config.
func explainStage(cfg bot.Config, stage string) []string {
	s, _ := cfg.Stage(stage)
	return []string{fmt.Sprintf("The very same build goes to %v.", s.Apps), fmt.Sprintf("Commands by %v.", s.Allow)}
}
