package bottest

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// Who made what, as GitHub knows it: the names in commits, which their makers choose, and
// who pushed, which they do not.

// Account is somebody's account; none for a name that no account can have.
func (w *World) Account(login string) bot.Account {
	key := strings.ToLower(login)
	if login == "" || strings.ContainsAny(login, " @") {
		return bot.Account{}
	}
	id, known := w.IDs[key]
	if !known {
		h := fnv.New32a()
		h.Write([]byte(key))
		id = int64(h.Sum32()) + 1<<33
	}
	return bot.Account{ID: id, Login: login, Bot: strings.HasSuffix(login, "[bot]")}
}

// Rename gives somebody another login. Whoever takes the old one then is somebody else.
func (w *World) Rename(from, to string) {
	if w.IDs == nil {
		w.IDs = map[string]int64{}
	}
	id := w.Account(from).ID
	w.IDs[strings.ToLower(to)], w.IDs[strings.ToLower(from)] = id, id+1
	if role, had := w.Roles[from]; had {
		w.Roles[to] = role
	}
	now := func(name *string) {
		if *name == from {
			*name = to
		}
	}
	renamed := func(c *Commit) {
		now(&c.Author)
		now(&c.Pusher)
		c.CoAuthors = slices.Clone(c.CoAuthors)
		for i := range c.CoAuthors {
			now(&c.CoAuthors[i])
		}
	}
	for _, c := range w.Commits {
		renamed(c)
	}
	for _, p := range w.Pulls {
		now(&p.Author)
		p.Made = slices.Clone(p.Made)
		for i := range p.Made {
			renamed(&p.Made[i])
		}
	}
}

// by is who pushed a commit.
func (c *Commit) by() string {
	if c.Pusher != "" {
		return c.Pusher
	}
	return c.Author
}

// PushHead moves the head of a pull request, and returns the facts of the push.
func (w *World) PushHead(p *Pull, c Commit) []bot.Fact {
	before := strings.Repeat("0", 40)
	if n := len(p.Made); n > 0 {
		before = p.Made[n-1].SHA
	}
	p.Head, p.Made = c.SHA, append(slices.Clone(p.Made), c)
	return []bot.Fact{bot.HeadPushed{Branch: p.Branch, Before: before, After: c.SHA, By: w.Account(c.by())}}
}

// made is a commit as GitHub shows whose it is.
func (w *World) made(c Commit) bot.CommitMakers {
	m := bot.CommitMakers{SHA: c.SHA, Signed: c.Signed}
	if c.Parent != "" {
		m.Parents = []string{c.Parent}
	}
	name := func(who string, as bot.Part) {
		if a := w.Account(who); a.ID != 0 {
			m.By = append(m.By, bot.Maker{Account: a, As: as})
		} else {
			m.Unattributed = append(m.Unattributed, "the "+string(as)+" "+who)
		}
	}
	name(c.Author, bot.PartAuthor)
	for _, who := range c.CoAuthors {
		name(who, bot.PartCoAuthor)
	}
	return m
}

// People is what GitHub tells of who made what lies between two commits.
func (w *World) People(do bot.ReadPeople) bot.PeopleRead {
	read := bot.PeopleRead{Base: do.Base, Head: do.Head}
	behind := map[string]bool{} // what both have
	for at := do.Base; w.Commits[at] != nil; at = w.Commits[at].Parent {
		behind[at] = true
	}
	for sha := do.Head; sha != do.Base && !behind[sha]; sha = w.Commits[sha].Parent {
		c := w.Commits[sha]
		if c == nil && sha == "" || w.MostCommits > 0 && len(read.Commits) >= w.MostCommits {
			read.Incomplete = "GitHub does not list all commits between " + bot.Short(do.Base) + " and " + bot.Short(do.Head)
			return read
		}
		if c == nil { // the head of a pull request that nobody has committed here
			c = &Commit{SHA: sha, Author: "grace", Parent: do.Base}
			read.Commits = append(read.Commits, w.made(*c))
			break
		}
		p := w.Pulls[c.Pull]
		merged := p != nil && p.Merged && p.MergeSHA == c.SHA
		read.Commits = append(read.Commits, w.made(*c))
		if !merged {
			continue
		}
		landed := bot.MergedPull{SHA: c.SHA, Number: p.Number, Head: p.Head, Branch: p.Branch, Author: w.Account(p.Author), Exact: true, Parents: 1}
		for _, own := range p.Made {
			landed.Commits = append(landed.Commits, own.SHA)
			read.Commits = append(read.Commits, w.made(own))
		}
		if len(p.Made) == 0 {
			landed.Commits = []string{p.Head}
			read.Commits = append(read.Commits, w.made(Commit{SHA: p.Head, Author: p.Author}))
		}
		read.Merges = append(read.Merges, landed)
	}
	return read
}
