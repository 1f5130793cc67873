package githubtest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// budget is an installation's, or the App's, count of requests in an hour.
type budget struct {
	limit, used int
	reset       time.Time
	// For the secondary limits: when there was a request of what weight.
	spent []spending
}

type spending struct {
	when    time.Time
	points  int
	creates bool
}

// roll starts a new hour when the old one is over.
func (b *budget) roll(now time.Time) {
	if b.limit == 0 {
		b.limit = 5000
	}
	if !now.Before(b.reset) {
		b.used, b.reset = 0, now.Add(time.Hour)
	}
}

// SetRateLimit sets the requests an hour of an account's installation, and how
// many of them are left in this hour.
func (s *Server) SetRateLimit(account string, limit, remaining int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.installationOf(account)
	if err != nil {
		return err
	}
	i.budget.roll(s.now())
	i.budget.limit, i.budget.used = limit, limit-remaining
	return nil
}

// RateLimit tells the requests an hour of an account's installation, and how
// many are left.
func (s *Server) RateLimit(account string) (limit, remaining int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.installationOf(account)
	if err != nil {
		return 0, 0, err
	}
	i.budget.roll(s.now())
	return i.budget.limit, i.budget.limit - i.budget.used, nil
}

func (c *call) budget() *budget {
	if c.install != nil {
		return &c.install.budget
	}
	return &c.app.budget
}

// overLimit refuses a request when the budget is used up, or, if asked to
// enforce them, when a secondary limit is exceeded.
func (s *Server) overLimit(c *call) (answer, bool) {
	b := c.budget()
	b.roll(s.now())
	if b.used >= b.limit && c.route.pattern != "/rate_limit" {
		who := "App"
		if c.install != nil {
			who = fmt.Sprintf("installation ID %d", c.install.ID)
		}
		return fail(http.StatusForbidden, "API rate limit exceeded for "+who+"."), true
	}
	if !s.opts.EnforceSecondaryLimits {
		return answer{}, false
	}
	points, inMinute, inHour := 0, 0, 0
	for _, spent := range b.spent {
		age := s.now().Sub(spent.when)
		if age < time.Minute {
			points += spent.points
		}
		if age < time.Minute && spent.creates {
			inMinute++
		}
		if age < time.Hour && spent.creates {
			inHour++
		}
	}
	cost := costOf(c)
	if points+cost.points > 900 || cost.creates && (inMinute >= 80 || inHour >= 500) {
		f := SecondaryLimit("", time.Minute)
		return answer{status: f.Status, header: f.Header.Clone(), body: []byte(f.Body)}, true
	}
	return answer{}, false
}

// costOf weighs a request as GitHub's secondary limits do: a read is one point,
// a write five; what makes content that people see counts as creation.
func costOf(c *call) spending {
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		return spending{points: 1}
	}
	return spending{points: 5, creates: c.r.Method == http.MethodPost && c.route.auth == byToken}
}

// charge takes a request off the budget and says what is left.
func (s *Server) charge(c *call, h http.Header) {
	if s.opts.Enterprise {
		return
	}
	b := c.budget()
	b.roll(s.now())
	if c.route != nil && c.route.pattern != "/rate_limit" && c.route.auth != byAnybody && b.used < b.limit {
		b.used++
	}
	if s.opts.EnforceSecondaryLimits && c.route != nil {
		cost := costOf(c)
		cost.when = s.now()
		b.spent = append(b.spent, cost)
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(b.limit-b.used))
	h.Set("X-RateLimit-Used", strconv.Itoa(b.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(b.reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
}

func getRateLimit(c *call) answer {
	if c.opts.Enterprise {
		return fail(http.StatusNotFound, "Rate limiting is not enabled.")
	}
	b := c.budget()
	rate := obj{"limit": b.limit, "used": b.used, "remaining": b.limit - b.used, "reset": b.reset.Unix()}
	search := obj{"limit": 30, "used": 0, "remaining": 30, "reset": b.reset.Unix()}
	return ok(obj{"resources": obj{"core": rate, "search": search}, "rate": rate})
}
