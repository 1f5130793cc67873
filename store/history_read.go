package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// History reads what is kept of pipelines. A pipeline without rows has none.
type History struct{ db reader }

// History returns the reader of history.
func (s *Store) History() History { return History{s.db} }

// History returns the reader of history.
func (b *Operator) History() History { return History{b.db} }

// Page selects some of a pipeline's rows. They are listed from the newest to the oldest. The zero value selects the
// newest hundred.
type Page[Row history.Entry] struct {
	Since  time.Time // none from before; zero: all that is kept
	Before Row       // only older ones than this row, of which the key and the time count; zero: from the newest
	Stage  string    // of promotions, only those of this stage; empty: of any
	About  bool      // of commands, only those that are about a release
	SHA    string    // of promotions, only those of this commit; empty: of any
	ID     string    // of commands, only the one of this ID; empty: any
	Who    string    // of commands, only those of this login, in any case; empty: of anybody
	Has    string    // of commands, only those with this text, in any case; empty: any
	OK     *bool     // of commands, only those that were carried out, or only the others; nil: all
	Limit  int       // at most as many; 0: 100
}

const (
	ofPipeline       = ` WHERE pipeline = (SELECT id FROM history_pipelines WHERE repo = $1 AND name = $2)`
	selectChanges    = `SELECT sha, seen_at, pushed_at, ended_at, build_began, build_ended, green_at, red_at, pull, title, author, built, built_of, app, build_failed, red, classes, waits, outcome, by_what, last_check, last_check_by FROM history_changes` + ofPipeline
	selectPromotions = `SELECT stage, n, began, released, proved, ended, commits, pull, sha, artifact, replaced, kind, who, why, result, reason, apps, urgent FROM history_promotions` + ofPipeline
	selectProcess    = `SELECT at, sha, config FROM history_process` + ofPipeline
	selectAudit      = `SELECT id, at, pull, ok, who, role, via, command, answer, stage, sha FROM history_audit` + ofPipeline
)

// pageQuery is a query under construction.
type pageQuery struct {
	text strings.Builder
	args []any
}

func query(text string, key bot.Key) *pageQuery {
	q := &pageQuery{args: []any{key.Repo.String(), key.Name}}
	q.text.WriteString(text)
	return q
}

// and adds a condition whose placeholders are written as ?.
func (q *pageQuery) and(condition string, args ...any) {
	q.text.WriteString(" AND ")
	q.add(condition, args...)
}

func (q *pageQuery) add(text string, args ...any) {
	for _, arg := range args {
		q.args = append(q.args, arg)
		text = strings.Replace(text, "?", fmt.Sprintf("$%d", len(q.args)), 1)
	}
	q.text.WriteString(text)
}

func (q *pageQuery) newest(order string, limit int) {
	if limit == 0 {
		limit = 100
	}
	q.add(" ORDER BY "+order+" LIMIT ?", limit)
}

func (h History) each(ctx context.Context, what string, key bot.Key, q *pageQuery, row func(scanner) error) error {
	if err := h.db.each(ctx, q.text.String(), q.args, row); err != nil {
		return fmt.Errorf("read the %s of %s: %w", what, key, err)
	}
	return nil
}

// Changes lists changes of a pipeline, those that were seen last first.
func (h History) Changes(ctx context.Context, key bot.Key, p Page[history.Change]) (list []history.Change, err error) {
	err = h.each(ctx, "changes", key, changesQuery(key, p), func(scan scanner) error {
		c, err := scanChange(scan)
		list = append(list, c)
		return err
	})
	return list, err
}

func changesQuery(key bot.Key, p Page[history.Change]) *pageQuery {
	q := query(selectChanges, key)
	if !p.Since.IsZero() {
		q.and("seen_at >= ?", micros(p.Since))
	}
	if p.Before.SHA != "" {
		q.and("(seen_at, sha) < (?, ?)", micros(p.Before.SeenAt), pack(p.Before.SHA))
	}
	q.newest("seen_at DESC, sha DESC", p.Limit)
	return q
}

// ChangesOf returns the changes of some commits by SHA, as far as they are kept.
func (h History) ChangesOf(ctx context.Context, key bot.Key, shas []string) (map[string]history.Change, error) {
	found := make(map[string]history.Change, len(shas))
	for part := range slices.Chunk(shas, historyAtOnce) {
		q := query(selectChanges, key)
		packed := make([]any, len(part))
		for i, sha := range part {
			packed[i] = pack(sha)
		}
		q.and("sha IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(part)), ", ")+")", packed...)
		err := h.each(ctx, "changes", key, q, func(scan scanner) error {
			c, err := scanChange(scan)
			found[c.SHA] = c
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func scanChange(scan scanner) (c history.Change, err error) {
	var (
		sha, builtOf                                                    []byte
		seen, pushed, ended, buildBegan, buildEnded, green, red, lastBy int64
		built, reds, classes, waits, outcome                            string
	)
	err = scan(&sha, &seen, &pushed, &ended, &buildBegan, &buildEnded, &green, &red, &c.Pull, &c.Title, &c.Author, &built, &builtOf, &c.App, &c.BuildFailed,
		&reds, &classes, &waits, &outcome, &c.By, &c.LastCheck, &lastBy)
	if err != nil {
		return c, err
	}
	c.SHA, c.BuiltOf, c.Built, c.Outcome = unpack(sha), unpack(builtOf), history.Built(builtCodes.unpack(built)), history.Outcome(outcome)
	c.SeenAt, c.PushedAt, c.EndedAt = fromMicros(seen), fromMicros(pushed), fromMicros(ended)
	c.BuildBegan, c.BuildEnded, c.GreenAt, c.RedAt = fromMicros(buildBegan), fromMicros(buildEnded), fromMicros(green), fromMicros(red)
	c.LastCheckBy = time.Duration(lastBy) * time.Microsecond
	c.Red, c.Classes = unpackLines(reds), unpackLines(classes)
	c.Waits, err = unpackWaits(waits)
	return c, err
}

// Promotions lists promotions of a pipeline, those that began last first.
func (h History) Promotions(ctx context.Context, key bot.Key, p Page[history.Promotion]) (list []history.Promotion, err error) {
	err = h.each(ctx, "promotions", key, promotionsQuery(key, p), func(scan scanner) error {
		r, err := scanPromotion(scan)
		list = append(list, r)
		return err
	})
	return list, err
}

func promotionsQuery(key bot.Key, p Page[history.Promotion]) *pageQuery {
	q := query(selectPromotions, key)
	if p.Stage != "" {
		q.and("stage = ?", p.Stage)
	}
	if p.SHA != "" {
		q.and("sha = ?", pack(p.SHA))
	}
	if !p.Since.IsZero() {
		q.and("began >= ?", micros(p.Since))
	}
	if p.Before.Stage != "" {
		q.and("(began, stage, n) < (?, ?, ?)", micros(p.Before.Began), p.Before.Stage, p.Before.N)
	}
	q.newest("began DESC, stage DESC, n DESC", p.Limit)
	return q
}

func scanPromotion(scan scanner, more ...any) (p history.Promotion, err error) {
	var (
		began, released, proved, ended, urgent int64
		sha, artifact, replaced                []byte
		kind, result, apps                     string
	)
	err = scan(append([]any{&p.Stage, &p.N, &began, &released, &proved, &ended, &p.Commits, &p.Pull, &sha, &artifact, &replaced, &kind, &p.Who, &p.Why, &result, &p.Reason, &apps, &urgent}, more...)...)
	if err != nil {
		return p, err
	}
	p.SHA, p.Artifact, p.Replaced, p.Kind, p.Result = unpack(sha), unpack(artifact), unpack(replaced), history.Kind(kindCodes.unpack(kind)), history.Result(resultCodes.unpack(result))
	p.Urgent = urgent != 0
	p.Began, p.Released, p.Proved, p.Ended = fromMicros(began), fromMicros(released), fromMicros(proved), fromMicros(ended)
	p.Apps, err = unpackApps(apps)
	return p, err
}

// Process lists versions of a pipeline's file, the newest first. Since leaves out those that were replaced before.
func (h History) Process(ctx context.Context, key bot.Key, p Page[history.Process]) (list []history.Process, err error) {
	q := query(selectProcess, key)
	if !p.Since.IsZero() {
		q.and("at >= COALESCE((SELECT MAX(o.at) FROM history_process o WHERE o.pipeline = history_process.pipeline AND o.at <= ?), 0)", micros(p.Since))
	}
	if !p.Before.At.IsZero() {
		q.and("at < ?", micros(p.Before.At))
	}
	q.newest("at DESC", p.Limit)
	err = h.each(ctx, "process", key, q, func(scan scanner) error {
		var (
			v           history.Process
			at          int64
			sha, config []byte
		)
		if err := scan(&at, &sha, &config); err != nil {
			return err
		}
		v.At, v.SHA = fromMicros(at), unpack(sha)
		err := decode(config, &v.Config)
		list = append(list, v)
		return err
	})
	return list, err
}

// Audit lists commands to a pipeline, the newest first.
func (h History) Audit(ctx context.Context, key bot.Key, p Page[history.Audit]) (list []history.Audit, err error) {
	q := query(selectAudit, key)
	if !p.Since.IsZero() {
		q.and("at >= ?", micros(p.Since))
	}
	if p.About {
		q.and("LENGTH(sha) > 0")
	}
	if p.Before.ID != "" {
		q.and("(at, id) < (?, ?)", micros(p.Before.At), p.Before.ID)
	}
	if p.ID != "" {
		q.and("id = ?", p.ID)
	}
	if p.Who != "" {
		q.and("lower(who) = lower(?)", p.Who)
	}
	if p.Has != "" {
		q.and(`lower(command) LIKE ? ESCAPE '!'`, "%"+unlike(strings.ToLower(p.Has))+"%")
	}
	if p.OK != nil {
		q.and("ok = ?", okOf(*p.OK))
	}
	q.newest("at DESC, id DESC", p.Limit)
	err = h.each(ctx, "audit", key, q, func(scan scanner) error {
		var (
			a      history.Audit
			at, ok int64
			sha    []byte
		)
		err := scan(&a.ID, &at, &a.Pull, &ok, &a.Who, &a.Role, &a.Via, &a.Command, &a.Answer, &a.Stage, &sha)
		a.At, a.OK, a.SHA = fromMicros(at), ok != 0, unpack(sha)
		list = append(list, a)
		return err
	})
	return list, err
}

// unlike is the text as a pattern of LIKE that ! escapes.
var unlike = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace

// Stages lists the stages that a pipeline has promotions of, by name.
func (h History) Stages(ctx context.Context, key bot.Key) (stages []string, err error) {
	q := query(`SELECT DISTINCT stage FROM history_promotions`+ofPipeline, key)
	q.add(" ORDER BY stage")
	err = h.each(ctx, "stages", key, q, func(scan scanner) error {
		var stage string
		err := scan(&stage)
		stages = append(stages, stage)
		return err
	})
	return stages, err
}

// Pipelines lists every pipeline, by name.
func (h History) Pipelines(ctx context.Context) ([]bot.Key, error) {
	return keysOf(ctx, h.db, selectAll)
}

// Latest is the newest promotion of a pipeline.
type Latest struct {
	Pipeline bot.Key
	history.Promotion
}

// selectLatest finds the moment of each pipeline's newest promotion by an index, and reads the promotions of the newest.
const selectLatest = `SELECT h.stage, h.n, h.began, h.released, h.proved, h.ended, h.commits, h.pull, h.sha, h.artifact, h.replaced, h.kind, h.who, h.why, h.result, h.reason, h.apps, h.urgent, p.repo, p.name
	FROM (SELECT id, repo, name, COALESCE((SELECT MAX(began) FROM history_promotions WHERE pipeline = history_pipelines.id), 0) AS newest
		FROM history_pipelines WHERE repo <> '' ORDER BY newest DESC LIMIT $2) p
	CROSS JOIN history_promotions h WHERE h.pipeline = p.id AND h.began = p.newest AND h.began >= $1 ORDER BY h.began DESC, p.repo, p.name, h.stage DESC, h.n DESC`

// Latest lists the newest promotion of each pipeline that has one since a time, at most limit of them, those that began
// last first.
func (h History) Latest(ctx context.Context, since time.Time, limit int) (list []Latest, err error) {
	err = h.db.each(ctx, selectLatest, []any{micros(since), limit}, func(scan scanner) error {
		var (
			l    Latest
			repo string
			err  error
		)
		if l.Promotion, err = scanPromotion(scan, &repo, &l.Pipeline.Name); err != nil {
			return err
		}
		if l.Pipeline.Repo, err = bot.ParseRepo(repo); err != nil {
			return err
		}
		// Two of a pipeline may have begun in the same moment.
		if len(list) == 0 || list[len(list)-1].Pipeline != l.Pipeline {
			list = append(list, l)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the newest promotions: %w", err)
	}
	return list, nil
}
