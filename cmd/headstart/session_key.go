package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sessionKeyEnd is what the name of the file with the key of sessions ends in, beside the database.
const sessionKeyEnd = ".session-key"

// sessionKey is what sessions are encrypted under: HEADSTART_SESSION_KEY, or beside a SQLite database a file that is made
// at the first start. Whoever has the database has no sessions without it. The database must be open: then no other
// process makes the file, too.
func (s settings) sessionKey() ([]byte, error) {
	if s.SessionKey != "" {
		return []byte(s.SessionKey), nil
	}
	path, isFile := strings.CutPrefix(s.DatabaseURL, "sqlite:")
	switch {
	case !isFile:
		return nil, errors.New("HEADSTART_SESSION_KEY is missing") // check says so before
	case path == ":memory:":
		return newSessionKey(), nil
	}
	path += sessionKeyEnd
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = newSessionKey()
		err = writeSessionKey(path, key)
	}
	if err == nil && len(key) < shortest {
		err = fmt.Errorf("%s holds no key: remove it, and another one is made; people sign in again", path)
	}
	if err != nil {
		return nil, fmt.Errorf("the key of sessions, which HEADSTART_SESSION_KEY can hold instead: %w", err)
	}
	return key, nil
}

func newSessionKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return []byte(hex.EncodeToString(key))
}

// writeSessionKey makes the file as a whole or not at all, and for this user only.
func writeSessionKey(path string, key []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*") // open to this user only
	if err != nil {
		return err
	}
	_, err = f.Write(key)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
