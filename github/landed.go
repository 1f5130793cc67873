package github

import (
	"context"
	"fmt"

	"github.com/headstart-cd/headstart/bot"
)

// Which pull request a commit of the branch merged, and whether the commit is exactly that merge. GitHub also counts a
// pull request as merged by a pushed commit that contains its head. Such a commit may contain anything else.

// landing is a pull request that landed, with its commits that are not in the branch.
type landing struct {
	bot.MergedPull
	own []madeWire
	cut bool // and there are more
}

// pullWire is a pull request as lists show it.
type pullWire struct {
	Number   int
	MergedAt *string `json:"merged_at"`
	MergeSHA string  `json:"merge_commit_sha"`
	User     accountWire
	Head     struct {
		SHA, Ref string
		Repo     *struct{ ID int64 } // a fork that was deleted leaves null
	}
	Base struct {
		Ref  string
		Repo struct{ ID int64 }
	}
}

// landed returns the pull requests that GitHub reports as merged by a commit: several, where one contains the others.
func (r repository) landed(ctx context.Context, c madeWire, branch string) (list []*landing, err error) {
	a := ask{what: fmt.Sprintf("find the pull request of %s in %s", bot.Short(c.SHA), r.repo), needs: "Pull requests: read"}
	var pulls []pullWire
	if err := r.get(ctx, a, "commits/"+c.SHA+"/pulls?per_page=100", &pulls); err != nil {
		return nil, err
	}
	for _, p := range pulls {
		if p.MergedAt == nil || p.MergeSHA != c.SHA || p.Base.Ref != branch {
			continue
		}
		if id := r.scope.id; id != 0 && p.Base.Repo.ID != id {
			continue // a fork has the same commits, and anybody may merge there
		}
		m := &landing{MergedPull: bot.MergedPull{SHA: c.SHA, Number: p.Number, Head: p.Head.SHA, Author: p.User.account(), Parents: max(len(c.Parents), 1)}}
		if p.Head.Repo != nil && p.Head.Repo.ID == p.Base.Repo.ID {
			m.Branch = p.Head.Ref
		}
		if err := r.exactly(ctx, m, c); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// exactly finds out whether GitHub itself made a merge. GitHub made every squash and rebase: only it can merge a pull
// request without adding its head to the branch. GitHub signs merge commits; where servers do not sign, the merge is
// verified.
func (r repository) exactly(ctx context.Context, m *landing, c madeWire) (err error) {
	switch len(c.Parents) {
	case 0:
		return nil
	case 1:
		whole := false
		m.own, whole, err = r.madeBetween(ctx, c.Parents[0].SHA, m.Head)
		if err != nil {
			return err
		}
		if m.cut = !whole && len(m.own) > 0; m.Head == c.SHA || len(m.own) == 0 {
			m.own, m.cut = nil, false // its commits are in the branch themselves: a person pushed them there
			return nil
		}
		for _, own := range m.own {
			m.Commits = append(m.Commits, own.SHA)
		}
		m.Exact = whole
		return nil
	}
	m.Exact = len(c.Parents) == 2 && c.Parents[1].SHA == m.Head
	if m.Exact && !c.signedByGitHub() {
		m.Exact, err = r.clean(ctx, c)
	}
	return err
}

// changed is a file in a comparison.
type changed struct {
	SHA      string
	Status   string
	Previous string `json:"previous_filename"`
}

// clean reports whether a merge commit certainly contains only what both sides have. Its changes to the first parent
// must equal the changes of the second since they parted, and no file may be changed by both.
func (r repository) clean(ctx context.Context, c madeWire) (bool, error) {
	ours, theirs := c.Parents[0].SHA, c.Parents[1].SHA
	result, all, err := r.changes(ctx, ours, c.SHA)
	if err != nil || !all {
		return false, err
	}
	brought, all, err := r.changes(ctx, ours, theirs)
	if err != nil || !all || len(brought) != len(result) {
		return false, err
	}
	for name, file := range result {
		if brought[name] != file {
			return false, nil
		}
	}
	meanwhile, all, err := r.changes(ctx, theirs, ours)
	if err != nil || !all {
		return false, err
	}
	names := map[string]bool{}
	for name, file := range meanwhile {
		names[name], names[file.Previous] = true, true
	}
	for name, file := range brought {
		if names[name] || file.Previous != "" && names[file.Previous] {
			return false, nil
		}
	}
	return true, nil
}

// changes returns, by name, the files that head has changed since it parted from base. all reports whether they are
// complete.
func (r repository) changes(ctx context.Context, base, head string) (files map[string]changed, all bool, err error) {
	a := ask{what: fmt.Sprintf("compare %s with %s in %s", bot.Short(base), bot.Short(head), r.repo), needs: "Contents: read"}
	var answer struct {
		Status string
		Files  []struct {
			changed
			Name string `json:"filename"`
		}
	}
	if err := r.get(ctx, a, "compare/"+base+"..."+head, &answer); err != nil {
		return nil, false, err
	}
	files = map[string]changed{}
	for _, f := range answer.Files {
		files[f.Name] = f.changed
	}
	return files, len(answer.Files) < maxCompared, nil
}
