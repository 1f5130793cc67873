package store_test

import "testing"

func postgresOpener(t *testing.T) opener {
	t.Skip("later")
	return nil
}
