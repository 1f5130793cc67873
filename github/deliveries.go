package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"go.uber.org/zap"
)

// GitHub delivers a webhook once and does not retry. It keeps the result of each attempt for three days, in a log that
// the App may read.

// attempt is one entry of that log: GET /app/hook/deliveries.
type attempt struct {
	ID         int64
	GUID       string // the same for every attempt of a delivery
	Event      string
	Status     string    // OK, or the error
	StatusCode int       `json:"status_code"` // 0: no answer
	At         time.Time `json:"delivered_at"`
}

// arrived reports whether the attempt succeeded.
func (a attempt) arrived() bool { return a.Status == "OK" || a.StatusCode/100 == 2 }

// FailedDeliveries lists the webhooks without a successful attempt since a time, oldest first. Events not in
// Options.Events are left out. It takes one request per hundred attempts. Beyond ten thousand it logs that, and lists
// the failures among the newest. Its errors are bot.Refused and bot.Retryable.
func (c *Client) FailedDeliveries(ctx context.Context, since time.Time) ([]bot.FailedDelivery, error) {
	failed, arrived := map[string]bot.FailedDelivery{}, map[string]bool{}
	complete, err := c.attempts(ctx, since, func(a attempt) {
		if a.arrived() {
			arrived[a.GUID] = true
		}
		if a.ID == 0 || a.GUID == "" || c.events != nil && !slices.Contains(c.events, a.Event) {
			return
		}
		d, known := failed[a.GUID]
		if !known || a.ID > d.ID {
			d.ID, d.GUID, d.Event, d.At = a.ID, a.GUID, a.Event, a.At
		}
		d.Attempts++
		failed[a.GUID] = d
	})
	if err != nil {
		return nil, err
	}
	if !complete {
		c.log.Warn("GitHub's log of webhook deliveries is too long to be read as a whole", zap.Time("since", since), zap.Int("read", maxPages*perPage))
	}
	var list []bot.FailedDelivery
	for guid, d := range failed {
		if !arrived[guid] {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b bot.FailedDelivery) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// attempts reads the log from its newest entry back to a time. complete is false if it gave up before.
func (c *Client) attempts(ctx context.Context, since time.Time, each func(attempt)) (complete bool, err error) {
	a := ask{what: "read the log of webhook deliveries"}
	cursor := "" // opaque: where the next page starts
	for range maxPages {
		var some []attempt
		next := ""
		err := a.do(ctx, func(ctx context.Context) error {
			path := fmt.Sprintf("app/hook/deliveries?per_page=%d", perPage)
			if cursor != "" {
				path += "&cursor=" + url.QueryEscape(cursor)
			}
			resp, err := fetch(ctx, c.app.api, path, &some)
			if err == nil && some == nil {
				err = errors.New("the answer has no list")
			}
			if err == nil {
				next = resp.Cursor
			}
			return err
		})
		if err != nil {
			return false, err
		}
		past := false
		for _, one := range some {
			// Attempts that ended at about the same time are not quite in order.
			if one.At.Before(since) {
				past = true
				continue
			}
			each(one)
		}
		if past || next == "" || next == cursor {
			return true, nil
		}
		cursor = next
	}
	return false, nil
}

// Redeliver asks GitHub for another attempt of a delivery, by the number of one of its attempts. It comes with the same
// GUID. It is done once GitHub has accepted the request. Its errors are of bot's three kinds; a delivery older than
// three days is refused with bot.ErrNotFound.
func (c *Client) Redeliver(ctx context.Context, id int64) error {
	a := ask{what: fmt.Sprintf("have the webhook delivery %d sent again", id), write: true}
	if id <= 0 {
		return &bot.Refused{Reason: fmt.Sprintf("There is no webhook delivery %d.", id)}
	}
	return a.do(ctx, func(ctx context.Context) error {
		_, _, err := c.app.api.Apps.RedeliverHookDelivery(ctx, id)
		var accepted *gh.AcceptedError
		if errors.As(err, &accepted) {
			return nil
		}
		return err
	})
}
