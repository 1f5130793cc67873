package probe

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// shortest is how many digits of a commit name it at least, as git abbreviates.
const shortest = 7

// expectation is what is asked of an address.
type expectation struct {
	url      *url.URL
	status   int
	contains string
	// The commit, in small letters, and the one that its artifact was built of; the
	// same twice where that is no other.
	sha, built string
	// Where the answer names its commit: in the body, in a header, or, if header
	// is empty too, nowhere.
	inBody bool
	header string
}

// newExpectation reads what a probe asks. The error is a *bot.Refused; it does
// not repeat the address, which may hold a password.
func newExpectation(do bot.Probe) (expectation, error) {
	u, err := url.Parse(do.Verify.URL)
	switch {
	case err != nil || u.Hostname() == "":
		return expectation{}, &bot.Refused{Reason: "the address to verify is none: expected something like https://shop.example.com/healthz"}
	case u.Scheme != "http" && u.Scheme != "https":
		return expectation{}, &bot.Refused{Reason: "the address to verify does not begin with https:// or http://"}
	case u.User != nil:
		return expectation{}, &bot.Refused{Reason: "the address to verify holds a user or a password, which everybody who reads the repository would know"}
	}
	if _, err := strconv.ParseUint(portOf(u), 10, 16); err != nil {
		return expectation{}, &bot.Refused{Reason: "the address to verify has no possible port"}
	}
	e := expectation{url: u, status: do.Verify.Status, contains: do.Verify.Contains, sha: strings.ToLower(do.SHA)}
	e.built = cmp.Or(strings.ToLower(do.Built), e.sha)
	if e.status == 0 {
		e.status = http.StatusOK
	}
	header, named := strings.CutPrefix(do.Verify.Revision, "header ")
	switch {
	case do.Verify.Revision == "body":
		e.inBody = true
	case named && strings.TrimSpace(header) != "":
		e.header = http.CanonicalHeaderKey(strings.TrimSpace(header))
	case do.Verify.Revision != "":
		return expectation{}, &bot.Refused{Reason: fmt.Sprintf("an answer cannot name its commit in %q: expected body, or header NAME", redact.Line(do.Verify.Revision, 60))}
	}
	return e, nil
}

// answer is what an address answered.
type answer struct {
	status int
	header http.Header
	body   []byte // at most maxBody bytes
	cut    bool   // there was more
}

// judge holds an answer against what is expected. One that does not name the
// commit says nothing about it, whatever else it says.
func (e expectation) judge(a answer) bot.Probed {
	probed := bot.Probed{Status: a.status, Excerpt: excerpt(a.body)}
	var wrong []string
	if a.status != e.status {
		wrong = append(wrong, fmt.Sprintf("it answers %s and not %d", inWords(a.status), e.status))
	}
	if other := e.otherRevision(a); other != "" {
		probed.Other = true
		wrong = append(wrong, other)
	} else if !bytes.Contains(a.body, []byte(e.contains)) {
		wrong = append(wrong, fmt.Sprintf("%s not contain %q", e.subject(a, "do", "does"), redact.Line(redact.Redact(e.contains), 60)))
	}
	probed.Reason = strings.Join(wrong, ", and ")
	probed.OK = len(wrong) == 0
	return probed
}

func inWords(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("%d (%s)", status, text)
	}
	return strconv.Itoa(status)
}

// subject is what was read of the body, with the verb that fits.
func (e expectation) subject(a answer, many, one string) string {
	if a.cut {
		return fmt.Sprintf("the first %d KiB of its answer %s", maxBody>>10, many)
	}
	return "its answer " + one
}

// otherRevision says why an answer does not count as one of the expected commit;
// empty if it does.
func (e expectation) otherRevision(a answer) string {
	switch {
	case e.inBody && e.names(string(a.body)):
		return ""
	case e.inBody:
		// Shown only if it is no secret.
		if other := e.another(beginning(a.body)); other != "" {
			return fmt.Sprintf("its answer names commit %s and not %s", bot.Short(other), bot.Short(e.sha))
		}
		return fmt.Sprintf("%s not name commit %s", e.subject(a, "do", "does"), bot.Short(e.sha))
	case e.header == "":
		return ""
	}
	text := strings.Join(a.header.Values(e.header), "\n")
	other := e.another(text)
	switch named := e.names(text); {
	case named && other == "":
		return ""
	case named:
		return fmt.Sprintf("its header %s names several commits", e.header)
	case strings.TrimSpace(text) == "":
		return fmt.Sprintf("it has no header %s that would name its commit", e.header)
	case other != "":
		return fmt.Sprintf("its header %s names commit %s and not %s", e.header, bot.Short(other), bot.Short(e.sha))
	}
	return fmt.Sprintf("its header %s does not name commit %s", e.header, bot.Short(e.sha))
}

// names reports whether a text names the commit: by its SHA, or by the first of
// its digits, at least seven. A longer or a different number is another one's.
func (e expectation) names(text string) bool {
	for number := range hexadecimals(text) {
		number = strings.ToLower(number)
		if len(number) >= shortest && (strings.HasPrefix(e.sha, number) || strings.HasPrefix(e.built, number)) {
			return true
		}
	}
	return false
}

// another finds another commit in a text, by a SHA in full length; empty if there
// is none.
func (e expectation) another(text string) string {
	for number := range hexadecimals(text) {
		number = strings.ToLower(number)
		if len(number) == len(e.sha) && number != e.sha && number != e.built {
			return number
		}
	}
	return ""
}

// hexadecimals are the numbers in a text, each as long as it goes. That finds the
// commit in what `git describe` writes too: v1.2-3-g1a2b3c4.
func hexadecimals(text string) iter.Seq[string] {
	return strings.FieldsFuncSeq(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F')
	})
}

const (
	maxExcerpt = 200     // characters that are shown of an answer
	maxShown   = 8 << 10 // bytes that they are taken from: redacting more takes its time
)

// beginning is the first of a body without secrets. It is cut between two words,
// because half of a secret is not known again.
func beginning(body []byte) string {
	if len(body) > maxShown {
		body = body[:maxShown]
		if i := bytes.LastIndexFunc(body, unicode.IsSpace); i > 0 {
			body = body[:i]
		}
	}
	return redact.Redact(string(body))
}

// excerpt is the beginning of a body as one line that can be shown. Secrets are
// taken out before it is cut, and again once it is one line: what was between
// the parts of one may have been no space.
func excerpt(body []byte) string {
	line := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(beginning(body), "\uFFFD"))
	return redact.Line(redact.Redact(strings.Join(strings.Fields(line), " ")), maxExcerpt)
}
