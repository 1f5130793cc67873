package platform_test

import (
	"context"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// recorder is a platform that notes which apps left maintenance mode, and whose
// copies were removed.
type recorder struct {
	platform.Platform
	off, removed []string
}

func (r *recorder) SetMaintenance(_ context.Context, app string, _ bool) error {
	r.off = append(r.off, app)
	return nil
}

func (r *recorder) RemoveCopy(_ context.Context, c platform.Copy) error {
	r.removed = append(r.removed, c.ID)
	return nil
}

// What was begun on one platform is ended there, also after the pipeline's file
// has moved to another one.
func TestEndsWhereItBegan(t *testing.T) {
	old, now := &recorder{}, &recorder{}
	allow, err := platform.ParseAllow("acme/shop=shop-*")
	if err != nil {
		t.Fatal(err)
	}
	p := platform.Performer{Platforms: map[string]platform.Platform{bot.PlatformHeroku: old, bot.PlatformLocal: now}, Allow: allow}
	target := bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, Platform: bot.PlatformLocal}
	for _, do := range []bot.Action{
		bot.SetMaintenance{App: "shop-us", Platform: bot.PlatformHeroku},
		bot.RemoveCopy{App: "shop-rehearsal", ID: "copy1", Platform: bot.PlatformHeroku},
		bot.SetMaintenance{App: "shop-ca"},
	} {
		if _, err := p.Perform(context.Background(), target, bot.Effect{Key: bot.NameOf(do), Attempt: 1, Do: do}); err != nil {
			t.Errorf("%+v: %v", do, err)
		}
	}
	if len(old.off) != 1 || old.off[0] != "shop-us" || len(old.removed) != 1 || len(now.off) != 1 || now.off[0] != "shop-ca" || len(now.removed) != 0 {
		t.Errorf("maintenance mode ended on %v of the old platform and %v of the new one, copies were removed from %v and %v", old.off, now.off, old.removed, now.removed)
	}
}

// shelf is a platform whose app has these builds, and notes what is begun there.
type shelf struct {
	platform.Platform
	builds []bot.Build
	begun  []bot.Source
}

func (s *shelf) Builds(context.Context, string) ([]bot.Build, error) { return s.builds, nil }

func (s *shelf) StartBuild(_ context.Context, app string, src bot.Source) (bot.Build, error) {
	s.begun = append(s.begun, src)
	return bot.Build{ID: "new", App: app, Commit: src.Commit, Command: src.Command, Status: bot.BuildPending}, nil
}

func (s *shelf) Tarball(context.Context, bot.Target, string) (string, error) { return "", nil }

// A build that is there already is the answer, but only where it is of the same commit,
// by the same command, and what it left is still there.
func TestWhatIsThereAlreadyMayBeOfNoUse(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	there := bot.Build{ID: "old", Commit: "a1", Command: "make", Status: bot.BuildSucceeded, Artifact: "x", CreatedAt: noon}
	for _, c := range []struct {
		name string
		do   bot.StartBuild
		want string
	}{
		{"the same", bot.StartBuild{App: "shop-prepare", SHA: "a1", Command: "make"}, "old"},
		{"another command", bot.StartBuild{App: "shop-prepare", SHA: "a1", Command: "make release"}, "new"},
		{"its artifact is gone", bot.StartBuild{App: "shop-prepare", SHA: "a1", Command: "make", Gone: []string{"x"}, GoneAt: noon.Add(time.Hour)}, "new"},
		{"it was built again since its artifact was gone", bot.StartBuild{App: "shop-prepare", SHA: "a1", Command: "make", Gone: []string{"x"}, GoneAt: noon.Add(-time.Hour)}, "old"},
	} {
		s := &shelf{builds: []bot.Build{there}}
		allow, err := platform.ParseAllow("acme/shop=shop-*")
		if err != nil {
			t.Fatal(err)
		}
		p := platform.Performer{Platforms: map[string]platform.Platform{bot.PlatformLocal: s}, Allow: allow, Source: s}
		target := bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, Platform: bot.PlatformLocal}
		fact, err := p.Perform(context.Background(), target, bot.Effect{Key: "build", Attempt: 1, Do: c.do})
		if seen, _ := fact.(bot.BuildSeen); err != nil || seen.Build.ID != c.want {
			t.Errorf("%s: the answer is the build %q (%v), expected the %s one", c.name, seen.Build.ID, err, c.want)
		}
	}
}

// history is a platform whose app has these releases.
type history struct {
	platform.Platform
	releases []bot.Release
}

func (h history) Releases(context.Context, string) ([]bot.Release, error) { return h.releases, nil }

// What an app runs is told by the release that brought it, and not by a change of its
// configuration since then: by that somebody's release would seem to be newer than a
// push before which it was made.
func TestWhatRunsIsToldByWhatBroughtIt(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	release := func(version int, artifact string, status bot.ReleaseStatus) bot.Release {
		return bot.Release{Version: version, Artifact: artifact, Status: status, CreatedAt: noon.Add(time.Duration(version) * time.Hour)}
	}
	now := release(6, "slug-b", bot.ReleaseSucceeded) // a config var was set
	now.Current, now.Commit = true, "b1"
	on := history{releases: []bot.Release{
		release(7, "slug-c", bot.ReleaseFailed), now, release(5, "slug-c", bot.ReleaseFailed), release(4, "slug-b", bot.ReleaseSucceeded),
		release(3, "slug-a", bot.ReleaseSucceeded), release(2, "slug-b", bot.ReleaseSucceeded),
	}}
	allow, err := platform.ParseAllow("acme/shop=shop-*")
	if err != nil {
		t.Fatal(err)
	}
	p := platform.Performer{Platforms: map[string]platform.Platform{bot.PlatformHeroku: on}, Allow: allow}
	target := bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, Platform: bot.PlatformHeroku}
	fact, err := p.Perform(t.Context(), target, bot.Effect{Key: "look", Attempt: 1, Do: bot.LookAtApp{Stage: "staging", App: "shop-staging"}})
	if err != nil {
		t.Fatal(err)
	}
	seen, ok := fact.(bot.AppSeen)
	if !ok || seen.Newest != 7 || seen.Current.Version != 4 || seen.Current.Commit != "b1" || !seen.Current.CreatedAt.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("the newest release is v7, and v4 with the commit b1 brought what runs, got %+v", fact)
	}
}
