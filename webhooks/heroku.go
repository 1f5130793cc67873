package webhooks

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"

	jsonv2 "github.com/go-json-experiment/json"
	json "github.com/go-json-experiment/json/v1"
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/redact"
)

// Heroku is the event under which Heroku's deliveries are stored.
const Heroku = "heroku"

// HerokuHandler serves POST /webhooks/heroku, for webhooks created with the secret: heroku webhooks:add -i api:build -i
// api:release -l sync -s SECRET.
func HerokuHandler(o Options) (http.Handler, error) { return newReceiver(heroku{}, o) }

type heroku struct{}

func (heroku) identify(r *http.Request) (envelope, *answer) {
	e := envelope{event: Heroku}
	if !isJSON(r) {
		return e, &answer{http.StatusUnsupportedMediaType, "malformed", "The body must be JSON: the Content-Type is not application/json."}
	}
	mac, err := base64.StdEncoding.DecodeString(r.Header.Get("Heroku-Webhook-Hmac-SHA256"))
	if err != nil || len(mac) == 0 {
		return e, &answer{http.StatusUnauthorized, "unauthorized", "The header Heroku-Webhook-Hmac-SHA256 has no signature: make the webhook with a secret."}
	}
	e.mac = mac
	return e, nil
}

func (heroku) read(e *envelope, body []byte) ([]byte, *answer) {
	if wrong := notJSON(body); wrong != nil {
		return nil, wrong
	}
	_, app, guid, err := DecodeHeroku(body)
	if err != nil || !isName(guid, 100) {
		return nil, &answer{http.StatusBadRequest, "malformed", "The body is not that of a Heroku webhook."}
	}
	if app == "" {
		return nil, &answer{http.StatusOK, "ignored", "This event is of no interest here."}
	}
	e.guid = guid
	return bytes.Clone(body), nil
}

// DecodeHeroku returns the platform's app that an event is about, and the sender's ID of the delivery. The app is empty
// if it was neither a build nor a release.
func DecodeHeroku(body []byte) (platform, app, guid string, err error) {
	var w herokuPayload
	if err := unmarshal(Heroku, body, &w); err != nil {
		return "", "", "", err
	}
	guid = w.Metadata.Event.ID
	if guid == "" {
		guid = w.ID
	}
	if w.Resource != "build" && w.Resource != "release" {
		return bot.PlatformHeroku, "", guid, nil
	}
	if w.Data.App.Name == "" {
		return "", "", "", fmt.Errorf("heroku: data.app.name: expected the name of an app, found nothing")
	}
	return bot.PlatformHeroku, w.Data.App.Name, guid, nil
}

func decodeHeroku(body []byte) (engine.Delivery, error) {
	platform, app, _, err := DecodeHeroku(body)
	if err != nil || app == "" {
		return engine.Delivery{}, err
	}
	return engine.Delivery{Facts: []bot.Fact{bot.PlatformMoved{Platform: platform, App: app}}}, nil
}

// herokuPayload has the needed fields.
type herokuPayload struct {
	ID       string `json:"id"`
	Resource string `json:"resource"`
	Data     struct {
		App struct {
			Name string `json:"name"`
		} `json:"app"`
	} `json:"data"`
	Metadata struct {
		Event struct {
			ID string `json:"id"`
		} `json:"event"`
	} `json:"webhook_metadata"`
}

// unmarshal decodes v. Its error explains what has an unexpected shape.
func unmarshal[T any](event string, body []byte, v *T) error {
	fault := jsonv2.Unmarshal(body, v, asSent)
	if fault == nil {
		return nil
	}
	// The errors of encoding/json name the field.
	var again T
	switch err := json.Unmarshal(body, &again).(type) {
	case *json.UnmarshalTypeError:
		return fmt.Errorf("%s: %s: expected %s, found %.60s", event, err.Field, kindOf(err.Type), err.Value)
	case nil:
		return fmt.Errorf("%s: expected JSON: %.200s", event, redact.Redact(fault.Error()))
	default:
		return fmt.Errorf("%s: expected JSON: %w", event, err)
	}
}
