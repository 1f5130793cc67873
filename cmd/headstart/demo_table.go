package main

import (
	"fmt"
	"strings"
	"time"
)

// table says what each deploy took, next to what the same checks, build and releases
// take one after the other.
func (w *world) table() {
	w.view.print("What each took, in seconds, as measured just now:")
	w.view.print("")
	w.view.print("  %-17s%7s%8s%10s%7s%10s%9s", "", "build", "checks", "releases", "live", "without", "sooner")
	var overheads []string
	for _, t := range w.deploys {
		live, ok := t.live()
		build, checks := t.lanes[0], t.lanes[1]
		switch {
		case len(t.lanes) <= 2: // a pull request: built, and released by its merge
		case !ok:
			l, _ := t.failed()
			w.view.print("  %-17s%7.1f%8.1f%10s   not released: %s", t.title, build.took().Seconds(), checks.took().Seconds(), "–", whatFailed(l))
		default:
			took, without := live.Sub(t.pushed), t.without()
			w.view.print("  %-17s%7.1f%8.1f%10.1f%7.1f%10.1f%7.0f %%", t.title, build.took().Seconds(), checks.took().Seconds(),
				t.releases().Seconds(), took.Seconds(), without.Seconds(), 100*max(1-took.Seconds()/without.Seconds(), 0))
			// Both ends are rounded: never less than nothing.
			overheads = append(overheads, fmt.Sprintf("%.2f s", max(took-max(build.took(), checks.took())-t.releases(), 0).Seconds()))
		}
	}
	w.view.print("")
	w.view.print("Of that, Headstart itself took %s.", strings.Join(overheads, " and "))
	if w.app.said == nil && w.ci.least > 0 {
		w.view.print("The sample's build and checks are made to take at least %s each. With yours:", duration(w.ci.least))
	}
}

// demoStages is how many the demo deploys to.
const demoStages = 2

// estimate says what a reader's own durations come to.
func (w *world) estimate(e estimate) {
	yours := e != estimate{}
	e = e.orUsual()
	w.view.print("")
	w.view.print("A build of %s, checks of %s, releases of %s to each of %d stages:", duration(e.Build), duration(e.CI), duration(e.Release), demoStages)
	w.view.print("")
	released := demoStages * e.Release
	without := e.CI + e.Build + released
	row := func(what string, took time.Duration) {
		sooner := ""
		if took < without {
			sooner = fmt.Sprintf("%s sooner, %.0f %%", duration(without-took), 100*(1-took.Seconds()/without.Seconds()))
		}
		w.view.print("%s", strings.TrimRight(fmt.Sprintf("  %-38s%7s   %s", what, duration(took), sooner), " "))
	}
	row("without Headstart", without)
	row("with it, a push", max(e.Build, e.CI)+released)
	row("with it, a merge that was built ahead", e.CI+released)
	if !yours {
		w.view.print("")
		w.view.print("With your numbers: headstart demo --estimate build=3m,ci=4m,release=20s")
	}
}
