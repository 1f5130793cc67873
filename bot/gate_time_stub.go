package bot

import (
	"strings"
	"time"
)

func (d *decision) windowsOpen(names []string) (open bool, until time.Time, text string) {
	return false, time.Time{}, "the window " + strings.Join(names, " or ") + " never opens"
}

func (d *decision) passed(c *Candidate, stage string, g Gate) Gate { return g }

func (g Gate) phase() string { return g.phaseOfApproval() }

// beforeBuilt reports whether it is one of the gates of whatever becomes of the
// checks and the build: those are told of as one.
func (g Gate) beforeBuilt() bool {
	return g.Name == "configuration" || g.Name == "checks" || g.Name == "build"
}
