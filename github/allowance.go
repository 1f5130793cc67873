package github

import "github.com/headstart-cd/headstart/bot"

// Allowance returns what is left of an installation's hourly limit, by the headers of its last answer; zero: no answer
// yet. While a limit is exhausted, hourly or secondary, nothing is left, and Reset is until when requests are held
// back.
func (c *Client) Allowance(installation int64) bot.Allowance {
	c.mu.Lock()
	known := c.accounts[installation]
	c.mu.Unlock()
	if known == nil {
		return bot.Allowance{}
	}
	return known.limit.allowance()
}

// AppAllowance is Allowance of the App itself, which reads the log of webhook deliveries and requests every
// installation's token.
func (c *Client) AppAllowance() bot.Allowance { return c.app.limit.allowance() }
