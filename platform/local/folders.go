package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// private is the mode of every folder: config vars and what apps wrote are for this
// user alone.
const private fs.FileMode = 0o700

// makeFolders makes those that a Platform needs, and closes those that are there to other
// users: earlier versions left them open.
func makeFolders(dir string) error {
	for _, name := range []string{"", "apps", "artifacts", "work"} {
		if err := os.MkdirAll(filepath.Join(dir, name), private); err != nil {
			return err
		}
	}
	closed, err := filepath.Glob(filepath.Join(dir, "apps", "*"))
	if err != nil {
		return err
	}
	below, err := filepath.Glob(filepath.Join(dir, "apps", "*", "*"))
	if err != nil {
		return err
	}
	closed = append(closed, below...)
	for _, name := range []string{"", "apps", "artifacts", "work", "cache"} {
		closed = append(closed, filepath.Join(dir, name))
	}
	for _, name := range closed {
		if err := closeFolder(name); err != nil {
			return err
		}
	}
	return nil
}

// closeFolder makes a folder private; what is none, or is missing, stays as it is.
func closeFolder(name string) error {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir() || info.Mode().Perm()&0o077 == 0:
		return nil
	}
	if err := os.Chmod(name, private); err != nil {
		return fmt.Errorf("close %s to other users: %w (a folder of its own, inside of one that somebody else owns, can be closed)", name, err)
	}
	return nil
}
