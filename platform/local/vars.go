package local

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/headstart-cd/headstart/bot"
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
	if err := makeDir(filepath.Dir(a.keptVarsFile(version)), 0o700); err != nil {
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

// replacedVarsFile holds, while a rollback brings back what a release began with,
// what the app's file held before.
func (a *app) replacedVarsFile(version int) string { return a.keptVarsFile(version) + ".replaced" }

// restoreVars writes back to the app's file what a release began with. Undo puts
// there what was there before; until dropReplaced is called, a successor of this
// process does so too.
func (a *app) restoreVars(version int) (undo func() error, err error) {
	before, err := a.vars()
	if err != nil {
		return nil, err
	}
	kept, err := os.ReadFile(a.keptVarsFile(version))
	if err != nil {
		return nil, err
	}
	if err := saveFile(a.replacedVarsFile(version), before); err != nil {
		return nil, err
	}
	undo = func() error {
		return errors.Join(saveFile(a.varsFile(), before), a.dropReplaced(version))
	}
	if err := saveFile(a.varsFile(), kept); err != nil {
		return nil, errors.Join(err, undo())
	}
	return undo, nil
}

// dropReplaced says that what restoreVars did is to stay.
func (a *app) dropReplaced(version int) error {
	err := os.Remove(a.replacedVarsFile(version))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// recoverVars undoes what a rollback did to the app's file that a crash kept
// from going live, unless somebody has written there since.
func (a *app) recoverVars(s state) error {
	for _, r := range s.Releases {
		before, err := os.ReadFile(a.replacedVarsFile(r.Version))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		kept, err := os.ReadFile(a.keptVarsFile(r.Version))
		if err != nil {
			return err
		}
		now, err := a.vars()
		if err != nil {
			return err
		}
		if r.Status != bot.ReleaseSucceeded && bytes.Equal(now, kept) {
			if err := saveFile(a.varsFile(), before); err != nil {
				return err
			}
		}
		if err := a.dropReplaced(r.Version); err != nil {
			return err
		}
	}
	return nil
}
