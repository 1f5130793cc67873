package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// What must hold is looked up on the stand-ins, which is where people would see
// it, and in what the test did itself; never at the bot.

// branchHistory is the line of a team's main branch.
type branchHistory struct {
	commits []githubtest.Commit // oldest first
	at      map[string]int      // by tree: the first commit that has it
}

func (t *team) history() (branchHistory, error) {
	var h branchHistory
	for sha := t.Head("main"); sha != ""; {
		c, err := t.LookUp(sha)
		if err != nil {
			return h, err
		}
		h.commits = append(h.commits, c)
		sha = ""
		if len(c.Parents) > 0 {
			sha = c.Parents[0]
		}
	}
	slices.Reverse(h.commits)
	h.at = make(map[string]int, len(h.commits))
	for i, c := range slices.Backward(h.commits) {
		h.at[c.Tree] = i
	}
	return h, nil
}

// newestGreen is the place in history of the newest commit whose checks have all
// passed; -1 if there is none.
func (t *team) newestGreen(h branchHistory) int {
	for i, c := range slices.Backward(h.commits) {
		if t.isGreen(c.SHA) {
			return i
		}
	}
	return -1
}

func (t *team) isGreen(sha string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.green[sha].IsZero()
}

// place is where in history the code of a release is from; -1 if main never had
// it.
func (t *team) place(h branchHistory, commit string) int {
	if c, err := t.LookUp(commit); err == nil {
		if i, ok := h.at[c.Tree]; ok {
			return i
		}
	}
	return -1
}

// unarrived says what is not as it should be in the end; empty if all has
// arrived and people were told.
func (w *chaosWorld) unarrived() (missing []string) {
	for _, t := range w.teams {
		h, err := t.history()
		if err != nil {
			return append(missing, err.Error())
		}
		missing = slices.Concat(missing, t.behind(h), t.pending(h))
	}
	return missing
}

// behind lists the stages that do not run the newest green commit.
func (t *team) behind(h branchHistory) (list []string) {
	newest := t.newestGreen(h)
	for _, app := range t.stages {
		if runs := app.Current().Commit; newest >= 0 && t.place(h, runs) != newest {
			list = append(list, fmt.Sprintf("%s should run %.7s, the newest green commit; it runs %.7q", app.Name(), h.commits[newest].SHA, runs))
		}
	}
	return list
}

// pending lists the statuses and deployments that promise more to come.
func (t *team) pending(h branchHistory) (list []string) {
	shas := map[string]bool{}
	for _, c := range h.commits {
		shas[c.SHA] = true
	}
	t.mu.Lock()
	for _, n := range t.opens {
		shas[t.Pull(n).HeadSHA()] = true
	}
	t.mu.Unlock()
	for sha := range shas {
		for context, s := range t.Statuses(sha) {
			if s.State == "pending" {
				list = append(list, fmt.Sprintf("the status %s of %.7s in %s stays pending: %q", context, sha, t.FullName(), s.Description))
			}
		}
	}
	for _, d := range t.Deployments() {
		switch d.State() {
		case "pending", "queued", "in_progress":
			list = append(list, fmt.Sprintf("the deployment of %.7s to %s in %s stays %s", d.SHA, d.Environment, t.FullName(), d.State()))
		}
	}
	return list
}

// broken lists what must never happen and did.
func (w *chaosWorld) broken() (list []string) {
	for _, t := range w.teams {
		h, err := t.history()
		if err != nil {
			return append(list, err.Error())
		}
		list = append(list, t.wrong(h)...)
	}
	return append(list, w.trespasses()...)
}

// wrong lists what must never happen to a team and did.
func (t *team) wrong(h branchHistory) []string {
	list := slices.Concat(t.builtTwice(), t.releasedWrongly(h), t.publishedTwice())
	for _, app := range t.apps() {
		if n := app.Overlaps(); n > 0 {
			list = append(list, fmt.Sprintf("%s got %d releases while another one was under way", app.Name(), n))
		}
		if n := app.BusyBuilds(); n > 0 {
			list = append(list, fmt.Sprintf("%s was asked %d times for a build while another one was pending", app.Name(), n))
		}
	}
	return list
}

// builtTwice lists commits that were built more than once on an app. A build
// that was cancelled, because the branch needed the place of a pull request's,
// does not count.
func (t *team) builtTwice() (list []string) {
	for _, app := range t.apps() {
		times := map[string]int{}
		for _, b := range app.Builds() {
			if b.Status != "failed" {
				times[b.Commit]++
			}
		}
		for commit, n := range times {
			if n > 1 {
				list = append(list, fmt.Sprintf("%.7s was built %d times on %s", commit, n, app.Name()))
			}
		}
	}
	return list
}

// releasedWrongly holds the releases of each stage against the order of main,
// the checks, the stage before, and each other.
func (t *team) releasedWrongly(h branchHistory) (list []string) {
	proved := map[string]time.Time{} // by slug: when its release on the stage before had ended well
	for n, app := range t.stages {
		wrong := func(r herokutest.ReleaseInfo, format string, args ...any) {
			list = append(list, fmt.Sprintf("v%d of %s, commit %.7s: ", r.Version, app.Name(), r.Commit)+fmt.Sprintf(format, args...))
		}
		here, last := map[string]time.Time{}, -1
		for _, r := range app.Releases() {
			if r.Slug == "" {
				continue
			}
			at := t.place(h, r.Commit)
			if _, twice := here[r.Slug]; twice {
				wrong(r, "the artifact had been released there before")
			} else if at < last {
				wrong(r, "the stage went back from commit %d of main to commit %d", last, at)
			}
			if at < 0 {
				wrong(r, "main never had that code")
			} else if green := t.greenSince(h, at); green.IsZero() || green.After(r.CreatedAt) {
				wrong(r, "its checks had not passed")
			}
			if since, ok := proved[r.Slug]; n > 0 && (!ok || since.After(r.CreatedAt)) {
				wrong(r, "%s had not proved this artifact", t.stages[n-1].Name())
			}
			if here[r.Slug].IsZero() {
				here[r.Slug] = r.CreatedAt.Add(chaosRelease)
			}
			last = max(last, at)
		}
		proved = here
	}
	return list
}

// greenSince is when the first of the commits with the code at a place in
// history turned green; zero if none did.
func (t *team) greenSince(h branchHistory, place int) (since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range h.commits {
		if at := t.green[c.SHA]; c.Tree == h.commits[place].Tree && !at.IsZero() && (since.IsZero() || at.Before(since)) {
			since = at
		}
	}
	return since
}

// publishedTwice lists deployments and comments that exist more than once.
func (t *team) publishedTwice() (list []string) {
	deployments := map[string]int{}
	for _, d := range t.Deployments() {
		deployments[fmt.Sprintf("%.7s to %s", d.SHA, d.Environment)]++
	}
	for what, n := range deployments {
		if n > 1 {
			list = append(list, fmt.Sprintf("the deployment of %s in %s exists %d times", what, t.FullName(), n))
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, number := range t.opens {
		n := 0
		for _, c := range t.Comments(number) {
			if strings.HasSuffix(c.User, "[bot]") {
				n++
			}
		}
		if n > 1 {
			list = append(list, fmt.Sprintf("Headstart's comment on #%d of %s exists %d times", number, t.FullName(), n))
		}
	}
	return list
}

// trespasses lists requests about apps that nobody is allowed.
func (w *chaosWorld) trespasses() (list []string) {
	// Of each allowed app's name and id: the team.
	owner := map[string]string{w.own.Name(): "thief", w.own.ID(): "thief"}
	for _, t := range w.teams {
		for _, a := range t.apps() {
			owner[a.Name()], owner[a.ID()] = t.name, t.name
		}
	}
	for _, r := range w.heroku.APIRequests() {
		rest, ok := strings.CutPrefix(r.Path, "/apps/")
		app, _, _ := strings.Cut(rest, "/")
		if body := string(r.Body); ok && owner[app] == "" || strings.Contains(body, w.foreign.ID()) || strings.Contains(body, w.foreign.Name()) {
			list = append(list, "a request named an app that nobody is allowed: "+r.String())
		}
		teams := map[string]bool{}
		for id, team := range owner {
			if strings.Contains(string(r.Body), id) {
				teams[team] = true
			}
		}
		if len(teams) > 1 {
			list = append(list, fmt.Sprintf("a request named apps of several teams: %s %s", r, r.Body))
		}
	}
	if n := len(w.foreign.Releases()); n != 2 { // those that every new app has
		list = append(list, "somebody released on "+w.foreign.Name())
	}
	return list
}
