package heroku_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/platform/platformtest"
)

// What reads is made again below the decision, three times in all; what changes
// something is made once.
func TestAReadIsMadeThreeTimes(t *testing.T) {
	for name, fault := range map[string]herokutest.Fault{
		"the connection drops":                  {DropBefore: true},
		"the connection drops after the effect": {DropAfter: true},
		"502":                                   {Status: 502, Body: herokutest.Unavailable},
		"503":                                   {Status: 503, Body: herokutest.Unavailable},
		"504":                                   {Status: 504},
		"503 that says when":                    {Status: 503, Header: http.Header{"Retry-After": {"7"}}},
		"500":                                   {Status: 500},
		"404":                                   {Status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			again := name != "503 that says when" && name != "500" && name != "404"
			for lost := range 4 {
				w := newWorld(t)
				var pauses []time.Duration
				h := w.connect(heroku.Options{Pause: func(ctx context.Context, d time.Duration) error {
					pauses = append(pauses, d)
					return ctx.Err()
				}})
				fault.Match, fault.Times = "GET", lost
				if lost > 0 {
					w.server.Inject(fault)
				}
				_, err := h.Builds(t.Context(), "shop-prepare")
				if good := lost == 0 || again && lost < 3; (err == nil) != good {
					t.Errorf("with %d of three tries lost: good should be %t, got %v", lost, good, err)
				}
				want := 0
				if again {
					want = min(lost, 2)
				}
				if len(pauses) > want || want == 2 && pauses[0]+pauses[1] > time.Second {
					t.Errorf("with %d tries lost there should be %d short pauses, got %v", lost, want, pauses)
				}
			}
		})
	}
	w := newWorld(t)
	w.server.Inject(herokutest.Fault{Match: "POST", Status: 502, Body: herokutest.Unavailable})
	if _, err := w.platform.StartBuild(t.Context(), "shop-prepare", w.source(sha(1))); platformtest.KindOf(err) != "unknown" || len(w.prepare.Builds()) != 0 {
		t.Errorf("a build whose answer is lost is not asked for again: expected unknown and no build, got %v", err)
	}
}
