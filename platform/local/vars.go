package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// An app's config vars are one file, which people write. Every release keeps a
// copy of what it began with, so that an app can be rolled back with its config
// vars. All copies are secrets: they are readable for this user alone, and go
// nowhere else.

// varsFile holds the app's config vars.
func (a *app) varsFile() string { return filepath.Join(a.dir, "env") }

// keptVarsFile holds those that a release began with.
func (a *app) keptVarsFile(version int) string {
	return filepath.Join(a.dir, "vars", strconv.Itoa(version))
}

// vars is the content of the app's file; empty if there is none.
func (a *app) vars() ([]byte, error) {
	data, err := os.ReadFile(a.varsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// keepVars keeps what a release begins with.
func (a *app) keepVars(version int, vars []byte) error {
	if err := os.MkdirAll(filepath.Dir(a.keptVarsFile(version)), 0o700); err != nil {
		return err
	}
	return saveFile(a.keptVarsFile(version), vars)
}

// dropVars forgets what a release would have begun with.
func (a *app) dropVars(version int) error {
	err := os.Remove(a.keptVarsFile(version))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// restoreVars writes back to the app's file what a release began with. Undo puts
// there what was there before.
func (a *app) restoreVars(version int) (undo func() error, err error) {
	before, err := a.vars()
	if err != nil {
		return nil, err
	}
	kept, err := os.ReadFile(a.keptVarsFile(version))
	if err != nil {
		return nil, err
	}
	if err := saveFile(a.varsFile(), kept); err != nil {
		return nil, err
	}
	return func() error { return saveFile(a.varsFile(), before) }, nil
}
