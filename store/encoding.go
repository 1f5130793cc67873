package store

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/headstart-cd/headstart/bot"
)

// stored is how states, events and effects are written: as encoding/json would,
// without the fields that are zero, which are a third of a state. What is left out
// is read as zero, and so is what earlier versions wrote out.
var stored = json.JoinOptions(
	jsonv1.DefaultOptionsV1(), json.OmitZeroStructFields(true), jsonv1.ReportErrorsWithLegacySemantics(false),
	json.WithMarshalers(json.JoinMarshalers(asWire[bot.Event](), asWire[bot.Effect](), asWire[bot.Finished]())),
)

// asWire writes what has interfaces in it into the text around it, where its own
// method would write a text of its own that is read and copied.
func asWire[T interface{ Wire() any }]() *json.Marshalers {
	return json.MarshalToFunc(func(to *jsontext.Encoder, v T) error { return json.MarshalEncode(to, v.Wire()) })
}

func encode(v any) ([]byte, error) { return json.Marshal(v, stored) }

func decode(data []byte, v any) error { return json.Unmarshal(data, v, stored) }
