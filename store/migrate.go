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

// migrations are ours; River has its own. Each leads to the form of its number: see the package's comment. A released
// file is never changed: changes go into the next number.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrationFiles lists the migrations in order.
func migrationFiles() ([]string, error) { return fs.Glob(migrations, "migrations/*.sql") }

// numberOf reads the form that a migration leads to off its name.
func numberOf(file string) (int, error) {
	number, _, _ := strings.Cut(path.Base(file), "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return 0, fmt.Errorf("%s has no number: %w", file, err)
	}
	return version, nil
}

// migrate runs the missing migrations in order; have is the database's form. The caller must ensure that no other
// process migrates at the same time.
func migrate(ctx context.Context, db database, have int) error {
	err := db.write(ctx, func(t tx) error {
		_, err := t.exec(`CREATE TABLE IF NOT EXISTS ` + tableOfForms + ` (version BIGINT PRIMARY KEY)`)
		return err
	})
	if err != nil {
		return fmt.Errorf("create the table of forms: %w", err)
	}
	files, err := migrationFiles()
	if err != nil {
		return err
	}
	for _, file := range files {
		version, err := numberOf(file)
		if err != nil {
			return err
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
			_, err := t.exec(`INSERT INTO `+tableOfForms+` (version) VALUES ($1)`, version)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate the database with %s: %w", path.Base(file), err)
		}
	}
	return nil
}
