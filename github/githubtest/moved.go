package githubtest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A repository keeps its number when it is renamed or transferred. Requests for its old
// name are redirected to /repositories/NUMBER, until another repository takes that name.

// Rename gives the repository another name in its account, which must be free.
func (r *Repo) Rename(name string) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	from := r.name
	if err := r.move(r.owner, name); err != nil {
		return fmt.Errorf("rename %s: %w", r.FullName(), err)
	}
	r.tell("renamed", obj{"changes": obj{"repository": obj{"name": obj{"from": from}}}})
	return nil
}

// Transfer gives the repository to another account. If that is new, the App is
// installed on it.
func (r *Repo) Transfer(owner string) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if !goodName(owner) {
		return fmt.Errorf("transfer %s: %q is no account", r.FullName(), owner)
	}
	to, from := r.s.account(owner, "Organization"), r.owner
	if err := r.move(to, r.name); err != nil {
		return fmt.Errorf("transfer %s: %w", r.FullName(), err)
	}
	if _, err := r.s.installationOf(owner); err != nil {
		r.s.install(to)
	}
	kind := map[bool]string{true: "organization", false: "user"}[from.kind == "Organization"]
	r.tell("transferred", obj{"changes": obj{"owner": obj{"from": obj{kind: r.s.userJSON(from.login)}}}})
	return nil
}

// Delete removes the repository. Its name is free then.
func (r *Repo) Delete() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	delete(r.s.repos, strings.ToLower(r.FullName()))
	for name, to := range r.s.moved {
		if to == r {
			delete(r.s.moved, name)
		}
	}
	r.tell("deleted", obj{})
}

// move gives the repository another full name. The caller holds mu.
func (r *Repo) move(owner *account, name string) error {
	before, after := strings.ToLower(r.FullName()), strings.ToLower(owner.login+"/"+name)
	switch taken := r.s.repos[after]; {
	case !goodName(name):
		return fmt.Errorf("%q is no name", name)
	case taken != nil && taken != r:
		return fmt.Errorf("%s/%s exists", owner.login, name)
	}
	delete(r.s.repos, before)
	r.s.moved[before] = r
	delete(r.s.moved, after)
	r.owner, r.name = owner, name
	r.s.repos[after] = r
	return nil
}

// tell sends a repository event. The caller holds mu.
func (r *Repo) tell(action string, payload obj) {
	if i := r.installation(); i != nil {
		r.s.emit(i, r, "repository", action, payload, DefaultUser)
	}
}

// movedTo is the answer about a repository that has another name now. What writes keeps
// its method.
func movedTo(c *call, r *Repo) answer {
	segments := strings.SplitN(strings.TrimPrefix(c.r.URL.EscapedPath(), "/"), "/", 4) // repos, owner, name, rest
	to := fmt.Sprintf("%s/repositories/%d", c.api, r.id)
	if len(segments) == 4 {
		to += "/" + segments[3]
	}
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	a := answer{status: http.StatusMovedPermanently, moved: true, header: http.Header{"Location": {to}}, body: obj{
		"message": "Moved Permanently", "url": to, "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
	}}
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		a.status = http.StatusTemporaryRedirect
	}
	return a
}

// byNumber has a request for /repositories/NUMBER go to the repository of that number.
func (s *Server) byNumber(r *http.Request) {
	number, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/repositories/"), "/")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !strings.HasPrefix(r.URL.Path, "/repositories/") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, repo := range s.repos {
		if repo.id == id {
			path := strings.TrimSuffix("/repos/"+repo.FullName()+"/"+rest, "/")
			if u, err := r.URL.Parse(path); err == nil {
				r.URL.Path, r.URL.RawPath = u.Path, u.RawPath
			}
		}
	}
}
