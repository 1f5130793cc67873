package store

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// What was deployed, when and why, is kept for years: see package bot/history. Its rows are written in the transaction
// of the commit that they describe.

const (
	selectHistoryID = `SELECT id FROM history_pipelines WHERE repo = $1 AND name = $2`
	// Of two transactions at once one gets no number, and asks again.
	insertHistoryID = `INSERT INTO history_pipelines (id, repo, name, filled) SELECT COALESCE(MAX(id), 0) + 1, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM history_pipelines WHERE 1 = 1
		ON CONFLICT DO NOTHING RETURNING id`
	// What an earlier version's instance left under a name is not for the next repository of that name.
	leaveHistory = `UPDATE history_pipelines SET repo = '', name = repo || ':' || name || ' ' || CAST(id AS TEXT) WHERE repo = $1 AND name = $2`
)

// historyAtOnce bounds the rows per statement. Only the first rows of an old pipeline may be more than a few.
const historyAtOnce = 500

// historyUsually is how many rows of a table a commit has at most, but for few.
const historyUsually = 2

// historyTable is how rows of a kind are written.
type historyTable struct {
	name    string
	key     []string // the columns of the primary key
	columns []historyColumn
	insert  string                 // up to the values
	upsert  string                 // after the values
	usual   [historyUsually]string // what writes one row, and so on
}

// historyColumn is a column that is no part of the key.
type historyColumn struct {
	name string
	keep string // the condition on which a known row's value stays
}

// The conditions on which a value stays: the new one is unknown.
const (
	ifZero  = `excluded.%[2]s = 0`
	ifEmpty = `LENGTH(excluded.%[2]s) = 0`
	// With the end of a row stays everything that tells of that end.
	ifEnded = `excluded.ended_at = 0 AND %[1]s.ended_at <> 0`
	// A build that begins anew has not ended.
	ifSameBuild = `excluded.build_ended = 0 AND excluded.build_began IN (0, %[1]s.build_began)`
	never       = ``
	// The branch has come back to a commit.
	ifSeenAnew = `excluded.seen_at NOT IN (0, %[1]s.seen_at)`
)

// tableOf makes a table. A new row that is anew, by that condition, replaces the known one as a whole.
func tableOf(name string, key []string, anew string, columns ...historyColumn) *historyTable {
	t := &historyTable{name: name, key: key, columns: columns}
	names := append([]string{}, key...)
	var set []string
	for _, c := range columns {
		names = append(names, c.name)
		value := "excluded." + c.name
		if c.keep != never {
			c.keep = "(" + c.keep + ")"
			if anew != never {
				c.keep += " AND NOT (" + anew + ")"
			}
			value = fmt.Sprintf("CASE WHEN "+c.keep+" THEN %[1]s.%[2]s ELSE excluded.%[2]s END", name, c.name)
		}
		set = append(set, c.name+" = "+value)
	}
	t.insert = `INSERT INTO ` + name + ` (` + strings.Join(names, ", ") + `) VALUES `
	t.upsert = ` ON CONFLICT (` + strings.Join(key, ", ") + `) DO UPDATE SET ` + strings.Join(set, ", ")
	for i := range t.usual {
		t.usual[i] = t.values(i+1) + t.upsert
	}
	return t
}

// write is the statement that writes n rows. What a row in the database knows, an unknown value does not replace.
func (t *historyTable) write(n int) string {
	if n <= historyUsually {
		return t.usual[n-1]
	}
	return t.values(n) + t.upsert
}

// add is the statement that writes those of n rows that are not in the database.
func (t *historyTable) add(n int) string { return t.values(n) + ` ON CONFLICT DO NOTHING` }

func (t *historyTable) values(n int) string { return t.insert + values(n, len(t.key)+len(t.columns)) }

var (
	changesTable = tableOf("history_changes", []string{"pipeline", "sha"}, ifSeenAnew,
		historyColumn{"seen_at", ifZero}, historyColumn{"pushed_at", ifZero}, historyColumn{"ended_at", ifZero}, historyColumn{"build_began", ifZero},
		historyColumn{"build_ended", ifSameBuild}, historyColumn{"green_at", ifZero}, historyColumn{"red_at", ifZero}, historyColumn{"pull", ifZero},
		historyColumn{"title", ifEmpty}, historyColumn{"author", ifEmpty}, historyColumn{"built", ifEmpty}, historyColumn{"built_of", ifEmpty},
		historyColumn{"app", ifEmpty}, historyColumn{"build_failed", ifSameBuild}, historyColumn{"red", ifEmpty}, historyColumn{"classes", ifEmpty},
		historyColumn{"waits", ifEmpty + " OR " + ifEnded}, historyColumn{"outcome", ifEnded}, historyColumn{"by_what", ifEnded},
		historyColumn{"last_check", ifEmpty}, historyColumn{"last_check_by", ifZero})
	promotionsTable = tableOf("history_promotions", []string{"pipeline", "stage", "n"}, never,
		historyColumn{"began", ifZero}, historyColumn{"released", ifZero}, historyColumn{"proved", ifZero}, historyColumn{"ended", ifZero}, historyColumn{"commits", ifZero}, historyColumn{"pull", ifZero},
		historyColumn{"sha", ifEmpty}, historyColumn{"artifact", ifEmpty}, historyColumn{"replaced", ifEmpty}, historyColumn{"kind", ifEmpty},
		historyColumn{"who", ifEmpty}, historyColumn{"why", ifEmpty}, historyColumn{"result", ifEmpty}, historyColumn{"reason", ifEmpty}, historyColumn{"apps", ifEmpty}, historyColumn{"urgent", ifZero})
	processTable = tableOf("history_process", []string{"pipeline", "at"}, never, historyColumn{"sha", ifEmpty}, historyColumn{"config", never})
	auditTable   = tableOf("history_audit", []string{"pipeline", "id"}, never,
		historyColumn{"at", ifZero}, historyColumn{"pull", ifZero}, historyColumn{"ok", never}, historyColumn{"who", ifEmpty}, historyColumn{"role", ifEmpty},
		historyColumn{"via", ifEmpty}, historyColumn{"command", ifEmpty}, historyColumn{"answer", ifEmpty},
		historyColumn{"stage", ifEmpty}, historyColumn{"sha", ifEmpty})

	// historyTables lists them in the order in which every transaction writes them.
	historyTables = []*historyTable{changesTable, promotionsTable, processTable, auditTable}
)

// historyRows are rows by table: the arguments after the pipeline's number, of each row.
type historyRows map[*historyTable][][]any

// historyOf encodes entries. Of two with the same key it takes the later one.
func historyOf(entries []history.Entry) (historyRows, error) {
	rows := historyRows{}
	at := map[any]int{} // by key, where the row is in its table
	for _, e := range entries {
		table, key, args, err := historyRow(e)
		if err != nil {
			return nil, err
		}
		if i, known := at[key]; known {
			rows[table][i] = args
			continue
		}
		at[key] = len(rows[table])
		rows[table] = append(rows[table], args)
	}
	return rows, nil
}

func historyRow(entry history.Entry) (table *historyTable, key any, args []any, err error) {
	switch e := entry.(type) {
	case history.Change:
		return changesTable, changeKey(e.SHA), changeArgs(e), nil
	case history.Promotion:
		return promotionsTable, promotionKey{e.Stage, e.N}, promotionArgs(e), nil
	case history.Process:
		config, err := encode(e.Config)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("encode the pipeline's file of %s: %w", e.SHA, err)
		}
		return processTable, micros(e.At), []any{micros(e.At), pack(e.SHA), string(config)}, nil
	case history.Audit:
		return auditTable, auditKey(e.ID), []any{plain(e.ID), micros(e.At), e.Pull, okOf(e.OK), plain(e.Who), plain(e.Role), plain(e.Via), plain(e.Command), plain(e.Answer), plain(e.Stage), pack(e.SHA)}, nil
	}
	return nil, nil, nil, fmt.Errorf("history has no table for %T", entry)
}

func okOf(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

type (
	changeKey    string
	promotionKey struct {
		stage string
		n     int
	}
	auditKey string
)

func changeArgs(c history.Change) []any {
	return []any{
		pack(c.SHA), micros(c.SeenAt), micros(c.PushedAt), micros(c.EndedAt), micros(c.BuildBegan), micros(c.BuildEnded), micros(c.GreenAt), micros(c.RedAt), c.Pull,
		plain(c.Title), plain(c.Author), builtCodes.pack(string(c.Built)), pack(c.BuiltOf), plain(c.App), plain(c.BuildFailed), lines(c.Red), lines(c.Classes), packWaits(c.Waits, c.PushedAt),
		string(c.Outcome), plain(c.By), plain(c.LastCheck), c.LastCheckBy.Microseconds(),
	}
}

func promotionArgs(p history.Promotion) []any {
	return []any{
		plain(p.Stage), p.N, micros(p.Began), micros(p.Released), micros(p.Proved), micros(p.Ended), p.Commits, p.Pull, pack(p.SHA), pack(p.Artifact), pack(p.Replaced),
		kindCodes.pack(string(p.Kind)), plain(p.Who), plain(p.Why), resultCodes.pack(string(p.Result)), plain(p.Reason), packApps(p.Apps), okOf(p.Urgent),
	}
}

// save writes the rows of the pipeline with a number, with one statement per table.
func (rows historyRows) save(t tx, pipeline int64, statement func(t *historyTable, n int) string) error {
	for _, table := range historyTables {
		for list := rows[table]; len(list) > 0; {
			n := min(len(list), historyAtOnce)
			var args []any
			for _, row := range list[:n] {
				args = append(append(args, pipeline), row...)
			}
			if _, err := t.exec(statement(table, n), args...); err != nil {
				return fmt.Errorf("write %s: %w", table.name, err)
			}
			list = list[n:]
		}
	}
	return nil
}

// saveHistory writes the rows of a change. A new pipeline gets its number at once.
func (r *pipelineRow) saveHistory(t tx) (err error) {
	r.number = 0 // it may have been given in a transaction that was undone
	if r.known {
		r.number = r.before.number
	}
	isNew := r.change.Version == 0
	if len(r.history) == 0 && !isNew {
		return nil
	}
	if r.number == 0 || isNew {
		if r.number, err = historyID(t, r.change.Pipeline, isNew); err != nil {
			return err
		}
	}
	return r.history.save(t, r.number, (*historyTable).write)
}

// historyID returns the number of a pipeline's rows of history, and gives it one if it has none. A new pipeline has
// nothing to be filled in.
func historyID(t tx, key bot.Key, isNew bool) (id int64, err error) {
	scan := func(scan scanner) error { return scan(&id) }
	filled := 0
	if isNew {
		filled = 1
		if _, err := t.exec(leaveHistory, key.Repo.String(), key.Name); err != nil {
			return 0, err
		}
	}
	for err == nil && id == 0 {
		if err = t.each(selectHistoryID, []any{key.Repo.String(), key.Name}, scan); err == nil && id == 0 {
			err = t.each(insertHistoryID, []any{key.Repo.String(), key.Name, filled}, scan)
		}
	}
	return id, err
}
