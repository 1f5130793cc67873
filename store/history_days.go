package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/insight"
)

const (
	// selectUnsummed finds pipelines after $1, $2 whose sums are not those of their rows, or will not be at $3.
	selectUnsummed = `SELECT p.repo, p.name, p.version FROM pipelines p JOIN history_pipelines h ON h.repo = p.repo AND h.name = p.name LEFT JOIN history_weeks w ON w.pipeline = h.id
		WHERE (p.repo, p.name) > ($1, $2) AND (w.pipeline IS NULL OR w.version <> p.version OR w.due > 0 AND w.due <= $3) ORDER BY p.repo, p.name LIMIT $4`
	selectChangesOf    = `SELECT sha, seen_at, pushed_at, ended_at, build_began, build_ended, green_at, red_at, pull, title, built, built_of, red, classes, waits, outcome, last_check, last_check_by FROM history_changes` + ofPipeline
	selectPromotionsOf = `SELECT stage, n, began, released, proved, ended, sha, artifact, replaced, kind, result, urgent FROM history_promotions` + ofPipeline
	selectFirst        = `SELECT COALESCE(MIN(seen_at), 0) FROM history_changes` + ofPipeline
	selectDays         = `SELECT day, stage, sums FROM history_days` + ofPipeline
	saveDay            = `INSERT INTO history_days (pipeline, day, stage, sums) VALUES ($1, $2, $3, $4) ON CONFLICT (pipeline, day, stage) DO UPDATE SET sums = excluded.sums`
	removeDay          = `DELETE FROM history_days WHERE pipeline = $1 AND day = $2 AND stage = $3`
	saveWeeks          = `INSERT INTO history_weeks (pipeline, version, due, first, recent, older) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (pipeline) DO UPDATE SET version = excluded.version, due = excluded.due, first = excluded.first, recent = excluded.recent, older = excluded.older`

	selectWeeks = `SELECT p.repo, p.name, w.first, w.recent, %s FROM history_weeks w JOIN history_pipelines p ON p.id = w.pipeline`

	// allRows is more than a pipeline has.
	allRows = 1 << 30
	// settledAfter is after how many days from the first that is kept the sums are those of all its rows: what was pushed before
	// is live by then, or was never counted.
	settledAfter = 30
)

// Insights reads everything that the numbers of a pipeline are made of. Of rows it leaves out what no number
// depends on, such as authors, and what was seen or began before since; zero: nothing.
func (h History) Insights(ctx context.Context, key bot.Key, since time.Time) (rows insight.Rows, err error) {
	err = h.each(ctx, "changes", key, query(selectFirst, key), func(scan scanner) error {
		var first int64
		err := scan(&first)
		rows.First = fromMicros(first)
		return err
	})
	if err != nil {
		return rows, err
	}
	some := func(text, from string) *pageQuery {
		q := query(text, key)
		if !since.IsZero() {
			q.and(from+" >= ?", micros(since))
		}
		q.add(" ORDER BY " + from) // as they were written, which is how they lie on the disk
		return q
	}
	err = h.each(ctx, "changes", key, some(selectChangesOf, "seen_at"), func(scan scanner) error {
		if n := len(rows.Changes); n == cap(rows.Changes) {
			rows.Changes = slices.Grow(rows.Changes, n+200)
		}
		rows.Changes = append(rows.Changes, history.Change{})
		c := &rows.Changes[len(rows.Changes)-1]
		var (
			sha, builtOf                                                    []byte
			seen, pushed, ended, buildBegan, buildEnded, green, red, lastBy int64
			built, reds, classes, waits, outcome                            string
		)
		err := scan(&sha, &seen, &pushed, &ended, &buildBegan, &buildEnded, &green, &red, &c.Pull, &c.Title, &built, &builtOf, &reds, &classes, &waits, &outcome, &c.LastCheck, &lastBy)
		if err != nil {
			return err
		}
		c.SHA, c.BuiltOf, c.Built, c.Outcome = unpack(sha), unpack(builtOf), history.Built(builtCodes.unpack(built)), history.Outcome(outcome)
		c.SeenAt, c.PushedAt, c.EndedAt = fromMicros(seen), fromMicros(pushed), fromMicros(ended)
		c.BuildBegan, c.BuildEnded, c.GreenAt, c.RedAt = fromMicros(buildBegan), fromMicros(buildEnded), fromMicros(green), fromMicros(red)
		c.LastCheckBy, c.Red, c.Classes = time.Duration(lastBy)*time.Microsecond, unpackLines(reds), unpackLines(classes)
		c.Waits, err = unpackWaits(waits)
		return err
	})
	if err != nil {
		return rows, err
	}
	err = h.each(ctx, "promotions", key, some(selectPromotionsOf, "began"), func(scan scanner) error {
		var (
			p                                      history.Promotion
			began, released, proved, ended, urgent int64
			sha, artifact, replaced                []byte
			kind, result                           string
		)
		err := scan(&p.Stage, &p.N, &began, &released, &proved, &ended, &sha, &artifact, &replaced, &kind, &result, &urgent)
		p.SHA, p.Artifact, p.Replaced, p.Kind, p.Result = unpack(sha), unpack(artifact), unpack(replaced), history.Kind(kindCodes.unpack(kind)), history.Result(resultCodes.unpack(result))
		p.Began, p.Released, p.Proved, p.Ended, p.Urgent = fromMicros(began), fromMicros(released), fromMicros(proved), fromMicros(ended), urgent != 0
		if n := len(rows.Promotions); n == cap(rows.Promotions) {
			rows.Promotions = slices.Grow(rows.Promotions, n+200)
		}
		rows.Promotions = append(rows.Promotions, p)
		return err
	})
	if err != nil {
		return rows, err
	}
	if rows.Process, err = h.Process(ctx, key, Page[history.Process]{Limit: allRows}); err != nil {
		return rows, err
	}
	rows.Audit, err = h.Audit(ctx, key, Page[history.Audit]{Limit: allRows, About: true})
	return rows, err
}

// Failures lists what tells the outputs of failed builds and releases of a pipeline apart, since a time, the oldest first.
func (h History) Failures(ctx context.Context, key bot.Key, since time.Time) (list []insight.Failure, err error) {
	q := query(`SELECT at, sha, stage, error, fingerprint FROM history_output`+ofPipeline, key)
	q.and("at >= ?", micros(since))
	q.add(" ORDER BY at, app, id")
	err = h.each(ctx, "failures", key, q, func(scan scanner) error {
		var (
			f   insight.Failure
			at  int64
			sha []byte
		)
		err := scan(&at, &sha, &f.Stage, &f.Error, &f.Print)
		f.At, f.SHA = fromMicros(at), unpack(sha)
		list = append(list, f)
		return err
	})
	return list, err
}

// SumHistory makes the sums of days and weeks of those pipelines whose rows have changed, and returns of how many. What is
// right stays as it is, so that it may be done at any time, and again. A pipeline that cannot be read is logged and left out.
func (s *Store) SumHistory(ctx context.Context, now time.Time) (summed int, err error) {
	var last bot.Key
	for {
		repo := ""
		if last != (bot.Key{}) {
			repo = last.Repo.String()
		}
		type dirty struct {
			key     bot.Key
			version int64
		}
		var list []dirty
		err := s.db.each(ctx, selectUnsummed, []any{repo, last.Name, micros(now), fillBatch}, func(scan scanner) error {
			var (
				d    dirty
				name string
			)
			err := scan(&name, &d.key.Name, &d.version)
			if err == nil {
				d.key.Repo, err = bot.ParseRepo(name)
			}
			list = append(list, d)
			return err
		})
		if err != nil {
			return summed, stopped(ctx, fmt.Errorf("find pipelines whose history has changed: %w", err))
		}
		for _, d := range list {
			last = d.key
			began := time.Now()
			if err := s.sum(ctx, d.key, d.version, now); err != nil {
				if ctx.Err() != nil {
					return summed, nil
				}
				s.log.Warn("the days of a pipeline could not be added up; tried again soon", zap.Stringer("pipeline", d.key), zap.Error(err))
				continue
			}
			summed++
			select { // after an upgrade there are many: it takes half of a processor at most
			case <-ctx.Done():
				return summed, nil
			case <-time.After(time.Since(began)):
			}
		}
		if len(list) < fillBatch {
			return summed, nil
		}
	}
}

// sum makes the sums of a pipeline, whose version was read before its rows.
func (s *Store) sum(ctx context.Context, key bot.Key, version int64, now time.Time) error {
	h := s.History()
	rows, err := h.Insights(ctx, key, time.Time{})
	if err != nil {
		return err
	}
	was := map[insight.DayStage][]byte{}
	err = h.each(ctx, "days", key, query(selectDays, key), func(scan scanner) error {
		var (
			k    insight.DayStage
			sums []byte
		)
		err := scan(&k.Day, &k.Stage, &sums)
		was[k] = slices.Clone(sums)
		return err
	})
	if err != nil {
		return err
	}
	ledger := insight.Read(rows, now)
	days, first := ledger.Days(), ledger.Known(insight.Period{From: -1 << 40}).From
	from := insight.Day(-1 << 40)
	for k := range was {
		if k.Day < first { // older rows are not kept any more
			from = first + settledAfter
		}
	}
	changed := map[insight.DayStage][]byte{} // nil: nothing happened on that day
	all := map[insight.DayStage]*insight.Sums{}
	for k, packed := range was {
		if is := days[k]; k.Day >= from && is == nil {
			changed[k] = nil
		} else if k.Day < from {
			all[k] = &insight.Sums{}
			if _, err := all[k].Unpack(packed); err != nil {
				return fmt.Errorf("read the sums of day %d: %w", k.Day, err)
			}
			first = min(first, k.Day)
		}
	}
	for k, is := range days {
		if k.Day < from {
			continue
		}
		all[k] = is
		if packed := is.Pack(); !bytes.Equal(packed, was[k]) {
			changed[k] = packed
		}
	}
	recent, older := packWeeks(insight.ByWeek(all), now)
	return s.writeLazily(ctx, func(t tx) error {
		id, err := historyID(t, key, false)
		if err != nil {
			return err
		}
		for k, sums := range changed {
			if sums == nil {
				_, err = t.exec(removeDay, id, int64(k.Day), k.Stage)
			} else {
				_, err = t.exec(saveDay, id, int64(k.Day), k.Stage, sums)
			}
			if err != nil {
				return err
			}
		}
		_, err = t.exec(saveWeeks, id, version, micros(ledger.Due()), int64(first), recent, older)
		return err
	})
}

// recentWeeks are kept apart from older ones, which pages rarely ask for.
const recentWeeks = 26

// isRecent reports whether all weeks from a day on are recent ones, now and when they were added up before.
func isRecent(from insight.Day, now time.Time) bool {
	return from > insight.DayOf(now.UTC())-7*recentWeeks
}

// packWeeks packs the recent weeks, and those before.
func packWeeks(list []insight.Week, now time.Time) (recent, older []byte) {
	n := 0
	for n < len(list) && isRecent(list[n].Monday, now) {
		n++
	}
	return insight.PackWeeks(list[:n]), insight.PackWeeks(list[n:])
}

// Weeks hands over what is kept of the weeks of some pipelines from a day on, and of some weeks before, in any order of
// pipelines: the first day of which there are rows, and weeks as [insight.PackWeeks] packs them, which are good until each
// returns. Pipelines that were not added up yet are left out.
func (h History) Weeks(ctx context.Context, keys []bot.Key, from insight.Day, now time.Time, each func(key bot.Key, first insight.Day, packed []byte) error) error {
	wanted := make(map[string]bot.Key, len(keys))
	for _, key := range keys {
		wanted[key.Repo.String()+"\n"+key.Name] = key
	}
	row := func(scan scanner) error {
		var (
			repo, name string
			first      insight.Day
			packed     []byte
			older      []byte
		)
		if err := scan(&repo, &name, &first, &packed, &older); err != nil {
			return err
		}
		if key, ok := wanted[repo+"\n"+name]; ok {
			return each(key, first, append(packed, older...))
		}
		return nil
	}
	older := "w.older"
	if isRecent(from, now) {
		older = "CAST(NULL AS BYTEA)"
	}
	query := fmt.Sprintf(selectWeeks, older)
	if len(keys) > historyAtOnce { // one look at all is faster than many at some
		if err := h.db.each(ctx, query, nil, row); err != nil {
			return fmt.Errorf("read the weeks of all pipelines: %w", err)
		}
		return nil
	}
	if len(keys) == 0 {
		return nil
	}
	var args []any
	names := make([]string, len(keys))
	for i, key := range keys {
		args = append(args, key.Repo.String(), key.Name)
		names[i] = fmt.Sprintf("(CAST($%d AS TEXT), CAST($%d AS TEXT))", len(args)-1, len(args))
	}
	if err := h.db.each(ctx, query+` WHERE (p.repo, p.name) IN (VALUES `+strings.Join(names, ", ")+`)`, args, row); err != nil {
		return fmt.Errorf("read the weeks of %d pipelines: %w", len(keys), err)
	}
	return nil
}
