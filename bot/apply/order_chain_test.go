package apply

import (
	"fmt"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Pushes of one second are put into the order that they say they came in,
// whatever their names and in whatever order they are seen.
func TestPushesOfOneSecond(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const n = 8
	name := func(i int) string { return fmt.Sprintf("%040x", 100-i) } // the newest sorts first
	s := pipeline.State{DefaultBranch: "main"}
	for _, i := range []int{3, 7, 1, 5, 2, 8, 4, 6} {
		push(&s, bot.Pushed{Branch: "main", Before: name(i - 1), After: name(i), PushedAt: at}, at)
	}
	if len(s.Candidates) != n {
		t.Fatalf("each push should be a candidate, there are %d", len(s.Candidates))
	}
	for i, c := range s.Candidates {
		if c.SHA != name(i+1) {
			t.Errorf("push %d should stand at its place in the branch's order, there is %s", i+1, c.SHA)
		}
	}
}
