package web

import (
	"net/http"
	"net/url"
	"sync"
	"time"
)

// policy lets a page load what this server serves, and nothing else; see PAGES.md, "Security".
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers are sent with every answer. Pages are not kept anywhere; assets say themselves how long they are.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses requests of other sites that could change something. A browser says where a request comes from, by
// Sec-Fetch-Site or Origin: one that says neither is refused, too.
func crossOrigin(own *url.URL, refuse http.Handler) (func(http.Handler) http.Handler, error) {
	c := http.NewCrossOriginProtection()
	if err := c.AddTrustedOrigin(own.Scheme + "://" + own.Host); err != nil { // a proxy may change the Host
		return nil, err
	}
	c.SetDenyHandler(refuse)
	return func(next http.Handler) http.Handler {
		checked := c.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
			if !safe && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
				refuse.ServeHTTP(w, r)
				return
			}
			checked.ServeHTTP(w, r)
		})
	}, nil
}

// Sign-ins a minute: of one session, of one address, and of all visitors together where they cannot be told apart.
const (
	perSession = 10
	perAddress = 30
	perCrowd   = 600
)

// mostCounted bounds how many visitors are counted.
const mostCounted = 20_000

// limiter counts what visitors do in the minute.
type limiter struct {
	now func() time.Time

	mu     sync.Mutex
	minute time.Time      // guarded by mu
	counts map[string]int // guarded by mu: in that minute
}

// allow counts one, and reports whether it is within the limit.
func (l *limiter) allow(who string, most int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute := l.now().Truncate(time.Minute); !minute.Equal(l.minute) || l.counts == nil {
		l.minute, l.counts = minute, map[string]int{}
	}
	if _, counted := l.counts[who]; !counted && len(l.counts) >= mostCounted {
		return false
	}
	l.counts[who]++
	return l.counts[who] <= most
}

// mayTry reports whether a visitor may try to sign in.
func (s *site) mayTry(r *http.Request) bool {
	address, most := s.address(r), perAddress
	if address == "" {
		most = perCrowd
	}
	if !s.tries.allow("address "+address, most) {
		return false
	}
	token := s.sessions.Token(r.Context())
	return token == "" || s.tries.allow("session "+token, perSession)
}
