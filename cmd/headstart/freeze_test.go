package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// operator runs one of the operator's commands as a process of its own, beside the
// bot, on the bot's database.
func (b *bed) operator(args ...string) string {
	b.t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = []string{roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "DATABASE_URL=" + b.settings().DatabaseURL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("headstart %s should do, got %v:\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The operator freezes everything while the server runs. What is under way goes to
// its end, what would begin waits and says why, also after a restart, and goes on
// when the operator ends it. A rollback passes.
func TestOperatorFreeze(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.deploy("first")
		second := b.deploy("second")
		if said := b.operator("freeze", "--show"); !strings.Contains(said, "Not frozen.") {
			t.Errorf("nothing should be frozen yet, it says %q", said)
		}
		if said := b.operator("freeze", "--by", "ops", "the database", "moves"); !strings.Contains(said, "Everything is frozen by ops") {
			t.Errorf("it should say what is frozen, it says %q", said)
		}
		eventually(t, "the freeze reaches the pipeline", func() bool { return b.known().Freeze.On })
		third := b.push(change("third"))
		b.pass(10 * time.Second)
		b.report(third.SHA, "success")
		b.pass(10 * time.Minute)
		b.expectUntouched(third.SHA, stagingApp, productionApp)
		b.expectStatus(third.SHA, "headstart/staging", "pending", "Waiting: everything is frozen by the operator: the database moves")

		b.restart()
		b.pass(10 * time.Minute)
		b.expectUntouched(third.SHA, stagingApp, productionApp)
		eventually(t, "production is back after the restart", b.runs(productionApp, second.SHA))
		if said := b.operator("freeze", "--show"); !strings.Contains(said, "Everything is frozen by ops") || !strings.Contains(said, "the database moves") {
			t.Errorf("it should still be frozen, it says %q", said)
		}

		if said := b.operator("unfreeze"); !strings.Contains(said, "Not frozen") {
			t.Errorf("it should say that nothing is frozen, it says %q", said)
		}
		eventually(t, "the end of the freeze reaches the pipeline", func() bool { return !b.known().Freeze.On })
		b.until(5*time.Minute, "what waited goes live", b.live(third.SHA))
		b.expectNothingPending(third.SHA)
	})
}

func TestFreezeSaysWhatIsWrong(t *testing.T) {
	none := "sqlite:" + filepath.Join(t.TempDir(), "none.db")
	for _, test := range []struct {
		want string
		args []string
	}{
		{"the reason is missing", []string{"freeze", "--for", "4h"}},
		{"is no duration", []string{"freeze", "--for", "soon", "a", "reason"}},
		{"at most 30 days", []string{"freeze", "--for", "31d", "a", "reason"}},
		{"there is no database at", []string{"freeze", "a", "reason"}},
		{"there is no database at", []string{"unfreeze"}},
	} {
		args := append([]string{test.args[0], "--database-url", none}, test.args[1:]...)
		if _, _, err := headstart(t, args...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("headstart %s should be refused with %q, got %v", strings.Join(test.args, " "), test.want, err)
		}
	}
}

// On frozen days nothing is promoted anywhere. The freeze ends at midnight by its own
// clocks, which is ten in the morning by those of these stories.
func TestFreezeOfTheFileEnds(t *testing.T) {
	frozen := strings.Replace(steered, "stages:", "freezes: [{from: 2026-03-01, to: 2026-03-02, zone: Pacific/Kiritimati, reason: stocktaking}]\nstages:", 1)
	onBoth(t, choices{pipeline: frozen, sweep: aside}, func(b *bed) {
		c := b.merge("first")
		b.until(time.Minute, "it is built", b.hasStatus(c.SHA, "headstart/build", "success"))
		b.clockTo(9, 59, 59)
		b.expectStatus(c.SHA, "headstart/staging", "pending", "frozen until Tue 2026-03-03 00:00 Pacific/Kiritimati: stocktaking")
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.clockTo(10, 0, 0)
		if b.current(stagingApp) != c.SHA {
			t.Error("staging should get it in the very second in which the freeze ends")
		}
		b.until(10*time.Second, "it is live", b.live(c.SHA))
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
	})
}
