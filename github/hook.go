package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	json "github.com/go-json-experiment/json/v1"
	gh "github.com/google/go-github/v60/github"

	"github.com/headstart-cd/headstart/bot"
)

// What is asked to find out whether the App is set up well. Nothing here changes anything.

// Hook is where GitHub sends the App's webhooks.
type Hook struct {
	URL      string // empty: nowhere
	JSON     bool   // as JSON, and not as a form
	Secret   bool   // they are signed
	Insecure bool   // the certificate of URL is not checked
}

// Attempt is one attempt of GitHub's to deliver a webhook.
type Attempt struct {
	Event  string
	At     time.Time
	OK     bool
	Status int    // of the answer; 0: there was none
	Said   string // GitHub's word for it
}

// Hook reads where webhooks go. It takes one request.
func (c *Client) Hook(ctx context.Context) (Hook, error) {
	var hook struct {
		URL         string
		ContentType string          `json:"content_type"`
		Secret      string          // stars; absent: there is none
		InsecureSSL json.RawMessage `json:"insecure_ssl"` // "0", "1", or one of the numbers
	}
	a := ask{what: "read the webhook configuration of the GitHub App"}
	err := a.do(ctx, func(ctx context.Context) error {
		_, err := fetch(ctx, c.app.api, "app/hook/config", &hook)
		return err
	})
	insecure := string(hook.InsecureSSL) == `"1"` || string(hook.InsecureSSL) == "1"
	return Hook{URL: line(hook.URL, 300), JSON: hook.ContentType == "json", Secret: hook.Secret != "", Insecure: insecure}, err
}

// Attempts lists the newest attempts of the last three days to deliver a webhook, the newest first, at most fifty. It
// takes one request.
func (c *Client) Attempts(ctx context.Context) ([]Attempt, error) {
	var some []attempt
	a := ask{what: "read the log of webhook deliveries"}
	err := a.do(ctx, func(ctx context.Context) error {
		_, err := fetch(ctx, c.app.api, "app/hook/deliveries?per_page=50", &some)
		return err
	})
	list := make([]Attempt, len(some))
	for i, one := range some {
		list[i] = Attempt{Event: line(one.Event, 60), At: one.At, OK: one.arrived(), Status: one.StatusCode, Said: line(one.Status, 100)}
	}
	return list, err
}

// Lead returns how far GitHub's clock is ahead of this machine's, to about a second; negative: it is behind. It takes
// one request, without credentials: those need clocks that agree.
func (c *Client) Lead(ctx context.Context) (time.Duration, error) {
	a := ask{what: "read GitHub's clock"}
	var lead time.Duration
	err := a.do(ctx, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.JoinPath("meta").String(), nil)
		if err != nil {
			return err
		}
		sent := c.now()
		resp, err := c.wire.RoundTrip(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		told, err := http.ParseTime(resp.Header.Get("Date"))
		if err != nil {
			return errors.New("the answer has no Date")
		}
		// Date has whole seconds, and was written somewhere between the two readings of our clock.
		got := c.now()
		lead = told.Add(500 * time.Millisecond).Sub(sent.Add(got.Sub(sent) / 2))
		return nil
	})
	return lead, err
}

// InstalledOn returns the installation of the App that serves a repository. Refused with bot.ErrNotFound: there is
// none. It takes one request.
func (c *Client) InstalledOn(ctx context.Context, repo bot.Repo) (installation int64, err error) {
	for _, name := range []string{repo.Owner, repo.Name} {
		if !goodName.MatchString(name) || name == "." || name == ".." {
			return 0, &bot.Refused{Reason: fmt.Sprintf("%q is no repository on GitHub.", line(repo.String(), 80)), Err: bot.ErrNotFound}
		}
	}
	var found struct{ ID int64 }
	a := ask{what: fmt.Sprintf("find the installation of the GitHub App on %s", repo)}
	err = a.do(ctx, func(ctx context.Context) error {
		_, err := fetch(ctx, c.app.api, "repos/"+repo.String()+"/installation", &found)
		return err
	})
	if err == nil && found.ID == 0 {
		err = a.unreadable("the installation has no number")
	}
	return found.ID, err
}

// MergeQueue reports whether a ruleset gives a branch a merge queue. It takes one request per hundred rules.
func (c *Client) MergeQueue(ctx context.Context, t bot.Target, branch string) (bool, error) {
	r, err := c.repository(t)
	if err != nil {
		return false, err
	}
	a := ask{what: fmt.Sprintf("read the rules of %s of %s", refName(branch), r.repo), needs: "Metadata: read"}
	types, err := pages(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]struct{ Type string }, *gh.Response, error) {
		var rules []struct{ Type string }
		resp, err := r.fetch(ctx, query("rules/branches/"+url.PathEscape(branch), page), &rules)
		if noRulesets(err) {
			return nil, resp, nil
		}
		return rules, resp, err
	})
	for _, rule := range types {
		if rule.Type == "merge_queue" {
			return true, err
		}
	}
	return false, err
}
