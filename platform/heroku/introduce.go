package heroku

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/headstart-cd/headstart/bot"
)

// ErrNoAPI means that something answers at the API's address, but not as Heroku's API does.
var ErrNoAPI = errors.New("no API of Heroku's answers there: expected https://api.heroku.com")

// Introduce asks Heroku for what does not count against the account's limit. Errors: ErrNoAPI; *bot.Refused if Heroku does
// not accept the API key; any other if Heroku is out of reach, or does not answer this question.
func (h *Heroku) Introduce(ctx context.Context) error {
	status := 0
	err := h.do(ctx, operation{what: "tell the account's limit"}, func(ctx context.Context) error {
		_, err := h.api.RateLimitInfo(ctx)
		if ex, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
			status = ex.status
		}
		return err
	})
	var refused *bot.Refused
	switch {
	case err == nil, status == 0, status >= http.StatusInternalServerError, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return err
	case errors.As(err, &refused) && status == http.StatusUnauthorized:
		return err
	case errors.As(err, &refused) && (status == http.StatusForbidden || status == http.StatusPaymentRequired):
		return errors.New(refused.Reason) // the key is known, and may be good for the rest
	}
	return fmt.Errorf("%w (it answered %d)", ErrNoAPI, status)
}
