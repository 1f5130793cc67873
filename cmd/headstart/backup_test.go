package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A backup is made while a deploy is under way. Later the database is lost, the backup is put in its place, and the next
// deploy goes live. What was said before the backup still counts.
func TestBackupIsRestoredAndDeployedWith(t *testing.T) {
	onHeroku(t, choices{pipeline: steered}, func(b *bed, _ *herokuPlace) {
		b.must(b.shop.SetRole("zoe", "write"))
		first := b.deploy("first")
		b.merge("second") // it is being built
		file := filepath.Join(t.TempDir(), "of today.db")
		if said := b.operator("backup", file); !strings.Contains(said, "checked") {
			t.Errorf("it should say that the copy was checked, it says %q", said)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("only its owner should be able to read the backup, got %v, %v", info.Mode(), err)
		}
		if left, err := filepath.Glob(filepath.Dir(file) + "/*"); err != nil || len(left) != 1 {
			t.Errorf("beside the backup nothing should be left, got %v, %v", left, err)
		}
		cmd := exec.Command(os.Args[0], "backup", file)
		cmd.Env = []string{roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "DATABASE_URL=" + b.settings().DatabaseURL}
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "exists, and a backup overwrites nothing") {
			t.Errorf("a file that exists should not be overwritten, got %v: %s", err, out)
		}
		third := b.deploy("third")

		b.stopBot()
		database := strings.TrimPrefix(b.settings().DatabaseURL, "sqlite:")
		copied, err := os.ReadFile(file)
		b.must(err)
		for _, end := range []string{"", "-wal", "-shm"} {
			b.must(os.RemoveAll(database + end))
		}
		b.must(os.WriteFile(database, copied, 0o600))
		b.start(nil)
		b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
		b.pass(10 * time.Minute)
		b.expectCurrent(productionApp, third.SHA)
		fourth := b.deploy("fourth")
		b.expectLive(fourth.SHA)
		b.done(fourth.Number(), "zoe", "/rollback production to "+first.SHA[:7])
		b.until(time.Minute, "production runs the first commit again", b.runs(productionApp, first.SHA))
	})
}
