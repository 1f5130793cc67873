package store

import (
	"context"
	"fmt"
	"time"
)

const (
	selectSession = `SELECT data FROM sessions WHERE token = $1 AND expires > $2`
	saveSession   = `INSERT INTO sessions (token, person, data, expires) VALUES ($1, $2, $3, $4)
		ON CONFLICT (token) DO UPDATE SET person = excluded.person, data = excluded.data, expires = excluded.expires`
	endSession    = `DELETE FROM sessions WHERE token = $1`
	endSessions   = `DELETE FROM sessions WHERE person = $1`
	pruneSessions = `DELETE FROM sessions WHERE token IN (SELECT token FROM sessions WHERE expires <= $1 ORDER BY expires LIMIT $2)`
)

// Session returns what is kept of a session; false: there is none, or it has expired.
func (s *Store) Session(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.db.each(ctx, selectSession, []any{plain(token), micros(s.now())}, func(scan scanner) error {
		found = true
		return scan(&data)
	})
	if err != nil {
		return nil, false, fmt.Errorf("read a session: %w", err)
	}
	return data, found, nil
}

// SaveSession keeps a session until it expires. person is the account's number; 0: nobody has signed in yet.
func (s *Store) SaveSession(ctx context.Context, token string, person int64, data []byte, expires time.Time) error {
	return s.sessions(ctx, "save a session", saveSession, plain(token), person, data, micros(expires))
}

// EndSession removes a session, if it is there.
func (s *Store) EndSession(ctx context.Context, token string) error {
	return s.sessions(ctx, "end a session", endSession, plain(token))
}

// EndSessions removes all sessions of a person.
func (s *Store) EndSessions(ctx context.Context, person int64) error {
	return s.sessions(ctx, "end a person's sessions", endSessions, person)
}

func (s *Store) sessions(ctx context.Context, what, query string, args ...any) error {
	err := s.write(ctx, func(t tx) error {
		_, err := t.exec(query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
