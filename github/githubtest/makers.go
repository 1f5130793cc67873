package githubtest

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Whose a commit is: its e-mail addresses tell, which its maker can choose. Who commits in
// GitHub's own name is only proved by GitHub's signature.

// webFlow is the account that merges and edits in the browser are committed with.
const (
	webFlow   = "web-flow"
	webFlowID = 19864447
	webEmail  = "noreply@github.com"
)

// who is what the commit says of its author and committer.
func (c Change) who(now time.Time) Signature {
	if c.By.Name == "" {
		return signatureOf(c.Author, now)
	}
	c.By.When = now
	return c.By
}

// sign makes GitHub verify the signature of a commit.
func (r *Repo) sign(sha string) {
	if r.signed == nil {
		r.signed = map[string]bool{}
	}
	r.signed[sha] = true
}

// verification is what GitHub says of a commit's signature.
func (r *Repo) verification(sha string) obj {
	if !r.signed[sha] {
		return obj{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}
	}
	return obj{"verified": true, "reason": "valid", "signature": "-----BEGIN PGP SIGNATURE-----", "payload": "tree", "verified_at": timestamp(r.created)}
}

var numbered = regexp.MustCompile(`^[0-9]+\+`)

// login of somebody who commits on the stand-in; for strangers from imported
// repositories, and for names that belong to no account, it is empty.
func (g Signature) login() string {
	if g.Email == webEmail {
		return webFlow
	}
	login, ok := strings.CutSuffix(g.Email, "@users.noreply.github.com")
	if !ok {
		return ""
	}
	return numbered.ReplaceAllString(login, "")
}

// CoAuthor is the line of a commit's message that names somebody as its co-author, by the
// address that GitHub gives people who hide theirs.
func (s *Server) CoAuthor(login string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("Co-authored-by: %s <%d+%s@users.noreply.github.com>", login, s.account(login, "User").id, login)
}

// byAuthor keeps the commits whose author has an address or is an account; all where
// neither is asked for.
func byAuthor(commits []Commit, query url.Values) (list []Commit) {
	who := query.Get("author")
	for _, c := range commits {
		if who == "" || strings.EqualFold(c.Author.Email, who) || strings.EqualFold(c.Author.login(), who) {
			list = append(list, c)
		}
	}
	return list
}
