package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A token may be narrowed when it is asked for, to some of the installation's
// repositories and to some of its permissions. Beyond those it is refused as GitHub
// refuses: what is private is not there (404), what is public is not for it (403).

// Issued is a token as it was given out.
type Issued struct {
	Installation int64
	Repositories []int64           // in ascending order; nil: every one of the installation
	Permissions  map[string]string // what it may, by name
	Narrowed     bool              // permissions were named when it was asked for
}

// Issued lists every token that was given out over HTTP, oldest first.
func (s *Server) Issued() []Issued {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.issued)
}

// Grant sets what an account has granted the App, which may be less than the App
// asks for: new permissions wait until an owner accepts them.
func (s *Server) Grant(account string, permissions map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.installationOf(account)
	if err == nil {
		i.permissions = maps.Clone(permissions)
	}
	return err
}

// SetInstalled takes the repository out of the App's installation, or puts it back.
func (r *Repo) SetInstalled(installed bool) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	i, err := r.s.installationOf(r.owner.login)
	if err != nil || r.notInstalled == !installed {
		return
	}
	r.notInstalled = !installed
	action, added, removed := "added", []any{r.shortJSON()}, []any{}
	if !installed {
		action, added, removed = "removed", removed, added
	}
	r.s.emit(i, nil, "installation_repositories", action, obj{
		"installation": r.s.installationEventJSON(i), "repository_selection": "selected", "requester": nil,
		"repositories_added": added, "repositories_removed": removed,
	}, r.owner.login)
}

func (t *token) reaches(r *Repo) bool { return t.repos == nil || t.repos[r.id] }

// allows says whether the token includes a permission, as "statuses:write". What the
// account has granted may have become less since.
func (t *token) allows(need string) bool {
	return allows(t.install.permissions, need) && (t.permissions == nil || allows(t.permissions, need))
}

func (t *token) only(repos []*Repo) []*Repo {
	return slices.DeleteFunc(repos, func(r *Repo) bool { return !t.reaches(r) })
}

// outside is the answer about a repository that the token is not for.
func outside(c *call) answer {
	if c.repo.public {
		return fail(http.StatusForbidden, "Resource not accessible by integration")
	}
	return notFound()
}

func createToken(c *call) answer {
	i := c.installationByID()
	switch {
	case i == nil:
		return notFound()
	case !i.suspended.IsZero():
		return fail(http.StatusForbidden, "This installation has been suspended")
	}
	var asked struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if a, ok := c.decode(&asked); !ok {
		return a
	}
	repos, ok := c.named(i, asked.Repositories, asked.RepositoryIDs)
	if !ok {
		return fail(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
	}
	for name, level := range asked.Permissions {
		if !allows(i.permissions, name+":"+level) {
			return fail(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
		}
	}
	may := i.permissions
	if asked.Permissions != nil {
		may = maps.Clone(asked.Permissions)
		may["metadata"] = "read" // comes with every other one
	}
	body := obj{"permissions": may, "repository_selection": "all"}
	narrowed, issued := token{}, Issued{Installation: i.ID, Permissions: may, Narrowed: asked.Permissions != nil}
	if asked.Permissions != nil {
		narrowed.permissions = may
	}
	if repos != nil {
		list := make([]any, len(repos))
		narrowed.repos = map[int64]bool{}
		for n, r := range repos {
			narrowed.repos[r.id], list[n] = true, r.json()
			issued.Repositories = append(issued.Repositories, r.id)
		}
		slices.Sort(issued.Repositories)
		body["repository_selection"], body["repositories"] = "selected", list
	}
	secret, expires, err := c.issue(i, narrowed)
	if err != nil {
		return broken(err)
	}
	c.issued = append(c.issued, issued)
	body["token"], body["expires_at"] = secret, timestamp(expires)
	return created(body)
}

// named finds the repositories that a token is asked for; nil if none is named. It
// reports false if the installation does not reach one of them.
func (c *call) named(i *Installation, names []string, ids []int64) (repos []*Repo, ok bool) {
	for _, r := range c.reposOf(i) {
		if slices.Contains(ids, r.id) || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, r.name) }) {
			repos = append(repos, r)
		}
	}
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[strings.ToLower(name)] = true
	}
	for _, id := range ids {
		wanted[fmt.Sprint("#", id)] = true
	}
	return repos, len(repos) >= len(wanted)
}

func (c *call) installationByID() *Installation {
	for _, i := range c.installations {
		if i.ID == c.id("installation_id") {
			return i
		}
	}
	return nil
}
