package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"time"
)

var hookRoutes = []route{
	{"GET", "/app/hook/config", byJWT, "", getHookConfig},
	{"PATCH", "/app/hook/config", byJWT, "", setHookConfig},
	{"GET", "/app/hook/deliveries", byJWT, "", listDeliveries},
	{"GET", "/app/hook/deliveries/{delivery_id}", byJWT, "", getDelivery},
	{"POST", "/app/hook/deliveries/{delivery_id}/attempts", byJWT, "", redeliver},
}

// deliveryLife is how long GitHub keeps deliveries.
const deliveryLife = 3 * 24 * time.Hour

// logged is an attempt in the delivery log.
type logged struct {
	delivery *Delivery
	attempt  Attempt
}

// deliveryLog lists attempts, newest first.
func (s *Server) deliveryLog() []logged {
	var all []logged
	for _, d := range s.hooks.all {
		for _, a := range d.Attempts {
			if s.now().Sub(a.Time) <= deliveryLife {
				all = append(all, logged{d, a})
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].attempt.ID > all[j].attempt.ID })
	return all
}

func (s *Server) loggedJSON(l logged) obj {
	j := obj{
		"id": l.attempt.ID, "guid": l.delivery.GUID, "delivered_at": l.attempt.Time.UTC().Format(time.RFC3339),
		"redelivery": l.attempt.Redelivery, "duration": l.attempt.Duration.Seconds(), "status": l.attempt.Status,
		"status_code": l.attempt.StatusCode, "event": l.delivery.Event, "action": orNull(l.delivery.Action),
		"installation_id": nil, "repository_id": nil, "throttled_at": nil,
	}
	if l.delivery.Installation != 0 {
		j["installation_id"] = l.delivery.Installation
	}
	for _, r := range s.repos {
		if r.FullName() == l.delivery.Repository {
			j["repository_id"] = r.id
		}
	}
	return j
}

// listDeliveries pages by cursor, which is opaque: here it is the number of
// the last attempt on the page before.
func listDeliveries(c *call) answer {
	size, err := strconv.Atoi(c.query.Get("per_page"))
	if err != nil || size < 1 {
		size = 30
	}
	size = min(size, 100)
	all := c.deliveryLog()
	status := c.query.Get("status")
	if status != "" {
		lowest, highest := 200, 399
		if status == "failure" {
			lowest, highest = 400, 599 // who never answered is in neither
		} else if status != "success" {
			return invalid("HookDelivery", "status", "invalid", "")
		}
		all = slices.DeleteFunc(all, func(l logged) bool { return l.attempt.StatusCode < lowest || l.attempt.StatusCode > highest })
	}
	if cursor := c.query.Get("cursor"); cursor != "" {
		var after int64
		if _, err := fmt.Sscanf(cursor, "v1_%d", &after); err != nil {
			return fail(http.StatusBadRequest, "Invalid cursor")
		}
		all = all[sort.Search(len(all), func(i int) bool { return all[i].attempt.ID < after }):]
	}
	header := http.Header{}
	if len(all) > size {
		all = all[:size]
		next := url.Values{"per_page": {strconv.Itoa(size)}, "cursor": {fmt.Sprintf("v1_%d", all[size-1].attempt.ID)}}
		if status != "" {
			next.Set("status", status)
		}
		header.Set("Link", fmt.Sprintf(`<%s/app/hook/deliveries?%s>; rel="next"`, c.api, next.Encode()))
	}
	body := make([]any, len(all))
	for i, l := range all {
		body[i] = c.loggedJSON(l)
	}
	return answer{status: http.StatusOK, header: header, body: body}
}

func getDelivery(c *call) answer {
	for _, l := range c.deliveryLog() {
		if l.attempt.ID == c.id("delivery_id") {
			j := c.loggedJSON(l)
			j["url"] = c.hooks.url
			j["request"] = obj{
				"headers": obj{"X-GitHub-Delivery": l.delivery.GUID, "X-GitHub-Event": l.delivery.Event},
				"payload": json.RawMessage(l.delivery.Payload),
			}
			j["response"] = obj{"headers": obj{}, "payload": ""}
			return ok(j)
		}
	}
	return notFound()
}

func redeliver(c *call) answer {
	for _, l := range c.deliveryLog() {
		if l.attempt.ID == c.id("delivery_id") {
			c.hooks.push(queued{delivery: l.delivery, redelivery: true})
			return answer{status: http.StatusAccepted, body: obj{}}
		}
	}
	return notFound()
}

func (s *Server) hookConfigJSON() obj {
	j := obj{"content_type": "json", "insecure_ssl": "0", "url": s.hooks.url}
	if s.hooks.secret != "" {
		j["secret"] = "********"
	}
	return j
}

func getHookConfig(c *call) answer { return ok(c.hookConfigJSON()) }

func setHookConfig(c *call) answer {
	var in struct{ URL, Secret *string }
	if a, ok := c.decode(&in); !ok {
		return a
	}
	if in.URL != nil {
		c.hooks.url = *in.URL
	}
	if in.Secret != nil {
		c.hooks.secret = *in.Secret
	}
	return ok(c.hookConfigJSON())
}
