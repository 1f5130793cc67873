package local_test

import (
	"net/http"
	"testing"

	"github.com/headstart-cd/headstart/platform/local"
)

// Maintenance mode outlives a restart, and says when to come back.
func TestMaintenanceOutlivesARestart(t *testing.T) {
	m := newMachine(t, local.Options{})
	m.live(m.good(sha(1)), "shop")
	if err := m.SetMaintenance(t.Context(), "shop", true); err != nil {
		t.Fatal(err)
	}
	m.stop(m.Platform)
	m.start()
	if !m.closed("shop") {
		t.Error("the app is open after a restart; its maintenance mode was on before")
	}
	if status, _, header := m.get("shop.localhost", "/anything"); status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("in maintenance mode it answers %d with Retry-After %q; it should be 503, with a time", status, header.Get("Retry-After"))
	}
	m.live(m.good(sha(2)), "shop")
	if err := m.SetMaintenance(t.Context(), "shop", false); err != nil {
		t.Fatal(err)
	}
	if got := m.runs("shop"); got != sha(2) {
		t.Errorf("after maintenance mode the app runs %q; it should run what was released meanwhile, %s", got, sha(2))
	}
}
