package github

import "github.com/headstart-cd/headstart/bot"

// Allowance is what an installation may still ask of GitHub in this hour, going
// by the headers of the last answer to it. Where there was no answer yet it is
// zero. While a limit is exhausted, the hourly one or a secondary one, nothing is
// left, and Reset is the time until which requests are held back.
func (c *Client) Allowance(installation int64) bot.Allowance {
	c.mu.Lock()
	known := c.accounts[installation]
	c.mu.Unlock()
	if known == nil {
		return bot.Allowance{}
	}
	return known.limit.allowance()
}

// AppAllowance is the same of the App itself, which reads the log of webhook
// deliveries and asks for every installation's token.
func (c *Client) AppAllowance() bot.Allowance { return c.app.limit.allowance() }
