package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Doing is something that was done with the server itself, or was refused: a sign-in, a freeze, a start.
type Doing struct {
	ID     string // drawn by the store
	At     time.Time
	Who    string // a login, an operating system's account, or empty: the server
	Via    string // "page", "command line" or "server"
	What   string
	Answer string
	OK     bool
}

const (
	saveDoing    = `INSERT INTO history_doings (at, id, who, via, what, answer, ok) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	selectDoings = `SELECT at, id, who, via, what, answer, ok FROM history_doings WHERE (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT $3`
	pruneDoings  = `DELETE FROM history_doings WHERE (at, id) IN (SELECT at, id FROM history_doings WHERE at < $1 ORDER BY at LIMIT $2)`
	selectSeen   = `SELECT name, mark FROM settings_seen`
	saveSeen     = `INSERT INTO settings_seen (name, mark) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET mark = excluded.mark`
	removeSeen   = `DELETE FROM settings_seen WHERE name = $1`
)

func (d Doing) args() []any {
	return []any{micros(d.At), rand.Text()[:12], plain(d.Who), plain(d.Via), plain(d.What), plain(d.Answer), okOf(d.OK)}
}

// NoteDoing records what was done. Nothing changes it later.
func (s *Store) NoteDoing(ctx context.Context, d Doing) error {
	err := s.write(ctx, func(t tx) error {
		_, err := t.exec(saveDoing, d.args()...)
		return err
	})
	if err != nil {
		return fmt.Errorf("record what was done with the server: %w", err)
	}
	return nil
}

// NoteDoing records what was done, in a process beside the server.
func (b *Operator) NoteDoing(ctx context.Context, d Doing) error {
	if err := b.db.each(ctx, saveDoing, d.args(), func(scanner) error { return nil }); err != nil {
		return fmt.Errorf("record what was done with the server: %w", err)
	}
	return nil
}

// Doings lists at most limit doings that are older than before, of which At and ID count, the newest first; zero before:
// from the newest.
func (s *Store) Doings(ctx context.Context, before Doing, limit int) (list []Doing, err error) {
	at := micros(before.At)
	if before.At.IsZero() {
		at = micros(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	err = s.db.each(ctx, selectDoings, []any{at, before.ID, limit}, func(scan scanner) error {
		var (
			d      Doing
			at, ok int64
		)
		err := scan(&at, &d.ID, &d.Who, &d.Via, &d.What, &d.Answer, &ok)
		d.At, d.OK = fromMicros(at), ok != 0
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what was done with the server: %w", err)
	}
	return list, nil
}

// SettingsSeen stores marks of the settings, and returns the names of those whose mark is another one than at the start
// before, or that are new or gone. first says that there was no start before.
func (s *Store) SettingsSeen(ctx context.Context, marks map[string]string) (changed []string, first bool, err error) {
	before := map[string]string{}
	err = s.db.each(ctx, selectSeen, nil, func(scan scanner) error {
		var name, mark string
		err := scan(&name, &mark)
		before[name] = mark
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("read the settings of the last start: %w", err)
	}
	for name := range before {
		if _, still := marks[name]; !still {
			changed = append(changed, name)
		}
	}
	for name, mark := range marks {
		if before[name] != mark {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	if len(changed) == 0 {
		return nil, false, nil
	}
	err = s.write(ctx, func(t tx) error {
		for name := range before {
			if _, still := marks[name]; !still {
				if _, err := t.exec(removeSeen, name); err != nil {
					return err
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(marks)) {
			if _, err := t.exec(saveSeen, name, marks[name]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("store marks of the settings: %w", err)
	}
	return changed, len(before) == 0, nil
}
