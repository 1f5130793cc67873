package herokutest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// webhook is a subscription to what happens to an app.
type webhook struct {
	id, url, level, secret string
	include                []string
	createdAt              time.Time
	queue                  chan []byte // bodies to deliver, in order
}

// maxWebhooks is how many webhooks Heroku allows for an app.
const maxWebhooks = 10

func (h *webhook) object() object {
	return object{"id": h.id, "url": h.url, "level": h.level, "include": h.include, "created_at": stamp(h.createdAt), "updated_at": stamp(h.createdAt)}
}

func (s *Server) createWebhook(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	var body struct {
		Include []string `json:"include"`
		Level   string   `json:"level"`
		URL     string   `json:"url"`
		Secret  string   `json:"secret"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if u, err := url.Parse(body.URL); err != nil || u.Host == "" {
		return nil, invalid("url is not a URL.")
	}
	if len(body.Include) == 0 || body.Level != "notify" && body.Level != "sync" {
		return nil, invalid("Require params: include, level.")
	}
	if len(a.hooks) >= maxWebhooks {
		return nil, invalid("An app has at most %d webhooks.", maxWebhooks)
	}
	h := &webhook{id: s.newID(), url: body.URL, level: body.Level, include: body.Include, secret: body.Secret, createdAt: c.now, queue: make(chan []byte, 1000)}
	a.hooks = append(a.hooks, h)
	s.start(func() { s.deliver(h) })
	return created{h.object()}, nil
}

func (s *Server) listWebhooks(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	l := list{fields: []field{byString("id")}}
	for _, h := range a.hooks {
		l.items = append(l.items, h.object())
	}
	return l, nil
}

func (s *Server) deleteWebhook(c *call) (any, error) {
	a, err := s.app(c)
	if err != nil {
		return nil, err
	}
	for i, h := range a.hooks {
		if h.id == c.r.PathValue("webhook") {
			a.hooks = slices.Delete(a.hooks, i, i+1)
			close(h.queue)
			return h.object(), nil
		}
	}
	return nil, notFound("app_webhook", c.r.PathValue("webhook"))
}

// notify queues an event for the app's webhooks. The caller holds s.mu.
func (s *Server) notify(a *App, entity, action string, data object) {
	for _, h := range a.hooks {
		if !slices.Contains(h.include, entity) {
			continue
		}
		now := stamp(s.opts.Clock())
		body, _ := json.Marshal(object{ // only maps, strings and numbers
			"id": s.newID(), "action": action, "resource": entity[len("api:"):], "actor": s.user(), "data": data,
			"previous_data": object{}, "published_at": now, "created_at": now, "updated_at": now, "sequence": nil,
			"version": "application/vnd.heroku+json; version=3", "webhook_metadata": object{
				"attempt": object{"id": s.newID()}, "delivery": object{"id": s.newID()},
				"event": object{"id": s.newID(), "include": entity}, "webhook": object{"id": h.id},
			},
		})
		select {
		case h.queue <- body:
		default: // nobody reads any more
		}
	}
}

// deliver sends a webhook's events, one after the other, once each: `notify`
// tries once, and what `sync` would try again is a matter of hours.
func (s *Server) deliver(h *webhook) {
	for {
		select {
		case <-s.ctx.Done():
			return
		case body, ok := <-h.queue:
			if !ok {
				return
			}
			req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, h.url, bytes.NewReader(body))
			if err != nil {
				continue
			}
			req.Header.Set("Content-Type", "application/json")
			if h.secret != "" {
				mac := hmac.New(sha256.New, []byte(h.secret))
				mac.Write(body)
				req.Header.Set("Heroku-Webhook-Hmac-SHA256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
			}
			if resp, err := s.client.Do(req); err == nil {
				resp.Body.Close()
			}
		}
	}
}
