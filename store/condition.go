package store

import (
	"context"
	"errors"
)

// Condition is how a database is.
type Condition struct {
	Name     string // for people; no password
	Form     int    // the number of the stored form; see the package's comment
	Bytes    int64
	ReadOnly error // why nothing can be written; nil: it can
}

// Condition finds out how the database is. It writes nothing.
func (b *Operator) Condition(ctx context.Context) (Condition, error) {
	bytes, readOnly, err := b.db.condition(ctx)
	return Condition{Name: b.name, Form: b.form, Bytes: bytes, ReadOnly: readOnly}, err
}

// condition begins to write, which takes the lock and the right to, and then does not.
func (b *sqliteFile) condition(ctx context.Context) (bytes int64, readOnly error, err error) {
	err = b.each(ctx, `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`, nil, func(scan scanner) error { return scan(&bytes) })
	if err != nil {
		return 0, nil, err
	}
	begun, readOnly := b.db.BeginTx(ctx, nil) // IMMEDIATE
	if readOnly == nil {
		err = begun.Rollback()
	}
	return bytes, readOnly, err
}

func (b *postgresConn) condition(ctx context.Context) (bytes int64, readOnly error, err error) {
	var standby, setting, may bool
	err = b.each(ctx, `SELECT pg_database_size(current_database()), pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
		has_table_privilege('deliveries', 'INSERT')`, nil, func(scan scanner) error {
		return scan(&bytes, &standby, &setting, &may)
	})
	switch {
	case err != nil:
	case standby:
		readOnly = errors.New("this server is a standby")
	case setting:
		readOnly = errors.New("the server or the role has default_transaction_read_only = on")
	case !may:
		readOnly = errors.New("the role may not insert into the table deliveries")
	}
	return bytes, readOnly, err
}
