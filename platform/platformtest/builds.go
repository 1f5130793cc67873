package platformtest

import (
	"sync"

	"github.com/headstart-cd/headstart/bot"
)

func (s *suite) appSaysWhereItIs() {
	a, err := s.Platform.App(s.ctx, s.Staging)
	if err != nil {
		s.Fatalf("describe %s: %v", s.Staging, err)
	}
	if a.Name != s.Staging {
		s.Errorf("%s calls itself %q", s.Staging, a.Name)
	}
	if a.URL == "" {
		s.Errorf("%s does not say where people reach it", s.Staging)
	}
}

func (s *suite) buildReleases() {
	b := s.buildAndSettle(s.Prepare, commit(1))
	if !s.BuildReleases {
		if b.Release != "" {
			s.Errorf("the build names release %q, on a platform whose builds make none", b.Release)
		}
		for _, r := range s.releases(s.Prepare) {
			s.Errorf("the build left release v%d on its app, on a platform whose builds make none", r.Version)
		}
		return
	}
	r, err := s.Platform.Release(s.ctx, s.Prepare, b.Release)
	if err != nil {
		s.Fatalf("look at release %s, which the build named: %v", b.Release, err)
	}
	if r.Artifact != b.Artifact {
		s.Errorf("the build's own release runs artifact %s; it should run the build's, %s", r.Artifact, b.Artifact)
	}
	s.wantCurrent(s.Prepare, b)
}

func (s *suite) buildWithFailedRelease() {
	if !s.BuildReleases {
		// There is no such release: the build alone has to be good.
		s.build(s.Prepare, commit(1))
		return
	}
	s.FailNextRelease(s.Prepare)
	b := s.buildAndSettle(s.Prepare, commit(1))
	r, err := s.Platform.Release(s.ctx, s.Prepare, b.Release)
	if err != nil {
		s.Fatalf("look at release %s, which the build named: %v", b.Release, err)
	}
	if r.Status != bot.ReleaseFailed {
		s.Errorf("the build's own release is %q; its release phase failed", r.Status)
	}
	s.promote(b, s.Staging)
}

func (s *suite) buildsNewestFirst() {
	if list := s.builds(s.Prepare); len(list) != 0 {
		s.Errorf("an app that never built lists %d builds", len(list))
	}
	const n = 10
	for i := range n {
		s.build(s.Prepare, commit(i))
	}
	list := s.builds(s.Prepare)
	if len(list) != n {
		s.Fatalf("%d builds are listed after %d builds; at least ten have to be", len(list), n)
	}
	for i, b := range list {
		if want := commit(n - 1 - i); b.Commit != want {
			s.Errorf("build %d of the list is of commit %.40s; newest first it should be %s", i, b.Commit, want)
		}
		if b.App != s.Prepare || b.Status != bot.BuildSucceeded || b.Artifact == "" {
			s.Errorf("build %d of the list is %+v; it should be told as fully as by itself", i, b)
		}
	}
}

func (s *suite) buildFails() {
	s.FailNextBuild(s.Prepare, bot.BuildFailed)
	b := s.awaitBuild(s.Prepare, s.startBuild(s.Prepare, commit(1)).ID)
	s.wantNoArtifact(b, bot.BuildFailed)
	s.build(s.Prepare, commit(2)) // the next one is not harmed
}

func (s *suite) buildErrors() {
	s.FailNextBuild(s.Prepare, bot.BuildErrored)
	b := s.awaitBuild(s.Prepare, s.startBuild(s.Prepare, commit(1)).ID)
	s.wantNoArtifact(b, bot.BuildErrored)
	s.build(s.Prepare, commit(1)) // the same commit builds once the platform can
}

func (s *suite) wantNoArtifact(b bot.Build, want bot.BuildStatus) {
	s.Helper()
	if b.Status != want {
		s.Errorf("the build ended as %q (%s); it should be %q", b.Status, b.Reason, want)
	}
	if b.Artifact != "" || b.Release != "" {
		s.Errorf("a build that is %s left artifact %q and release %q; it leaves nothing", b.Status, b.Artifact, b.Release)
	}
	if b.Reason == "" && b.OutputURL == "" {
		s.Errorf("a build that is %s gives people neither a reason nor its output", b.Status)
	}
	if b.FinishedAt.IsZero() {
		s.Errorf("a build that is %s does not say when it ended", b.Status)
	}
}

func (s *suite) oneBuildAtATime() {
	letGo := s.HoldNextBuild(s.Prepare)
	first := s.startBuild(s.Prepare, commit(1))
	if first.Status != bot.BuildPending {
		s.Errorf("a build that just began is %q; StartBuild returns it pending, at once", first.Status)
	}
	_, err := s.Platform.StartBuild(s.ctx, s.Prepare, s.Source(commit(2)))
	if kind := KindOf(err); kind != "retryable" {
		s.Errorf("a second build beside a pending one was %s; it should be retryable", kind)
	}
	if list := s.builds(s.Prepare); len(list) != 1 || list[0].ID != first.ID {
		s.Errorf("the app lists %d builds; only the first may have begun", len(list))
	}
	letGo()
	if b := s.awaitBuild(s.Prepare, first.ID); b.Status != bot.BuildSucceeded {
		s.Errorf("the first build ended as %q (%s); the second should not have touched it", b.Status, b.Reason)
	}
	s.build(s.Prepare, commit(2))
}

func (s *suite) concurrentBuilds() {
	letGo := s.HoldNextBuild(s.Prepare)
	const n = 8
	errs := make([]error, n)
	sources := make([]bot.Source, n)
	for i := range n {
		sources[i] = s.Source(commit(i))
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _, errs[i] = s.Platform.StartBuild(s.ctx, s.Prepare, sources[i]) })
	}
	wg.Wait()
	accepted := 0
	for _, err := range errs {
		switch kind := KindOf(err); kind {
		case "done":
			accepted++
		case "retryable":
		default:
			s.Errorf("one of %d builds asked for at once was %s (%v); it should begin or be retryable", n, kind, err)
		}
	}
	pending := 0
	for _, b := range s.builds(s.Prepare) {
		if !b.Status.Ended() {
			pending++
		}
	}
	if accepted != 1 || pending != 1 {
		s.Errorf("of %d builds asked for at once %d were accepted and %d are pending; one should be", n, accepted, pending)
	}
	letGo()
	for _, b := range s.builds(s.Prepare) {
		s.awaitBuild(s.Prepare, b.ID)
	}
}

func (s *suite) cancelPending() {
	letGo := s.HoldNextBuild(s.Prepare)
	defer letGo()
	b := s.startBuild(s.Prepare, commit(1))
	if err := s.Platform.CancelBuild(s.ctx, s.Prepare, b.ID); err != nil {
		s.Fatalf("cancel a pending build: %v", err)
	}
	b = s.awaitBuild(s.Prepare, b.ID)
	s.wantNoArtifact(b, bot.BuildCancelled)
	letGo()
	s.build(s.Prepare, commit(2)) // its place is free
}

func (s *suite) cancelEnded() {
	before := s.build(s.Prepare, commit(1))
	if err := s.Platform.CancelBuild(s.ctx, s.Prepare, before.ID); err != nil {
		s.Errorf("cancelling a build that succeeded: %v; it should be left as it is, without an error", err)
	}
	after, err := s.Platform.Build(s.ctx, s.Prepare, before.ID)
	if err != nil {
		s.Fatalf("look at the build again: %v", err)
	}
	if after.Status != bot.BuildSucceeded || after.Artifact != before.Artifact {
		s.Errorf("after a late cancel the build is %q with artifact %q; nothing should have changed", after.Status, after.Artifact)
	}
}

func (s *suite) lostBuild() {
	s.build(s.Prepare, commit(1))
	if s.LoseNextAnswer != nil {
		s.LoseNextAnswer()
	}
	_, err := s.Platform.StartBuild(s.ctx, s.Prepare, s.Source(commit(2)))
	if kind := KindOf(err); s.LoseNextAnswer != nil && kind != "unknown" {
		s.Errorf("a build whose answer was lost is %s (%v); it should be unknown", kind, err)
	}
	var found []bot.Build
	for _, b := range s.builds(s.Prepare) {
		if b.Commit == commit(2) {
			found = append(found, b)
		}
	}
	if len(found) != 1 {
		s.Fatalf("%d builds of the commit are listed after one lost answer; exactly one was begun", len(found))
	}
	if b := s.awaitBuild(s.Prepare, found[0].ID); b.Status != bot.BuildSucceeded {
		s.Errorf("the build that was found ended as %q (%s)", b.Status, b.Reason)
	}
}
