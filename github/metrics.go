package github

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count the requests to GitHub.
type metrics struct {
	requests  *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	remaining *prometheus.GaugeVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "headstart_github_requests_total",
			Help: "Requests to GitHub by endpoint and status; the status error means that no answer came.",
		}, []string{"endpoint", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "headstart_github_request_seconds",
			Help:    "How long GitHub took until the head of its answer.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"endpoint"}),
		remaining: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "headstart_github_rate_remaining",
			Help: "Requests that remain in this hour, by installation; app stands for the App itself. Absent until GitHub has answered.",
		}, []string{"installation"}),
	}
	if registry == nil {
		return m, nil
	}
	var err error
	m.requests, err = register(registry, m.requests, err)
	m.seconds, err = register(registry, m.seconds, err)
	m.remaining, err = register(registry, m.remaining, err)
	return m, err
}

// left shows what remains of an identity's rate limit. The gauge is absent until the first answer: 0 would mean that the
// limit is exhausted.
func (m *metrics) left(of string) func(int) {
	return func(left int) { m.remaining.WithLabelValues(of).Set(float64(left)) }
}

// register returns the collector that another client registered before, if there is one. It passes on an earlier error.
func register[C prometheus.Collector](registry prometheus.Registerer, c C, earlier error) (C, error) {
	err := registry.Register(c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		if known, ok := already.ExistingCollector.(C); ok {
			return known, earlier
		}
	}
	return c, errors.Join(earlier, err)
}

// endpoints are the paths of this client's requests, with variables in braces as in GitHub's documentation.
var endpoints = []string{
	"/app",
	"/app/hook/config",
	"/app/hook/deliveries",
	"/app/hook/deliveries/{delivery_id}/attempts",
	"/app/installations",
	"/app/installations/{installation_id}",
	"/app/installations/{installation_id}/access_tokens",
	"/meta",
	"/orgs/{org}/teams/{team_slug}/memberships/{username}",
	"/repos/{owner}/{repo}",
	"/repos/{owner}/{repo}/branches/{branch}",
	"/repos/{owner}/{repo}/collaborators/{username}",
	"/repos/{owner}/{repo}/collaborators/{username}/permission",
	"/repos/{owner}/{repo}/commits/{ref}/check-runs",
	"/repos/{owner}/{repo}/commits/{ref}/check-suites",
	"/repos/{owner}/{repo}/commits/{ref}/status",
	"/repos/{owner}/{repo}/commits/{ref}/pulls",
	"/repos/{owner}/{repo}/commits",
	"/repos/{owner}/{repo}/compare/{basehead}",
	"/repos/{owner}/{repo}/contents",
	"/repos/{owner}/{repo}/contents/.github",
	"/repos/{owner}/{repo}/contents/.github/headstart.yml",
	"/repos/{owner}/{repo}/contents/{path...}",
	"/repos/{owner}/{repo}/deployments",
	"/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
	"/repos/{owner}/{repo}/git/blobs/{sha}",
	"/repos/{owner}/{repo}/git/commits/{sha}",
	"/repos/{owner}/{repo}/git/trees/{sha}",
	"/repos/{owner}/{repo}/installation",
	"/repos/{owner}/{repo}/issues/comments/{comment_id}",
	"/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
	"/repos/{owner}/{repo}/issues/{number}/comments",
	"/repos/{owner}/{repo}/pulls",
	"/repos/{owner}/{repo}/pulls/{number}",
	"/repos/{owner}/{repo}/rules/branches/{branch}",
	"/repos/{owner}/{repo}/statuses/{sha}",
	"/repos/{owner}/{repo}/tarball/{ref}",
	"/user",
	"/user/installations",
	"/user/installations/{installation_id}/repositories",
}

// endpointOf returns the endpoint of a request, out of a bounded number.
func endpointOf(base *url.URL, req *http.Request) string {
	path := "/" + strings.TrimPrefix(req.URL.EscapedPath(), base.EscapedPath())
	segments := strings.Split(path, "/")
	if len(segments) > 2 && segments[1] == "repositories" { // redirects of renamed repositories lead there
		segments = append([]string{"", "repos", "", ""}, segments[3:]...)
	}
next:
	for _, endpoint := range endpoints {
		parts := strings.Split(endpoint, "/")
		if below := strings.HasSuffix(endpoint, "...}"); len(parts) != len(segments) && (!below || len(parts) > len(segments)) {
			continue
		}
		for i, part := range parts {
			if part != segments[i] && !strings.HasPrefix(part, "{") {
				continue next
			}
		}
		return req.Method + " " + endpoint
	}
	return req.Method + " other"
}
