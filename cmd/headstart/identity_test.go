package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// newcomer makes a repository with the same pipeline under a name, and pushes to it.
func (b *bed) newcomer(name string) (*githubtest.Repo, githubtest.Commit) {
	b.t.Helper()
	r, err := b.gh.CreateRepo(name, githubtest.RepoOptions{})
	b.must(err)
	files := b.place.files()
	files[config.Path] = b.file(pipeline)
	files["evil"] = name
	c, err := r.Commit("main", files)
	b.must(err)
	b.must(r.SetRole("mallory", "admin"))
	return r, c
}

// at returns the state of the pipeline of a repository, as this server left it.
func (b *bed) stateOf(name string) botpipeline.State {
	b.t.Helper()
	repo, err := bot.ParseRepo(name)
	b.must(err)
	state, _, err := b.srv.store.Load(b.t.Context(), bot.Key{Repo: repo})
	b.must(err)
	return state
}

// expectNothingOf holds that no app got anything of a commit, and that nobody was told of it.
func (b *bed) expectNothingOf(r *githubtest.Repo, sha string) {
	b.t.Helper()
	b.expectUntouched(sha, prepareApp, stagingApp, productionApp)
	if statuses := r.Statuses(sha); len(statuses) > 0 {
		b.t.Errorf("%s should be told nothing of %s, it was told %v", r.FullName(), bot.Short(sha), statuses)
	}
}

// metric reads one of the bot's metrics.
func (b *bed) metric(name string) float64 {
	b.t.Helper()
	resp, err := http.Get(b.url + "/metrics")
	b.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	b.must(err)
	for _, line := range strings.Split(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(value, 64)
			b.must(err)
			return n
		}
	}
	b.t.Fatalf("there is no metric %s", name)
	return 0
}

// greenOn reports a commit's checks on another repository than the shop.
func (b *bed) greenOn(r *githubtest.Repo, sha string) {
	b.t.Helper()
	b.must(r.Check(sha, ciCheck, "success"))
}

// A repository is renamed, and somebody makes another one with its old name: that is
// refused, with whatever its people say, and shown, until the operator confirms it. The
// one that was renamed goes on though every webhook of that was lost.
func TestANewRepositoryUnderAnOldName(t *testing.T) {
	onHeroku(t, choices{settings: func(s *settings) { s.Allow = "acme/shop=shop-* acme/store=shop-*" }}, func(b *bed, _ *herokuPlace) {
		first := b.firstDeploy()
		id := b.shop.ID()
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "repository" {
				return githubtest.Vanish
			}
			return githubtest.Deliver
		})
		b.must(b.shop.Rename("store"))
		evil, theirs := b.newcomer("acme/shop")
		b.greenOn(evil, theirs.SHA)
		_, err := evil.Commit("topic", map[string]string{"more": "evil"})
		b.must(err)
		pull, err := evil.OpenPull(githubtest.PullOptions{Head: "topic", Title: "Take over", User: "mallory"})
		b.must(err)
		_, err = evil.Comment(pull.Number(), "mallory", "/promote production "+theirs.SHA)
		b.must(err)
		b.pass(5 * time.Minute)
		b.expectNothingOf(evil, theirs.SHA)
		b.expectNothingOf(evil, pull.HeadSHA())
		if n := len(evil.Comments(pull.Number())); n != 1 {
			t.Errorf("the stranger's pull request should have no comment but its own, it has %d", n)
		}
		if s := b.stateOf("acme/store"); s.RepoID != id || s.Stage("production").Live.SHA != first.SHA {
			t.Errorf("the renamed repository should have its pipeline, got the repository %d with %s live", s.RepoID, s.Stage("production").Live.SHA)
		}
		warned := b.logs.FilterMessageSnippet("another repository comes under this name").All()
		if len(warned) != 1 || warned[0].ContextMap()["confirm"] != fmt.Sprintf("headstart repo confirm acme/shop %d", evil.ID()) {
			t.Errorf("the log should say once what to do, got %v", warned)
		}
		want := fmt.Sprintf("headstart repo confirm acme/shop %d", evil.ID())
		if said := b.operator("repo", "list"); !strings.Contains(said, "acme/store") || !strings.Contains(said, want) || !strings.Contains(said, fmt.Sprintf("the name is of the repository %d", id)) {
			t.Errorf("the list should show both and what to do, it says:\n%s", said)
		}
		if n := b.metric("headstart_repositories_refused"); n != 1 {
			t.Errorf("one repository is refused, the metric says %v", n)
		}
		// The renamed one deploys as before.
		second := b.push(change("second"))
		b.report(second.SHA, "success")
		b.until(5*time.Minute, "the renamed repository's commit goes live", b.live(second.SHA))

		// The operator confirms it: the push that was refused is deployed, without another one.
		if said := b.operator("repo", "confirm", "acme/shop", fmt.Sprint(evil.ID())); !strings.Contains(said, "now; it was") {
			t.Errorf("it should say what changed, it says %q", said)
		}
		eventually(t, "the server hears of it", func() bool { return b.stateOf("acme/shop").RepoID == evil.ID() })
		b.until(10*time.Minute, "what was refused is built", func() bool {
			return slices.ContainsFunc(b.place.builds(prepareApp), func(x built) bool { return x.commit == theirs.SHA })
		})
		if s := b.stateOf("acme/store"); s.RepoID != id {
			t.Errorf("the renamed one should stay as it is, it is of the repository %d", s.RepoID)
		}
		if n := b.metric("headstart_repositories_refused"); n != 0 {
			t.Errorf("no repository is refused any more, the metric says %v", n)
		}
	})
}

// A repository that is deleted and made anew is another one.
func TestARepositoryThatIsMadeAnew(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, _ *herokuPlace) {
		first := b.firstDeploy()
		old := b.shop.ID()
		b.shop.Delete()
		again, theirs := b.newcomer("acme/shop")
		b.greenOn(again, theirs.SHA)
		b.pass(3 * time.Minute)
		b.expectNothingOf(again, theirs.SHA)
		b.expectRuns(productionApp, first.SHA)
		b.operator("repo", "confirm", "acme/shop", fmt.Sprint(again.ID()))
		eventually(t, "the server hears of it", func() bool { return b.stateOf("acme/shop").RepoID == again.ID() })
		b.shop = again
		b.until(10*time.Minute, "it goes live", b.live(theirs.SHA))
		if said := b.operator("repo", "list"); !strings.Contains(said, "confirmed by") || !strings.Contains(said, fmt.Sprint(old)) || !strings.Contains(said, "rests") {
			t.Errorf("the list should show the new one, and that the old one rests:\n%s", said)
		}
	})
}

// A renamed repository keeps its pipeline: what is live, its history, its locks. There is
// no second first contact, and deliveries of its old name that come late are its own.
func TestARenamedRepositoryGoesOn(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("webhooks of it are lost: %v", lost), func(t *testing.T) {
			onHeroku(t, choices{pipeline: steered, settings: func(s *settings) { s.Allow = "acme/shop=shop-* acme/store=shop-*" }}, func(b *bed, _ *herokuPlace) {
				b.must(b.shop.SetRole("zoe", "write"))
				first, second := b.deploy("first"), b.deploy("second")
				b.done(second.Number(), "zoe", "/lock production we look at it")
				releases := len(b.place.releases(productionApp))

				b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
					switch {
					case d.Event == "repository" && lost:
						return githubtest.Vanish
					case d.Event == "push":
						return githubtest.Hold
					}
					return githubtest.Deliver
				})
				third := b.push(change("third"))
				b.must(b.shop.Rename("store"))
				b.pass(time.Minute)
				b.gh.OnDelivery(nil)
				b.must(b.gh.Release()) // under the old name
				b.report(third.SHA, "success")
				b.until(10*time.Minute, "the push that came late is live on staging", b.hasStatus(third.SHA, "headstart/staging", "success"))
				b.pass(time.Minute)
				b.expectUntouched(third.SHA, productionApp)
				s := b.stateOf("acme/store")
				if s.RepoID != b.shop.ID() || s.Stage("production").Lock == nil || s.Stage("production").Live.SHA != second.SHA || len(s.Stage("production").Past) < 2 {
					t.Errorf("the pipeline should have its lock, what is live and its past, got %+v", s.Stage("production"))
				}
				if gone := b.stateOf("acme/shop"); gone.RepoID != 0 || !gone.At.IsZero() {
					t.Errorf("nothing should be left under the old name, there is the repository %d", gone.RepoID)
				}
				if n := len(b.place.releases(productionApp)); n != releases {
					t.Errorf("production should be left alone, it got %d releases", n-releases)
				}
				b.done(second.Number(), "zoe", "/unlock production")
				b.until(5*time.Minute, "it goes live", b.live(third.SHA))
				b.done(second.Number(), "zoe", "/rollback production to "+bot.Short(first.SHA))
				b.until(5*time.Minute, "it is rolled back", b.runs(productionApp, first.SHA))
			})
		})
	}
}

// The new name has no rule: nothing of it is deployed, and the log says so.
func TestARepositoryIsRenamedOutOfTheAllowList(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, _ *herokuPlace) {
		first := b.firstDeploy()
		b.must(b.shop.Rename("store"))
		second := b.push(change("second"))
		b.report(second.SHA, "success")
		b.pass(10 * time.Minute)
		b.expectUntouched(second.SHA, prepareApp, stagingApp, productionApp)
		b.expectRuns(productionApp, first.SHA)
		if said := b.shop.Statuses(second.SHA)["headstart/build"]; !strings.Contains(said.Description, "HEADSTART_ALLOW") {
			t.Errorf("the commit's status should say what is the matter, it says %s: %s", said.State, said.Description)
		}
		if len(b.logs.FilterMessageSnippet("HEADSTART_ALLOW has no rule for its new name").All()) != 1 {
			t.Error("the log should say once that the new name has no rule")
		}
		cmd := b.operator("repo", "list", "--allow", b.settings().Allow)
		if !strings.Contains(cmd, "HEADSTART_ALLOW has no rule for this name") {
			t.Errorf("the list should say so, too:\n%s", cmd)
		}
		// With a rule it goes on where it was.
		b.stopBot()
		b.start(func(s *settings) { s.Allow = "acme/store=shop-*" })
		b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
		third := b.push(change("third"))
		b.report(third.SHA, "success")
		b.until(10*time.Minute, "it goes live", b.live(third.SHA))
	})
}

// A repository is transferred: another account, another installation of the App.
func TestATransferredRepositoryGoesOn(t *testing.T) {
	onHeroku(t, choices{settings: func(s *settings) { s.Allow = "acme/shop=shop-* umbrella/shop=shop-*" }}, func(b *bed, _ *herokuPlace) {
		first := b.firstDeploy()
		id := b.shop.ID()
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "push" && d.Repository == "acme/shop" {
				return githubtest.Hold
			}
			return githubtest.Deliver
		})
		second := b.push(change("second"))
		b.must(b.shop.Transfer("umbrella"))
		b.pass(30 * time.Second)
		b.gh.OnDelivery(nil)
		b.must(b.gh.Release()) // from the old account's installation
		b.report(second.SHA, "success")
		b.until(10*time.Minute, "it goes live", b.live(second.SHA))
		s := b.stateOf("umbrella/shop")
		if s.RepoID != id || s.Installation != b.gh.InstallationID("umbrella") || len(s.Stage("production").Past) < 2 || s.Stage("production").Past[1].SHA != first.SHA {
			t.Errorf("the pipeline should go on with the new account's installation, got the repository %d, installation %d and %+v",
				s.RepoID, s.Installation, s.Stage("production").Past)
		}
	})
}

// Two repositories swap their names: each is refused under the other's, until the
// operator has confirmed both. Then each goes on with what it had.
func TestTwoRepositoriesSwapNames(t *testing.T) {
	both := func(s *settings) { s.Allow = "acme/shop=shop-* acme/other=shop-*" }
	onHeroku(t, choices{settings: both}, func(b *bed, _ *herokuPlace) {
		first := b.firstDeploy()
		other, theirs := b.newcomer("acme/other")
		b.greenOn(other, theirs.SHA)
		b.until(10*time.Minute, "the other one is live", b.runs(productionApp, theirs.SHA))
		b.pass(time.Minute)
		b.must(b.shop.Rename("tmp"))
		b.must(other.Rename("shop"))
		b.must(b.shop.Rename("other"))
		mine := b.push(change("mine"))
		b.report(mine.SHA, "success")
		its, err := other.Commit("main", map[string]string{"its": "1"})
		b.must(err)
		b.greenOn(other, its.SHA)
		b.pass(5 * time.Minute)
		b.expectNothingOf(b.shop, mine.SHA)
		b.expectNothingOf(other, its.SHA)
		b.operator("repo", "confirm", "acme/other", fmt.Sprint(b.shop.ID()))
		b.operator("repo", "confirm", "acme/shop", fmt.Sprint(other.ID()))
		eventually(t, "the server hears of both", func() bool {
			return b.stateOf("acme/other").RepoID == b.shop.ID() && b.stateOf("acme/shop").RepoID == other.ID()
		})
		for name, was := range map[string]string{"acme/other": first.SHA, "acme/shop": theirs.SHA} {
			state := b.stateOf(name)
			past := state.Stage("production").Past
			if !slices.ContainsFunc(past, func(p botpipeline.Past) bool { return p.SHA == was }) {
				t.Errorf("%s should have its own past, with %s, it has %+v", name, bot.Short(was), past)
			}
		}
		for _, sha := range []string{mine.SHA, its.SHA} {
			b.until(10*time.Minute, "what was refused is built", func() bool {
				return slices.ContainsFunc(b.place.builds(prepareApp), func(x built) bool { return x.commit == sha })
			})
		}
	})
}

// The allow-list pins a name to a number: another repository cannot even be first.
func TestANameThatIsPinned(t *testing.T) {
	onHeroku(t, choices{settings: func(s *settings) { s.Allow = "acme/shop#1=shop-*" }}, func(b *bed, _ *herokuPlace) {
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.pass(3 * time.Minute)
		b.expectNothingOf(b.shop, c.SHA)
		b.stopBot()
		b.start(func(s *settings) { s.Allow = fmt.Sprintf("acme/shop#%d=shop-*", b.shop.ID()) })
		b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
		c = b.push(change("b"))
		b.report(c.SHA, "success")
		b.until(10*time.Minute, "it goes live", b.live(c.SHA))
		// It is renamed: the log names both names, also at the next start.
		b.must(b.shop.Rename("store"))
		b.pass(time.Minute)
		b.stopBot()
		b.start(func(s *settings) { s.Allow = fmt.Sprintf("acme/shop#%d=shop-*", b.shop.ID()) })
		want := fmt.Sprintf("HEADSTART_ALLOW pins acme/shop#%d, but that repository is acme/store now", b.shop.ID())
		if len(b.logs.FilterMessageSnippet(want).All()) != 1 {
			t.Errorf("the log should say %q", want)
		}
	})
}

// The operator pins a name to another repository than the one that has pipelines there:
// those rest, also where nothing but sweeps would tell of a push.
func TestANameIsPinnedToAnother(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, _ *herokuPlace) {
		first := b.firstDeploy()
		b.stopBot()
		b.start(func(s *settings) { s.Allow = "acme/shop#7=shop-*" })
		for _, lost := range []bool{false, true} {
			if lost {
				b.gh.OnDelivery(func(githubtest.Delivery) githubtest.Fate { return githubtest.Vanish })
			}
			c := b.push(change(fmt.Sprint("lost ", lost)))
			b.report(c.SHA, "success")
			b.pass(90 * time.Minute)
			b.expectUntouched(c.SHA, prepareApp, stagingApp, productionApp)
		}
		b.expectRuns(productionApp, first.SHA)
	})
}

// No webhook at all tells of a rename, nor of the push after it.
func TestNobodyTellsOfARename(t *testing.T) {
	onHeroku(t, choices{settings: func(s *settings) { s.Allow = "acme/shop=shop-* acme/store=shop-*" }}, func(b *bed, _ *herokuPlace) {
		b.firstDeploy()
		b.gh.OnDelivery(func(githubtest.Delivery) githubtest.Fate { return githubtest.Vanish })
		b.must(b.shop.Rename("store"))
		second := b.push(change("second"))
		b.report(second.SHA, "success")
		b.stopBot() // the next one needs a token, with which GitHub tells the name
		b.start(func(s *settings) { s.Allow = "acme/shop=shop-* acme/store=shop-*" })
		b.until(30*time.Minute, "it goes live", b.live(second.SHA))
		if s := b.stateOf("acme/store"); s.RepoID != b.shop.ID() || s.Stage("production").Live.SHA != second.SHA {
			t.Errorf("the pipeline should be under the new name, which has the repository %d with %s", s.RepoID, s.Stage("production").Live.SHA)
		}
	})
}

func TestRepoSaysWhatIsWrong(t *testing.T) {
	none := "sqlite:" + filepath.Join(t.TempDir(), "none.db")
	for _, test := range []struct {
		want string
		args []string
	}{
		{"is no repository", []string{"repo", "confirm", "acme", "1"}},
		{"is no repository's number", []string{"repo", "confirm", "acme/shop", "x"}},
		{"is no repository's number", []string{"repo", "confirm", "acme/shop", "0"}},
		{"is no repository's number", []string{"repo", "confirm", "acme/shop", "1e3"}},
		{"there is no database at", []string{"repo", "confirm", "acme/shop", "1"}},
		{"there is no database at", []string{"repo", "list"}},
		{"is no login", []string{"operator", "confirm", "a b", "1"}},
		{"is no account's number", []string{"operator", "confirm", "ada", "acme"}},
		{"there is no database at", []string{"operator", "list"}},
	} {
		args := append([]string{test.args[0], test.args[1], "--database-url", none}, test.args[2:]...)
		if _, _, err := headstart(t, args...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("headstart %s should be refused with %q, got %v", strings.Join(test.args, " "), test.want, err)
		}
	}
}

// A deploy needs one token for its repository, which is good for nothing else.
func TestADeployHasOneNarrowToken(t *testing.T) {
	onHeroku(t, choices{pipeline: steered}, func(b *bed, _ *herokuPlace) {
		b.deploy("first")
		b.deploy("second")
		issued := b.gh.Issued()
		if len(issued) != 1 {
			t.Fatalf("one token should do for an hour, there were %d", len(issued))
		}
		if got := issued[0]; !slices.Equal(got.Repositories, []int64{b.shop.ID()}) || !got.Narrowed || got.Permissions["members"] != "" || got.Permissions["merge_queues"] != "" {
			t.Errorf("the token should be for acme/shop and what is done there, it is %+v", got)
		}
	})
}

// A repository is renamed in the middle of a build and of a release: both go on, each
// once, and end under the new name.
func TestARepositoryIsRenamedMidway(t *testing.T) {
	both := func(s *settings) { s.Allow = "acme/shop=shop-* acme/store=shop-*" }
	onHeroku(t, choices{settings: both}, func(b *bed, _ *herokuPlace) {
		b.firstDeploy()
		b.place.releaseTakes(productionApp, 4*time.Minute)
		b.place.buildTakes(prepareApp, 3*time.Minute)
		second := b.push(change("second"))
		b.report(second.SHA, "success")
		b.pass(time.Minute)
		b.must(b.shop.Rename("store"))
		b.until(10*time.Minute, "production is being released to", func() bool {
			state := b.stateOf("acme/store")
			return state.Stage("production").Promoting != nil
		})
		b.pass(time.Minute)
		b.must(b.shop.Rename("shop")) // and back
		b.until(10*time.Minute, "it goes live", b.live(second.SHA))
		b.expectBuilds(prepareApp, second.SHA, 1)
		b.expectUntouchedSince(second.SHA)
		b.expectNothingPending(second.SHA)
		if s := b.stateOf("acme/shop"); s.RepoID != b.shop.ID() || s.Stage("production").Live.SHA != second.SHA {
			t.Errorf("the pipeline should be under its first name again, got the repository %d", s.RepoID)
		}
	})
}
