package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// expectLive asks production what it answers, as people would.
func (w *world) expectLive(ctx context.Context, t timeline, n int) error {
	if _, ok := t.live(); !ok {
		return fmt.Errorf("%s did not get to production", t.title)
	}
	answer, err := w.get(ctx, "demo-production")
	if err != nil {
		return fmt.Errorf("ask production: %w", err)
	}
	line, _, _ := strings.Cut(answer, "\n")
	line = redact.Line(line, 78)
	if w.app.shows != nil && !strings.Contains(answer, w.app.shows(n)) {
		return fmt.Errorf("production answers %q, and not the version that was deployed (%s)", line, w.app.shows(n))
	}
	w.view.print("   %s answers: %s", w.appURL("demo-production"), line)
	return nil
}

// showStatuses says what people see at the commit on GitHub, once everything has
// been said.
func (w *world) showStatuses(ctx context.Context, sha string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, fmt.Errorf("a status of %s stays pending", sha[:7]))
	defer cancel()
	for {
		_, moved := w.look()
		statuses := w.repo.Statuses(sha)
		if !slices.ContainsFunc(slices.Collect(maps.Values(statuses)), func(s githubtest.Status) bool { return s.State == "pending" }) {
			w.printStatuses(statuses)
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-moved:
		}
	}
}

// printStatuses lists the build's status, the stages' in their order, and all others.
func (w *world) printStatuses(statuses map[string]githubtest.Status) {
	state, _ := w.look()
	order := []string{"headstart/build"}
	for _, stage := range state.Config.Stages {
		order = append(order, "headstart/"+stage.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(statuses)) {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	for _, name := range order {
		if s, ok := statuses[name]; ok {
			mark := map[string]string{"success": "✓", "pending": "…"}[s.State]
			w.view.print("   %s %-21s %s", cmp.Or(mark, "✗"), name, redact.Line(s.Description, 140))
		}
	}
}

// get asks an app through the router.
func (w *world) get(ctx context.Context, app string) (string, error) {
	return w.fetch(ctx, app+".localhost", "/")
}

// fetch asks the router. The address is the loopback's own, so that it works where
// *.localhost is not resolved.
func (w *world) fetch(ctx context.Context, host, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", w.port, path), nil)
	if err != nil {
		return "", err
	}
	req.Host = fmt.Sprintf("%s:%d", host, w.port)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 8<<20))
	return string(body), err
}

func (w *world) appURL(app string) string { return fmt.Sprintf("http://%s.localhost:%d", app, w.port) }
