package githubtest

import (
	"net/http"
	"time"
)

// What GitHub's bad seconds look like, for [Server.Inject] and beside it.

const badGateway = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"

// EveryNth makes a fault strike every n-th of the requests that it matches, from the
// n-th on, until it is undone.
func EveryNth(n int, f Fault) Fault {
	f.every, f.Times = n, -1
	return f
}

// DropEvery loses the connection of every n-th request to the API before it has any effect.
func DropEvery(n int) Fault { return EveryNth(n, Fault{Match: "* /repos/*", Drop: true}) }

// BadGatewayEvery answers every n-th request to the API with 502 and a page for people.
func BadGatewayEvery(n int) Fault {
	return EveryNth(n, Fault{Match: "* /repos/*", Status: http.StatusBadGateway, Body: badGateway})
}

// For is a fault that lasts for a while, by the server's clock, from when it is injected.
func For(d time.Duration, f Fault) Fault {
	f.lasts, f.Times = d, -1
	return f
}

// ContentsAnswer answers everything that reads files with a status, for a while: 404
// and the like as GitHub puts them, 5xx with a page for people.
func ContentsAnswer(status int, d time.Duration) Fault {
	return answering("GET */contents/*", status, d)
}

// RulesAnswer does so for the rules of branches.
func RulesAnswer(status int, d time.Duration) Fault {
	return answering("GET */rules/branches/*", status, d)
}

// BranchAnswer does so for the branches, with their protection.
func BranchAnswer(status int, d time.Duration) Fault {
	return answering("GET /repos/{owner}/{repo}/branches/{branch...}", status, d)
}

func answering(match string, status int, d time.Duration) Fault {
	f := Fault{Match: match, Status: status, Body: badGateway}
	if status < http.StatusInternalServerError {
		message := http.StatusText(status)
		if status == http.StatusUnauthorized {
			message = "Bad credentials"
		}
		f.Header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
		f.Body = `{"message":"` + message + `","documentation_url":"https://docs.github.com/rest"}`
	}
	return For(d, f)
}

// SubmittedTooQuickly refuses one comment as GitHub does while it takes no more of
// them, with 422.
func SubmittedTooQuickly() Fault {
	return Fault{
		Match: "POST */issues/*/comments", Status: http.StatusUnprocessableEntity,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body: `{"message":"Validation Failed","errors":[{"resource":"IssueComment","code":"unprocessable","field":"data","message":"was submitted too quickly"}],` +
			`"documentation_url":"https://docs.github.com/rest/issues/comments#create-an-issue-comment"}`,
	}
}

// SetTokenDelay makes every token that is given out from now on unknown for a while,
// by Options.AuthClock: it is answered with a status, 401 or 403, and GitHub's "Bad
// credentials".
func (s *Server) SetTokenDelay(d time.Duration, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenDelay, s.tokenStatus = d, status
}
