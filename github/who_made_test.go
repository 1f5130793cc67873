package github_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// people reads who made what lies between two commits.
func (w *world) people(base, head string) bot.PeopleRead {
	w.t.Helper()
	return do[bot.PeopleRead](w, bot.ReadPeople{Base: base, Head: head, Branch: "main"})
}

// push pushes to a branch.
func (w *world) push(branch string, changes ...githubtest.Change) githubtest.Commit {
	w.t.Helper()
	c, err := w.shop.Push(branch, changes...)
	w.must(err)
	return c
}

// madeBy is a line about each who is named in a commit of a reading.
func madeBy(t *testing.T, read bot.PeopleRead, sha string) string {
	t.Helper()
	i := slices.IndexFunc(read.Commits, func(m bot.CommitMakers) bool { return m.SHA == sha })
	if i < 0 {
		t.Fatalf("the commit %s should be among those that lie between, they are %+v", sha, read.Commits)
	}
	var list []string
	for _, by := range read.Commits[i].By {
		if by.ID == 0 {
			t.Errorf("whoever is named has an account, got %+v", by)
		}
		list = append(list, fmt.Sprintf("%s %s", by.As, by.Login))
	}
	return strings.Join(append(list, read.Commits[i].Unattributed...), ", ")
}

func TestWhoIsNamedInCommits(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "1"})
	ada := githubtest.Signature{Name: "Ada Lovelace", Email: "ada@example.com"}
	one := w.push("main", githubtest.Change{Files: map[string]string{"a": "2"}, Author: "bob"})
	two := w.push("main", githubtest.Change{Files: map[string]string{"a": "3"}, Author: "bob", By: ada, Signed: true})
	three := w.push("main", githubtest.Change{Files: map[string]string{"a": "4"}, Author: "bob", Signed: true,
		Message: "Change a\n\n" + w.CoAuthor("mallory") + "\nco-authored-by: Bob <bob@users.noreply.github.com>\nCo-Authored-By: Eve <eve@example.com>\nCo-authored-by: Nobody\nCo-Authored-By: Claude <noreply@anthropic.com>\n"})
	web := w.push("main", githubtest.Change{Files: map[string]string{"a": "5"}, Author: "bob", By: githubtest.Signature{Name: "GitHub", Email: "noreply@github.com"}})
	read := w.people(base.SHA, web.SHA)
	if read.Incomplete != "" || len(read.Commits) != 4 || len(read.Merges) != 0 {
		t.Errorf("four commits lie between, none of which is a merge, got %+v", read)
	}
	for sha, want := range map[string]string{
		one.SHA:   "author bob, committer bob",
		two.SHA:   "the author Ada Lovelace, the committer Ada Lovelace",
		three.SHA: "author bob, committer bob, co-author mallory, co-author bob, the co-author Eve, the co-author Nobody",
		web.SHA:   "author web-flow",
	} {
		if got := madeBy(t, read, sha); got != want {
			t.Errorf("the commit names\n%s\ngot\n%s", want, got)
		}
	}
	for i, want := range []bool{false, false, true, false} {
		if read.Commits[i].Signed != want || read.Commits[i].Web != (i == 3) {
			t.Errorf("a signature proves a commit's maker only if it is an account's: %+v", read.Commits[i])
		}
	}
	if all := w.people("", web.SHA); all.Incomplete != "" || len(all.Commits) != 5 {
		t.Errorf("without a commit to compare with it is the whole history, got %d commits: %s", len(all.Commits), all.Incomplete)
	}
	if read := w.people(strings.Repeat("ab", 20), web.SHA); read.Incomplete == "" {
		t.Error("who made what nobody can compare is not known")
	}
	if read := w.people(web.SHA, base.SHA); read.Incomplete == "" {
		t.Error("what lies behind what is live takes something back, and nobody can tell whose")
	}
}

func TestMoreCommitsThanGitHubListsAreIncomplete(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "1"})
	list := make([]githubtest.Change, 251)
	for i := range list {
		list[i].Files = map[string]string{"a": fmt.Sprint(i + 2)}
	}
	most := w.push("main", list[:50]...)
	if read := w.people(base.SHA, most.SHA); read.Incomplete != "" || len(read.Commits) != 50 {
		t.Errorf("50 commits are listed, got %d: %s", len(read.Commits), read.Incomplete)
	}
	more := w.push("main", list[50:]...)
	if read := w.people(base.SHA, more.SHA); read.Incomplete == "" {
		t.Errorf("of 251 commits not all are listed, got %d", len(read.Commits))
	}
	if read := w.people("", more.SHA); read.Incomplete == "" {
		t.Errorf("of 252 commits not all are listed, got %d", len(read.Commits))
	}
}

// What GitHub itself merged is exactly the pull request; what somebody pushed that GitHub
// calls its merge may hold anything.
func TestWhichPullRequestsLanded(t *testing.T) {
	for _, unsigned := range []bool{false, true} {
		for _, method := range []string{"merge", "squash", "rebase", "queue", "pushed", "evil", "fast-forward"} {
			t.Run(fmt.Sprintf("%s unsigned=%v", method, unsigned), func(t *testing.T) {
				w := start(t, func(o *githubtest.Options, _ *github.Options) { o.Unsigned = unsigned })
				base := w.commit(map[string]string{"a": "1"})
				one := w.push("feature", githubtest.Change{Files: map[string]string{"b": "1"}, Author: "bob"})
				two := w.push("feature", githubtest.Change{Files: map[string]string{"b": "2"}, Author: "bob", Pusher: "mallory"})
				p := w.open(githubtest.PullOptions{Head: "feature", User: "bob"})
				w.commit(map[string]string{"c": "meanwhile"})
				head, exact, parents := "", true, 1
				switch method {
				case "queue":
					g, err := w.shop.Enqueue(githubtest.QueueOptions{}, p)
					w.must(err)
					w.must(g.Merge())
					head, parents = g.Head(), 2
				case "pushed", "evil":
					files := map[string]map[string]string{"evil": {"b": "3"}}[method]
					c, err := p.MergeByPush("mallory", files)
					w.must(err)
					head, parents, exact = c.SHA, 2, method == "pushed"
				case "fast-forward":
					w.must(w.shop.ForcePushBy("main", two.SHA, "mallory"))
					head, exact = two.SHA, false
				default:
					c, err := p.Merge(githubtest.MergeOptions{Method: method, By: "zoe"})
					w.must(err)
					head = c.SHA
					if method == "merge" {
						parents = 2
					}
				}
				read := w.people(base.SHA, head)
				if len(read.Merges) != 1 || read.Incomplete != "" {
					t.Fatalf("one pull request landed, got %+v", read)
				}
				m := read.Merges[0]
				own := []string{one.SHA, two.SHA}
				if method == "fast-forward" {
					own = nil // they are in the branch themselves
				}
				if m.SHA != head || m.Number != p.Number() || m.Head != two.SHA || m.Branch != "feature" || m.Author.Login != "bob" || m.Author.ID == 0 ||
					m.Parents != parents || !slices.Equal(m.Commits, own) {
					t.Errorf("the pull request landed as %s, got %+v", head, m)
				}
				if m.Exact != exact {
					t.Errorf("that GitHub merged it, and nothing else: %v, got %v", exact, m.Exact)
				}
				madeBy(t, read, one.SHA)
			})
		}
	}
}

// A pull request that another one contains is merged with it, as the same commit: that
// is GitHub's merge all the same.
func TestPullRequestsThatLandTogether(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "1"})
	one := w.push("feature", githubtest.Change{Files: map[string]string{"b": "1"}, Author: "bob"})
	w.must(w.shop.ForcePushBy("more", one.SHA, "bob"))
	two := w.push("more", githubtest.Change{Files: map[string]string{"b": "2"}, Author: "bob"})
	first := w.open(githubtest.PullOptions{Head: "feature", User: "bob"})
	second := w.open(githubtest.PullOptions{Head: "more", User: "bob"})
	merge, err := second.Merge(githubtest.MergeOptions{By: "zoe"})
	w.must(err)
	read := w.people(base.SHA, merge.SHA)
	if len(read.Merges) != 2 || read.Incomplete != "" {
		t.Fatalf("two pull requests landed, got %+v", read)
	}
	for _, m := range read.Merges {
		switch {
		case m.SHA != merge.SHA || m.Number != first.Number() && m.Number != second.Number():
			t.Errorf("both landed as %s, got %+v", merge.SHA, m)
		case m.Number == second.Number() && (!m.Exact || !slices.Equal(m.Commits, []string{one.SHA, two.SHA})):
			t.Errorf("what somebody merged is exactly the second one, got %+v", m)
		case m.Number == first.Number() && (m.Exact || !slices.Equal(m.Commits, []string{one.SHA})):
			t.Errorf("the first one is part of it, got %+v", m)
		}
	}
}

// A fork has the same commits. What was merged there was not merged here.
func TestWhatLandedInAForkDidNotLandHere(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "1"})
	head := w.push("main", githubtest.Change{Files: map[string]string{"a": "2"}, Author: "mallory"})
	list := func(repository int64) githubtest.Fault {
		return githubtest.Fault{Match: "GET */commits/" + head.SHA + "/pulls", Status: 200, Body: fmt.Sprintf(
			`[{"number": 7, "merged_at": "2026-03-02T09:00:00Z", "merge_commit_sha": %q, "user": {"id": 5, "login": "mallory", "type": "User"},
			"head": {"sha": %q, "ref": "patch", "repo": {"id": %d}}, "base": {"ref": "main", "repo": {"id": %d}}}]`, head.SHA, base.SHA, repository, repository)}
	}
	for repository, want := range map[int64]int{w.shop.ID(): 1, w.shop.ID() + 1: 0} {
		w.Inject(list(repository))
		if read := w.people(base.SHA, head.SHA); len(read.Merges) != want {
			t.Errorf("a pull request of the repository %d, asked of %d, makes %d merges, got %+v", repository, w.shop.ID(), want, read.Merges)
		}
	}
}
