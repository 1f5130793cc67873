package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-cd/headstart/store"
)

// backupCommand copies the database, also while the server runs.
type backupCommand struct {
	DatabaseURL string `env:"DATABASE_URL" default:"sqlite:headstart.db" help:"The database of the server: sqlite:PATH or postgres://…"`
	File        string `arg:"" name:"file" help:"The new file; one that exists is not overwritten."`
}

// Run copies it and says how to go back to the copy.
func (c *backupCommand) Run(ctx context.Context, out console) error {
	done, err := store.Backup(ctx, c.DatabaseURL, c.File)
	var other *store.OtherTool
	switch {
	case errors.As(err, &other):
		fmt.Fprintf(out.err, "A PostgreSQL database is copied by its own tools, also while Headstart runs. Nothing was copied yet.\n\n"+
			"Back up:                           %s\nRestore, into an empty database:   %s\n\n", other.Command, other.Restore)
		return errors.New("headstart backup copies SQLite databases: run pg_dump as above")
	case err != nil:
		return err
	}
	fmt.Fprintf(out.out, "%s: %s, checked (form %d).\nTo go back to it, stop the server, put the file in the place of the database (without the -wal and -shm files beside that), and start the server.\n",
		c.File, size(done.Bytes), done.Form)
	return nil
}

// size writes bytes for people.
func size(bytes int64) string {
	switch {
	case bytes < 1<<20:
		return fmt.Sprintf("%d kB", (bytes+1023)>>10)
	case bytes < 1<<30:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
}
