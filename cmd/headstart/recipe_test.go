package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// A merge changes the command that builds: what the old command has built ahead has
// the merge's tree and is of no use. Other pull requests are built ahead once more.
func TestMergeChangesTheCommand(t *testing.T) {
	t.Parallel()
	b := newBed(t, bot.PlatformLocal, choices{})
	b.firstDeploy()
	other := b.open("other", change("other"))
	b.until(2*time.Minute, "the other pull request is built", b.hasStatus(other.HeadSHA(), "headstart/build", "success"))
	file := strings.Replace(b.file(pipeline), "build: '", "build: 'echo new > made-by; ", 1)
	pull := b.open("command", map[string]string{config.Path: file})
	b.until(2*time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
	ahead, err := pull.TestMerge()
	b.must(err)
	was := b.artifactOf(ahead.SHA)

	merge, err := pull.Merge(githubtest.MergeOptions{Method: "squash"})
	b.must(err)
	b.report(merge.SHA, "success")
	b.until(2*time.Minute, "the merge is live", b.live(merge.SHA))
	b.pass(time.Minute)
	b.expectLive(merge.SHA)
	b.expectBuilds(prepareApp, merge.SHA, 1)
	for _, app := range []string{stagingApp, productionApp} {
		for _, r := range b.place.releases(app) {
			if r.artifact == was {
				t.Errorf("%s should never get what the old command has built of the merge's tree", app)
			}
		}
	}
	b.until(2*time.Minute, "the other pull request's head has an end", b.hasStatus(other.HeadSHA(), "headstart/build", "success"))
	b.expectNothingPending(merge.SHA, pull.HeadSHA(), other.HeadSHA())
}
