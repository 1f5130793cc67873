package herokutest

import (
	"math"
	"net/http"
	"time"
)

// account is who the token belongs to, and how much may still be asked.
type account struct {
	id, email string
	scope     string  // of the API key
	tokens    float64 // requests left; refills evenly over the hour
	refilled  time.Time
}

// SetRemaining sets how many requests the account has left. The allowance
// refills evenly by the clock, to the whole limit in an hour.
func (s *Server) SetRemaining(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens, s.refilled = float64(n), s.opts.Clock()
}

// Remaining is how many requests the account has left now.
func (s *Server) Remaining() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refill(s.opts.Clock())
	return s.remaining()
}

func (s *Server) remaining() int { return int(math.Floor(s.tokens)) }

func (s *Server) refill(now time.Time) {
	if passed := now.Sub(s.refilled); passed > 0 {
		limit := float64(s.opts.RateLimit)
		s.tokens = min(limit, s.tokens+limit*passed.Hours())
		s.refilled = now
	}
}

// spend counts a request, or refuses it. Asking for the limit itself is free.
func (s *Server) spend(now time.Time, r *http.Request) error {
	s.refill(now)
	if r.URL.Path == "/account/rate-limits" {
		return nil
	}
	if s.tokens < 1 {
		return &apiError{status: http.StatusTooManyRequests, id: "rate_limit", message: "Your account reached the API rate limit\nPlease wait a few minutes before making new requests"}
	}
	s.tokens--
	return nil
}

func (s *Server) user() object { return object{"id": s.account.id, "email": s.email} }

// epoch is when things came into being that no test made.
var epoch = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// nullable is the time as a string, or null.
func nullable(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

func (s *Server) getAccount(*call) (any, error) {
	return object{
		"id": s.account.id, "email": s.email, "name": "Deploys", "allow_tracking": true, "beta": false,
		"created_at": stamp(epoch), "updated_at": stamp(epoch), "last_login": nil, "federated": false,
		"identity_provider": nil, "sms_number": nil, "suspended_at": nil, "delinquent_at": nil,
		"two_factor_authentication": false, "verified": true, "country_of_residence": nil,
		"default_organization": nil, "default_team": nil,
	}, nil
}

func (s *Server) getRateLimits(*call) (any, error) {
	return object{"remaining": s.remaining()}, nil
}
