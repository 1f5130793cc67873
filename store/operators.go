package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// OperatorAccount is an account under an operator's login.
type OperatorAccount struct {
	Login   string // in lower case
	ID      int64
	Since   time.Time
	By      string // who confirmed it; empty: it was the first one seen
	Refused bool   // it came with the login, but is not the operator's
}

const (
	firstOperator   = `INSERT INTO operators (login, id, since, by_whom) VALUES ($1, $2, $3, '') ON CONFLICT DO NOTHING`
	confirmOperator = `INSERT INTO operators (login, id, since, by_whom) VALUES ($1, $2, $3, $4)
		ON CONFLICT (login) DO UPDATE SET id = excluded.id, since = excluded.since, by_whom = excluded.by_whom RETURNING id`
	selectOperator  = `SELECT id FROM operators WHERE login = $1`
	refuseOperator  = `INSERT INTO operator_refusals (login, id, first_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	selectOperators = `SELECT login, id, since, by_whom, 0 FROM operators
		UNION ALL SELECT r.login, r.id, r.first_at, '', 1 FROM operator_refusals r
			WHERE NOT EXISTS (SELECT 1 FROM operators o WHERE o.login = r.login AND o.id = r.id)
		ORDER BY 1, 5, 3`
)

// Operator returns the account that is known for an operator's login. An unknown login gets id. A pinned account
// replaces any other.
func (s *Store) Operator(ctx context.Context, login string, id, pinned int64) (known int64, err error) {
	login = strings.ToLower(plain(login))
	err = s.db.each(ctx, selectOperator, []any{login}, func(scan scanner) error { return scan(&known) })
	if pinned == 0 && known == id || pinned != 0 && known == pinned && id == pinned {
		return known, err
	}
	if err == nil {
		err = s.write(ctx, func(t tx) error {
			at := micros(s.now())
			if pinned != 0 {
				if err := t.each(confirmOperator, []any{login, pinned, at, "HEADSTART_OPERATORS"}, func(scan scanner) error { return scan(&known) }); err != nil {
					return err
				}
			} else if _, err := t.exec(firstOperator, login, id, at); err != nil {
				return err
			}
			if err := t.each(selectOperator, []any{login}, func(scan scanner) error { return scan(&known) }); err != nil || known == id {
				return err
			}
			_, err := t.exec(refuseOperator, login, id, at)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("look up the operator %s: %w", login, err)
	}
	return known, nil
}

// Operators lists the accounts that came with operators' logins.
func (b *Operator) Operators(ctx context.Context) (list []OperatorAccount, err error) {
	err = b.db.each(ctx, selectOperators, nil, func(scan scanner) error {
		var (
			o              OperatorAccount
			since, refused int64
		)
		err := scan(&o.Login, &o.ID, &since, &o.By, &refused)
		o.Since, o.Refused = fromMicros(since), refused != 0
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the operators: %w", err)
	}
	return list, nil
}

// ConfirmOperator gives an operator's login to an account, and returns the former one; 0: none.
func (b *Operator) ConfirmOperator(ctx context.Context, login string, id int64, by string, at time.Time) (was int64, err error) {
	login = strings.ToLower(plain(login))
	err = b.db.each(ctx, selectOperator, []any{login}, func(scan scanner) error { return scan(&was) })
	if err == nil {
		if by = strings.TrimSpace(plain(by)); by == "" {
			by = "the operator"
		}
		err = b.db.each(ctx, confirmOperator, []any{login, id, micros(at), by}, func(scan scanner) error { return scan(new(int64)) })
	}
	if err != nil {
		return 0, fmt.Errorf("confirm the operator %s: %w", login, err)
	}
	return was, nil
}
