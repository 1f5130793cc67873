package local_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/local"
)

// What builds and releases write can be read while they run, without the app's config vars, and what failed also after a
// restart.
func TestOutputIsReadAlong(t *testing.T) {
	t.Parallel()
	m := newMachine(t, local.Options{})
	m.configure("shop-prepare", "LICENSE=plain-but-hush\n")
	file := m.flags + "/build"
	letGo := m.flag(file)
	m.nextBuild("printf 'one plain-but'; printf -- '-hush\\ntwo '; while [ -e " + file + " ]; do sleep 0.02; done; echo ghs_0123456789abcdefghij; exit 1")
	b, err := m.StartBuild(t.Context(), "shop-prepare", m.source(sha(1)))
	if err != nil {
		t.Fatal(err)
	}
	const begin = "$ sh ./build.sh\none [redacted]\n"
	m.until("the first lines are there", func() bool {
		log := m.Output("shop-prepare", b.ID)
		return log != nil && log.From(0).Text == begin && !log.From(0).Ended
	})
	letGo()
	m.until("the build ends", func() bool {
		b, err = m.Build(t.Context(), "shop-prepare", b.ID)
		return err == nil && b.Status == bot.BuildFailed
	})
	all := begin + "two [redacted]\nThe build command ended with exit status 1: two [redacted]\n"
	if text, cut, complete := m.Output("shop-prepare", b.ID).Last(); text != all || cut || !complete {
		t.Errorf("the output should be %q, got %q, cut: %t, complete: %t", all, text, cut, complete)
	}

	m.configure("shop-staging", "DATABASE=the-one-in-the-cellar\n")
	good := m.good(sha(2))
	r := m.live(good, "shop-staging")
	if text, _, _ := m.Output("shop-staging", r.ID).Last(); !strings.HasPrefix(text, "$ ") {
		t.Errorf("a release begins with its command, got %q", text)
	}
	if _, _, header := m.get("shop-staging.localhost", "/environ"); header == nil {
		t.Fatal("the app should answer")
	}
	before := m.Output("shop-staging", r.ID).From(0)
	if !before.Ended {
		t.Error("a release that is live writes no more: what follows is the app's")
	}
	m.failNextRelease("shop-staging")
	failed, err := m.Promote(t.Context(), platform.Promotion{Artifact: good.Artifact, Commit: good.Commit, From: good.App, To: "shop-staging"})
	if err != nil {
		t.Fatal(err)
	}
	m.until("the release fails", func() bool {
		failed, err = m.Release(t.Context(), "shop-staging", failed.ID)
		return err == nil && failed.Status == bot.ReleaseFailed
	})
	text, _, _ := m.Output("shop-staging", failed.ID).Last()
	if !strings.Contains(text, "the migration failed\n") || !strings.HasSuffix(text, failed.Reason+"\n") {
		t.Errorf("the output should say why it failed, got %q", text)
	}

	m.stop(m.Platform)
	m.start()
	if again, _, _ := m.Output("shop-staging", failed.ID).Last(); again != text {
		t.Errorf("after a restart the output of the failed release should be %q, got %q", text, again)
	}
	if again, _, _ := m.Output("shop-prepare", b.ID).Last(); again != all {
		t.Errorf("after a restart the output of the failed build should be %q, got %q", all, again)
	}
	if m.Output("shop-staging", r.ID) != nil || m.Output("shop-staging", "v99") != nil || m.Output("nobody", "v1") != nil || m.Output("shop-staging", "../env") != nil {
		t.Error("what is live, and what does not exist, should have no output after a restart")
	}
}
