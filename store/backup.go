package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"modernc.org/sqlite"
)

// Copied describes a backup.
type Copied struct {
	Bytes int64
	Form  int // the number of the stored form; see the package's comment
}

// OtherTool says that a database is copied by its own tool.
type OtherTool struct {
	Command string // what copies it, for a shell; it has no password
	Restore string // what reads the copy into an empty database
}

func (e *OtherTool) Error() string {
	return "a PostgreSQL database is copied by its own tool, also while Headstart runs: " + e.Command
}

// Backup copies the database at url to a new file, by SQLite's online backup: as of one moment, while a server may
// write. The copy is checked before it gets its name, and only its owner may read it.
//
// Errors: [OtherTool] for PostgreSQL; fs.ErrExist if there is a file of that name.
func Backup(ctx context.Context, url, file string) (Copied, error) {
	switch scheme, path, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		if path == "" || path == ":memory:" {
			return Copied{}, errors.New("DATABASE_URL names no file that could be copied: expected sqlite:PATH")
		}
		return backupSQLite(ctx, path, file)
	case "postgres", "postgresql":
		return Copied{}, dumpOf(url, file)
	}
	return Copied{}, errNoDatabase
}

func backupSQLite(ctx context.Context, path, file string) (_ Copied, err error) {
	if _, err := os.Stat(path); err != nil {
		return Copied{}, fmt.Errorf("there is no database at %s, where `headstart serve` keeps it: %w", path, err)
	}
	if err := mustBeFree(file); err != nil {
		return Copied{}, err
	}
	begun, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.partial") // others may not read it
	if err != nil {
		return Copied{}, fmt.Errorf("write the backup: %w", err)
	}
	partial := begun.Name()
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			if e := os.Remove(partial + suffix); !errors.Is(e, fs.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}()
	if err := errors.Join(begun.Close(), copySQLite(ctx, path, partial)); err != nil {
		return Copied{}, fmt.Errorf("copy the database %s: %w", path, err)
	}
	done, err := checkCopy(ctx, partial)
	if err != nil {
		return Copied{}, err
	}
	if done.Bytes, err = toDisk(partial); err != nil {
		return Copied{}, fmt.Errorf("write the backup to the disk: %w", err)
	}
	if err := mustBeFree(file); err != nil {
		return Copied{}, err
	}
	if err := os.Rename(partial, file); err != nil {
		return Copied{}, fmt.Errorf("name the backup: %w", err)
	}
	_, err = toDisk(filepath.Dir(file))
	return done, err
}

func mustBeFree(file string) error {
	switch _, err := os.Lstat(file); {
	case err == nil:
		return taken(file)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

// taken is the error about a file that exists.
type taken string

func (file taken) Error() string {
	return string(file) + " exists, and a backup overwrites nothing: name another file, or move that one away"
}

func (taken) Is(target error) bool { return target == fs.ErrExist }

// copySQLite copies all pages in one step: whoever writes meanwhile writes to the log, and none of that is in the copy.
func copySQLite(ctx context.Context, path, to string) error {
	from, err := openFile(path, url.Values{"mode": {"ro"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busyFor)}})
	if err != nil {
		return err
	}
	err = withConn(ctx, from.db, func(conn any) error {
		source, ok := conn.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("this driver of SQLite cannot copy a database")
		}
		backup, err := source.NewBackup("file:" + (&url.URL{Path: to}).EscapedPath())
		if err != nil {
			return err
		}
		_, err = backup.Step(-1)
		return errors.Join(err, backup.Finish())
	})
	return errors.Join(err, from.close(ctx))
}

func withConn(ctx context.Context, db *sql.DB, do func(conn any) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(conn.Raw(do), conn.Close())
}

// checkCopy reads every page of a copy, and finds out which form it has.
func checkCopy(ctx context.Context, path string) (done Copied, err error) {
	db, err := openFile(path, url.Values{"mode": {"rw"}})
	if err != nil {
		return Copied{}, err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	var wrong []string
	err = db.each(ctx, `PRAGMA integrity_check(10)`, nil, func(scan scanner) error {
		var said string
		err := scan(&said)
		wrong = append(wrong, said)
		return err
	})
	if err != nil {
		return Copied{}, fmt.Errorf("the database is damaged, and no backup was made of it: %w", err)
	}
	if len(wrong) != 1 || wrong[0] != "ok" {
		return Copied{}, fmt.Errorf("the database is damaged, and no backup was made of it: %s", strings.Join(wrong, "; "))
	}
	if marked, err := hasTable(ctx, db, whereaboutsOfFile(path), tableOfForms); err != nil || !marked {
		return Copied{}, errors.Join(errors.New("that is no database of Headstart's, and no backup was made of it"), err)
	}
	err = db.each(ctx, versionOfForm, nil, func(scan scanner) error { return scan(&done.Form) })
	return done, err
}

// toDisk has a file or a folder written to the disk, and returns its size.
func toDisk(path string) (bytes int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	err = f.Sync()
	if info, e := f.Stat(); e == nil {
		bytes = info.Size()
	}
	return bytes, errors.Join(err, f.Close())
}

// dumpOf is the error that names the tool for a PostgreSQL database.
func dumpOf(url, file string) error {
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		return errPostgresURL
	}
	at := pool.ConnConfig
	on := fmt.Sprintf("--host=%s --port=%d --username=%s --dbname=%s", shell(at.Host), at.Port, shell(at.User), shell(at.Database))
	return &OtherTool{
		Command: fmt.Sprintf("pg_dump --format=custom --no-owner --file=%s %s", shell(file), on),
		Restore: fmt.Sprintf("pg_restore --no-owner --exit-on-error %s %s", on, shell(file)),
	}
}

// shell quotes a word for a shell, if it needs that.
func shell(word string) string {
	if word != "" && strings.IndexFunc(word, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@", r)
	}) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
