package herokutest

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong with a request. Without Status, DropBefore
// and DropAfter it only delays.
type Fault struct {
	// Match is a method and a path in which * stands for one segment, as in
	// "POST /apps/*/builds". The method alone, as in "POST", matches any path,
	// the path alone any method, and an empty Match any request. Several methods
	// are separated by commas.
	Match string
	// Times is how many requests it happens to; 0 means one, less means all.
	Times int
	// Delay passes before the answer, in real time.
	Delay time.Duration

	// Status answers with this status in place of the real answer, and the
	// request has no effect unless Effect is set.
	Status      int
	Effect      bool
	Body        string // empty: an error {id, message} for the status
	ContentType string // empty: application/json, or text/html if Body begins with <
	Header      http.Header

	// DropBefore closes the connection before the request has its effect,
	// DropAfter after it.
	DropBefore bool
	DropAfter  bool
}

// Unavailable is the HTML that Heroku's router answers with when the API is
// down.
const Unavailable = "<!DOCTYPE html>\n<html><head><title>Service Unavailable</title></head><body>We're sorry, but something went wrong.</body></html>\n"

// Inject lets a fault happen. Faults are tried in the order of their injection.
func (s *Server) Inject(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (f *Fault) matches(r *http.Request) bool {
	method, pattern, _ := strings.Cut(f.Match, " ")
	if strings.HasPrefix(f.Match, "/") {
		method, pattern = "", f.Match
	}
	if method != "" && !slices.Contains(strings.Split(method, ","), r.Method) {
		return false
	}
	hit, err := path.Match(pattern, r.URL.Path)
	return pattern == "" || err == nil && hit
}

// takeFault picks the fault that the request meets, nil if none.
func (s *Server) takeFault(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times != 0 && f.matches(r) {
			f.Times--
			return f
		}
	}
	return nil
}

// suffer answers a request as the fault wants it, and reports whether the
// connection is to be dropped.
func (s *Server) suffer(f *Fault, rec *recorder, r *http.Request) (dropped bool) {
	if !f.DropBefore && (f.Status == 0 || f.Effect || f.DropAfter) {
		s.serve(rec, r)
	}
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
	}
	if f.DropBefore || f.DropAfter {
		return true
	}
	for name, values := range f.Header {
		rec.header[http.CanonicalHeaderKey(name)] = values
	}
	if f.Status == 0 {
		return false
	}
	rec.body.Reset()
	rec.rest = nil
	rec.status = f.Status
	body, contentType := f.Body, f.ContentType
	if body == "" {
		body = fmt.Sprintf(`{"id":%q,"message":%q}`, faultID(f.Status), http.StatusText(f.Status))
	}
	if contentType == "" {
		contentType = "application/json"
		if strings.HasPrefix(body, "<") {
			contentType = "text/html; charset=utf-8"
		}
	}
	rec.header.Set("Content-Type", contentType)
	rec.body.WriteString(body)
	return false
}

func faultID(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "unauthorized"
	case http.StatusPaymentRequired:
		return "delinquent"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusUnprocessableEntity:
		return "invalid_params"
	case http.StatusTooManyRequests:
		return "rate_limit"
	case http.StatusServiceUnavailable:
		return "maintenance"
	}
	return "internal_server_error"
}
