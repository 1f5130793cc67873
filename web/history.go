package web

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/words"
)

// History is what is kept of pipelines for years, each list from the newest to the oldest if nothing else is said.
type History interface {
	// Changes lists at most limit changes that are older than before; zero before: from the newest.
	Changes(ctx context.Context, key bot.Key, before history.Change, limit int) ([]history.Change, error)
	// ChangesOf returns the changes of some commits by SHA, as far as they are kept.
	ChangesOf(ctx context.Context, key bot.Key, shas []string) (map[string]history.Change, error)
	// Promotions lists at most limit promotions of a stage, or of all with an empty one, that are older than before.
	Promotions(ctx context.Context, key bot.Key, stage string, before history.Promotion, limit int) ([]history.Promotion, error)
	// PromotionsOf lists the promotions of a commit.
	PromotionsOf(ctx context.Context, key bot.Key, sha string) ([]history.Promotion, error)
	// OutputsOf lists the outputs of a commit's failed builds and releases, as far as they are kept, the newest last.
	OutputsOf(ctx context.Context, key bot.Key, sha string) ([]history.Output, error)
	// Audit lists commands.
	Audit(ctx context.Context, key bot.Key, f AuditFilter) ([]history.Audit, error)
	// Versions lists at most limit versions of the pipeline's file.
	Versions(ctx context.Context, key bot.Key, limit int) ([]history.Process, error)
	// Deploys counts what was released to a stage of each pipeline for the first time and proved, by the day (UTC) of its
	// begin: the first number is of the day that begins at from. A pipeline without any is not in it.
	Deploys(ctx context.Context, stages map[bot.Key]string, from time.Time) (map[bot.Key][]int, error)
}

// changeRow is a change that has ended, in one line.
type changeRow struct {
	Commit  commit
	Outcome string // such as "live", "superseded by 77b01de"
	Level   level
	Took    string // from the push to the end
	At      moment // of the end
}

// lastChanges are the newest changes that have ended.
func (s *site) lastChanges(ctx context.Context, r *reading, limit int) (rows []changeRow, err error) {
	list, err := s.history.Changes(ctx, r.view.State.Pipeline, history.Change{}, limit)
	for _, c := range list {
		if c.Outcome != "" {
			rows = append(rows, r.changeRow(c))
		}
	}
	return rows, err
}

func (r *reading) changeRow(c history.Change) changeRow {
	row := changeRow{Commit: r.commitOf(c), Level: idle, At: momentOf(c.EndedAt, r.view.Now), Took: words.Took(c.PushedAt, c.EndedAt)}
	row.Outcome = outcomeOf(c)
	switch c.Outcome {
	case history.OutcomeLive:
		row.Level = quiet
	case history.OutcomeFailed:
		row.Level = needsSomebody
	}
	return row
}

// outcomeOf says how a change ended; "on its way" if it has not.
func outcomeOf(c history.Change) string {
	switch c.Outcome {
	case "":
		return "on its way"
	case history.OutcomeLive:
		return "live"
	case history.OutcomeSuperseded:
		return "superseded by " + bot.Short(c.By)
	case history.OutcomeFailed:
		if c.By == stepChecks && len(c.Red) > 0 {
			return "failed: " + words.Names(c.Red)
		}
		return "failed: " + c.By
	case history.OutcomeCancelled:
		return "cancelled by " + c.By
	case history.OutcomeUnaffected:
		return "none of this pipeline's business"
	}
	return string(c.Outcome)
}

// commitOf names a commit by its row.
func (r *reading) commitOf(c history.Change) commit {
	is := r.commit(c.SHA)
	if is.Title == "" {
		is.Title, is.Author, is.Pull = c.Title, c.Author, c.Pull
		is.PullURL = r.pullURL(c.Pull)
	}
	is.Page = r.candidatePath(c.SHA)
	return is
}

// waitRow is a part of a change's way.
type waitRow struct {
	Part  string
	Took  string
	Bar   bar
	Level level
}

// waitsOf says where the time of a change went.
func waitsOf(c history.Change) (rows []waitRow) {
	total := c.EndedAt.Sub(c.PushedAt)
	if total <= 0 {
		return nil
	}
	at := time.Duration(0)
	for _, w := range c.Waits {
		row := waitRow{Part: string(w.Part), Took: took(w.For), Level: waits, Bar: bar{From: scale(at, total), Width: max(scale(w.For, total), 3)}}
		switch w.Part {
		case history.PartBuild, history.PartChecks, history.PartBoth, history.PartReleasing, history.PartProving:
			row.Level = moving
		}
		if w.Stage != "" {
			row.Part += " · " + w.Stage
		}
		at += w.For
		rows = append(rows, row)
	}
	return rows
}

// promotionRow is one promotion of a stage, in one line.
type promotionRow struct {
	Stage    string
	Commit   commit // zero: it is unknown which
	Kind     string // such as "rolled back by sam"; empty: it went forward by itself
	Why      string
	Result   string
	Level    level
	Began    moment
	Took     string // empty: it has not ended
	Versions string // of the apps' releases
	Commits  int    // pushes that came with it
	Reason   string
}

func (r *reading) promotionRow(p history.Promotion, titles map[string]history.Change) promotionRow {
	row := promotionRow{Stage: p.Stage, Why: p.Why, Reason: sentence(p.Reason), Began: momentOf(p.Began, r.view.Now), Commits: p.Commits, Level: moving, Result: "under way"}
	if p.SHA != "" {
		row.Commit = r.commit(p.SHA)
		if c, known := titles[p.SHA]; known {
			row.Commit = r.commitOf(c)
		}
	}
	if !p.Ended.IsZero() {
		row.Took = words.Took(p.Began, p.Ended)
		row.Result, row.Level = string(p.Result), quiet
		switch p.Result {
		case history.ResultFailed, history.ResultUnproved:
			row.Level = needsSomebody
		case history.ResultGivenUp, history.ResultUnverified:
			row.Level = idle
		}
	}
	by := ""
	if p.Who != "" {
		by = " by " + p.Who
	}
	switch p.Kind {
	case history.KindForward:
		if p.Who != "" {
			row.Kind = "asked for" + by
		}
	case history.KindRollback:
		row.Kind = "rolled back" + by
	case history.KindUndo:
		row.Kind = "went back by itself"
	case history.KindByHand:
		row.Kind = "released by hand"
	}
	for _, app := range slices.Sorted(maps.Keys(p.Apps)) {
		if v := p.Apps[app]; v != 0 {
			row.Versions = strings.TrimPrefix(row.Versions+fmt.Sprintf(", %s v%d", app, v), ", ")
		}
	}
	return row
}
