package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binaries are the programs that tests run, such as the command as people run it. Each
// is built when the first test asks for it, and all are removed by TestMain.
var binaries programs

type programs struct {
	mu   sync.Mutex
	dir  string                            // guarded by mu
	made map[string]func() (string, error) // by package; guarded by mu
}

// path is where the program of a package is, such as "." for the command itself.
func (p *programs) path(tb testing.TB, pkg string) string {
	tb.Helper()
	p.mu.Lock()
	if p.made == nil {
		p.made = map[string]func() (string, error){}
	}
	if p.dir == "" {
		var err error
		if p.dir, err = os.MkdirTemp("", "headstart-built"); err != nil {
			p.mu.Unlock()
			tb.Fatal(err)
		}
	}
	build := p.made[pkg]
	if build == nil {
		to := filepath.Join(p.dir, fmt.Sprint(len(p.made)))
		build = sync.OnceValues(func() (string, error) {
			// Without what debuggers need, linking takes half the time.
			if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", to, pkg).CombinedOutput(); err != nil {
				return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
			}
			return to, nil
		})
		p.made[pkg] = build
	}
	p.mu.Unlock()
	program, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return program
}

func (p *programs) remove() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dir == "" {
		return
	}
	if err := os.RemoveAll(p.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
