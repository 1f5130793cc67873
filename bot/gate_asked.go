package bot

// asked names an open gate as people ask about it, with what opened it, if that is
// worth saying.
func (g Gate) asked() string {
	name, ok := asked[g.Name]
	if !ok {
		name = string(g.Name)
	}
	if g.Text != "" {
		name += " (" + g.Text + ")"
	}
	return name
}

// asked has the gates that people ask about in other words than the gate's name.
var asked = map[GateName]string{
	GatePaths:         "its files changed",
	GateOrder:         "not superseded",
	GatePullRequest:   "pull request open",
	GateConfiguration: "pipeline's file read",
	GateChecks:        "checks passed",
	GateBuild:         "built",
	GateProof:         "proved by the stage before",
	GateSoak:          "soaked",
	GateNotCancelled:  "not cancelled",
	GateLock:          "not locked",
	GateDrift:         "no release by hand",
	GateChanges:       "changes read",
	GateClass:         "no change that is held",
	GateWindow:        "inside a window",
	GateFreeze:        "not frozen",
	GateApproval:      "approved",
	GateNeeds:         "needed pipelines ready",
	GateAdoption:      "running release known",
	GateSlot:          "stage free",
	GatePreflight:     "preflight passed",
	GateRight:         "permission confirmed",
}
