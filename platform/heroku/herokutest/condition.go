package herokutest

import (
	"net/http"
	"slices"
	"strings"
)

// DefaultScope is the scope of the API key unless SetScope says otherwise.
const DefaultScope = "write-protected"

// SetScope gives the API key another scope: global, identity, read, write, read-protected
// or write-protected.
func (s *Server) SetScope(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scope = scope
}

// scoped refuses what the API key's scope does not reach. The caller holds s.mu.
func (s *Server) scoped(r *http.Request) error {
	reads := r.Method == http.MethodGet
	has := func(scopes ...string) bool { return slices.Contains(scopes, s.scope) }
	switch {
	case has("global") || r.URL.Path == "/account/rate-limits":
		return nil
	case strings.HasPrefix(r.URL.Path, "/account"):
		// Which scopes show the account is told in two ways: the stand-in shows it to all.
		return nil
	case has("identity"), !reads && has("read", "read-protected"), strings.HasSuffix(r.URL.Path, "/config-vars") && has("read", "write"):
		return &apiError{status: 403, id: "forbidden", message: "The scope of this OAuth authorization does not allow access to this resource."}
	}
	return nil
}

// SetBuildpacks sets an app's buildpacks, by name, in their order.
func (a *App) SetBuildpacks(names ...string) { a.set(func() { a.packs = names }) }

// DeployAutomatically has Heroku deploy a branch to the app by itself; empty: it does not.
// Nothing is deployed: the stand-in only says so.
func (a *App) DeployAutomatically(branch string) { a.set(func() { a.deploys = branch }) }

func (s *Server) listBuildpacks(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	list := []object{}
	for i, name := range a.packs {
		list = append(list, object{"ordinal": i, "buildpack": object{"name": name, "url": "urn:buildpack:" + name}})
	}
	return list, nil
}

// getConnection is what Heroku's dashboard and command line ask for: not documented.
func (s *Server) getConnection(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	if a.deploys == "" {
		return nil, notFound("github_connection", a.name)
	}
	return object{"app_id": a.id, "auto_deploy": true, "branch": a.deploys, "repo": "acme/shop", "wait_for_ci": false}, nil
}
