package main

import "time"

// table says what each deploy took, next to what the same build, checks and
// releases take one after the other.
func (w *world) table() {
	w.view.print("What each deploy took, from the push to production, in seconds as measured in this run:")
	w.view.print("")
	w.view.print("  %-22s %7s %7s %9s %12s   %-18s %s", "", "build", "checks", "releases", "took", "test→build→release", "saved")
	var ahead time.Duration // what the last build took that was made for a pull request
	for _, t := range w.deploys {
		live, ok := t.live()
		build, checks := t.lanes[0], t.lanes[1]
		if len(t.lanes) <= 2 {
			ahead = build.took()
			continue // a pull request: built, and released by its merge
		}
		if !ok {
			w.view.print("  %-22s %7.1f %7.1f %9s %12s   never released: %s", t.title, build.took().Seconds(), checks.took().Seconds(), "–", "–", checks.note)
			continue
		}
		var releases time.Duration
		for _, l := range t.lanes[2:] {
			releases += l.took()
		}
		alone := build.took()
		if alone == 0 {
			alone = ahead // without Headstart it would be built after the merge
		}
		took, serial := live.Sub(t.pushed), checks.took()+alone+releases
		w.view.print("  %-22s %7.1f %7.1f %9.1f %12.1f   %18.1f %4.0f %%", t.title, build.took().Seconds(), checks.took().Seconds(),
			releases.Seconds(), took.Seconds(), serial.Seconds(), 100*(1-took.Seconds()/serial.Seconds()))
		overhead := took - max(build.took(), checks.took()) - releases
		w.view.print("  %-22s bot overhead: %.2f s", "", max(overhead, 0).Seconds()) // both ends are rounded: never less than nothing
	}
}
