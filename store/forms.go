package store

import (
	"context"
	"fmt"
)

// versionOfForm selects the number of the database's form: its newest migration.
const versionOfForm = `SELECT COALESCE(MAX(version), 0) FROM headstart_forms`

// tableOfForms lists the forms that a database has had. Early versions of Headstart had headstart_migrations instead,
// and other names in the stored data.
const (
	tableOfForms    = "headstart_forms"
	tableOfEarliest = "headstart_migrations"
)

// whereabouts is how people find a database, and how its tables are found.
type whereabouts struct {
	name   string // for people; no password
	anew   string // how people start with an empty one instead
	tables string // counts the tables with a given name
}

func whereaboutsOfFile(path string) whereabouts {
	return whereabouts{
		name:   "the SQLite database " + path,
		anew:   fmt.Sprintf("move %[1]s, %[1]s-wal and %[1]s-shm away", path),
		tables: `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1`,
	}
}

func whereaboutsOfServer(host string, port uint16, database string) whereabouts {
	return whereabouts{
		name:   fmt.Sprintf("the PostgreSQL database %q on %s:%d", database, host, port),
		anew:   "name an empty database in DATABASE_URL",
		tables: `SELECT COUNT(*) FROM pg_tables WHERE tablename = $1 AND schemaname = ANY (current_schemas(false))`,
	}
}

// formOf returns the number of a database's form (0: nothing is stored yet), and of the newest form that this program
// knows. It only reads. A form that this program cannot upgrade is an error, worded for people.
func formOf(ctx context.Context, db reader, at whereabouts) (have, known int, err error) {
	files, err := migrationFiles()
	if err != nil {
		return 0, 0, err
	}
	if known, err = numberOf(files[len(files)-1]); err != nil {
		return 0, 0, err
	}
	earliest, err := hasTable(ctx, db, at, tableOfEarliest)
	if err != nil {
		return 0, 0, err
	}
	if earliest {
		return 0, 0, fmt.Errorf("%s was made by an earlier Headstart, and this version cannot read it: %s and start again. "+
			"Nothing is lost at GitHub or Heroku, and pipelines are found again; repeat locks, approvals and freezes that are still wanted", at.name, at.anew)
	}
	marked, err := hasTable(ctx, db, at, tableOfForms)
	if err == nil && marked {
		err = db.each(ctx, versionOfForm, nil, func(scan scanner) error { return scan(&have) })
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the form of %s: %w", at.name, err)
	}
	if have > known {
		return 0, 0, fmt.Errorf("%s was written by a newer Headstart: upgrade Headstart (the database has form %d, this version knows up to %d)", at.name, have, known)
	}
	return have, known, nil
}

func hasTable(ctx context.Context, db reader, at whereabouts, table string) (bool, error) {
	var found int
	err := db.each(ctx, at.tables, []any{table}, func(scan scanner) error { return scan(&found) })
	if err != nil {
		return false, fmt.Errorf("read %s: %w", at.name, err)
	}
	return found > 0, nil
}
