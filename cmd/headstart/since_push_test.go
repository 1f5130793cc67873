package main

import (
	"regexp"
	"slices"
	"testing"
	"time"
)

// sinceThePush finds how long after the push something is said to be live.
var sinceThePush = regexp.MustCompile(`(?i)live(?: on \S+)? (\S+(?: min \d+)? s) after the push`)

// GitHub tells the time of a push in whole seconds. The statuses and the comment say
// the same figures all the same, and they are those of somebody with a watch.
func TestOneFigureSinceThePush(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.place.releaseTakes(stagingApp, 2*time.Second)
		b.deploy("first")
		b.clock.Set(b.clock.Now().Truncate(time.Second).Add(time.Second + 900*time.Millisecond))
		b.settle()
		pushed := b.clock.Now()
		m := b.merge("second")
		watched := b.until(time.Minute, "the second commit is live", b.live(m.SHA))
		b.pass(10 * time.Second)
		var stated []string
		for _, stage := range []string{"staging", "production"} {
			if found := sinceThePush.FindStringSubmatch(b.shop.Statuses(m.SHA)["headstart/"+stage].Description); found != nil {
				stated = append(stated, found[1])
			}
		}
		var written []string
		for _, found := range sinceThePush.FindAllStringSubmatch(b.botComment(m.Number()), -1) {
			written = append(written, found[1])
		}
		if len(stated) != 2 || !slices.Equal(stated, written) {
			t.Fatalf("the statuses say %v after the push and the comment %v; they should say the same of both stages:\n%s", stated, written, b.botComment(m.Number()))
		}
		last, err := time.ParseDuration(stated[1][:len(stated[1])-2] + "s")
		b.must(err)
		if off := watched - last; off < -100*time.Millisecond || off > 600*time.Millisecond {
			t.Errorf("production was live %s after the push at %s, and the statuses say %s", watched, pushed.Format("15:04:05.000"), last)
		}
	})
}
