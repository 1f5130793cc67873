package simulation

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot/decide"
)

// view is what the bot knows, for whoever reads the story of a failure.
func (s *sim) view() string {
	var b strings.Builder
	st := s.store.state
	for _, c := range append(st.Candidates[:len(st.Candidates):len(st.Candidates)], append(st.FromPulls[:len(st.FromPulls):len(st.FromPulls)], st.Adopted...)...) {
		fmt.Fprintf(&b, "%s tree %s pushed %s green %s artifact %q cancelled %t checks %+v\n", c.SHA, c.Tree,
			c.PushedAt.Format("15:04:05"), c.GreenAt.Format("15:04:05"), c.Artifact, c.Cancelled != nil, c.Reports.Checks)
		if c.Affected != "" || len(c.Needs) > 0 {
			fmt.Fprintf(&b, "   concerns %q needs %+v\n", c.Affected, c.Needs)
		}
		for _, stage := range sorted(c.Progress) {
			fmt.Fprintf(&b, "   %s: %+v\n", stage, c.Progress[stage])
		}
	}
	for _, k := range sorted(st.Builds) {
		fmt.Fprintf(&b, "build %s: %+v\n", k, st.Builds[k])
	}
	for _, k := range sorted(st.Stages) {
		x := st.Stage(k)
		fmt.Fprintf(&b, "stage %s: live %+v lock %v rollback %v apps %+v trouble %q promoting %+v\n", k, x.Live, x.Lock, x.Rollback, x.Apps, x.Trouble, x.Promoting)
	}
	for _, k := range sorted(st.Pending) {
		fmt.Fprintf(&b, "pending %s: %+v\n", k, st.Pending[k])
	}
	for _, c := range decide.Decide(st, s.Now).Explain.Candidates {
		for _, x := range c.Stages {
			fmt.Fprintf(&b, "%s at %s: %s %s: %s\n", c.SHA, x.Stage, x.State, x.Blocked.Name, x.Blocked.Text)
		}
	}
	return b.String()
}
