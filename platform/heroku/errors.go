package heroku

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// operation is one thing that is asked of Heroku.
type operation struct {
	what    string // completes "Heroku could not …": "build on shop-prepare"
	changes bool   // it has an effect, so that a lost answer is unknown
	apps    []string
	ids     []string
}

func read(what, app string, ids ...string) operation {
	return operation{what: what, apps: []string{app}, ids: ids}
}

func write(what, app string, ids ...string) operation {
	return operation{what: what, changes: true, apps: []string{app}, ids: ids}
}

// check refuses names that cannot be those of an app or a resource.
func (op operation) check() error {
	for _, app := range op.apps {
		if !appName.MatchString(app) && !resource.MatchString(app) {
			return noSuch("app", app)
		}
	}
	for _, id := range op.ids {
		if !resource.MatchString(id) {
			return noSuch("resource", id)
		}
	}
	return nil
}

// classify turns what went wrong with an operation into one of bot's kinds of
// error. What matters is whether Heroku may have done it.
func (h *Heroku) classify(op operation, ex *exchange, err error) error {
	cause := h.redact(err)
	status := ex.status
	switch {
	case status == 0 && op.changes && ex.sent.Load():
		return &bot.Unknown{Reason: fmt.Sprintf("Heroku was asked to %s, and its answer was lost", op.what), Err: cause}
	case status == 0:
		return &bot.Retryable{Reason: fmt.Sprintf("Heroku could not be asked to %s", op.what), Err: cause}
	case status == http.StatusTooManyRequests:
		return &bot.Retryable{Reason: "The account's Heroku API rate limit is exhausted", After: limitPauseOf(ex.header), Limit: true, Err: cause}
	case status/100 == 2 && op.changes:
		return &bot.Unknown{Reason: fmt.Sprintf("Heroku was asked to %s, and its answer could not be read", op.what), Err: cause}
	case status/100 == 2:
		return &bot.Retryable{Reason: fmt.Sprintf("Heroku's answer could not be read when asked to %s", op.what), Err: cause}
	case (status >= 500 || status == http.StatusRequestTimeout) && op.changes:
		return &bot.Unknown{Reason: fmt.Sprintf("Heroku answered %d when asked to %s; it may have done it", status, op.what), Err: cause}
	case status >= 500 || status == http.StatusRequestTimeout:
		return &bot.Retryable{Reason: fmt.Sprintf("Heroku answered %d when asked to %s", status, op.what), After: retryAfter(ex.header), Err: cause}
	case status == http.StatusConflict || status == http.StatusTooEarly || status == http.StatusLocked:
		return &bot.Retryable{Reason: fmt.Sprintf("Heroku cannot %s right now", op.what), After: retryAfter(ex.header), Err: cause}
	}
	refused := &bot.Refused{Reason: h.refusal(op, status, err), Platform: true, Err: cause}
	if status == http.StatusNotFound {
		refused.Err = fmt.Errorf("%w: %w", bot.ErrNotFound, cause)
	}
	return refused
}

// refusal is the sentence for people about a refusal, with what to do about it.
func (h *Heroku) refusal(op operation, status int, err error) string {
	message, id := "", ""
	var api heroku.Error
	if errors.As(err, &api) && api.StatusCode != 0 {
		message, id = strings.TrimSuffix(h.clean(api.Error()), "."), api.ID
	}
	switch {
	case status == http.StatusUnauthorized:
		return "Heroku does not accept the API key: check HEROKU_API_KEY"
	case status == http.StatusPaymentRequired:
		return fmt.Sprintf("Heroku refused to %s: the account has unpaid bills", op.what)
	case id == "two_factor":
		return fmt.Sprintf("Heroku refused to %s: it wants a second factor; use an API key made with `heroku authorizations:create`", op.what)
	case status == http.StatusForbidden:
		return fmt.Sprintf("Heroku refused to %s: the API key's account lacks the permission (%s)", op.what, message)
	case message == "":
		return fmt.Sprintf("Heroku refused to %s: it answered %d %s", op.what, status, http.StatusText(status))
	}
	return fmt.Sprintf("Heroku refused to %s: %s", op.what, message)
}

// retryAfter reads how long to wait, 0 if the answer does not say. Heroku is
// not known to send dates.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Hour)
}

// redacted is an error without secrets. It keeps from the original only
// whether a context ended.
type redacted struct {
	text string
	is   error
}

func (e *redacted) Error() string { return e.text }
func (e *redacted) Unwrap() error { return e.is }

func (h *Heroku) redact(err error) error {
	r := &redacted{text: h.clean(err.Error())}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			r.is = ended
		}
	}
	return r
}

// signed matches the query of a link, where signatures and tokens are.
var signed = regexp.MustCompile(`(https?://[^\s?"']+)\?[^\s"']*`)

// clean makes one line of a text for people, without secrets: without the API
// key, without the signatures of links, and without what looks like a secret.
func (h *Heroku) clean(text string) string {
	text = signed.ReplaceAllString(redact.Redact(text, h.token), "$1")
	return redact.Line(text, 300)
}
