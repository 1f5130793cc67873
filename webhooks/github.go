package webhooks

import (
	"encoding/hex"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// Handler serves POST /webhooks/github. It fails without a secret. Answers:
//
//	202 stored, or known already     400 headers or body are malformed
//	200 a ping, or of no interest    401 not signed with a secret of ours
//	408 the body came too slowly     413 too large
//	405, 415 not a POST, not JSON    500 not stored
//	503 the slowest of too many bodies at once
func Handler(o Options) (http.Handler, error) { return newReceiver(gitHub{}, o) }

type gitHub struct{}

func (gitHub) identify(r *http.Request) (envelope, *answer) {
	e := envelope{guid: r.Header.Get("X-GitHub-Delivery"), event: r.Header.Get("X-GitHub-Event")}
	if !isName(e.event, 64) {
		return envelope{}, &answer{http.StatusBadRequest, "malformed", "The header X-GitHub-Event names no event."}
	}
	if !isName(e.guid, 100) {
		return envelope{event: e.event}, &answer{http.StatusBadRequest, "malformed", "The header X-GitHub-Delivery has no GUID."}
	}
	if !isJSON(r) {
		text := "The body must be JSON: the Content-Type is not application/json."
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "application/x-www-form-urlencoded" {
			text = "The body must be JSON: set the webhook's Content type to application/json in the settings of the GitHub App."
		}
		return e, &answer{http.StatusUnsupportedMediaType, "malformed", text}
	}
	mac, ok := parseSignature(r.Header.Get("X-Hub-Signature-256"))
	if !ok {
		return e, &answer{http.StatusUnauthorized, "unauthorized", "The header X-Hub-Signature-256 has no signature: set a webhook secret in the settings of the GitHub App."}
	}
	e.mac = mac
	return e, nil
}

// parseSignature reads "sha256=" and 64 hexadecimal digits.
func parseSignature(header string) (mac []byte, ok bool) {
	digits, ok := strings.CutPrefix(header, "sha256=")
	if !ok || len(digits) != 64 {
		return nil, false
	}
	mac, err := hex.DecodeString(digits)
	return mac, err == nil
}

func (gitHub) read(e *envelope, body []byte) ([]byte, *answer) {
	ofInterest := slices.Contains(events, e.event)
	if !ofInterest {
		if wrong := notJSON(body); wrong != nil {
			return nil, wrong
		}
		if e.event == "ping" {
			return nil, &answer{http.StatusOK, "ping", "Headstart is listening."}
		}
		return nil, &answer{http.StatusOK, "ignored", "This event is of no interest here."}
	}
	keep, nothing, err := distil(e.event, body)
	switch {
	case err != nil:
		return nil, &answer{http.StatusBadRequest, "malformed", "The body is not JSON."}
	case nothing != "":
		return nil, &answer{http.StatusOK, "ignored", nothing}
	}
	return keep, nil
}
