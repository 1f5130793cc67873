package gate

// Asked names an open gate in the words people ask for it, with what opened it if that is of interest.
func (g Gate) Asked() string {
	name, ok := asked[g.Name]
	if !ok {
		name = string(g.Name)
	}
	if g.Text != "" {
		name += " (" + g.Text + ")"
	}
	return name
}

// asked has the gates that people ask for by other words than their name.
var asked = map[Name]string{
	Paths:         "its files changed",
	Order:         "not superseded",
	PullRequest:   "pull request open",
	Configuration: "pipeline's file read",
	Checks:        "checks passed",
	Build:         "built",
	Proof:         "proved by the stage before",
	Soak:          "soaked",
	NotCancelled:  "not cancelled",
	Lock:          "not locked",
	Drift:         "no release by hand",
	Changes:       "changes read",
	Class:         "no change that is held",
	Window:        "inside a window",
	Freeze:        "not frozen",
	Approval:      "approved",
	Needs:         "needed pipelines ready",
	Adoption:      "running release known",
	Slot:          "stage free",
	Preflight:     "preflight passed",
	Right:         "permission confirmed",
}
