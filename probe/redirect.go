package probe

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/headstart-cd/headstart/bot/redact"
)

// redirectError says why a redirect is not followed. It is the answer then.
type redirectError string

func (e redirectError) Error() string { return string(e) }

// follow decides about a redirect. One that is the expected status is the
// answer; all others are followed on the same host, also from http to https.
func (a *attempt) follow(next *http.Request, via []*http.Request) error {
	last := via[len(via)-1].URL
	switch to := next.URL; {
	case next.Response != nil && next.Response.StatusCode == a.status:
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return redirectError(fmt.Sprintf("it redirects more than %d times", maxRedirects))
	case to.Scheme != "http" && to.Scheme != "https":
		return redirectError("it redirects to something else than http or https")
	case hostname(to) != hostname(last) || to.Scheme == last.Scheme && portOf(to) != portOf(last):
		return redirectError("it redirects to another host: " + redact.Line(redact.Redact(to.Host), 100))
	case last.Scheme == "https" && to.Scheme == "http":
		return redirectError("it redirects from https to http")
	}
	return nil
}

// hostname is the host of an address without its port, as names are compared.
func hostname(u *url.URL) string {
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}

// portOf is the port of an address, also where it says none.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
