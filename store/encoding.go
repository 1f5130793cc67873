package store

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/headstart-cd/headstart/bot"
)

// stored is how states, events and effects are written: as by encoding/json, without zero fields, which are a third of
// a state. A missing field is read as zero, and so are the zero fields that earlier versions wrote.
var stored = json.JoinOptions(
	jsonv1.DefaultOptionsV1(), json.OmitZeroStructFields(true), jsonv1.ReportErrorsWithLegacySemantics(false),
	json.WithMarshalers(json.JoinMarshalers(asWire[bot.Event](), asWire[bot.Effect](), asWire[bot.Finished]())),
)

// asWire writes interface values directly into the surrounding text. Their own method would write a text that is then
// parsed and copied.
func asWire[T interface{ Wire() any }]() *json.Marshalers {
	return json.MarshalToFunc(func(to *jsontext.Encoder, v T) error { return json.MarshalEncode(to, v.Wire()) })
}

func encode(v any) ([]byte, error) { return json.Marshal(v, stored) }

func decode(data []byte, v any) error { return json.Unmarshal(data, v, stored) }
