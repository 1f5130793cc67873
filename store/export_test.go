package store

import "context"

// ReadIn returns the text that a query yields within a transaction.
func (s *Store) ReadIn(ctx context.Context, lazily bool, query string) (value string, err error) {
	write := s.write
	if lazily {
		write = s.writeLazily
	}
	err = write(ctx, func(t tx) error {
		return t.each(query, nil, func(scan scanner) error { return scan(&value) })
	})
	return value, err
}

// ForgetSaved forgets what was saved, as the Store of another process does not
// know it.
func (s *Store) ForgetSaved() { s.saved = savedPipelines{} }
