package web_test

import (
	"strings"
	"testing"
)

// An incident can be noted from the page, too.
func TestIncidentCanBeConfirmed(t *testing.T) {
	w := newWorld(t)
	w.put(shop, live(t))
	p := w.browser().signIn("mia").get("/do/acme/shop?c=/incident+production+the+till+is+slow")
	checkPage(t, "the page that confirms an incident", p.body)
	for _, says := range []string{"noted an incident of 77b01de on production: the till is slow", "Note the incident"} {
		if !strings.Contains(p.body, says) {
			t.Errorf("the page should say %q: %s", says, p)
		}
	}
}
