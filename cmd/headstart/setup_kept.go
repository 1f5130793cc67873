package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/headstart-cd/headstart/setup"
)

// settingsFile is where the settings go.
type settingsFile struct {
	path  string
	print bool
	app   string // on Heroku, whose config vars they become; empty: none

	mu     sync.Mutex
	values map[string]string // guarded by mu: those that were saved
	gone   bool              // guarded by mu: they are config vars
}

func (f *settingsFile) save(values map[string]string) (where string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.print {
		err = setup.SaveEnv(f.path, values)
	}
	if err != nil {
		return "", err
	}
	maps.Copy(f.values, values)
	if f.print {
		return "memory until the end, when they are printed to your terminal", nil
	}
	path, err := filepath.Abs(f.path)
	return path, err
}

// take returns what was saved.
func (f *settingsFile) take() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.values)
}

// forget removes the file: its settings are config vars.
func (f *settingsFile) forget() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = true
	return os.Remove(f.path)
}

// finish says what was made.
func (f *settingsFile) finish(c console) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.values) == 0 {
		return errors.New("nothing was set up")
	}
	switch {
	case f.gone:
		fmt.Fprintf(c.out, "The settings are the config vars of %s, and nowhere else.\n", f.app)
		return nil
	case f.app != "":
		return fmt.Errorf("the config vars of %s were not set; the settings are in %s", f.app, f.path)
	case !f.print:
		fmt.Fprintf(c.out, "The settings are in %s. Start the server with\n\n  headstart serve --env-file %s\n", f.path, f.path)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		fmt.Fprintf(c.out, "%s=%s\n", name, f.values[name])
	}
	return nil
}

// unfinished says where the settings are that were set up before an error.
func (f *settingsFile) unfinished(c console, err error) error {
	f.mu.Lock()
	n := len(f.values)
	f.mu.Unlock()
	switch {
	case n == 0:
		return err
	case f.print:
		return errors.Join(err, f.finish(c))
	case f.app != "":
		return fmt.Errorf("%w\nThe settings up to there are in %s, and are no config vars yet. To go on, remove the file and begin anew: the App's ID and key can be given once more", err, f.path)
	}
	return fmt.Errorf("%w\nThe settings up to there are in %s. To go on, begin anew with --again: the App's ID and key can be given once more", err, f.path)
}
