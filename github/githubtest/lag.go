package githubtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Lag is how far GitHub's API is behind its webhooks: what was pushed, opened or
// written is told of at once, and known only later.
type Lag struct {
	// For is how long after its webhook a commit, a branch that moved to it, a pull
	// request or a person's comment is unknown to every endpoint that names it, to
	// those that write as well. Zero: everything is known at once.
	For time.Duration
	// Status is answered by all of them, 404 or 422; 0: by each what GitHub answers there.
	Status int
	// OldHead reads a branch that moved as it was before, instead of not at all.
	OldHead bool
}

// SetLag makes the API lag behind the webhooks for everything that happens from now
// on; the zero Lag ends it, also for what happened before.
func (s *Server) SetLag(l Lag) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = l
}

// born notes when something began to exist, so that the API can lag behind that.
type born struct {
	at     time.Time
	before string // of a branch: where it was; empty: it is new
}

// arrived notes that something has just come to be, while the API lags. The caller
// holds mu.
func (r *Repo) arrived(name, before string) {
	if _, known := r.young[name]; r.s.lag.For <= 0 || known && fullSHA.MatchString(name) {
		return // a commit is pushed to a second branch
	}
	if r.young == nil {
		r.young = map[string]born{}
	}
	r.young[name] = born{at: r.s.clock(), before: before}
}

// unknown reports whether something is not known to the API yet.
func (r *Repo) unknown(name string) (born, bool) {
	b, noted := r.young[name]
	return b, noted && r.s.clock().Sub(b.at) < r.s.lag.For
}

// behind answers what names something that the API does not know yet. The answer
// counts when it reports true.
func (s *Server) behind(c *call) (answer, bool) {
	if s.lag.For <= 0 || c.repo == nil {
		return answer{}, false
	}
	for _, name := range c.names() {
		if _, unknown := c.repo.unknown(name); unknown {
			return c.unknown(name), true
		}
	}
	if branch := c.vars["branch"]; branch != "" {
		b, unknown := c.repo.unknown("refs/heads/" + branch)
		if unknown && (!s.lag.OldHead || b.before == "") {
			return c.unknown(branch), true
		}
	}
	return answer{}, false
}

// head is where a branch is read at: where it was before, while the API lags so.
func (r *Repo) head(branch string) string {
	if b, unknown := r.unknown("refs/heads/" + branch); unknown && r.s.lag.OldHead && b.before != "" {
		return b.before
	}
	return r.refs["refs/heads/"+branch]
}

// names lists what a request names: commits, pull requests and comments.
func (c *call) names() []string {
	var list []string
	for _, name := range []string{"ref", "sha", "commit_sha"} {
		list = append(list, c.vars[name], c.query.Get(name))
	}
	base, head, _ := strings.Cut(c.vars["basehead"], "...")
	list = append(list, base, head)
	var body struct {
		SHA, Ref string
		HeadSHA  string `json:"head_sha"`
	}
	if json.Unmarshal(c.body, &body) == nil {
		list = append(list, body.SHA, body.Ref, body.HeadSHA)
	}
	for _, ref := range list {
		if ref != "" && !c.lag.OldHead {
			list = append(list, "refs/heads/"+ref)
		}
	}
	for name, prefix := range map[string]string{"pull_number": "#", "issue_number": "#", "comment_id": "comment "} {
		if id := c.vars[name]; id != "" {
			list = append(list, prefix+id)
		}
	}
	if p := c.repo.pull(int(c.id("pull_number"))); p != nil {
		list = append(list, p.headSHA)
	}
	return list
}

// unknown is what GitHub answers about something that it does not know.
func (c *call) unknown(name string) answer {
	name = strings.TrimPrefix(name, "refs/heads/")
	status := http.StatusNotFound
	route := c.route.String()
	of422 := strings.Contains(route, "/commits/") && !strings.Contains(route, "/git/commits/") ||
		strings.HasPrefix(route, "POST ") && (strings.Contains(route, "/statuses/") || strings.HasSuffix(route, "/check-runs") || strings.HasSuffix(route, "/deployments"))
	if of422 {
		status = http.StatusUnprocessableEntity
	}
	if c.lag.Status != 0 {
		status = c.lag.Status
	}
	switch {
	case status == http.StatusUnprocessableEntity && strings.HasSuffix(route, "/deployments"):
		return fail(status, "No ref found for: "+name)
	case status == http.StatusUnprocessableEntity:
		return fail(status, "No commit found for SHA: "+name)
	case strings.Contains(route, "/contents"):
		return fail(status, "No commit found for the ref "+name)
	case strings.Contains(route, "/branches/{branch"):
		return fail(status, "Branch not found")
	}
	return fail(status, http.StatusText(status))
}
