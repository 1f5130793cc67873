// Package webhooks receives what GitHub and Heroku report. It verifies the sender of a delivery, and stores the
// delivery before it acknowledges it. Its facts are decoded later.
//
//	POST ──▶ Handler: bounded, signed, stored ──▶ 202
//	inbox ──▶ Decode: facts of package bot
//
// A delivery that was not stored is answered with an error. GitHub's log then shows it as failed, and it can be
// redelivered.
package webhooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	json "github.com/go-json-experiment/json/v1"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Inbox keeps deliveries until they are processed.
type Inbox interface {
	// Receive stores a delivery durably before it returns. A known guid is a duplicate, and has no further effect.
	Receive(ctx context.Context, guid, event string, body []byte) (duplicate bool, err error)
}

// Options are the options of Handler and HerokuHandler.
type Options struct {
	// Secrets are those a delivery may be signed with: at least one, and two while the old one is being replaced.
	Secrets [][]byte
	Inbox   Inbox
	// Count is called for every signed delivery, with any result; nil: none are counted.
	Count func(event string)
	// Metrics takes headstart_deliveries_total by event and result, and
	// headstart_delivery_seconds, from arrival to answer, by result. Handlers of
	// the same registerer share them. Nil: nothing is counted.
	Metrics prometheus.Registerer
	Logger  *zap.Logger // nil: nothing is logged
	MaxBody int64       // bytes; 0: 25 MB, the largest that GitHub sends
	// Admission bounds the cost of unsigned bodies. Handlers of one server share it. Nil: the handler has its own,
	// which trusts no proxy.
	Admission *Admission
}

const (
	defaultMaxBody = 25 << 20

	// largeBody is the size from which only a few signed bodies at a time are read as a whole.
	largeBody   = 1 << 20
	largeAtOnce = 2
)

// sender is the difference between the senders of webhooks.
type sender interface {
	// identify reads the headers. The answer is nil if they are valid.
	identify(r *http.Request) (envelope, *answer)
	// read completes the envelope from a signed body, and returns only the part to be stored. The answer is nil if
	// there is such a part. The body is reused afterwards.
	read(e *envelope, body []byte) (keep []byte, _ *answer)
}

// envelope is the metadata of a delivery.
type envelope struct {
	guid, event string
	mac         []byte // the signature: HMAC-SHA256 of the body
	signed      bool   // mac is correct, by a secret of ours
}

// answer is the response to the sender.
type answer struct {
	status int
	result string // for the metrics
	text   string // one sentence
}

// receiver serves the webhooks of one sender.
type receiver struct {
	sender    sender
	opts      Options
	metrics   *metrics
	large     chan struct{} // holds an element per large signed body that is being read
	strangers *zap.Logger   // for unsigned requests
}

func newReceiver(s sender, o Options) (*receiver, error) {
	if len(o.Secrets) == 0 {
		return nil, errors.New("webhooks need at least one secret: without it anybody could send them")
	}
	for _, secret := range o.Secrets {
		if len(secret) == 0 {
			return nil, errors.New("a webhook secret is empty")
		}
	}
	if o.Inbox == nil {
		return nil, errors.New("webhooks need an inbox")
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	m, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, err
	}
	if o.Admission == nil {
		o.Admission = NewAdmission(nil, 0)
	}
	return &receiver{sender: s, opts: o, metrics: m, large: make(chan struct{}, largeAtOnce), strangers: Sampled(o.Logger)}, nil
}

// ServeHTTP answers with a status and one sentence in plain text.
func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	e, a := h.receive(w, r)
	h.metrics.count(e.event, a.result, time.Since(start))
	log := h.opts.Logger
	if !e.signed {
		log = h.strangers
	}
	about := []zap.Field{zap.String("guid", e.guid), zap.String("event", e.event), zap.String("result", a.result)}
	switch {
	case a.status >= 500 && e.signed:
		log.Error("a delivery was not taken", append(about, zap.Int("status", a.status), zap.String("answer", a.text))...)
	case a.status >= 400:
		log.Warn("a delivery was refused", append(about, zap.Int("status", a.status), zap.String("answer", a.text))...)
	default:
		log.Debug("a delivery was taken", about...)
	}
	if a.status >= 400 && !e.signed {
		// Some of the body may be unread, and nobody waits for the rest.
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if a.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(a.status)
	// A failure to send the answer has no recipient.
	_, _ = io.WriteString(w, a.text+"\n")
}

func (h *receiver) receive(w http.ResponseWriter, r *http.Request) (envelope, answer) {
	if r.Method != http.MethodPost {
		return envelope{}, answer{http.StatusMethodNotAllowed, "malformed", "Webhooks are sent with POST."}
	}
	e, refused := h.sender.identify(r)
	if refused != nil {
		return e, *refused
	}
	if r.ContentLength > h.opts.MaxBody {
		return e, h.tooLarge()
	}
	at := h.opts.Admission.enter(w, r, h.opts.Logger)
	defer at.leave()
	b := new(body)
	defer b.free()
	if refused := h.arrive(w, r, b, at); refused != nil {
		return e, *refused
	}
	if e.signed = b.signed(h.opts.Secrets, e.mac); !e.signed {
		return e, answer{http.StatusUnauthorized, "unauthorized", "The signature does not match: check the webhook secret."}
	}
	served(r)
	if h.opts.Count != nil {
		h.opts.Count(e.event)
	}
	release, ok := h.turn(r.Context(), b.size)
	if !ok {
		return e, answer{http.StatusServiceUnavailable, "busy", "Too many large deliveries at once; deliver it again later."}
	}
	defer release()
	keep, done := h.sender.read(&e, b.bytes())
	if done != nil {
		return e, *done
	}
	duplicate, err := h.opts.Inbox.Receive(r.Context(), e.guid, e.event, keep)
	if err != nil {
		h.opts.Logger.Error("store a delivery", zap.String("guid", e.guid), zap.Error(err))
		return e, answer{http.StatusInternalServerError, "error", "The delivery could not be stored; deliver it again."}
	}
	if duplicate {
		return e, answer{http.StatusAccepted, "duplicate", "This delivery is known already."}
	}
	return e, answer{http.StatusAccepted, "stored", "The delivery is stored."}
}

func (h *receiver) tooLarge() answer {
	return answer{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("The body is larger than %d bytes.", h.opts.MaxBody)}
}

// notJSON is the answer to a body that is not JSON; nil: it is.
func notJSON(body []byte) *answer {
	if json.Valid(body) {
		return nil
	}
	return &answer{http.StatusBadRequest, "malformed", "The body is not JSON."}
}

// isJSON reports whether the body is declared to be JSON.
func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// isName reports whether s has at most n characters, all safe in logs and in a database.
func isName(s string, n int) bool {
	return s != "" && len(s) <= n && strings.IndexFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}) < 0
}
