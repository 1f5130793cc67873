package bot_test

import (
	"testing"
	"time"
)

// A change remembers which check was the last to finish of those that had to pass, by GitHub's clock, and by how much.
func TestLastCheck(t *testing.T) {
	s, do := newTale(t)
	do("config prepare=shop-prepare checks=ci,lint staging:shop-staging production:shop-production")
	do("takes build=10s release=5s")
	expect := func(sha, check string, by time.Duration) {
		t.Helper()
		if c := changesOf(s.History.Rows())[sha]; c.LastCheck != check || c.LastCheckBy != by || c.GreenAt.IsZero() {
			t.Errorf("%s should have waited for %s, for %s longer than for another check; it says %q and %s", sha, check, by, c.LastCheck, c.LastCheckBy)
		}
	}
	do("push aaaaaa1")
	do("wait 3s")
	do("check aaaaaa1 lint passed")
	do("wait 1s")
	do("check aaaaaa1 coverage passed") // nobody waits for it
	do("check aaaaaa1 headstart/build passed")
	do("wait 36s")
	do("check aaaaaa1 ci passed")
	do("wait 60s")
	expect("aaaaaa1", "ci", 37*time.Second)
	do("check aaaaaa1 lint passed") // it went on without that
	do("wait 60s")
	expect("aaaaaa1", "ci", 37*time.Second)

	do("config prepare=shop-prepare checks=ci staging:shop-staging production:shop-production")
	do("push aaaaaa2")
	do("wait 20s")
	do("check aaaaaa2 ci passed")
	do("wait 60s")
	expect("aaaaaa2", "ci", 20*time.Second)
}
