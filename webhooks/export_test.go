package webhooks

import "net/http"

// Client is whom a request is counted with, "" for nobody.
func (p Proxies) Client(r *http.Request) string {
	addr, _ := p.client(r)
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// Limits are those that the tests go beyond.
const (
	BodiesAtOnce  = bodiesAtOnce
	BodiesAClient = bodiesAtOnce / clientsPart
)

// Promoting is how many bodies are arriving.
func (a *Admission) InFlight() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.bodies)
}
