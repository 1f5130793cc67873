package platformtest

import (
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// outputOfFailures holds what the pages show of failures: as soon as a build or a release is known to have failed, the end
// of what it wrote is there.
func (s *suite) outputOfFailures() {
	on, ok := s.Platform.(platform.Outputs)
	if !ok {
		s.Fatal("the platform passes on no outputs")
	}
	good := s.buildAndSettle(s.Prepare, commit(1))
	s.FailNextBuild(s.Prepare, bot.BuildFailed)
	b := s.awaitBuild(s.Prepare, s.startBuild(s.Prepare, commit(2)).ID)
	s.FailNextRelease(s.Staging)
	r := s.awaitRelease(s.Staging, s.startPromotion(good, s.Staging).ID)
	for what, of := range map[string][3]string{"build": {b.App, b.ID, string(b.Status)}, "release": {r.App, r.ID, string(r.Status)}} {
		log := on.Output(of[0], of[1])
		if log == nil {
			s.Errorf("of a %s that is %s there is no output", what, of[2])
			continue
		}
		text, _, complete := log.Last()
		if strings.TrimSpace(text) == "" || !complete {
			s.Errorf("of a %s that is %s there is the output %q, complete: %t", what, of[2], text, complete)
		}
	}
	if on.Output(s.Prepare, missing) != nil {
		s.Error("a build that does not exist has an output")
	}
}
