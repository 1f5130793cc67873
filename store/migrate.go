package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// migrations are ours; River brings its own. A file that was released is never
// changed: what follows goes into the next number.
//
//go:embed migrations/*.sql
var migrations embed.FS

// versionOfTables asks for the number of the newest migration that was run.
const versionOfTables = `SELECT COALESCE(MAX(version), 0) FROM headstart_migrations`

// migrationFiles lists the migrations in their order.
func migrationFiles() ([]string, error) { return fs.Glob(migrations, "migrations/*.sql") }

func newerTables(have, known int) error {
	return fmt.Errorf("the database was written by a newer Headstart: its tables have version %d, this program knows %d", have, known)
}

// migrate runs the migrations that the database has not seen, in their order.
// Whoever calls it sees to it that nobody else does at the same time.
func migrate(ctx context.Context, db database) error {
	err := db.write(ctx, func(t tx) error {
		_, err := t.exec(`CREATE TABLE IF NOT EXISTS headstart_migrations (version BIGINT PRIMARY KEY)`)
		return err
	})
	if err != nil {
		return fmt.Errorf("create the table of migrations: %w", err)
	}
	var have int
	err = db.each(ctx, versionOfTables, nil, func(scan scanner) error { return scan(&have) })
	if err != nil {
		return fmt.Errorf("read the version of the tables: %w", err)
	}
	files, err := migrationFiles()
	if err != nil {
		return err
	}
	if have > len(files) {
		return newerTables(have, len(files))
	}
	for _, file := range files {
		number, _, _ := strings.Cut(path.Base(file), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return fmt.Errorf("%s has no number: %w", file, err)
		}
		if version <= have {
			continue
		}
		script, err := migrations.ReadFile(file)
		if err != nil {
			return err
		}
		err = db.write(ctx, func(t tx) error {
			if _, err := t.exec(string(script)); err != nil {
				return err
			}
			_, err := t.exec(`INSERT INTO headstart_migrations (version) VALUES ($1)`, version)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate the database with %s: %w", path.Base(file), err)
		}
	}
	return nil
}
