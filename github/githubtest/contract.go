package githubtest

import (
	"fmt"
	"net/http"
)

// Contract is GitHub's own description of its API. Package contract has one.
type Contract interface {
	// Check holds one request and its answer against the contract. pattern is
	// the endpoint's, as "/repos/{owner}/{repo}"; vars are what it matched.
	Check(r *http.Request, pattern string, vars map[string]string, body []byte, status int, header http.Header, answer []byte) error
}

// ContractErrors lists what broke the contract so far: requests of the client
// and answers of the stand-in. Empty without Options.Contract.
func (s *Server) ContractErrors() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]error(nil), s.violations...)
}

func (s *Server) holdToContract(c *call, a answer, payload []byte) {
	if a.stream != nil || a.status == http.StatusNotModified || a.moved {
		return
	}
	err := s.opts.Contract.Check(c.r, c.route.pattern, c.vars, c.body, a.status, a.header, payload)
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Errorf("%s %s → %d: %w", c.r.Method, c.r.URL.Path, a.status, err))
}
