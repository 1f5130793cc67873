package bot

import "slices"

// Apart reports whether pull requests build on apps of their own.
func (p Prepare) Apart() bool { return len(p.PullApps) > 0 }

// ForPulls lists the apps that build pull requests, their promoted heads, and merge groups.
func (p Prepare) ForPulls() []string {
	if p.Apart() {
		return p.PullApps
	}
	return p.Apps
}

// Sharing lists the apps that serve the same builds as an app: PullApps or Apps.
func (p Prepare) Sharing(app string) []string {
	if slices.Contains(p.PullApps, app) {
		return p.PullApps
	}
	return p.Apps
}

// ApprovesShared names the first stage that asks for an approval while unapproved code
// builds on the branch's apps. Empty: there is none.
func (c Config) ApprovesShared() string {
	p := c.Prepare
	ahead := p.PullRequests && p.Reuse != ReuseCommit || slices.ContainsFunc(c.Stages, func(s Stage) bool { return s.PullRequests })
	if len(p.Apps) == 0 || p.Apart() || !ahead {
		return ""
	}
	for _, s := range c.Stages {
		if s.Approves() {
			return s.Name
		}
	}
	return ""
}

// Approves reports whether the stage asks for an approval, at least for some changes.
func (s Stage) Approves() bool {
	return s.Approval || s.FourEyes || slices.ContainsFunc(s.Hold, func(h Hold) bool { return h.Window == "" })
}
