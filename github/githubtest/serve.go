package githubtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// obj is a JSON object in the making.
type obj = map[string]any

// call is one request on its way through an endpoint.
type call struct {
	*Server
	r       *http.Request
	route   *route
	vars    map[string]string
	query   url.Values
	body    []byte
	install *Installation // whose token it is; nil with a JWT
	token   *token        // nil with a JWT
	person  string        // whose token it is, of endpoints about the person who asks
	repo    *Repo         // of endpoints below /repos/{owner}/{repo}
}

// id reads a numeric part of the path; what is no number is 0, which nothing has.
func (c *call) id(name string) int64 {
	n, err := strconv.ParseInt(c.vars[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// decode reads the JSON body into v. The answer is meant for when it fails.
func (c *call) decode(v any) (answer, bool) {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return answer{}, true
	}
	err := json.Unmarshal(c.body, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return fail(http.StatusUnprocessableEntity, fmt.Sprintf(
			"Invalid request.\n\nFor '%s', %s is not a %s.", wrong.Field, wrong.Value, wrong.Type)), false
	case err != nil:
		return fail(http.StatusBadRequest, "Problems parsing JSON"), false
	}
	return answer{}, true
}

// answer is what an endpoint says.
type answer struct {
	status int
	header http.Header
	body   any                                          // becomes JSON, unless nil
	stream func(w http.ResponseWriter, r *http.Request) // instead of a body; runs without the lock
	moved  bool                                         // it leads to where a repository is now
}

func ok(body any) answer      { return answer{status: http.StatusOK, body: body} }
func created(body any) answer { return answer{status: http.StatusCreated, body: body} }
func noContent() answer       { return answer{status: http.StatusNoContent} }

// fail is an error in GitHub's form.
func fail(status int, message string) answer {
	return answer{status: status, body: obj{
		"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status),
	}}
}

func notFound() answer { return fail(http.StatusNotFound, "Not Found") }

// invalid is a 422 about one field. code is GitHub's: missing, missing_field,
// invalid, already_exists, or custom with a message.
func invalid(resource, field, code, message string) answer {
	problem := obj{"resource": resource, "code": code, "field": field}
	if message != "" {
		problem["message"] = message
	}
	return answer{status: http.StatusUnprocessableEntity, body: obj{
		"message": "Validation Failed", "errors": []any{problem},
		"documentation_url": "https://docs.github.com/rest", "status": "422",
	}}
}

// broken is for errors of the stand-in itself.
func broken(err error) answer { return fail(http.StatusInternalServerError, err.Error()) }

// page cuts the requested page out of a list and links to the others.
func page[T any](c *call, items []T) ([]T, http.Header) {
	number := func(name string, fallback, most int) int {
		n, err := strconv.Atoi(c.query.Get(name))
		if err != nil || n < 1 {
			return fallback
		}
		return min(n, most)
	}
	size, at := number("per_page", 30, 100), number("page", 1, 1<<30)
	last := max(1, (len(items)+size-1)/size)
	link := func(n int, rel string) string {
		q := url.Values{}
		for k, v := range c.query {
			q[k] = v
		}
		q.Set("page", strconv.Itoa(n))
		q.Set("per_page", strconv.Itoa(size))
		return fmt.Sprintf(`<%s%s?%s>; rel="%s"`, c.api, c.r.URL.EscapedPath(), q.Encode(), rel)
	}
	var links []string
	if at > 1 {
		links = append(links, link(min(at-1, last), "prev"), link(1, "first"))
	}
	if at < last {
		links = append(links, link(at+1, "next"), link(last, "last"))
	}
	header := http.Header{}
	if len(links) > 0 {
		header.Set("Link", strings.Join(links, ", "))
	}
	from := min((at-1)*size, len(items))
	return items[from:min(from+size, len(items))], header
}

// list answers a page of a list, each item made JSON by render.
func list[T any](c *call, items []T, render func(T) obj) answer {
	some, header := page(c, items)
	body := make([]any, len(some))
	for i, item := range some {
		body[i] = render(item)
	}
	return answer{status: http.StatusOK, header: header, body: body}
}

// counted is a list inside an object, with its total, as checks and
// repositories are answered.
func counted[T any](c *call, name string, items []T, render func(T) obj) answer {
	a := list(c, items, render)
	a.body = obj{"total_count": len(items), name: a.body}
	return a
}

// ServeHTTP is GitHub's front door.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isGitPath(r.URL.Path) {
		s.serveGit(w, r)
		return
	}
	r, misplaced := s.placed(r)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 32<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	c := &call{Server: s, r: r, query: r.URL.Query(), body: body}
	s.byNumber(r)
	if !misplaced {
		c.route, c.vars = s.find(r)
	}

	fault := s.takeFault(c)
	if fault != nil {
		if !fault.wait(r.Context()) {
			return
		}
		if fault.strikes() && !fault.After {
			s.record(c, fault.Status, true)
			fault.strike(w)
			return
		}
	}

	s.mu.Lock()
	a := s.answer(c)
	a.header = s.commonHeader(c, a)
	payload, err := encode(a.body)
	if err != nil {
		a.status, payload = http.StatusInternalServerError, []byte(err.Error())
	}
	if payload != nil && r.Method == http.MethodGet && a.status == http.StatusOK {
		a, payload = conditional(r, a, payload)
	}
	if a.status != http.StatusNotModified {
		s.charge(c, a.header)
	}
	s.mu.Unlock()

	if s.opts.Contract != nil && c.route != nil {
		s.holdToContract(c, a, payload)
	}
	if fault.strikes() {
		s.record(c, fault.Status, true)
		fault.strike(w)
		return
	}
	s.record(c, a.status, fault != nil)
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if a.stream != nil {
		a.stream(w, r)
		return
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(payload) // the client may be gone
}

// answer asks who is there, and then the endpoint. The caller holds mu.
func (s *Server) answer(c *call) answer {
	if c.route == nil {
		return notFound()
	}
	if refusal, refused := s.authenticate(c); refused {
		return refusal
	}
	if refusal, refused := s.overLimit(c); refused {
		return refusal
	}
	if name, ok := c.vars["repo"]; ok && c.route.auth == byToken {
		c.repo = s.repos[strings.ToLower(c.vars["owner"]+"/"+name)]
		if to := s.moved[strings.ToLower(c.vars["owner"]+"/"+name)]; c.repo == nil && to != nil && c.install.reaches(to) && c.token.reaches(to) {
			return movedTo(c, to)
		}
		if c.repo == nil || !c.install.reaches(c.repo) {
			return notFound()
		}
		if !c.token.reaches(c.repo) {
			return outside(c)
		}
	}
	if c.install != nil && !c.token.allows(c.route.need) {
		return fail(http.StatusForbidden, "Resource not accessible by integration")
	}
	if refusal, unknown := s.behind(c); unknown {
		return refusal
	}
	return c.route.handle(c)
}

func (s *Server) commonHeader(c *call, a answer) http.Header {
	h := a.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if a.body != nil && h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	h.Set("X-GitHub-Request-Id", fmt.Sprintf("%X", s.nextID()))
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	h.Set("Date", s.clock().UTC().Format(http.TimeFormat))
	return h
}

// conditional answers 304 to who has it already. ETags are tied to the token.
func conditional(r *http.Request, a answer, payload []byte) (answer, []byte) {
	sum := sha256.Sum256(append([]byte(r.Header.Get("Authorization")), payload...))
	etag := fmt.Sprintf(`W/"%x"`, sum)
	a.header.Set("Etag", etag)
	if r.Header.Get("If-None-Match") == etag {
		a.status, a.body = http.StatusNotModified, nil
		a.header.Del("Content-Type")
		return a, nil
	}
	return a, payload
}

func encode(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return b, nil
	}
	return json.Marshal(body)
}

// timestamp is GitHub's way to write a time; null if there is none.
func timestamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// orNull makes "" null.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
