package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lockWithin is how long to wait for a database that another process has locked.
const lockWithin = time.Second

// lockFile takes the lock that keeps other processes off the database at path. It creates missing files, readable by
// their owner only.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	if strings.HasSuffix(path, string(filepath.Separator)) {
		return nil, fmt.Errorf("the SQLite database %s is a folder: expected the path of a file", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the SQLite database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open the SQLite database: %w", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the SQLite database: %w", err)
	}
	if err := takeLockFile(ctx, lock); err != nil {
		_ = lock.Close() // nothing was written to it
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("the SQLite database %s is in use by another Headstart: a file serves one process; use PostgreSQL to run several", path)
		}
		return nil, fmt.Errorf("lock the SQLite database %s: %w", path, err)
	}
	return lock, nil
}

// takeLockFile waits a moment for the lock. The kernel releases it when a process ends in any way. But a child process
// holds it between its start and its exec.
func takeLockFile(ctx context.Context, lock *os.File) error {
	for until := time.Now().Add(lockWithin); ; {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(until) || !wait(ctx, lockWithin/50) {
			return err
		}
	}
}
