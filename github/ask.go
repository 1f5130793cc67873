package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
)

// ask is one request to GitHub, as its errors describe it.
type ask struct {
	what  string // completes "could not …", as in "read the branch main of acme/shop"
	needs string // the App's permission for it, as in "Checks: read"
	write bool   // it changes something: a lost answer is unknown
}

// do makes one request. Its error is of one of bot's three kinds.
func (a ask) do(ctx context.Context, request func(ctx context.Context) error) error {
	p := new(progress)
	err := request(withProgress(ctx, p))
	if err == nil {
		return nil
	}
	return a.explain(err, p)
}

// explain turns an error of a request into an outcome.
func (a ask) explain(err error, p *progress) error {
	var (
		known   *limited
		noToken *tokenless
		refused *gh.ErrorResponse
		decided *bot.Refused
	)
	switch {
	case errors.As(err, &decided):
		return err
	case errors.As(err, &known):
		return &bot.Retryable{
			Reason: fmt.Sprintf("GitHub's rate limit is exhausted until %s: could not %s.", known.until.UTC().Format("15:04:05 MST"), a.what),
			After:  known.wait, Limit: true, Err: clean(err),
		}
	case errors.As(err, &noToken):
		return explainToken(noToken.err)
	case errors.Is(err, errTooLarge) && !a.write:
		return &bot.Refused{Reason: fmt.Sprintf("Could not %s: GitHub's answer is larger than 32 MB.", a.what), Err: clean(err)}
	case errors.As(err, &refused) && refused.Response != nil && fromGitHub(refused):
		return a.explainRefusal(refused)
	}
	return a.explainLoss(err, p)
}

// fromGitHub reports whether GitHub itself refused. A 5xx is no decision, and
// an error without a message comes from something between us and GitHub.
func fromGitHub(e *gh.ErrorResponse) bool {
	return e.Response.StatusCode < http.StatusInternalServerError && e.Response.StatusCode != http.StatusRequestTimeout && e.Message != ""
}

func (a ask) explainRefusal(e *gh.ErrorResponse) error {
	if tooQuick(e) {
		return &bot.Retryable{
			Reason: fmt.Sprintf("GitHub takes no more for the moment: could not %s (%s).", a.what, messageOf(e)),
			After:  max(patience(e.Response.Header), shortBreather), Limit: true, Err: clean(e),
		}
	}
	r := &bot.Refused{Missing: missing(e), Err: clean(e)}
	switch message := messageOf(e); {
	case e.Response.StatusCode == http.StatusUnauthorized:
		r.Reason = "GitHub does not accept the App's credentials: check GITHUB_APP_ID, GITHUB_PRIVATE_KEY and this machine's clock."
	case lacksPermission(e):
		needs := a.needs
		if accepted := e.Response.Header.Get("X-Accepted-GitHub-Permissions"); accepted != "" {
			needs = line(accepted, 80)
		}
		r.Reason = fmt.Sprintf("The GitHub App lacks the permission %q to %s: add it in the App's settings and accept it on the installation.", needs, a.what)
	case e.Response.StatusCode == http.StatusNotFound, e.Response.StatusCode == http.StatusGone:
		r.Reason = fmt.Sprintf("Could not %s: it is not on GitHub, or the App may not see it (%s).", a.what, message)
		r.Err = fmt.Errorf("%w: %w", bot.ErrNotFound, r.Err)
	case e.Response.StatusCode < http.StatusBadRequest:
		r.Reason = fmt.Sprintf("Could not %s: GitHub has moved it elsewhere.", a.what)
	default:
		r.Reason = fmt.Sprintf("GitHub refused to %s: %s.", a.what, message)
	}
	return r
}

// missing reports whether a refusal says that GitHub does not know the named commit, ref, pull request or token. For
// some seconds that is so even after a webhook about it. 410 does not count: the thing existed.
func missing(e *gh.ErrorResponse) bool {
	switch e.Response.StatusCode {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict:
		return true
	case http.StatusUnprocessableEntity:
	default:
		return false
	}
	for _, detail := range e.Errors {
		if detail.Code == "missing" || detail.Code == "invalid" && namesCommit[detail.Field] {
			return true // "missing" means that a resource does not exist
		}
	}
	return unknownCommit.MatchString(messageOf(e))
}

// tooQuick reports whether a refusal is a temporary limit on publications, which GitHub may report as 422. Only the
// writing of comments is held back.
func tooQuick(e *gh.ErrorResponse) bool {
	switch e.Response.StatusCode {
	case http.StatusForbidden, http.StatusUnprocessableEntity:
		return quick.MatchString(messageOf(e))
	}
	return false
}

var quick = regexp.MustCompile(`(?i)\b(submitted|created|posted|sent) too (quickly|fast|often)\b|\byou have exceeded\b|\babuse detection\b|\brate limit\b|\btry again (later|in)\b|\bwait a few\b`)

// shortBreather is the pause after a request that came too quickly, where GitHub does not give one.
const shortBreather = 5 * time.Second

// unknownCommit matches GitHub's 422 texts about an unknown commit or ref: "No commit found for SHA: …", "No ref found
// for: …", "Object does not exist".
var unknownCommit = regexp.MustCompile(`(?i)\bno (commit|ref|object|tree|branch)\b|\bnot found\b|\bdoes not exist\b|\bcould not (resolve|find|verify)\b`)

// namesCommit are the fields that name a commit or a branch.
var namesCommit = map[string]bool{"sha": true, "ref": true, "head": true, "base": true, "head_sha": true, "commit_id": true}

// lacksPermission distinguishes a missing permission from the other reasons for a 403.
func lacksPermission(e *gh.ErrorResponse) bool {
	return e.Response.StatusCode == http.StatusForbidden && strings.Contains(strings.ToLower(e.Message), "not accessible by integration")
}

// explainLoss explains a request without a reliable answer.
func (a ask) explainLoss(err error, p *progress) error {
	why, after := "the connection failed", time.Duration(0)
	var (
		answered *gh.ErrorResponse
		accepted *gh.AcceptedError
		timeout  interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &answered) && answered.Response != nil:
		why = fmt.Sprintf("GitHub answered %d", answered.Response.StatusCode)
		after = patience(answered.Response.Header)
	case errors.As(err, &accepted):
		why = "GitHub answered that it will do so later"
	case errors.Is(err, context.Canceled):
		why = "it was given up"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		why = "GitHub did not answer in time"
	case p.sent.Load():
		why = "GitHub's answer was lost or unreadable"
	}
	if a.write && !p.neverSent() {
		return &bot.Unknown{Reason: fmt.Sprintf("Tried to %s, but %s: it may have happened all the same.", a.what, why), Err: clean(err)}
	}
	return &bot.Retryable{Reason: fmt.Sprintf("Could not %s: %s.", a.what, why), After: after, Err: clean(err)}
}

// patience returns the wait that an answer other than a rate limit's asks for, such as a 503 during maintenance; 0:
// none in seconds.
func patience(h http.Header) time.Duration {
	seconds, err := strconv.ParseInt(h.Get("Retry-After"), 10, 32)
	if err != nil {
		return 0
	}
	return min(max(time.Duration(seconds)*time.Second, 0), window)
}

// explainToken explains a failed request for a token. The request that needed the token was never sent.
func explainToken(err error) error {
	var refused *gh.ErrorResponse
	if !errors.As(err, &refused) || refused.Response == nil || !fromGitHub(refused) {
		return &bot.Retryable{Reason: "Could not get a token from GitHub.", Err: clean(err)}
	}
	r := &bot.Refused{Missing: missing(refused), Err: clean(refused)}
	switch refused.Response.StatusCode {
	case http.StatusUnauthorized:
		r.Reason = "GitHub does not accept the App's credentials: check GITHUB_APP_ID, GITHUB_PRIVATE_KEY and this machine's clock."
	case http.StatusForbidden:
		r.Reason = fmt.Sprintf("GitHub gives no token for this installation of the App: %s.", messageOf(refused))
	case http.StatusNotFound:
		r.Reason = "The GitHub App is not installed here any more: install it again."
		r.Err = fmt.Errorf("%w: %w", bot.ErrNotFound, r.Err)
	case http.StatusUnprocessableEntity:
		r.Reason = fmt.Sprintf("GitHub gives no token for this repository: %s. Add it to the App's installation, under Settings, GitHub Apps, Configure.", messageOf(refused))
	default:
		r.Reason = fmt.Sprintf("GitHub refused a token: %s.", messageOf(refused))
	}
	return r
}

// unreadable is the outcome of a successful answer with unexpected contents.
func (a ask) unreadable(detail string) error {
	if a.write {
		return &bot.Unknown{Reason: fmt.Sprintf("Tried to %s, but GitHub's answer is unreadable: it may have happened all the same.", a.what), Err: errors.New(line(detail, 300))}
	}
	return &bot.Retryable{Reason: fmt.Sprintf("Could not %s: GitHub's answer is unreadable.", a.what), Err: errors.New(line(detail, 300))}
}

// messageOf returns GitHub's text about a refusal, without a full stop.
func messageOf(e *gh.ErrorResponse) string {
	parts := []string{e.Message}
	for _, detail := range e.Errors {
		switch {
		case detail.Message != "":
			parts = append(parts, detail.Message)
		case detail.Field != "":
			parts = append(parts, fmt.Sprintf("%s is %s", detail.Field, strings.ReplaceAll(detail.Code, "_", " ")))
		}
	}
	text := strings.TrimRight(line(strings.Join(parts, "; "), 200), ". ")
	if text == "" {
		return http.StatusText(e.Response.StatusCode)
	}
	return text
}

// clean keeps an error's text, without secrets. Of the wrapped errors it keeps only whether a context ended: the rest
// may contain whole answers.
func clean(err error) error {
	text := line(err.Error(), 500)
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			return &cause{text: text, kind: ended}
		}
	}
	return errors.New(text)
}

type cause struct {
	text string
	kind error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.kind }
