package githubtest

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one endpoint.
type route struct {
	method string
	// pattern of the path: {name} stands for one segment, {name...} for one or
	// more, because a ref may contain slashes. The names are those of GitHub's
	// OpenAPI description.
	pattern string
	auth    auth
	need    string // permission that the App must have, as "statuses:write"; "" for none
	handle  func(*call) answer
}

// auth is what a request must prove.
type auth int

const (
	byToken   auth = iota // an installation's token
	byJWT                 // the App itself
	byAnybody             // nothing
	byPerson              // the token of a person who signed in
)

// allRoutes is the table of endpoints. The first that matches wins.
func (s *Server) allRoutes() []route {
	var all []route
	for _, topic := range [][]route{
		appRoutes, manifestRoutes, oauthRoutes, sessionRoutes, hookRoutes, peopleRoutes, checkRoutes, statusRoutes, protectionRoutes, pullRoutes, deploymentRoutes,
		commentRoutes, compareRoutes, contentRoutes, treeRoutes, commitRoutes, repoRoutes,
	} {
		all = append(all, topic...)
	}
	if s.opts.Pages {
		all = append(all, pageRoutes...)
	}
	return all
}

// find looks a request up in the table. When only the method is wrong, it
// finds nothing: GitHub answers 404 then too.
func (s *Server) find(r *http.Request) (*route, map[string]string) {
	segments := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range segments {
		if plain, err := url.PathUnescape(segments[i]); err == nil {
			segments[i] = plain
		}
	}
	for i := range s.routes {
		if s.routes[i].method != r.Method && (s.routes[i].method != http.MethodGet || r.Method != http.MethodHead) {
			continue
		}
		if vars, ok := match(s.routes[i].pattern, segments); ok {
			return &s.routes[i], vars
		}
	}
	return nil, nil
}

// match holds a path's segments against a pattern.
func match(pattern string, segments []string) (map[string]string, bool) {
	parts := strings.Split(strings.Trim(pattern, "/"), "/")
	vars := map[string]string{}
	for i, part := range parts {
		name, isVar := strings.CutPrefix(part, "{")
		name = strings.TrimSuffix(name, "}")
		if rest, many := strings.CutSuffix(name, "..."); isVar && many {
			n := len(segments) - (len(parts) - i - 1) // what follows the many
			if n < 1 {
				return nil, false
			}
			vars[rest] = strings.Join(segments[:n], "/")
			segments = segments[n:]
			continue
		}
		if len(segments) == 0 || (!isVar && segments[0] != part) || (isVar && segments[0] == "") {
			return nil, false
		}
		if isVar {
			vars[name] = segments[0]
		}
		segments = segments[1:]
	}
	return vars, len(segments) == 0
}
