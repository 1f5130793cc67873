package githubtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// GitHub Enterprise Server: docs.github.com/enterprise-server, "Getting started with the REST API". Its API is a path of
// the host that has the pages, App's pages have another address, and rates are not limited unless an administrator says so.

const enterprisePath = "/api/v3"

// ofAPI are the first segments of the API's paths.
var ofAPI = []string{"app", "app-manifests", "installation", "meta", "orgs", "rate_limit", "repos", "repositories", "user", "users"}

// placed takes the API's path off a request. misplaced: the request is for the API and not below it, or the other way
// round.
func (s *Server) placed(r *http.Request) (at *http.Request, misplaced bool) {
	if !s.opts.Enterprise {
		return r, false
	}
	path, below := strings.CutPrefix(r.URL.Path, enterprisePath)
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if below {
		raw := strings.TrimPrefix(r.URL.RawPath, enterprisePath)
		r = r.WithContext(r.Context()) // a copy
		r.URL = &url.URL{Path: path, RawPath: raw, RawQuery: r.URL.RawQuery}
	}
	return r, below != slices.Contains(ofAPI, first)
}

// appPage is where people find an App.
func (s *Server) appPage(slug string) string {
	if s.opts.Enterprise {
		return s.url + "/github-apps/" + slug
	}
	return s.url + "/apps/" + slug
}
