package simulation

import "strings"

// leaks is sentence 8: no secret is in a log, a status, a comment or a page. Pages
// are rendered from what is in the database.
func (s *sim) leaks(text, where string) {
	if strings.Contains(text, token) {
		s.fail(8, "the token of a source's address is in %s: %s", where, text)
	}
}
