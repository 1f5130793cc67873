package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Token is one of a person, for the API.
type Token struct {
	Hash      string // of what the person was shown once
	ID        string // how that begins
	Person    int64  // GitHub's number of the account
	Login     string // the account's name when the token was made
	Name      string
	Pipelines []string // by name; none: all that the person sees
	May       string   // what it is good for, in the words of who uses it
	Made      time.Time
	Expires   time.Time
	Used      time.Time // about when last; zero: never
}

// tokensKept is how long a token is listed after it has expired.
const tokensKept = 30 * 24 * time.Hour

const (
	tokenColumns = `hash, id, person, login, name, pipelines, may, made, expires, used`
	insertToken  = `INSERT INTO tokens (` + tokenColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`
	selectToken  = `SELECT ` + tokenColumns + ` FROM tokens WHERE hash = $1 AND expires > $2`
	selectTokens = `SELECT ` + tokenColumns + ` FROM tokens WHERE person = $1 ORDER BY made DESC, hash`
	useToken     = `UPDATE tokens SET used = $2 WHERE hash = $1 AND used < $2`
	deleteToken  = `DELETE FROM tokens WHERE person = $1 AND id = $2`
	pruneTokens  = `DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires <= $1 ORDER BY expires LIMIT $2)`
)

// MakeToken keeps a new token, which was never used.
func (s *Store) MakeToken(ctx context.Context, t Token) error {
	return s.tokens(ctx, "make a token", insertToken, plain(t.Hash), plain(t.ID), t.Person, plain(t.Login), plain(t.Name),
		plain(strings.Join(t.Pipelines, "\n")), plain(t.May), micros(t.Made), micros(t.Expires))
}

// Token returns the token of a hash; false: there is none, or it has expired.
func (s *Store) Token(ctx context.Context, hash string) (t Token, found bool, err error) {
	err = s.db.each(ctx, selectToken, []any{plain(hash), micros(s.now())}, func(scan scanner) error {
		found = true
		return t.scan(scan)
	})
	if err != nil {
		return Token{}, false, fmt.Errorf("look up a token: %w", err)
	}
	return t, found, nil
}

// TokensOf lists a person's tokens, the newest first, with those that have expired in the last days.
func (s *Store) TokensOf(ctx context.Context, person int64) (list []Token, err error) {
	err = s.db.each(ctx, selectTokens, []any{person}, func(scan scanner) error {
		var t Token
		if err := t.scan(scan); err != nil {
			return err
		}
		list = append(list, t)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return list, nil
}

// UseToken remembers that a token was used.
func (s *Store) UseToken(ctx context.Context, hash string, at time.Time) error {
	return s.tokens(ctx, "remember that a token was used", useToken, plain(hash), micros(at))
}

// RevokeToken removes a person's token by its ID, if it is there.
func (s *Store) RevokeToken(ctx context.Context, person int64, id string) error {
	return s.tokens(ctx, "revoke a token", deleteToken, person, plain(id))
}

func (s *Store) tokens(ctx context.Context, what, query string, args ...any) error {
	err := s.write(ctx, func(t tx) error {
		_, err := t.exec(query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (t *Token) scan(scan scanner) error {
	var pipelines string
	var made, expires, used int64
	if err := scan(&t.Hash, &t.ID, &t.Person, &t.Login, &t.Name, &pipelines, &t.May, &made, &expires, &used); err != nil {
		return err
	}
	if pipelines != "" {
		t.Pipelines = strings.Split(pipelines, "\n")
	}
	t.Made, t.Expires, t.Used = fromMicros(made), fromMicros(expires), fromMicros(used)
	return nil
}
