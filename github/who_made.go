package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-cd/headstart/bot"
)

const (
	// mostMade bounds the commits that are examined: as many as GitHub lists of a comparison on one page.
	mostMade = 250
	// madeAtOnce is how many of the requests about them run side by side.
	madeAtOnce = 6
	// mostAddresses bounds how many co-authors' addresses are looked up.
	mostAddresses = 30
)

// readPeople reads who made the changes between two commits. It takes one request for the commits, one for each commit
// in the branch's own line (for its pull request), and some for each merge. It is only used where a person approves.
func (r repository) readPeople(ctx context.Context, do bot.ReadPeople) (bot.PeopleRead, error) {
	read := bot.PeopleRead{Base: do.Base, Head: do.Head}
	commits, whole, err := r.madeBetween(ctx, do.Base, do.Head)
	switch {
	case errors.Is(err, bot.ErrNotFound):
		read.Incomplete = fmt.Sprintf("GitHub does not know %s any more", bot.Short(do.Base))
		return read, r.mustExist(ctx, do.Head)
	case err != nil:
		return bot.PeopleRead{}, err
	case !whole:
		read.Incomplete = fmt.Sprintf("GitHub does not list all commits between %s and %s", bot.Short(do.Base), bot.Short(do.Head))
		if do.Base == "" {
			read.Incomplete = fmt.Sprintf("nothing is live there yet, and %s has more commits before it than are looked through", bot.Short(do.Head))
		}
		return read, nil
	}
	a := &authors{r: r, made: map[string]bool{}, emails: map[string]bot.Account{}}
	a.add(commits)
	line := firstParents(commits, do.Head)
	landed := make([][]*landing, len(line))
	group, side := errgroup.WithContext(ctx)
	group.SetLimit(madeAtOnce)
	for i, c := range line {
		group.Go(func() (err error) { landed[i], err = r.landed(side, c, do.Branch); return err })
	}
	if err := group.Wait(); err != nil {
		return bot.PeopleRead{}, err
	}
	for _, m := range slices.Concat(landed...) {
		if m.cut {
			read.Incomplete = fmt.Sprintf("GitHub does not list all commits of #%d", m.Number)
		}
		if m.Parents > 1 {
			m.Commits = sideOf(commits, m.MergedPull)
		}
		a.add(m.own)
		read.Merges = append(read.Merges, m.MergedPull)
	}
	if err := a.resolve(ctx, do.Head); err != nil {
		return bot.PeopleRead{}, err
	}
	read.Commits = a.list
	return read, nil
}

// madeBetween lists the commits that head has and base lacks; without a base, all of its history. whole is false if the
// list is incomplete, or if head is behind base.
func (r repository) madeBetween(ctx context.Context, base, head string) (list []madeWire, whole bool, err error) {
	if base == "" {
		a := ask{what: fmt.Sprintf("list the commits before %s in %s", bot.Short(head), r.repo), needs: "Contents: read"}
		for page := 1; ; page++ {
			var some []madeWire
			if err := r.get(ctx, a, fmt.Sprintf("commits?sha=%s&per_page=100&page=%d", url.QueryEscape(head), page), &some); err != nil {
				return nil, false, err
			}
			if list = append(list, some...); len(some) < 100 || len(list) > mostMade {
				return list, len(list) <= mostMade, nil
			}
		}
	}
	a := ask{what: fmt.Sprintf("compare %s with %s in %s", bot.Short(base), bot.Short(head), r.repo), needs: "Contents: read"}
	var answer struct {
		Status  string
		Total   int `json:"total_commits"`
		Commits []madeWire
	}
	if err := r.get(ctx, a, "compare/"+url.PathEscape(base)+"..."+url.PathEscape(head), &answer); err != nil {
		return nil, false, err
	}
	whole = len(answer.Commits) >= answer.Total && (answer.Status == "ahead" || answer.Status == "diverged" || answer.Status == "identical")
	if n := len(answer.Commits); answer.Status != "identical" && (n == 0 || n > 0 && !slices.ContainsFunc(answer.Commits, func(c madeWire) bool { return c.SHA == head })) {
		whole = false
	}
	return answer.Commits, whole, nil
}

// firstParents returns the line of a branch that ends with head, newest first, as far as it is listed. Merged commits
// are not in it.
func firstParents(commits []madeWire, head string) (line []madeWire) {
	at := map[string]madeWire{}
	for _, c := range commits {
		at[c.SHA] = c
	}
	for sha := head; len(line) < len(commits); {
		c, listed := at[sha]
		if !listed {
			break
		}
		line = append(line, c)
		if len(c.Parents) == 0 {
			break
		}
		sha = c.Parents[0].SHA
	}
	return line
}

// sideOf lists the commits that a merge commit brought.
func sideOf(commits []madeWire, m bot.MergedPull) (list []string) {
	parents := map[string][]string{}
	for _, c := range commits {
		parents[c.SHA] = c.parents()
	}
	own := func(from string) map[string]bool {
		all := map[string]bool{}
		for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
			if _, listed := parents[queue[0]]; listed && !all[queue[0]] {
				all[queue[0]] = true
				queue = append(queue, parents[queue[0]]...)
			}
		}
		return all
	}
	before := own(parents[m.SHA][0])
	for _, c := range commits {
		if !before[c.SHA] && own(m.Head)[c.SHA] {
			list = append(list, c.SHA)
		}
	}
	return list
}

// authors collects commits, each once, and finds the accounts of co-authors' addresses.
type authors struct {
	r      repository
	list   []bot.CommitMakers
	made   map[string]bool
	emails map[string]bot.Account // from the commits here
	open   []coAuthor
}

type coAuthor struct {
	of  int // in the list
	who nameWire
}

func (a *authors) add(commits []madeWire) {
	for _, c := range commits {
		if a.made[c.SHA] {
			continue
		}
		m, open := c.made()
		a.made[c.SHA] = true
		for _, who := range open {
			a.open = append(a.open, coAuthor{len(a.list), who})
		}
		a.list = append(a.list, m)
		a.shown(c)
	}
}

// shown stores the accounts of the addresses in a commit.
func (a *authors) shown(c madeWire) {
	for _, known := range []struct {
		name nameWire
		by   accountWire
	}{{c.Commit.Author, c.Author}, {c.Commit.Committer, c.Committer}} {
		if known.by.ID != 0 && known.name.Email != "" {
			a.emails[lower(known.name.Email)] = known.by.account()
		}
	}
}

// resolve finds the accounts of co-authors whose address has no number. GitHub reveals them by commits of that address;
// an address without commits has none.
func (a *authors) resolve(ctx context.Context, head string) error {
	asked := 0
	for _, open := range a.open {
		email := lower(open.who.Email)
		if _, known := a.emails[email]; !known && email != "" && asked < mostAddresses {
			asked++
			what := ask{what: fmt.Sprintf("look for the account of a co-author in %s", a.r.repo), needs: "Contents: read"}
			var list []madeWire
			if err := a.r.get(ctx, what, fmt.Sprintf("commits?sha=%s&author=%s&per_page=1", url.QueryEscape(head), url.QueryEscape(open.who.Email)), &list); err != nil {
				return err
			}
			a.emails[email] = bot.Account{}
			for _, c := range list {
				a.shown(c)
			}
		}
		m := &a.list[open.of]
		nameOf(m, open.who, a.emails[email], bot.PartCoAuthor)
	}
	return nil
}
