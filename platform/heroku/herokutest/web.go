package herokutest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// prebootTakes is how long after a release traffic reaches its dynos on an app
// with the feature preboot.
const prebootTakes = 3 * time.Minute

// Serve lets the app be reached, and returns where; its web_url says so too. It
// answers any path with the header X-Revision and a line that names the commit
// which takes the traffic: with preboot that is the old one for three minutes
// after a release. Without code, and in maintenance mode, it answers 503.
func (a *App) Serve() string {
	a.set(func() { a.webURL = a.s.url + "/web/" + a.name + "/" })
	return a.s.url + "/web/" + a.name
}

// Answer changes what a served app answers, depending on the commit that it
// runs; nil ends that.
func (a *App) Answer(respond func(commit string) (status int, body string)) {
	a.set(func() { a.respond = respond })
}

// serving is the release whose dynos take the app's traffic.
func (a *App) serving(now time.Time) *release {
	var oldest *release // the first deploy has no old dynos to wait for
	for _, r := range slices.Backward(a.releases) {
		if r.status != "succeeded" || r.slug == nil {
			continue
		}
		if !a.features["preboot"] || now.Sub(r.updatedAt) >= prebootTakes {
			return r
		}
		oldest = r
	}
	return oldest
}

func (s *Server) web(w http.ResponseWriter, r *http.Request) {
	s.lockSettled()
	a := s.findApp(r.PathValue("app"))
	var rel *release
	var respond func(string) (int, string)
	if a != nil && !a.maintenance {
		rel, respond = a.serving(s.opts.Clock()), a.respond
	}
	s.mu.Unlock()
	switch {
	case a == nil:
		http.Error(w, "No such app", http.StatusNotFound)
	case rel == nil:
		http.Error(w, "Application error", http.StatusServiceUnavailable)
	default:
		status, body := http.StatusOK, fmt.Sprintf("%s runs %s\n", a.name, rel.slug.commit)
		if respond != nil {
			status, body = respond(rel.slug.commit)
		}
		w.Header().Set("X-Revision", rel.slug.commit)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}
