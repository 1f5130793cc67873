package local

import (
	"context"
	"fmt"
	"net/http"

	"github.com/headstart-cd/headstart/bot"
)

// Maintenance tells whether the router answers in the app's place.
func (p *Platform) Maintenance(ctx context.Context, name string) (bool, error) {
	a, err := p.app(ctx, name)
	if err != nil {
		return false, err
	}
	return a.read().Maintenance, nil
}

// SetMaintenance turns the app's maintenance mode on or off. While it is on, the
// router answers 503; requests that began before go on to their end, and so do
// the app's processes. It outlives a restart.
func (p *Platform) SetMaintenance(ctx context.Context, name string, on bool) error {
	a, err := p.app(ctx, name)
	if err != nil {
		return err
	}
	if err := a.change(func(s *state) { s.Maintenance = on }); err != nil {
		return &bot.Retryable{Reason: fmt.Sprintf("The maintenance mode of %s could not be saved.", a.name), Err: err}
	}
	return nil
}

// inMaintenance reports whether the router is to answer in the app's place.
func (a *app) inMaintenance() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state.Maintenance
}

// serveMaintenance answers in the app's place.
func serveMaintenance(w http.ResponseWriter, a *app) {
	w.Header().Set("Retry-After", "10")
	page(w, http.StatusServiceUnavailable, a.name+" is being updated", "It is in maintenance mode, and will be back in a moment.")
}
